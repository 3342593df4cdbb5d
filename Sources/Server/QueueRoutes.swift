import API
import Access
import Engine
import Model

/// What waits inside of this installation.
struct QueueRoutes: Sendable {
  var backend: Backend

  var routes: [Route] {
    [
      .answer(QueueCalls.list, in: .list { $0.namespace }) { query, caller in
        let order = ListOrder<QueueItem>(
          name: \.name,
          ["waiting": { Int64($0.waiting) }, "oldest_at": { $0.oldestAt?.microseconds }])
        var page = try order.page(
          try queues(query, caller), .init(sort: query.sort, cursor: query.cursor, limit: query.limit))
        for place in page.rows.indices {
          page.rows[place].pause = try pause(of: try QueueName(page.rows[place].name))
        }
        return Page(page.rows, nextCursor: page.next)
      },
      .answer(QueueCalls.get, in: QueueName.scope { $0.name }) { path, _ in
        try one(try QueueName(path.name))
      },
    ] + QueueChangeRoutes(backend).routes
  }

  private func queues(_ query: QueuesQuery, _ caller: Caller) throws(Problem) -> [QueueItem] {
    var items: [QueueItem] = []
    for namespace in caller.namespaces(query.namespace) {
      if query.kind ?? "trigger" == "trigger" { items += try lines(in: namespace) }
      if query.kind ?? "jobs" == "jobs" { items += try jobs(in: namespace) }
    }
    // What leaves belongs to destinations, which are of the whole installation.
    if query.kind ?? "outbox" == "outbox", query.namespace == nil, caller.reach == .everywhere {
      items += try outboxes()
    }
    return items
  }

  /// Of all namespaces.
  func all() throws(Problem) -> [QueueItem] { try lines(in: nil) + jobs(in: nil) + outboxes() }

  private func lines(in namespace: String?) throws(Problem) -> [QueueItem] {
    let counts = try reading { () throws(StoreError) in try backend.readModel.lineCounts(in: namespace) }
    var items: [QueueItem] = []
    for count in counts {
      let name = QueueName.line(count.pipeline, count.trigger)
      // The messages of a schedule and of its backfills lie before one trigger.
      if let last = items.last, last.name == name.text {
        items[items.count - 1].waiting += count.count
        items[items.count - 1].oldestAt = min(last.oldestAt ?? count.oldestAt, count.oldestAt)
      } else {
        items.append(
          QueueItem(
            name: name.text, kind: "trigger", namespace: count.pipeline.namespace, waiting: count.count,
            oldestAt: count.oldestAt))
      }
    }
    return items
  }

  /// Jobs that have not begun.
  private func jobs(in namespace: String?) throws(Problem) -> [QueueItem] {
    let counts = try reading { () throws(StoreError) in try backend.readModel.liveCounts(in: namespace) }
    var items: [QueueItem] = []
    for count in counts where count.status == .pending || count.status == .queued {
      let name = QueueName.jobs(count.pipeline)
      if let last = items.last, last.name == name.text {
        items[items.count - 1].waiting += count.count
        items[items.count - 1].oldestAt = min(last.oldestAt ?? count.oldestAt, count.oldestAt)
      } else {
        items.append(
          QueueItem(
            name: name.text, kind: "jobs", namespace: count.pipeline.namespace, waiting: count.count,
            oldestAt: count.oldestAt))
      }
    }
    return items
  }

  private func outboxes() throws(Problem) -> [QueueItem] {
    try reading { () throws(StoreError) in try backend.readModel.outboxSummaries() }.map { summary in
      QueueItem(
        name: QueueName.outbox(summary.destination).text, kind: "outbox", namespace: nil,
        waiting: summary.waiting, oldestAt: summary.oldestAt, failing: summary.failing + summary.held)
    }
  }

  /// Throws `no-queue` where nothing of that name could wait.
  func one(_ name: QueueName) throws(Problem) -> QueueItem {
    let all: [QueueItem]
    switch name {
    case .line(let pipeline, let trigger):
      let isKnown = backend.node?.triggers[pipeline, trigger] != nil
      all = try lines(in: pipeline.namespace)
      if !isKnown, !all.contains(where: { $0.name == name.text }) { throw QueueName.unknown(name.text) }
    case .jobs(let pipeline):
      let isKnown = try reading { () throws(StoreError) in
        try backend.readModel.readRevision(of: pipeline, number: nil) != nil
      }
      all = try jobs(in: pipeline.namespace)
      if !isKnown, !all.contains(where: { $0.name == name.text }) { throw QueueName.unknown(name.text) }
    case .outbox(let destination):
      all = try outboxes()
      let isKnown = try backend.destinations().contains { $0.name == destination }
      if !isKnown, !all.contains(where: { $0.name == name.text }) { throw QueueName.unknown(name.text) }
    }
    var item =
      all.first { $0.name == name.text }
      ?? QueueItem(name: name.text, kind: name.kind, namespace: name.namespace, waiting: 0, oldestAt: nil)
    item.pause = try pause(of: name)
    return item
  }

  /// Of its pipeline, while that rests.
  private func pause(of name: QueueName) throws(Problem) -> PauseItem? {
    guard let pipeline = name.pipeline else { return nil }
    let pause = try reading { () throws(StoreError) in try backend.readModel.pause(of: pipeline) }
    return pause.flatMap { $0.holds(at: backend.now()) ? PauseItem($0) : nil }
  }
}

/// What names a queue.
enum QueueName {
  case line(PipelineName, String)
  case jobs(PipelineName)
  case outbox(String)

  init(_ text: String) throws(Problem) {
    let parts = text.cut(at: "~")
    guard parts.allSatisfy({ !$0.isEmpty }) else { throw Self.unknown(text) }
    switch (parts[0], parts.count) {
    case ("trigger", 4): self = .line(PipelineName(namespace: parts[1], name: parts[2]), parts[3])
    case ("jobs", 3): self = .jobs(PipelineName(namespace: parts[1], name: parts[2]))
    case ("outbox", 2): self = .outbox(parts[1])
    case (_, _): throw Self.unknown(text)
    }
  }

  var text: String {
    switch self {
    case .line(let pipeline, let trigger): "trigger~\(pipeline.id)~\(trigger)"
    case .jobs(let pipeline): "jobs~\(pipeline.id)"
    case .outbox(let destination): "outbox~\(destination)"
    }
  }

  var kind: String {
    switch self {
    case .line: "trigger"
    case .jobs: "jobs"
    case .outbox: "outbox"
    }
  }

  /// Before which something waits; an outbox is of no pipeline.
  var pipeline: PipelineName? {
    switch self {
    case .line(let pipeline, _), .jobs(let pipeline): pipeline
    case .outbox: nil
    }
  }

  var namespace: String? { pipeline?.namespace }

  /// Where a queue lives.
  static func scope<Input: Wire>(_ name: @escaping @Sendable (Input) -> String) -> Scope<Input> {
    .placed { (input) throws(Problem) in
      let text = name(input)
      let name = try QueueName(text)
      return name.namespace.map { .namespace($0, missing: unknown(text)) } ?? .system
    }
  }

  static func unknown(_ text: String) -> Problem {
    Problem(
      "no-queue", Bilingual("There is no queue \(text).", pt: "Não existe a fila \(text)."),
      remedy: Bilingual("`esteira queue ls` names them.", pt: "`esteira queue ls` mostra os nomes."))
  }
}

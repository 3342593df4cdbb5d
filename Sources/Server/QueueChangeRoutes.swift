import API
import Access
import Crypto
import Engine
import Model

/// Routes that pause a queue, back it up, and take away what waits: what steps do with `esteira.pause`,
/// `esteira.export_queue` and `esteira.purge_queue`, as a person.
struct QueueChangeRoutes: Sendable {
  private let backend: Backend
  private let pauses: PauseRoutes

  init(_ backend: Backend) { (self.backend, pauses) = (backend, PauseRoutes(backend: backend)) }

  var routes: [Route] {
    [
      .answer(QueueCalls.pause, in: QueueName.scope { $0.name }) { request, caller in
        let (name, pipeline) = try pipeline(request.name)
        _ = try await pauses.pause(
          PauseRequest(id: pipeline.id, reason: request.reason, until: request.until), caller)
        return try QueueRoutes(backend: backend).one(name)
      },
      .answer(QueueCalls.resume, in: QueueName.scope { $0.name }) { path, _ in
        let (name, pipeline) = try pipeline(path.name)
        _ = try await pauses.resume(NamePath(id: pipeline.id))
        return try QueueRoutes(backend: backend).one(name)
      },
      .bytes(QueueCalls.backup, in: QueueName.scope { $0.name }) { path, _ in try await backup(path) },
      .answer(
        QueueCalls.purge, in: QueueName.scope { $0.name },
        with: { request, caller in try await purge(request, caller) }),
    ]
  }

  /// Of what leaves there is none: each destination says itself what it takes.
  private func pipeline(_ text: String) throws(Problem) -> (QueueName, PipelineName) {
    let name = try QueueName(text)
    _ = try QueueRoutes(backend: backend).one(name)
    guard let pipeline = name.pipeline else { throw Self.outbox(text) }
    return (name, pipeline)
  }

  private func backup(_ path: QueuePath) async throws -> APIResponse {
    let (name, pipeline) = try pipeline(path.name)
    let node = try backend.writer()
    let items = try await node.waiting(before: pipeline).filter(name.holds)
    // Made twice: the length is said before the first byte.
    let measured = QueueLines(node, items)
    var size: Int64 = 0
    while let bytes = try await measured.next() { size += Int64(bytes.count) }
    let (lines, length) = (QueueLines(node, items), size)
    return APIResponse(
      contentType: "application/x-ndjson",
      body: .chunks(length, AsyncThrowingStream { try await lines.next() }))
  }

  /// The backup is looked for by its hash: whoever can name it has had every line that would go.
  private func purge(_ request: PurgeRequest, _ caller: Caller) async throws -> StartedWork {
    let (name, pipeline) = try pipeline(request.name)
    let (node, operations, now) = (try backend.writer(), backend.operations, backend.now)
    let all = try await node.waiting(before: pipeline)
    let items = all.filter(name.holds)
    // A step backs the whole pipeline up, which is more than one of its queues.
    var isHeld = try await Self.hash(node, items, is: request.backupID)
    if !isHeld { isHeld = try await Self.hash(node, all, is: request.backupID) }
    guard isHeld else { throw Self.differs(name.text, items.count) }
    let id = try operations.begin("purge", count: 1, owner: caller.actor, at: now())
    caller.note.after([
      "operation": .string(id), "backup": .string(request.backupID), "count": .int(Int64(items.count)),
      "reason": .string(request.reason),
    ])
    let (actor, language) = (caller.actor, caller.language)
    Task {
      var outcome = OperationItem.Outcome(backup: request.backupID)
      do throws(Problem) {
        let gone = try await node.purge(
          items.map(\.name), of: pipeline, by: actor, reason: request.reason)
        (outcome.purged, outcome.skipped) = (gone.count, items.count - gone.count)
      } catch {
        outcome.outcome = "refused"
        (outcome.code, outcome.message) = (error.code, error.message[language])
      }
      operations.add(outcome, to: id)
      operations.end(id, at: now())
    }
    return StartedWork(operation: id)
  }

  private static func hash(
    _ node: Node, _ items: [WaitingItem], is wanted: String
  ) async throws(Problem) -> Bool {
    var hash = SHA256()
    let lines = QueueLines(node, items)
    while let bytes = try await lines.next() { hash.update(bytes) }
    return constantTimeEqual(Array(Hex.encode(hash.finish()).utf8), Array(wanted.utf8))
  }
}

/// The lines of what waits, some at a time.
private actor QueueLines {
  private let node: Node
  private var rest: ArraySlice<WaitingItem>
  private static let page = 50

  init(_ node: Node, _ items: [WaitingItem]) { (self.node, rest) = (node, items[...]) }

  func next() async throws(Problem) -> [UInt8]? {
    while !rest.isEmpty {
      let page = Array(rest.prefix(Self.page))
      rest = rest.dropFirst(Self.page)
      let bytes = try await node.open(page).flatMap(\.line)
      if !bytes.isEmpty { return bytes }
    }
    return nil
  }
}

extension QueueName {
  /// Whether it is one of this queue.
  fileprivate func holds(_ item: WaitingItem) -> Bool {
    switch self {
    case .line(_, let trigger): item.trigger.map { ScalarString($0) == ScalarString(trigger) } ?? false
    case .jobs: item.trigger == nil
    case .outbox: false
    }
  }
}

extension QueueChangeRoutes {
  private static func outbox(_ name: String) -> Problem {
    Problem(
      "unusable-request",
      Bilingual(
        "\(name) is the outbox of a destination, which is neither paused nor purged.",
        pt: "\(name) é a saída de um destino, que não se pausa nem se limpa."),
      remedy: Bilingual(
        "What must not leave is taken out of `events` of the destination.",
        pt: "O que não deve sair é tirado de `events` do destino."))
  }

  private static func differs(_ name: String, _ count: Int) -> Problem {
    Problem(
      "backup-differs",
      Bilingual(
        "That is no backup of exactly the \(count) entries that wait in \(name); nothing was purged.",
        pt: "Essa não é uma cópia de exatamente as \(count) entradas em \(name); nada foi limpo."),
      remedy: Bilingual(
        "Pause the queue, back it up, and purge with the SHA-256 of that backup.",
        pt: "Pause a fila, faça a cópia, e limpe com o SHA-256 dessa cópia."))
  }
}

import API
import Engine
import Model

/// Routes of the events that steps emit.
struct EventRoutes: Sendable {
  var backend: Backend

  var routes: [Route] {
    [
      .answer(EventCalls.list, in: .namespace { $0.events.namespace }) { query, _ in try list(query) },
      .stream(
        EventCalls.follow, in: .namespace { $0.namespace }, id: { String($0.position) },
        with: { query, caller in follow(query, last: caller.request.lastEvent) }),
    ]
  }

  private static let page = 200

  private func list(_ query: EventListQuery) throws(Problem) -> Page<EventItem> {
    let limit = try PageBounds.limit(query.events.limit)
    let last = try query.cursor.map { (text) throws(Problem) in
      guard let position = Int64(text), position > 0 else { throw PageBounds.wrongCursor(text) }
      return position
    }
    let (isNewestFirst, after) = (query.sort == "-position", query.events.after)
    let found = try items(
      query.events, after: isNewestFirst ? after : max(after, last ?? 0), before: isNewestFirst ? last : nil,
      isNewestFirst: isNewestFirst, limit: limit + 1)
    let page = Array(found.prefix(limit))
    return Page(page, nextCursor: found.count > limit ? page.last.map { String($0.position) } : nil)
  }

  fileprivate func items(
    _ query: EmittedQuery, after position: Int64, before: Int64? = nil, isNewestFirst: Bool = false,
    limit: Int
  ) throws(Problem) -> [EventItem] {
    var filter = EmittedFilter(namespace: query.namespace, room: query.room, type: query.type)
    (filter.before, filter.isNewestFirst) = (before, isNewestFirst)
    let rows = try reading { [filter] () throws(StoreError) in
      try backend.readModel.emitted(filter, after: position, limit: limit)
    }
    var items: [EventItem] = []
    for row in rows {
      items.append(
        EventItem(
          position: row.position, at: row.at, type: row.type, room: row.room, job: row.job, path: row.path,
          data: try backend.events.open(row)))
    }
    return items
  }

  /// What is stored, then what comes. A store that cannot be read ends the stream: the reader comes back with
  /// the position that it has.
  private func follow(_ query: EmittedQuery, last: String?) -> AsyncStream<EventItem> {
    // Heard from now on, so that nothing falls between the first look and the first ring.
    let changes = backend.events.changes()
    let tail = EventTail(
      routes: self, query: query, position: last.flatMap { Int64($0) } ?? query.after, rings: Pull(changes))
    return AsyncStream { await tail.next() }
  }

  /// Reads on as its reader takes events.
  private actor EventTail {
    private let routes: EventRoutes
    private let query: EmittedQuery
    private let rings: Pull<Void>
    private var position: Int64
    private var ready: ArraySlice<EventItem> = []

    init(routes: EventRoutes, query: EmittedQuery, position: Int64, rings: Pull<Void>) {
      (self.routes, self.query, self.position, self.rings) = (routes, query, position, rings)
    }

    func next() async -> EventItem? {
      while ready.isEmpty {
        // A store that cannot be read: the reader comes back with the position that it has.
        guard let page = try? routes.items(query, after: position, limit: EventRoutes.page) else {
          return nil
        }
        ready = page[...]
        position = page.last?.position ?? position
        if page.isEmpty, await rings.next() == nil { return nil }
      }
      return ready.removeFirst()
    }
  }
}

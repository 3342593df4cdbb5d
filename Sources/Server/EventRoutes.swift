import API
import Engine
import Model

/// Routes of the events that steps emit.
struct EventRoutes: Sendable {
  var backend: Backend

  var routes: [Route] {
    [
      .answer(EventCalls.list, in: .namespace { $0.namespace }) { query, _ in try list(query) },
      .stream(
        EventCalls.follow, in: .namespace { $0.namespace }, id: { String($0.position) },
        with: { query, caller in follow(query, last: caller.request.lastEvent) }),
    ]
  }

  private static let page = 200

  private func list(_ query: EmittedQuery) throws(Problem) -> Page<EventItem> {
    let limit = try PageBounds.limit(query.limit)
    return Page(try items(query, after: query.after, limit: limit))
  }

  private func items(_ query: EmittedQuery, after position: Int64, limit: Int) throws(Problem) -> [EventItem]
  {
    let filter = EmittedFilter(namespace: query.namespace, room: query.room, type: query.type)
    let rows = try reading { () throws(StoreError) in
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
    return AsyncStream { continuation in
      let relay = Task {
        var position = last.flatMap { Int64($0) } ?? query.after
        var rings = changes.makeAsyncIterator()
        repeat {
          while true {
            guard let page = try? items(query, after: position, limit: Self.page) else {
              return continuation.finish()
            }
            for item in page { continuation.yield(item) }
            position = page.last?.position ?? position
            if page.count < Self.page { break }
          }
        } while await rings.next() != nil
        continuation.finish()
      }
      continuation.onTermination = { _ in relay.cancel() }
    }
  }
}

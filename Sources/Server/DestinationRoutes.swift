import API
import Engine
import Model

/// Routes about where messages go and what waits for it.
struct DestinationRoutes: Sendable {
  var backend: Backend

  var routes: [Route] {
    [
      .answer(DestinationCalls.list, in: .system) { _, _ in Page(try book().all().map { DestinationItem($0) })
      },
      .answer(DestinationCalls.get, in: .system) { path, _ in DestinationItem(try book().one(path.name)) },
      .answer(DestinationCalls.deliveries, in: .system) { query, _ in try deliveries(query) },
      .answer(DestinationCalls.enable, in: .system) { path, _ in
        try await backend.writer().enableDestination(path.name)
        return DestinationItem(try book().one(path.name))
      },
      .answer(DestinationCalls.test, in: .system) { path, caller in
        DeliveryItem(try await backend.writer().testDestination(path.name, actor: caller.actor))
      },
      .answer(DestinationCalls.outbox, in: .system) { _, _ in
        Page(try book().all().map { OutboxItem($0.waiting, of: $0.name) })
      },
      .answer(DestinationCalls.redeliver, in: .system) { path, _ in
        try await backend.writer().redeliver(path.id)
        return Nothing()
      },
    ]
  }

  private func book() throws(Problem) -> DestinationReading {
    DestinationReading(try backend.destinations(), backend.readModel)
  }

  func deliveries(_ query: DeliveriesQuery) throws(Problem) -> Page<DeliveryItem> {
    let limit = try PageBounds.limit(query.limit)
    let before = try query.cursor.map { (text) throws(Problem) in
      guard let id = Int64(text) else { throw PageBounds.wrongCursor(text) }
      return id
    }
    let found = try book().deliveries(
      of: query.name, before: before, limit: limit + 1, oldestFirst: query.sort == "at")
    let page = found.prefix(limit)
    let next = found.count > limit ? page.last.map { String($0.id) } : nil
    return Page(page.map { DeliveryItem($0) }, nextCursor: next)
  }
}

extension DestinationItem {
  init(_ view: DestinationView) {
    let destination = view.destination
    self.init(
      name: view.name,
      state: destination == nil ? "unknown" : view.disabled == nil ? "active" : "disabled",
      disabledReason: view.disabled?.reason, disabledAt: view.disabled?.at,
      namespace: destination?.namespace, kind: destination?.kind ?? "", address: destination?.address ?? "",
      events: destination?.patterns ?? [], pipelines: destination?.pipelines.map(\.text) ?? [],
      ordering: destination?.ordering.rawValue ?? "lane", tries: destination?.plan.tries ?? 0,
      outbox: OutboxItem(view.waiting, of: view.name))
  }
}

extension OutboxItem {
  init(_ summary: OutboxSummary?, of name: String) {
    self.init(
      destination: name, waiting: summary?.waiting ?? 0, oldestAt: summary?.oldestAt,
      failing: summary?.failing ?? 0, held: summary?.held ?? 0)
  }
}

extension DeliveryItem {
  init(_ row: DeliveryRow) {
    self.init(
      id: row.id, destination: row.destination, event: row.event, type: row.type,
      pipeline: row.pipeline?.description, job: row.job?.description, attempt: row.attempt,
      outcome: row.outcome.rawValue, status: row.status, durationMS: Int(row.duration.microseconds / 1_000),
      code: row.code.isEmpty ? nil : row.code, message: row.message.isEmpty ? nil : row.message, at: row.at)
  }
}

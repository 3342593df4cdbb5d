import API
import Engine
import Model

/// Routes of backfills.
struct BackfillRoutes: Sendable {
  var backend: Backend

  var routes: [Route] {
    [
      .answer(BackfillCalls.list, in: .list { $0.namespace }) { query, caller in try list(query, caller) },
      .answer(
        BackfillCalls.create, in: .name { $0.schedule }, status: { $0.state == "planned" ? 200 : 201 },
        with: { request, caller in try await create(request, caller) }),
      .answer(BackfillCalls.get, in: place) { path, _ in BackfillItem(try one(path.id)) },
      .answer(BackfillCalls.pause, in: place) { path, _ in try await change(path, .paused) },
      .answer(BackfillCalls.resume, in: place) { path, _ in try await change(path, .running) },
      .answer(BackfillCalls.cancel, in: place) { path, _ in try await change(path, .cancelled) },
    ]
  }

  private static let pageLimit = 200

  private var place: Scope<BackfillPath> {
    .found { (path, _) throws(Problem) in
      let row = try one(path.id)
      return (row.pipeline.namespace, Self.missing(path.id))
    }
  }

  private static func missing(_ text: String) -> Problem {
    Problem(
      "no-backfill",
      Bilingual("There is no backfill \"\(text)\".", pt: "Não existe o backfill \"\(text)\"."),
      remedy: Bilingual("See them with: esteira backfill ls", pt: "Veja-os com: esteira backfill ls"))
  }

  private func list(_ query: SignalsQuery, _ caller: Caller) throws(Problem) -> Page<BackfillItem> {
    let limit = try PageBounds.limit(query.limit)
    let found = try caller.rows(query.namespace) { (namespace) throws(StoreError) in
      try backend.readModel.backfills(in: namespace, limit: limit)
    }
    let rows = found.sorted { $0.id > $1.id }.prefix(limit)
    return Page(rows.map { BackfillItem($0) })
  }

  private func create(_ request: BackfillRequest, _ caller: Caller) async throws(Problem) -> BackfillItem {
    let node = try backend.writer()
    let wish = BackfillWish(
      schedule: try ScheduleRoutes(backend: backend).one(request.schedule).name, from: request.from,
      to: request.to, onlyMissing: request.onlyMissing, concurrency: request.concurrency ?? 1,
      actor: caller.actor)
    if request.isDryRun { return BackfillItem(try await node.planBackfill(wish), isPlanned: true) }
    return BackfillItem(try await node.backfill(wish))
  }

  private func change(
    _ path: BackfillPath, _ state: BackfillRow.State
  ) async throws(Problem) -> BackfillItem {
    let node = try backend.writer()
    return BackfillItem(try await node.change(try one(path.id).id, to: state))
  }

  /// By its id, or the beginning of it.
  private func one(_ text: String) throws(Problem) -> BackfillRow {
    let found = try reading { () throws(StoreError) -> [BackfillRow] in
      if let id = ID<Backfill>(text) { return try backend.readModel.backfill(id).map { [$0] } ?? [] }
      let rows = try backend.readModel.backfills(in: nil, limit: Self.pageLimit)
      return text.isEmpty ? [] : rows.filter { $0.id.description.hasPrefix(text.lowercased()) }
    }
    guard found.count == 1 else {
      if found.isEmpty { throw Self.missing(text) }
      throw Problem(
        "no-backfill",
        Bilingual(
          "\(found.count) backfills begin with \"\(text)\".",
          pt: "\(found.count) backfills começam com \"\(text)\"."),
        remedy: Bilingual("See them with: esteira backfill ls", pt: "Veja-os com: esteira backfill ls"))
    }
    return found[0]
  }
}

extension BackfillItem {
  init(_ row: BackfillRow, isPlanned: Bool = false) {
    self.init(
      id: row.id.description, pipeline: row.pipeline.description, trigger: row.trigger, from: row.from,
      to: row.to, state: isPlanned ? "planned" : row.state.word, concurrency: row.concurrency,
      total: row.dues.count, begun: row.next, existing: row.counts.existing, refused: row.counts.refused,
      succeeded: row.counts.succeeded, failed: row.counts.failed, createdBy: row.createdBy,
      createdAt: row.createdAt, endedAt: row.endedAt, dues: isPlanned ? row.dues : [])
  }
}

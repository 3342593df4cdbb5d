import API
import Engine
import Model

/// Routes that read jobs; those that change them are `JobActions`.
struct JobRoutes: Sendable {
  var backend: Backend
  var finder: JobFinder
  private let pages = KeptPages()

  init(_ backend: Backend) { (self.backend, finder) = (backend, JobFinder(readModel: backend.readModel)) }

  var routes: [Route] {
    [
      .reply(JobCalls.list, in: .list { $0.namespace }) { query, caller in
        let type = caller.fields == nil ? "application/json" : FieldSelection.contentType
        return APIResponse(contentType: type, body: .bytes(try page(query, caller)))
      },
      .answer(JobCalls.get, in: finder.place { $0.id }) { path, caller in try await get(path, caller) },
      .answer(JobCalls.steps, in: finder.place { $0.id }) { query, _ in try await steps(query) },
      .answer(JobCalls.step, in: finder.place { $0.id }) { path, _ in try await step(path) },
      .answer(JobCalls.events, in: finder.place { $0.id }) { query, _ in try await events(query) },
      .stream(
        JobCalls.follow, in: finder.place { $0.id }, id: { String($0.sequence) },
        with: { query, caller in try await follow(query, last: caller.request.lastEvent) }),
      .answer(JobCalls.why, in: finder.place { $0.id }) { path, caller in try await why(path, caller) },
      .answer(JobCalls.replay, in: finder.place { $0.id }) { path, caller in
        try await backend.jobs.replay(try finder.job(path.id).id, caller.language)
      },
      .answer(JobCalls.artifacts, in: finder.place { $0.id }) { path, _ in try artifacts(path) },
      .bytes(JobCalls.artifact, in: finder.place { $0.id }) { path, _ in try await artifact(path) },
    ]
  }

  private func page(_ query: JobsQuery, _ caller: Caller) throws -> [UInt8] {
    // What is searched for may depend on who asks, and on when.
    guard query.search == nil else { return try shown(query, caller) }
    let version = try reading { () throws(StoreError) in try backend.readModel.version() }
    return try pages.page(KeptPages.Key(caller), version: version) {
      try shown(query, caller)
    }
  }

  private func shown(_ query: JobsQuery, _ caller: Caller) throws -> [UInt8] {
    let page = try list(query, caller).json
    return (caller.fields?.taken(from: page) ?? page).serialized()
  }

  private func list(_ query: JobsQuery, _ caller: Caller) throws -> Page<JobItem> {
    let limit = try PageBounds.limit(query.limit)
    let filter = try JobFilter(query, finder, caller, now: backend.now())
    let before = try query.cursor.map { text throws(Problem) in try cursor(text) }
    let found = try JobSelection(readModel: backend.readModel).page(
      filter, query.namespace, before: before, limit: limit + 1, caller,
      like: try query.fingerprint.map { (text) throws(Problem) in try JobFilter.fingerprint(text) })
    let page = found.prefix(limit)
    var items: [JobItem] = []
    for summary in page { items.append(try item(summary)) }
    return Page(
      items, nextCursor: found.count > limit ? page.last?.id.description : nil)
  }

  /// With the id of its parent, which its row knows only by number.
  private func item(_ summary: JobSummary) throws(Problem) -> JobItem {
    guard let parent = summary.identity.parent else { return JobItem(summary) }
    let found = try reading { () throws(StoreError) in try backend.readModel.job(number: parent) }
    return JobItem(summary, parent: found?.id)
  }

  private func cursor(_ text: String) throws(Problem) -> ID<Job> {
    guard let id = ID<Job>(text) else { throw PageBounds.wrongCursor(text) }
    return id
  }

  private func get(_ path: JobPath, _ caller: Caller) async throws(Problem) -> JobDetail {
    let id = try finder.job(path.id).id
    let view = try await backend.jobs.view(id, 0, 0)
    let job = try item(view.summary)
    let ordered = StepStatus.allCases.compactMap { status in
      view.counts[status].map { (status.word, JSON.int(Int64($0))) }
    }
    return JobDetail(
      job: job, inputs: view.inputs, outputs: view.outputs, counts: JSONObject(ordered),
      warnings: view.warnings.map { warning in
        var item = ErrorItem(warning.failure)
        item.step = warning.path
        return item
      }, runAt: view.runAt, traceID: view.traceID, waitingFor: await waits(of: view.summary, caller),
      links: JobLinks(
        job: job.id, pipeline: job.pipeline, parent: job.identity.parent, rerunOf: job.identity.rerunOf))
  }

  /// What of the reasons is no work under way. The node may know none: of a job that has ended since it was
  /// read, or that it does not drive.
  private func waits(of job: JobSummary, _ caller: Caller) async -> [BlockerItem] {
    if job.status.hasEnded { return [] }
    let reasons = (try? await backend.jobs.why(job.id)) ?? []
    return reasons.filter { $0.kind != "running" && $0.kind != "stopping" }
      .map { BlockerItem($0, caller.language) }
  }

  private static let pageOfSteps = 1_000

  private func steps(_ query: StepsQuery) async throws(Problem) -> Page<StepItem> {
    let bounds = try PageBounds(cursor: query.cursor, limit: query.limit)
    let id = try finder.job(query.id).id
    var (items, from): ([StepItem], Int) = ([], bounds.from)
    while true {
      let page = try await backend.jobs.view(id, from, bounds.limit).steps
      for step in page {
        if items.count == bounds.limit { return Page(items, nextCursor: String(from)) }
        from += 1
        let isWanted = query.status == nil || query.status == step.status.word
        if isWanted, Self.stands(step.path, below: query.parent) { items.append(StepItem(step)) }
      }
      if page.count < bounds.limit { return Page(items) }
    }
  }

  /// Whether a path is that of an item, a round or an inner step of another.
  private static func stands(_ path: String, below parent: String?) -> Bool {
    guard let parent else { return true }
    let (bytes, beginning) = (Array(path.utf8), Array(parent.utf8))
    return bytes.count > beginning.count && bytes.starts(with: beginning)
      && "[#.".utf8.contains(bytes[beginning.count])
  }

  private func step(_ path: StepPath) async throws(Problem) -> StepItem {
    let id = try finder.job(path.id).id
    var from = 0
    while true {
      let page = try await backend.jobs.view(id, from, Self.pageOfSteps).steps
      if let step = page.first(where: { ScalarString($0.path) == ScalarString(path.path) }) {
        return StepItem(step)
      }
      from += page.count
      if page.count < Self.pageOfSteps { throw Self.noStep(path.path) }
    }
  }

  private static func noStep(_ path: String) -> Problem {
    Problem(
      "no-step",
      Bilingual("The job has no step \(path).", pt: "O job não tem o passo \(path)."),
      remedy: Bilingual("`esteira job steps` names them.", pt: "`esteira job steps` mostra os nomes."))
  }

  private func events(_ query: EventsQuery) async throws(Problem) -> Page<JobEvent> {
    let limit = try PageBounds.limit(query.limit)
    let history = try await backend.jobs.history(
      try finder.job(query.id).id, UInt32(clamping: query.after), limit)
    let next = history.count == limit ? history.last.map { String($0.sequence) } : nil
    return Page(history.map(JobEvent.init), nextCursor: next)
  }

  private func follow(_ query: EventsQuery, last: String?) async throws(Problem) -> AsyncStream<JobEvent> {
    let after = last.flatMap { Int($0) } ?? query.after
    let events = try await backend.jobs.follow(try finder.job(query.id).id, UInt32(clamping: after))
    return events.pulled(JobEvent.init)
  }

  private func why(_ path: JobPath, _ caller: Caller) async throws(Problem) -> Blockers {
    let found = try await backend.jobs.why(try finder.job(path.id).id)
    let items = found.map { BlockerItem($0, caller.language) }
    return Blockers(items.isEmpty || backend.node != nil ? items : [noServer(caller.language)] + items)
  }

  /// Without a node what is stored is not what happens.
  private func noServer(_ language: Language) -> BlockerItem {
    let text = Bilingual(
      "no server runs here; what follows stood when the last one ended",
      pt: "nenhum servidor roda aqui; o resto é de quando o último terminou")
    let remedy = Bilingual(
      "Start one with: esteira server --background", pt: "Inicie um com: esteira server --background")
    return BlockerItem(
      kind: "no_server", path: "", text: text[language], since: nil, until: nil, remedy: remedy[language])
  }

  private func artifacts(_ path: JobPath) throws(Problem) -> Page<ArtifactItem> {
    let job = try finder.job(path.id)
    return Page(
      try rows(of: job).map { row in
        var item = ArtifactItem(row)
        item.href = "/api/v1/jobs/\(job.id)/artifacts/\(item.sha256)"
        return item
      })
  }

  private func rows(of job: JobSummary) throws(Problem) -> [ArtifactRow] {
    try reading { () throws(StoreError) in try backend.readModel.artifacts(of: job.number) }
  }

  private func artifact(_ path: ArtifactPath) async throws(Problem) -> APIResponse {
    let rows = try rows(of: try finder.job(path.id))
    let named = rows.filter {
      $0.handle.sha256 == path.name || ScalarString($0.handle.name) == ScalarString(path.name)
    }
    guard let row = named.first else { throw Self.noArtifact(path.name) }
    guard Set(named.map(\.handle.sha256)).count == 1 else { throw Self.ambiguous(path.name) }
    let chunks = try await backend.artifacts.chunks(row.namespace, row.handle.sha256)
    var response = APIResponse(contentType: row.handle.mediaType, body: .chunks(row.handle.size, chunks))
    response.entityTag = row.handle.sha256
    return response
  }

  private static func noArtifact(_ name: String) -> Problem {
    Problem(
      "unknown-artifact",
      Bilingual("The job has no artifact \(name).", pt: "O job não tem o artefato \(name)."),
      remedy: Bilingual("`esteira artifact ls` names them.", pt: "`esteira artifact ls` mostra os nomes."))
  }

  private static func ambiguous(_ name: String) -> Problem {
    Problem(
      "ambiguous-artifact",
      Bilingual(
        "Several artifacts of the job are called \(name).", pt: "Vários artefatos do job se chamam \(name)."),
      remedy: Bilingual("Name it by its SHA-256.", pt: "Indique-o pelo SHA-256."))
  }
}

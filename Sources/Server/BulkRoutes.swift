import API
import Access
import Engine
import Model

/// Routes that do the same to many jobs.
struct BulkRoutes: Sendable {
  var backend: Backend
  var finder: JobFinder
  private var operations: Operations { backend.operations }

  init(_ backend: Backend) { (self.backend, finder) = (backend, JobFinder(readModel: backend.readModel)) }

  /// As many ids as a preview names.
  static let namedJobs = 20
  private static let page = 200

  var routes: [Route] {
    [
      .answer(
        JobCalls.bulk, in: .list { $0.namespace }, status: { $0.operation == nil ? 200 : 202 },
        with: { request, caller in try await begin(request, caller) }),
      .answer(OperationCalls.get, in: .own) { path, caller in
        let bounds = try PageBounds(cursor: path.cursor, limit: path.limit)
        return try operations.page(path.id, of: caller.actor, from: bounds.from, limit: bounds.limit)
      },
    ]
  }

  private func begin(_ request: BulkRequest, _ caller: Caller) async throws -> BulkAnswer {
    guard request.namesJobsOnce else { throw Self.filterOrIDs }
    // Whoever may do it nowhere learns not even how many there are.
    _ = try Gate.check(request.verb.permission, caller.principal, at: [.granted])
    if request.verb == .kill, request.reason.isEmpty { throw Self.noReason }
    let jobs = try request.filter.map { try search($0, request, caller) } ?? named(request, caller)
    var answer = BulkAnswer(
      count: jobs.count, ids: jobs.prefix(Self.namedJobs).map(\.id.description), operation: nil)
    if request.isDryRun { return answer }
    let node = try backend.writer()
    if request.filter != nil {
      guard let expected = request.expected else { throw ExpectedCount.missing(jobs.count) }
      guard expected == jobs.count else { throw ExpectedCount.changed(expected, jobs.count, hint: Self.hint) }
    }
    let id = try operations.begin(
      request.verb.rawValue, count: jobs.count, owner: caller.actor, at: backend.now())
    answer.operation = id
    caller.note.about("operation \(id)", in: request.namespace)
    caller.note.after([
      "verb": .string(request.verb.rawValue), "count": .int(Int64(jobs.count)),
      "jobs": .array(answer.ids.map { .string($0) }),
    ])
    let work = BulkWork(id: id, node: node, operations: operations, request: request, caller: caller)
    Task {
      for job in jobs { await work.perform(job) }
      operations.end(id, at: backend.now())
    }
    return answer
  }

  private func search(
    _ filter: String, _ request: BulkRequest, _ caller: Caller
  ) throws -> [JobSummary] {
    let terms = try JobFilter.terms(filter, caller, now: backend.now())
    guard !terms.isEmpty else { throw Self.noFilter }
    let selection = JobSelection(readModel: backend.readModel)
    var jobs: [JobSummary] = []
    while true {
      let page = try selection.page(
        JobFilter(namespace: request.namespace, terms: terms), request.namespace, before: jobs.last?.id,
        limit: Self.page, caller)
      jobs += page
      guard jobs.count <= request.limit else { throw Self.tooMany(request.limit) }
      if page.count < Self.page { return jobs }
    }
  }

  private func named(_ request: BulkRequest, _ caller: Caller) throws(Problem) -> [JobSummary] {
    guard request.ids.count <= request.limit else { throw Self.tooMany(request.limit) }
    var (jobs, seen): ([JobSummary], Set<JobNumber>) = ([], [])
    for text in request.ids {
      let job = try finder.job(text)
      let isSeen = caller.namespaces(request.namespace).contains { namespace in
        namespace.map { ScalarString($0) == ScalarString(job.pipeline.namespace) } ?? true
      }
      guard isSeen else { throw JobFinder.unknown(text) }
      if seen.insert(job.number).inserted { jobs.append(job) }
    }
    return jobs
  }
}

/// One operation on its way.
private struct BulkWork: Sendable {
  var id: String
  var node: Node
  var operations: Operations
  var request: BulkRequest
  var caller: Caller

  /// Each job for itself: one that is refused holds up no other.
  func perform(_ job: JobSummary) async {
    var outcome = OperationItem.Outcome(job: job.id.description, outcome: "done")
    do throws(Problem) {
      let place = Place.namespace(
        job.pipeline.namespace, missing: JobFinder.unknown(job.id.description))
      _ = try Gate.check(request.verb.permission, caller.principal, at: [place])
      outcome.newJob = try await act(on: job)?.description
    } catch {
      outcome.outcome = "refused"
      (outcome.code, outcome.message) = (error.code, error.message[caller.language])
    }
    operations.add(outcome, to: id)
  }

  /// Returns the job that a rerun made.
  private func act(on job: JobSummary) async throws(Problem) -> ID<Job>? {
    switch request.verb {
    case .cancel: try await node.cancel(job.id, actor: caller.actor, reason: request.reason)
    case .kill: _ = try await node.kill(job.id, actor: caller.actor, reason: request.reason)
    case .retry: try await node.retry(job.id, paths: [], actor: caller.actor)
    case .rerun:
      let rerun = RerunRequest(
        job: job.id, from: .start, latest: false, inputs: JSONObject(), sameKeys: false, actor: caller.actor,
        idempotencyKey: "operation \(id) \(job.id)")
      return try await node.rerun(rerun).job
    }
    return nil
  }
}

extension BulkRoutes {
  private static let filterOrIDs = Problem(
    "unusable-request", Bilingual("Give either a filter or ids.", pt: "Dê um filtro ou ids."))

  private static let noReason = Problem(
    "unusable-request", Bilingual("A kill needs a reason.", pt: "Para matar um job é preciso um motivo."))

  private static let noFilter = Problem(
    "unusable-request",
    Bilingual(
      "A filter without a term would mean all jobs.", pt: "Um filtro sem termos valeria por todos os jobs."))

  private static let hint = Bilingual(
    " A search with since and until does not grow.", pt: " Uma busca com since e until não cresce.")

  private static func tooMany(_ limit: Int) -> Problem {
    Problem(
      "too-many-jobs",
      Bilingual("These are more than \(limit) jobs.", pt: "São mais de \(limit) jobs."),
      remedy: Bilingual(
        "Narrow the search, or give a larger limit, at most \(BulkRequest.mostJobs).",
        pt: "Restrinja a busca, ou dê um limit maior, no máximo \(BulkRequest.mostJobs)."))
  }
}

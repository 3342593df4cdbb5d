import API
import Crypto
import Engine
import Model

/// Takes pipelines away (S30).
struct DeletionRoutes: Sendable {
  var backend: Backend

  /// As many live jobs as one deletion looks at.
  static let jobLimit = 10_000
  /// As many of them as a refusal names.
  static let namedJobs = 5

  var routes: [Route] {
    [
      .answer(PipelineCalls.delete, in: .name { $0.id }) { request, caller in
        try await delete(request, caller)
      }
    ]
  }

  private func delete(_ request: DeleteRequest, _ caller: Caller) async throws(Problem) -> DeletedPipeline {
    let (node, name) = (try backend.writer(), try NamespacedName(request.id).pipeline)
    let mode = request.jobs ?? "refuse"
    guard ["refuse", "drain", "cancel"].contains(mode) else { throw Self.wrongMode(mode) }
    let known = try reading { () throws(StoreError) in
      try backend.readModel.readRevision(of: name, number: nil)
    }
    guard let known else { throw PipelineRoutes.noPipeline(name, nil) }
    if let ifMatch = caller.request.ifMatch { try Precondition.check(ifMatch, known) }
    var live = try liveJobs(of: name)
    if mode == "refuse", !live.isEmpty { throw Self.hasLiveJobs(name, live) }
    if request.isDryRun { return DeletedPipeline(id: name.id, jobs: live.map(\.description)) }
    caller.note.before(["revision": .int(Int64(known.number)), "sha256": .string(Hex.encode(known.sha256))])
    try await node.write([.deletePipeline(name, at: backend.now(), by: caller.actor)])
    // Those that came between the look and the deletion are live, too.
    live = try liveJobs(of: name)
    if mode == "cancel" {
      for job in live { try await cancel(job, node, caller) }
    }
    return DeletedPipeline(id: name.id, jobs: live.map(\.description))
  }

  func liveJobs(of name: PipelineName) throws(Problem) -> [ID<Job>] {
    let live = JobStatus.allCases.filter { !$0.hasEnded }
    return try reading { () throws(StoreError) in
      try backend.readModel.jobs(
        JobFilter(namespace: name.namespace, pipeline: name.name, statuses: live), before: nil,
        limit: Self.jobLimit
      ).map(\.id)
    }
  }

  private func cancel(_ job: ID<Job>, _ node: Node, _ caller: Caller) async throws(Problem) {
    do throws(Problem) {
      try await node.cancel(job, actor: caller.actor, reason: "its pipeline was deleted")
    } catch {
      // It ended by itself meanwhile, or only a person moves it: then it is among those that are told.
      if !["job-ended", "job-quarantined"].contains(error.code) { throw error }
    }
  }

  private func reading<Value>(_ body: () throws(StoreError) -> Value) throws(Problem) -> Value {
    do throws(StoreError) { return try body() } catch {
      throw Problem(
        "store-unavailable",
        Bilingual("The store does not answer: \(error)", pt: "O armazenamento não responde: \(error)"))
    }
  }

  private static func wrongMode(_ mode: String) -> Problem {
    Problem(
      "invalid-request",
      Bilingual("jobs cannot be \"\(mode)\".", pt: "jobs não pode ser \"\(mode)\"."),
      remedy: Bilingual("Say refuse, drain or cancel.", pt: "Diga refuse, drain ou cancel."))
  }

  private static func hasLiveJobs(_ name: PipelineName, _ jobs: [ID<Job>]) -> Problem {
    let named = jobs.prefix(namedJobs).map(\.description).joined(separator: ", ")
    let more = jobs.count > namedJobs ? " …" : ""
    return Problem(
      "pipeline-in-use",
      Bilingual(
        "\(name) has \(jobs.count) live jobs: \(named)\(more)",
        pt: "\(name) tem \(jobs.count) jobs vivos: \(named)\(more)"),
      remedy: Bilingual(
        "Let them end with --jobs drain, or stop them with --jobs cancel.",
        pt: "Deixe-os terminar com --jobs drain, ou pare-os com --jobs cancel."))
  }
}

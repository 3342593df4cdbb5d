import API
import Engine
import Model

/// Routes to what follows a job that has ended.
struct JobReruns: Sendable {
  var backend: Backend
  var finder: JobFinder

  init(_ backend: Backend) { (self.backend, finder) = (backend, JobFinder(readModel: backend.readModel)) }

  var routes: [Route] {
    [
      .answer(
        JobCalls.retry, in: finder.place { $0.id },
        with: { request, caller in try await retry(request, caller) }),
      .answer(
        JobCalls.rerun, in: finder.place { $0.id }, status: { $0.job == nil ? 200 : 202 },
        with: { wish, caller in try await rerun(wish, caller) }),
    ]
  }

  private func retry(_ request: RetryRequest, _ caller: Caller) async throws(Problem) -> JobItem {
    let node = try backend.writer()
    let job = try finder.job(request.id).id
    try await node.retry(job, paths: request.steps, actor: caller.actor)
    return JobItem(try await backend.jobs.view(job, 0, 1).summary)
  }

  private func rerun(_ wish: RerunWish, _ caller: Caller) async throws(Problem) -> RerunAnswer {
    let node = try backend.writer()
    let start: RerunStart =
      switch wish.from {
      case nil: wish.latest ? .failed : .start
      case "start": .start
      case "failed": .failed
      case let path?: .step(path)
      }
    var request = RerunRequest(
      job: try finder.job(wish.id).id, from: start, latest: wish.latest, inputs: wish.inputs,
      sameKeys: wish.sameKeys, actor: caller.actor,
      idempotencyKey: wish.idempotencyKey ?? caller.request.idempotencyKey)
    request.update = JobUpdate(priority: wish.priority, labels: wish.labels)
    request.trace = caller.request.traceParent
    let plan = try await node.planRerun(request)
    var answer = RerunAnswer(
      job: nil, pipeline: plan.pipeline, revision: plan.revision, earlierRevision: plan.earlierRevision,
      steps: plan.entries.map {
        RerunStep(
          path: $0.path, action: $0.action.rawValue, reason: $0.reason[caller.language],
          repeatsEffect: $0.repeatsEffect)
      })
    if wish.dryRun { return answer }
    let started = try await node.rerun(request)
    answer.job = StartedItem(
      id: started.job.description, pipeline: plan.pipeline, revision: started.revision, isNew: started.isNew)
    return answer
  }
}

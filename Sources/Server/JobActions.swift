import API
import Engine
import Model

/// Routes that change a job.
struct JobActions: Sendable {
  var backend: Backend
  var finder: JobFinder

  init(_ backend: Backend) { (self.backend, finder) = (backend, JobFinder(readModel: backend.readModel)) }

  var routes: [Route] {
    [
      .answer(
        JobCalls.cancel, in: finder.place { $0.id },
        with: { request, caller in try await cancel(request, caller) }),
      .answer(
        JobCalls.kill, in: finder.place { $0.id },
        with: { request, caller in try await kill(request, caller) }),
      .answer(JobCalls.update, in: finder.place { $0.id }) { request, caller in
        try await update(request, caller)
      },
      .answer(JobCalls.adopt, in: finder.place { $0.id }) { path, caller in
        let job = try finder.job(path.id).id
        try await backend.writer().adopt(job, path: path.path, actor: caller.actor)
        return Nothing()
      },
      .answer(JobCalls.resolve, in: finder.place { $0.id }) { request, caller in
        let job = try finder.job(request.id).id
        try await backend.writer().resolve(
          job, path: request.path, Resolution(request.answer), actor: caller.actor)
        return Nothing()
      },
    ]
  }

  private func cancel(_ request: StopRequest, _ caller: Caller) async throws(Problem) -> JobItem {
    let node = try backend.writer()
    let job = try finder.job(request.id).id
    try await node.cancel(job, actor: caller.actor, reason: request.reason)
    return JobItem(try await backend.jobs.view(job, 0, 1).summary)
  }

  private func update(_ request: UpdateJobRequest, _ caller: Caller) async throws(Problem) -> JobItem {
    let node = try backend.writer()
    let job = try finder.job(request.id).id
    try await node.update(
      job, JobUpdate(priority: request.priority, labels: request.labels), actor: caller.actor)
    return JobItem(try await backend.jobs.view(job, 0, 1).summary)
  }

  private func kill(_ request: KillRequest, _ caller: Caller) async throws(Problem) -> KillResult {
    let node = try backend.writer()
    let job = try finder.job(request.id).id
    let mayStillRun = try await node.kill(job, actor: caller.actor, reason: request.reason)
    return KillResult(job: JobItem(try await backend.jobs.view(job, 0, 1).summary), mayStillRun: mayStillRun)
  }
}

extension Resolution {
  init(_ answer: ResolveRequest.Answer) {
    switch answer {
    case .happened(let output): self = .happened(output: output)
    case .didNotHappen: self = .didNotHappen
    case .failed(let reason): self = .failed(reason: reason)
    }
  }
}

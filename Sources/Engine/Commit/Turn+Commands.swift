internal import Model
internal import Pipelines

// What people order of a job: to cancel it, kill it, answer for it, change it.
extension Turn {
  mutating func order(
    _ id: ID<Job>, _ command: Command, _ reply: @escaping Reply<[String]>, at now: Timestamp
  ) {
    guard let job = jobs.job(id) else { return reply(.failure(.ended(id))) }
    if job.state.status.hasEnded { return jobs.after(.nothing) { _ in reply(.failure(.ended(id))) } }
    do throws(Problem) {
      let event = try event(of: command, job)
      // It would change nothing, and nobody would know.
      if let reason = job.state.quarantine, !event.reachesQuarantined { throw .quarantined(id, reason) }
      var left: [String] = []
      if case .kill = command {
        left = job.runningPaths
      }
      jobs.decide(job, event, at: now)
      jobs.after(.job(job.number)) { [left] result in reply(result.map { left }) }
    } catch {
      reply(.failure(error))
    }
  }

  private func event(of command: Command, _ job: OwnedJob) throws(Problem) -> Event {
    switch command {
    case .cancel(let actor, let reason): return .cancelled(actor: actor, reason: reason)
    case .kill(let actor, let reason): return .killed(actor: actor, reason: reason)
    case .withdraw(let pipeline, let actor, let reason):
      guard job.pipeline == pipeline else { throw .noJob(job.id) }
      guard [.pending, .queued].contains(job.state.status) || job.state.waitsForStart,
        job.state.startedAt == .never
      else {
        throw .hasBegun(job.id)
      }
      return .cancelled(actor: actor, reason: reason)
    case .resolve(let path, let resolution, let actor):
      if job.state.quarantine != nil, resolution == .didNotHappen { return .released(actor: actor) }
      guard let node = job.state.node(at: path, in: job.plan) else { throw .noStep(path, job.id) }
      guard job.state[node].status == .needsAttention else { throw .noQuestion(path, job.id) }
      return .resolved(node, resolution, actor: actor)
    case .adopt(let path, let actor):
      guard let node = job.state.node(at: path, in: job.plan) else { throw .noStep(path, job.id) }
      guard job.state.lateResult(of: node) != nil else { throw .noLateResult(path, job.id) }
      guard !job.state[node].status.hasEnded else { throw .stepEnded(path, job.id) }
      return .adopted(node, actor: actor)
    case .update(let update, let actor):
      let labels = update.labels(of: job.identity)
      if let labels, labels.count > max(JobUpdate.mostLabels, job.identity.labels.count) {
        throw .tooManyLabels(job.id, labels.count)
      }
      return .updated(actor: actor, priority: update.priority, labels: labels)
    }
  }
}

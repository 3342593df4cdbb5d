internal import Model

// Jobs that a limit turns away, and those that make room for a newer one (`semantics.md`, S20, S24 and S25).
extension Turn {
  /// Why the job cannot be admitted now; its row is part of this commit.
  mutating func refusal(of prepared: PreparedJob, at now: Timestamp) -> Problem? {
    guard let (problem, reason, key) = jobs.refusal(of: prepared) else { return nil }
    jobs.batch.refusals.append(
      RefusalRow(
        at: now, namespace: prepared.pipeline.namespace, pipeline: prepared.pipeline.name,
        trigger: prepared.triggerID ?? prepared.triggerType, actor: prepared.actor, reason: reason, key: key,
        idempotencyKey: prepared.idempotencyKey))
    return problem
  }
}

extension Jobs {
  fileprivate func refusal(of prepared: PreparedJob) -> (Problem, reason: String, key: String)? {
    if liveCount >= setting.maxLiveJobs { return (.nodeFull(setting.maxLiveJobs), "node_full", "") }
    // Whether there is room is asked when its time has come.
    if prepared.context["run_at"] != nil { return nil }
    guard let slot = prepared.context["limits"]?["concurrency"], let key = slot["key"]?.string else {
      return nil
    }
    let limit = Int(slot["limit"]?.int ?? 1)
    let (held, waiting) = governors.use(of: ScalarString(key))
    if held + waiting < limit { return nil }
    if slot["when_full"] == "skip" { return (.skippedByLimit(key, limit), "skipped", key) }
    if let most = slot["max_queued"]?.int, waiting >= Int(most) {
      return (.queueFull(key, Int(most)), "queue_full", key)
    }
    return nil
  }

  /// The moment has come that a job was started for: its limit says now what it says of other starts.
  mutating func findRoom(for job: OwnedJob, at now: Timestamp) {
    makeRoom(for: job, at: now)
    guard job.state.status == .queued, let slot = job.state.context?.value["limits"]?["concurrency"],
      slot["when_full"] == "skip", let key = slot["key"]?.string
    else { return }
    let refusal = Problem.skippedByLimit(key, Int(slot["limit"]?.int ?? 1))
    decide(job, .cancelled(actor: "limit:\(key)", reason: refusal.message.english), at: now)
  }

  /// Does what a new job's limit says of those that came before it: the one that waits is replaced, and where
  /// none waited the one that has run longest is cancelled.
  mutating func makeRoom(for job: OwnedJob, at now: Timestamp) {
    guard let slot = job.state.context?.value["limits"]?["concurrency"], let name = slot["key"]?.string else {
      return
    }
    serveQueue(at: now)
    let key = ScalarString(name)
    guard slot["when_full"] == "cancel_running", job.state.status == .queued else { return }
    let waiting = governors.waiters(for: key).filter { $0.job != job.number && $0.node == nil }
    for claimant in waiting {
      if let older = self.job(claimant.job) { decide(older, .replaced(by: job.id), at: now) }
    }
    let running = governors.slots.holders(of: key).filter { $0.node == nil }
    guard governors.slots.isFree(key) == false, waiting.isEmpty else { return }
    var oldest: OwnedJob?
    for claimant in running.sorted() {
      // One that waits long for a person or a message has left the memory.
      guard oldest == nil, let holder = self.job(claimant.job), holder.state.cancel == nil else { continue }
      oldest = holder
    }
    guard let oldest else { return }
    decide(
      oldest, .cancelled(actor: "limit:\(name)", reason: "The newer job \(job.id) takes its place."), at: now)
  }
}

extension Governors {
  /// How many hold a slot of the key, and how many wait for one.
  func use(of key: ScalarString) -> (held: Int, waiting: Int) {
    (slots.holders(of: key).count, wanted[key] ?? 0)
  }

  /// Those whose claim names the key, whatever they wait for first; the oldest first.
  func waiters(for key: ScalarString) -> [Claimant] {
    waiting.filter { $0.value.claim.slots.contains { ScalarString($0.key) == key } }
      .sorted { ($0.value.since, $0.key) < ($1.value.since, $1.key) }.map(\.key)
  }
}

extension Problem {
  static func nodeFull(_ most: Int) -> Problem {
    Problem(
      "node-full",
      Bilingual(
        "This node has \(most) live jobs, and takes no more.",
        pt: "Este nó tem \(most) jobs em andamento, e não aceita mais."),
      remedy: Bilingual("Try again in a while.", pt: "Tente de novo mais tarde."))
  }

  static func queueFull(_ key: String, _ most: Int) -> Problem {
    Problem(
      "queue-full",
      Bilingual(
        "The queue of the limit \(key) is full: \(most) jobs wait already.",
        pt: "A fila do limite \(key) está cheia: \(most) jobs já esperam."),
      remedy: Bilingual(
        "Try again in a while, or raise max_queued.", pt: "Tente de novo mais tarde, ou aumente max_queued."))
  }

  static func skippedByLimit(_ key: String, _ limit: Int) -> Problem {
    Problem(
      "skipped-by-limit",
      Bilingual(
        "The limit \(key) is full: \(limit) at once, and the file says when_full: skip.",
        pt: "O limite \(key) está cheio: \(limit) por vez, e o arquivo diz when_full: skip."),
      remedy: Bilingual(
        "See who holds it with: esteira job ls", pt: "Veja quem o ocupa com: esteira job ls"))
  }
}

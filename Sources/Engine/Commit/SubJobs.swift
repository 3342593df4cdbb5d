internal import Model
internal import Pipelines

/// Who waits for the end of which job.
struct Callers {
  struct Caller: Hashable {
    var job: JobNumber
    var node: NodeNumber
  }

  private var waiting: [ID<Job>: [Caller]] = [:]

  mutating func add(_ caller: Caller, of child: ID<Job>) {
    if waiting[child]?.contains(caller) != true { waiting[child, default: []].append(caller) }
  }

  mutating func take(of child: ID<Job>) -> [Caller] { waiting.removeValue(forKey: child) ?? [] }

  /// Whether any job waits at all, which most of the time none does.
  var isEmpty: Bool { waiting.isEmpty }
}

/// How a job ended, as its caller hears it.
struct ChildEnd: Sendable {
  var child: ID<Job>
  var status: JobStatus
  var failure: Failure?
  var outputs: JSON?

  func event(for node: NodeNumber) -> Event {
    .childEnded(node, child, status, failure, outputs: outputs)
  }
}

// Sub-jobs inside one node: what happens to one of the two is stored in the commit of the other (S6a).
extension Jobs {
  /// The end of a job and what its callers make of it are one commit.
  mutating func tellCallers(of job: OwnedJob) {
    if callers.isEmpty { return }
    let end = ChildEnd(
      child: job.id, status: job.state.status, failure: job.state.failure,
      outputs: job.state.outputs?.value)
    for caller in callers.take(of: job.id) {
      followUps.append(.event(caller.job, end.event(for: caller.node)))
    }
  }

  /// A job that its caller only joined, by its key, is not the caller's to stop.
  mutating func cancelChild(_ child: ID<Job>, of caller: OwnedJob, kills: Bool, reason: String) {
    guard let job = job(child), job.identity.parent == caller.number else { return }
    let actor = "job:\(caller.id)"
    followUps.append(
      .event(
        job.number,
        kills ? .killed(actor: actor, reason: reason) : .cancelled(actor: actor, reason: reason)))
  }

  /// Whether the node still waits for a sub-job to be admitted.
  mutating func wantsChild(_ caller: Callers.Caller) -> OwnedJob? {
    guard let job = job(caller.job), Int(caller.node) < job.state.nodes.count,
      job.state.awaitsChild(caller.node), job.state.subJob(of: caller.node)?.id == nil
    else { return nil }
    return job
  }

  /// The caller's `called` and the sub-job's first facts are one commit.
  mutating func admitChild(
    _ prepared: PreparedJob, of caller: Callers.Caller, at now: Timestamp
  ) throws(Problem) {
    guard let parent = wantsChild(caller) else { return }
    let subjects = try subjects(of: prepared)
    join(prepared.id, caller, parent, at: now)
    makeRoom(for: admit(prepared, subjects, at: now), at: now)
  }

  /// The caller waits for a job, its own or one that was there already.
  mutating func join(_ child: ID<Job>, _ caller: Callers.Caller, _ parent: OwnedJob, at now: Timestamp) {
    decide(parent, .childAdmitted(caller.node, child), at: now)
    if parent.state.awaitsChild(caller.node) { callers.add(caller, of: child) }
  }
}

// The way of a sub-job from its order to its admission.
extension Turn {
  /// Reads and checks off the engine's thread; what comes back is an input.
  func prepareChild(_ parent: OwnedJob, _ order: ChildOrder) {
    let context = parent.state.context?.value
    let request = JobRequest(
      pipeline: order.pipeline, revision: order.revision, inputs: order.inputs,
      idempotencyKey: order.idempotencyKey, settings: nil,
      actor: context?["trigger"]?["actor"]?.string ?? "job:\(parent.id)")
    let origin = CallOrigin(
      job: parent.id, number: parent.number, node: order.node, path: order.path,
      pipeline: parent.pipeline, depth: order.depth, identity: parent.identity, lineage: parent.lineage,
      trace: parent.state.trace)
    let (configuration, executor) = (configuration, executor)
    executor.aside {
      let result: Result<PreparedJob, Problem>
      do throws(Problem) {
        result = .success(try Preparation(configuration, request, calledBy: origin).prepare())
      } catch {
        result = .failure(error)
      }
      executor.report(.childPrepared(Callers.Caller(job: origin.number, node: origin.node), result))
    }
  }

  mutating func takeChild(
    _ caller: Callers.Caller, _ result: Result<PreparedJob, Problem>, at now: Timestamp
  ) {
    guard let parent = jobs.wantsChild(caller) else { return }
    do throws(Problem) {
      let prepared = try result.get()
      guard let existing = try existing(prepared) else {
        if let problem = refusal(of: prepared, at: now) { throw problem }
        return try jobs.admitChild(prepared, of: caller, at: now)
      }
      jobs.join(existing.job, caller, parent, at: now)
      findChild(existing.job, caller)
    } catch {
      jobs.decide(parent, .childRefused(caller.node, Failure(error)), at: now)
    }
  }

  /// The end of a sub-job is its caller's event in the same commit; one that this node does not drive may
  /// have ended elsewhere, or be in no store at all.
  func findChild(_ child: ID<Job>, _ caller: Callers.Caller) {
    if jobs.numbers[child] != nil { return }
    let (history, executor) = (JobHistory(configuration), executor)
    executor.aside {
      do throws(Problem) {
        guard let end = try history.childEnd(child) else { return }
        executor.report(.event(caller.job, end.event(for: caller.node)))
      } catch {
        executor.report(.event(caller.job, .childRefused(caller.node, Failure(error))))
      }
    }
  }

  /// The store refused a sub-job: its caller must not wait for it.
  mutating func tellCallers(ofRefused child: ID<Job>) {
    for caller in jobs.callers.take(of: child) {
      let failure = Failure(.internal, code: "conflict", "The store refused the sub-job \(child).")
      executor.report(.event(caller.job, .childRefused(caller.node, failure)))
    }
  }
}

/// Who calls a job.
struct CallOrigin: Sendable {
  var job: ID<Job>
  var number: JobNumber
  var node: NodeNumber
  var path: String
  var pipeline: PipelineName
  /// Of the sub-job: the calls between it and the job that nobody called.
  var depth: Int
  var identity: JobIdentity
  /// The chain that led to the caller, and the caller: the sub-job's end must not start it for ever (S33).
  var lineage: [JSON]
  var trace: TraceParent?

  /// `trigger.job` of the sub-job, and with the depth its `parent`.
  var json: JSONObject {
    JSONObject([
      ("id", .string(job.description)), ("pipeline", .string(pipeline.description)), ("step", .string(path)),
    ])
  }

  var parent: JSON {
    var parent = json
    parent["depth"] = .int(Int64(depth))
    return .object(parent)
  }
}

extension JobHistory {
  /// How a job ended; nil while it has not.
  func childEnd(_ child: ID<Job>) throws(Problem) -> ChildEnd? {
    let summary = try summary(child)
    guard summary.status.hasEnded else { return nil }
    return ChildEnd(
      child: child, status: summary.status, failure: summary.failure,
      outputs: summary.outputs == nil ? nil : try fold(child).state.outputs?.value)
  }
}

extension Failure {
  /// A sub-job that was not admitted: nothing of it happened, and the same order would be refused again.
  fileprivate init(_ problem: Problem) {
    switch problem.code {
    case "no-job": self.init(.lost, code: problem.code, problem.message.english)
    case "store-unavailable": self.init(.transient, code: problem.code, problem.message.english)
    case "queue-full", "node-full", "skipped-by-limit":
      self.init(.rateLimited, code: problem.code, problem.message.english)
    case "invalid-input", "missing-input", "unknown-input", "admission-expression":
      self.init(.data, code: problem.code, problem.message.english)
    case _: self.init(.configuration, code: problem.code, problem.message.english)
    }
  }
}

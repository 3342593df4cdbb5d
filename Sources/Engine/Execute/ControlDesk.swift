internal import Crypto
internal import Model

/// Does what steps ask of their node: looks whether they may, and goes the way that people's orders go.
struct ControlDesk: Sendable {
  let configuration: NodeConfiguration
  let report: @Sendable (Input) -> Void

  func control(of work: Executor.Work, stepKey: String) -> NodeControl {
    let principal = Principal(
      pipeline: work.pipeline, job: work.id, path: work.order.path, stepKey: stepKey)
    return NodeControl(
      emit: { (type, room, data) throws(Failure) in try await emit(type, room, data, principal) },
      pause: { (pipeline, reason) throws(Failure) in
        try await run(principal, .pause, pipeline) { () throws(Problem) in
          try await pause(pipeline, reason, principal)
        }
      },
      resume: { (pipeline, job) throws(Failure) in
        try await run(principal, .resume, pipeline) { () throws(Problem) in try await resume(pipeline, job) }
      },
      queue: { (pipeline, take) throws(Failure) in try await queue(pipeline, principal, take) },
      purge: { (pipeline, items, reason) throws(Failure) in
        try await run(principal, .purge, pipeline) { () throws(Problem) in
          try await purge(pipeline, items, reason, by: principal.actor)
        }
      })
  }

  /// A step, as whom the node acts.
  struct Principal: Sendable {
    var pipeline: PipelineName
    var job: ID<Job>
    var path: String
    var stepKey: String

    /// The job stands last, so that a pause is known as its own.
    var actor: String { "pipeline:\(pipeline)/\(job)" }
  }

  private func run<Value: Sendable>(
    _ principal: Principal, _ right: PipelineGrant.Right, _ target: PipelineName,
    _ body: () async throws(Problem) -> Value
  ) async throws(Failure) -> Value {
    try check(principal, right, target)
    do throws(Problem) { return try await body() } catch { throw Failure(control: error) }
  }

  private func check(
    _ principal: Principal, _ right: PipelineGrant.Right, _ target: PipelineName
  ) throws(Failure) {
    let grants = try configuration.environment.grants(principal.pipeline)
    guard grants.contains(where: { $0.allows(right, on: target) }) else {
      throw Failure(
        .configuration, code: "not-granted",
        "\(principal.pipeline) may not \(right.rawValue) \(target). Grant it in esteira.yaml: grants: "
          + "{\(principal.pipeline): [{may: [\(right.rawValue)], pipelines: [\(target)]}]}")
    }
    let isThere: Bool
    do throws(StoreError) {
      isThere = try configuration.readModel.readRevision(of: target, number: nil) != nil
    } catch { throw Failure(control: .store(error)) }
    if !isThere { throw Failure(control: .noPipeline(target, revision: nil)) }
  }

  func send<Value: Sendable>(_ input: (@escaping Reply<Value>) -> Input) async throws(Problem)
    -> Value
  {
    let result: Result<Value, Problem> = await withCheckedContinuation { continuation in
      report(input { continuation.resume(returning: $0) })
    }
    return try result.get()
  }

  func reading<Value>(_ body: () throws(StoreError) -> Value) throws(Problem) -> Value {
    do throws(StoreError) { return try body() } catch { throw .store(error) }
  }
}

// Pauses and events.
extension ControlDesk {
  private func emit(
    _ type: String, _ room: String, _ data: JSON, _ principal: Principal
  ) async throws(Failure) {
    let emission = Emission(
      namespace: principal.pipeline.namespace, type: type, room: room, data: data,
      job: principal.job.description, path: principal.path, key: principal.stepKey)
    do throws(Problem) { try await send { .emit(emission, $0) } } catch { throw Failure(control: error) }
    configuration.emitted()
  }

  private func pause(
    _ pipeline: PipelineName, _ reason: String, _ principal: Principal
  ) async throws(Problem) -> NodeControl.PauseAnswer {
    let now = configuration.clock.now
    let wanted = PauseRecord(pipeline: pipeline, by: principal.actor, reason: reason, at: now, until: nil)
    let standing = try await send { .pauseUnlessPaused(wanted, $0) }
    return NodeControl.PauseAnswer(by: standing.by, isOurs: standing.by == principal.actor)
  }

  private func resume(_ pipeline: PipelineName, _ job: ID<Job>?) async throws(Problem) -> Bool {
    let isEnded = try await send { .endPause(of: pipeline, by: job, $0) }
    if isEnded { report(.wakeTriggers(of: pipeline)) }
    return isEnded
  }
}

// What waits before a pipeline.
extension ControlDesk {
  private func queue(
    _ pipeline: PipelineName, _ principal: Principal,
    _ take: @escaping @Sendable (QueuedItem) throws(Failure) -> Void
  ) async throws(Failure) {
    try check(principal, .export, pipeline)
    let result: Result<Void, Failure> = await withCheckedContinuation { continuation in
      startThread { [self] in
        do throws(Failure) { continuation.resume(returning: .success(try read(pipeline, take))) } catch {
          continuation.resume(returning: .failure(error))
        }
      }
    }
    try result.get()
  }

  /// Blocks.
  private func read(_ pipeline: PipelineName, _ take: (QueuedItem) throws(Failure) -> Void) throws(Failure) {
    let reading = WaitingReading(configuration: configuration)
    for waiting in try opened({ () throws(Problem) in try reading.all(before: pipeline) }) {
      if let item = try opened({ () throws(Problem) in try reading.open(waiting) }) { try take(item) }
    }
  }

  private func opened<Value>(_ body: () throws(Problem) -> Value) throws(Failure) -> Value {
    do throws(Problem) { return try body() } catch { throw Failure(control: error) }
  }
}

/// Opens what a trigger was given.
struct MessageOpening {
  let configuration: NodeConfiguration

  func open(_ row: TriggerMessageRow) throws(Problem) -> JSON {
    let wrapped: [UInt8]?
    do throws(StoreError) {
      wrapped = try configuration.readModel.namespaceKey(row.pipeline.namespace)
    } catch { throw .store(error) }
    guard let wrapped else { throw .namespaceKey(row.pipeline.namespace) }
    let key = try configuration.unwrapNamespaceKey(wrapped, row.pipeline.namespace)
    do {
      return try JSON(parsing: try AES256GCM.open(row.body, key: key, additionalData: row.binding))
    } catch { throw .unreadableMessage(row.id) }
  }
}

extension Failure {
  /// What the node said to a step.
  fileprivate init(control problem: Problem) {
    switch problem.code {
    case "store-unavailable": self.init(.transient, code: problem.code, problem.message.english)
    case "no-pipeline": self.init(.data, code: problem.code, problem.message.english)
    case _: self.init(.internal, code: problem.code, problem.message.english)
    }
  }
}

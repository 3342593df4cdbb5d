internal import Model
internal import Pipelines
internal import Synchronization

/// Performs attempts, each in a task of its own, and reports each end once.
///
/// Two attempts of one step execution never run at the same time here: a later one waits until the task of
/// the earlier has ended. The tasks are kept because a cancel must find them.
final class Executor: Performer {
  private struct Place: Hashable {
    var job: JobNumber
    var node: NodeNumber
  }

  private struct Running {
    var token: UInt32
    var task: Task<Void, Never>
    /// Nil: it sends a message.
    var attempt: RunningAttempt?
  }

  private let running = Mutex<[Place: Running]>([:])
  /// Set when a stop cancels what outlived the drain.
  private let isCut = Atomic(false)
  private let connectors: [String: any Connector]
  private let inPlace: [String: any InPlaceConnector]
  private let schemas: [String: JSONSchema]
  private let environment: AttemptEnvironment
  private let clock: any EngineClock
  private let cancelGrace: Duration
  /// Nil: nothing can be asked of a node.
  private let desk: ControlDesk?
  let report: @Sendable (Input) -> Void

  init(
    connectors: [any Connector], environment: AttemptEnvironment, clock: any EngineClock,
    cancelGrace: Duration, desk: ControlDesk? = nil, report: @escaping @Sendable (Input) -> Void
  ) throws {
    var (byName, schemas): ([String: any Connector], [String: JSONSchema]) = ([:], [:])
    for connector in connectors {
      byName[connector.description.name] = connector
      schemas[connector.description.name] = try JSONSchema(connector.description.with)
    }
    (self.connectors, self.schemas) = (byName, schemas)
    inPlace = byName.compactMapValues { $0 as? any InPlaceConnector }
    (self.environment, self.clock) = (environment, clock)
    (self.cancelGrace, self.desk, self.report) = (cancelGrace, desk, report)
  }

  /// What an attempt is about, taken from the job on the engine's thread.
  struct Work: Sendable {
    var number: JobNumber
    var id: ID<Job>
    var key: String
    var pipeline: PipelineName
    var revision: Int
    var call: CallPlan
    var order: AttemptOrder
    var trace: TraceParent?
  }

  func execute(_ work: Work) {
    let place = Place(job: work.number, node: work.order.node)
    let slot = work.call.connector.place
    perform(work, place) { [self] in
      let end = await end(of: work)
      if isCutOff(end) { return }
      report(.attemptEnded(work.number, work.order.node, token: work.order.token, end, slot))
    }
  }

  /// How an attempt ends whose connector needs no task; nil for any other.
  func endInPlace(_ call: CallPlan, _ with: JSON) -> AttemptEnd? {
    guard let connector = inPlace[call.connector.name], call.connection == nil, call.credential == nil else {
      return nil
    }
    do throws(Failure) {
      try check(with, of: call)
      return .success(AttemptOutput(try connector.output(of: with)))
    } catch {
      return .failure(error)
    }
  }

  /// Asks the connector what became of a lost attempt.
  func examine(_ work: Work) {
    let place = Place(job: work.number, node: work.order.node)
    perform(work, place) { [self] in
      let end = await endOfLost(work)
      if end.map(isCutOff) ?? isCut.load(ordering: .acquiring) { return }
      report(.examined(work.number, work.order.node, token: work.order.token, end))
    }
  }

  /// Counts the lines of a fan-out's artifact.
  func countLines(_ job: JobNumber, _ namespace: String, _ node: NodeNumber, _ handle: ArtifactHandle) {
    let (lines, report) = (environment.lines, report)
    Task {
      let count: Result<Int, Failure>
      do throws(Failure) { count = .success(try await lines.count(namespace, handle.sha256)) } catch {
        count = .failure(error)
      }
      report(.event(job, .counted(node, count)))
    }
  }

  /// Reads the lines of one item.
  func readLines(_ job: JobNumber, _ namespace: String, _ slice: LineSlice) {
    let (lines, report) = (environment.lines, report)
    Task {
      let value: Result<JSON, Failure>
      do throws(Failure) {
        let read = try await lines.read(namespace, slice.handle.sha256, slice.range).map { JSON.string($0) }
        guard read.count == slice.range.count else {
          throw Failure(.data, code: "artifact-damaged", "Lines of the artifact are missing.")
        }
        value = .success(slice.isBatch ? .array(read) : read.first ?? "")
      } catch {
        value = .failure(error)
      }
      report(.event(job, .sliced(slice.item, value)))
    }
  }

  private func perform(_ work: Work, _ place: Place, _ body: @escaping @Sendable () async -> Void) {
    let token = work.order.token
    let earlier = running.withLock { $0[place]?.task }
    let whole: @Sendable () async -> Void = { [self] in
      await earlier?.value
      await body()
      running.withLock { if $0[place]?.token == token { $0[place] = nil } }
    }
    // The task may end before it is entered, so it waits for its entry.
    let entered = Gate()
    let task = Task {
      await entered.wait()
      await whole()
    }
    let attempt = RunningAttempt(work)
    running.withLock { $0[place] = Running(token: token, task: task, attempt: attempt) }
    entered.open()
  }

  /// What runs now, in no order.
  var attempts: [RunningAttempt] { running.withLock { $0.values.compactMap(\.attempt) } }

  func settle(_ attempt: AttemptIdentity) { environment.settle(attempt) }

  func deliver(_ sending: Sending) {
    let place = Place(job: .outbox, node: NodeNumber(truncatingIfNeeded: sending.head.position))
    let entered = Gate()
    let task = Task { [self] in
      await entered.wait()
      let landing = await sending.perform()
      running.withLock { $0[place] = nil }
      // One that the stop of the node cut off is the next node's.
      if !isCut.load(ordering: .acquiring) { report(.outbox(.landed(landing))) }
    }
    running.withLock { $0[place] = Running(token: 0, task: task) }
    entered.open()
  }

  func aside(_ body: @escaping @Sendable () -> Void) { SpareThreads.shared.run(body) }

  /// Lets go what a job that has ended leaves behind.
  func forget(_ job: ID<Job>) {
    let environment = environment
    Task { await environment.forget(job) }
  }

  func cancel(_ job: JobNumber, _ node: NodeNumber, token: UInt32) {
    let found = running.withLock { $0[Place(job: job, node: node)] }
    if let found, found.token == token { found.task.cancel() }
  }

  /// Waits until no attempt runs, at most `drain`, then cancels what is left.
  func stop(drain: Duration) async {
    let tasks = running.withLock { $0.values.map(\.task) }
    if tasks.isEmpty { return }
    // A race and no task group: a connector that ignores its cancel must not hold up the stop.
    let over = Gate()
    let ends = Task {
      for task in tasks { await task.value }
      over.open()
    }
    let limit = Task {
      // Cancelled when the attempts end first, which is no failure.
      try? await Task.sleep(for: drain)
      over.open()
    }
    await over.wait()
    ends.cancel()
    limit.cancel()
    isCut.store(true, ordering: .releasing)
    for task in tasks { task.cancel() }
  }

  /// Whether the stop of the node, and no order of the job, ended it: the next node finds it lost (S7).
  private func isCutOff(_ end: AttemptEnd) -> Bool {
    guard isCut.load(ordering: .acquiring), case .failure(let failure) = end else { return false }
    return failure.errorClass == .cancelled
  }
}

// One attempt from its folders to its end.
extension Executor {
  private func end(of work: Work) async -> AttemptEnd {
    let identity = work.identity
    var masking = Masking.none
    let end: AttemptEnd
    do throws(Failure) {
      if Task.isCancelled {
        throw Failure(.cancelled, code: "confirmed", "\(work.order.path) was cancelled before it began.")
      }
      let (connector, attempt) = try await attempt(work, identity)
      masking = attempt.services.mask
      try check(attempt.with, of: work.call)
      end = .success(masking(try await connector.execute(attempt)))
    } catch {
      end = .failure(masking(error))
    }
    await environment.flushLog(identity)
    await environment.cleanUp(identity)
    return end
  }

  private func endOfLost(_ work: Work) async -> AttemptEnd? {
    let identity = work.identity
    // Without what it takes to ask, the end stays unknown: this is no failure of the attempt.
    guard let (connector, attempt) = try? await attempt(work, identity) else { return nil }
    let masking = attempt.services.mask
    var end: AttemptEnd?
    do throws(Failure) {
      end = try await connector.outcome(ofLost: attempt).map { .success(masking($0)) }
    } catch {
      end = .failure(masking(error))
    }
    await environment.flushLog(identity)
    await environment.cleanUp(identity)
    return end
  }

  /// What the file says literally was checked when its plan was made.
  private func check(_ with: JSON, of call: CallPlan) throws(Failure) {
    if case .literal = call.with { return }
    guard let violation = schemas[call.connector.name]?.violations(in: with).first else { return }
    throw Failure(
      .data, code: "invalid-with", "with\(violation.pointer) is not valid: \(violation.message.english)")
  }

  private func attempt(
    _ work: Work, _ identity: AttemptIdentity
  ) async throws(Failure) -> (any Connector, Attempt) {
    guard let connector = connectors[work.call.connector.name] else {
      throw Failure(
        .configuration, code: "no-connector", "This node has no connector \(work.call.connector.name).")
    }
    let namespace = work.pipeline.namespace
    var connection: Connection?
    if let name = work.call.connection { connection = try await environment.connection(name, namespace) }
    var credential: Credential?
    if let name = work.call.credential ?? connection?.credential {
      let found = try await environment.credential(name, namespace)
      credential = found
      environment.leased(
        CredentialLease(
          attempt: identity, path: work.order.path, namespace: namespace, name: name, version: found.version,
          at: clock.now))
    }
    let folders = try await environment.prepare(identity)
    let masking = credential.map { Masking($0) } ?? .none
    let (environment, clock) = (environment, clock)
    var services = AttemptServices(
      log: { level, line in environment.log(identity, clock.now, level, masking(line)) },
      storeArtifact: { (name, path, type) async throws(Failure) in
        try await environment.storeArtifact(namespace, masking(name), path, type)
      },
      fetchArtifact: { (sha256, path) async throws(Failure) in
        try await environment.fetchArtifact(namespace, sha256, path)
      },
      workFolder: folders.work, processFolder: folders.process, objectsFolder: folders.objects,
      now: { clock.now })
    services.makeFolder = folders.make
    // Cancelling ends it, which the next step of the attempt hears.
    services.pause = { try? await Task.sleep(for: $0) }
    services.mask = masking
    services.roots = try environment.roots(namespace)
    services.checkpoints = environment.checkpoints(identity, work.stepKey)
    services.endsWithNode = { [self] in isCut.load(ordering: .acquiring) }
    if let desk { services.control = desk.control(of: work, stepKey: work.stepKey) }
    var attempt = Attempt(
      job: work.id, jobKey: work.key, pipeline: work.pipeline, path: work.order.path,
      number: Int(work.order.number), stepKey: work.stepKey,
      effect: work.order.effect, with: work.order.with, connection: connection, credential: credential,
      files: folders.files,
      previous: work.order.previousCause.map {
        PreviousAttempt(number: Int(work.order.number) - 1, cause: $0)
      },
      cancelGrace: cancelGrace, services: services)
    (attempt.fencingToken, attempt.trace) = (work.order.token, work.trace)
    return (connector, attempt)
  }
}

/// Which lines an item of a fan-out needs.
struct LineSlice: Sendable {
  var item: NodeNumber
  var handle: ArtifactHandle
  var range: Range<Int>
  var isBatch: Bool
}

extension Executor.Work {
  fileprivate var stepKey: String {
    StepKey.text(job: order.keyJob, path: order.path, round: Int(order.round) + 1)
  }

  var identity: AttemptIdentity {
    AttemptIdentity(
      job: id, pipeline: pipeline, revision: revision, node: order.node, number: Int(order.number))
  }
}

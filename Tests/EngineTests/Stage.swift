import Engine
import Model
import Synchronization

/// What the test connectors do and remember: the test opens and closes their doors.
///
/// `with` says how an attempt goes: `value` is its output, `hold: true` lets it wait until the test ends it,
/// `door` names where it waits instead of its path, `deaf: true` lets it ignore a cancel, `fail: class` lets
/// it fail, the first `fail_times` times. With `ask` it asks its node, after it was let go by `hold`; with
/// `hold_first` the first attempt waits once it has asked.
final class Stage: Sendable {
  struct Start: Hashable {
    var path: String
    var number: Int
    var key: String
    var previous: String?
    /// What the attempt gives on.
    var trace: String
  }

  private struct State {
    var starts: [Start] = []
    var waiting: [String: CheckedContinuation<AttemptEnd, Never>] = [:]
    var cancelled: Set<String> = []
    var watchers: [CheckedContinuation<Bool, Never>] = []
    var known: [String: AttemptEnd] = [:]
    var heldLost: String?
    var running = 0
    var most = 0
    var grants: [PipelineGrant] = []
    var queued: [QueuedItem] = []
  }
  private let state = Mutex(State())
  let shelf = LineShelf()

  var environment: AttemptEnvironment {
    var environment = AttemptEnvironment.none
    environment.lines = shelf.reading
    environment.grants = { [self] (pipeline) throws(Failure) in
      state.withLock { $0.grants.filter { $0.principal == pipeline } }
    }
    return environment
  }

  var starts: [Start] { state.withLock(\.starts) }
  /// The most attempts that ran at once.
  var most: Int { state.withLock(\.most) }

  func grant(_ grant: PipelineGrant) { state.withLock { $0.grants.append(grant) } }
  /// What the last `ask: queue` was given.
  var queued: [QueuedItem] { state.withLock(\.queued) }
  func keep(_ item: QueuedItem?) {
    state.withLock { if let item { $0.queued.append(item) } else { $0.queued = [] } }
  }

  func starts(of path: String) -> Int { starts.count { $0.path == path } }

  /// What `outcome(ofLost:)` answers for a path after a crash.
  func setKnownEnd(_ end: AttemptEnd, of path: String) { state.withLock { $0.known[path] = end } }
  func knownEnd(of path: String) -> AttemptEnd? { state.withLock { $0.known[path] } }

  /// From now on `outcome(ofLost:)` of the path waits, for nothing that comes.
  func holdLost(_ path: String) { state.withLock { $0.heldLost = path } }
  func isHeld(lost path: String) -> Bool { state.withLock { $0.heldLost == path } }
  static func door(ofLost path: String) -> String { "lost \(path)" }

  /// Waits until so many attempts of the path have begun and, where they hold, wait for the test.
  func begun(_ path: String, _ count: Int = 1) async {
    await until { $0.starts.count { $0.path == path } >= count }
  }

  func holding(_ path: String) async {
    await until { $0.waiting[path] != nil }
  }

  func wasCancelled(_ path: String) async {
    await until { $0.cancelled.contains(path) }
  }

  func end(_ path: String, _ end: AttemptEnd = .success(AttemptOutput([:]))) async {
    await holding(path)
    let waiter = state.withLock { $0.waiting.removeValue(forKey: path) }
    waiter?.resume(returning: end)
  }

  /// Lets the attempts of a node that is gone end: nobody hears them.
  func drop() {
    let waiting = state.withLock { state in
      defer { state.waiting = [:] }
      return Array(state.waiting.values)
    }
    for waiter in waiting { waiter.resume(returning: Self.confirmed) }
  }

  /// Waits until the state fulfils the condition: asked again after each change, never by polling.
  private func until(_ holds: @escaping @Sendable (borrowing State) -> Bool) async {
    while true {
      let isDone = await withCheckedContinuation { continuation in
        let holdsNow = state.withLock { state in
          if holds(state) { return true }
          state.watchers.append(continuation)
          return false
        }
        if holdsNow { continuation.resume(returning: true) }
      }
      if isDone { return }
    }
  }

  /// Changes the state and lets those who wait look at it again.
  private func change<Value: Sendable>(_ body: (inout State) -> Value) -> Value {
    let (value, watchers) = state.withLock { state in
      let value = body(&state)
      defer { state.watchers = [] }
      return (value, state.watchers)
    }
    for watcher in watchers { watcher.resume(returning: false) }
    return value
  }

  func perform(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    change { state in
      state.starts.append(
        Start(
          path: attempt.path, number: attempt.number, key: attempt.stepKey,
          previous: attempt.previous?.cause, trace: attempt.traceParent.header))
      state.running += 1
      state.most = max(state.most, state.running)
    }
    defer { state.withLock { $0.running -= 1 } }
    if attempt.with["hold"]?.bool == true || attempt.with["hold_first"]?.bool == true {
      switch await held(attempt) {
      case .success(let output): return output
      case .failure(let failure): throw failure
      }
    }
    if let word = attempt.with["fail"]?.string,
      attempt.number <= Int(attempt.with["fail_times"]?.int ?? 1_000)
    {
      let errorClass = ErrorClass(rawValue: word) ?? .internal
      throw Failure(errorClass, code: "told", "told to fail", retryAfter: nil)
    }
    return AttemptOutput(attempt.with["value"] ?? [:])
  }

  func held(_ attempt: Attempt, at door: String? = nil) async -> AttemptEnd {
    let path = door ?? attempt.with["door"]?.string ?? attempt.path
    let isDeaf = attempt.with["deaf"]?.bool == true
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isCancelled = change { state in
          if state.cancelled.contains(path) && !isDeaf { return true }
          state.waiting[path] = continuation
          return false
        }
        if isCancelled { continuation.resume(returning: Self.confirmed) }
      }
    } onCancel: {
      let waiter = change { state in
        state.cancelled.insert(path)
        return isDeaf ? nil : state.waiting.removeValue(forKey: path)
      }
      waiter?.resume(returning: Self.confirmed)
    }
  }

  private static let confirmed = AttemptEnd.failure(
    Failure(.cancelled, code: "confirmed", "stopped as asked"))
}

/// `test.once`, `test.keyed`, `test.pure`, `test.reattachable`: one for each effect class.
struct StageConnector: Connector {
  let effect: EffectClass
  let stage: Stage

  var description: ConnectorDescription { Self.description(effect) }

  static func description(_ effect: EffectClass) -> ConnectorDescription {
    ConnectorDescription(
      name: "test.\(effect.rawValue)", title: Bilingual("Test", pt: "Teste"),
      summary: Bilingual("A test's own work.", pt: "Trabalho de um teste."),
      with: [
        "type": "object", "additionalProperties": false,
        "properties": [
          "value": true, "hold": ["type": "boolean"], "deaf": ["type": "boolean"], "fail": ["type": "string"],
          "door": ["type": "string"], "ask": ["type": "string"], "target": ["type": "string"],
          "fail_times": ["type": "integer"], "hold_first": ["type": "boolean"],
        ],
      ], output: true, effect: .always(effect), place: effect == .reattachable ? .outside : .node)
  }

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    guard let word = attempt.with["ask"]?.string else { return try await stage.perform(attempt) }
    if attempt.with["hold"]?.bool == true { _ = try await stage.perform(attempt) }
    let output = try await ask(word, attempt)
    if attempt.with["hold_first"]?.bool == true, attempt.number == 1 { _ = try await stage.perform(attempt) }
    return output
  }

  /// `ask: pause | resume | resume-own | queue | purge | emit`, of the pipeline `target`.
  private func ask(_ word: String, _ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    let control = attempt.services.control
    let target = PipelineName(namespace: "demo", name: attempt.with["target"]?.string ?? "")
    switch word {
    case "pause":
      let answer = try await control.pause(target, "care")
      return AttemptOutput(["by": .string(answer.by), "ours": .bool(answer.isOurs)])
    case "resume", "resume-own":
      let own = word == "resume" ? nil : attempt.job
      return AttemptOutput(["resumed": .bool(try await control.resume(target, own))])
    case "queue":
      stage.keep(nil)
      try await control.queue(target) { [stage] (item) throws(Failure) in stage.keep(item) }
      return AttemptOutput(["count": .int(Int64(stage.queued.count))])
    case "purge":
      let gone = try await control.purge(target, stage.queued.map(\.name), "cleaning")
      return AttemptOutput(["gone": .int(Int64(gone.count))])
    case let type:
      try await control.emit(type, "room", ["n": 1])
      return AttemptOutput([:])
    }
  }

  func outcome(ofLost attempt: Attempt) async throws(Failure) -> AttemptOutput? {
    var end = stage.knownEnd(of: attempt.path)
    if stage.isHeld(lost: attempt.path) {
      end = await stage.held(attempt, at: Stage.door(ofLost: attempt.path))
    }
    switch end {
    case .success(let output): return output
    case .failure(let failure): throw failure
    case nil: return nil
    }
  }
}

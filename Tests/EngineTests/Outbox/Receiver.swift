import Crypto
import Engine
import Model
import Synchronization
import Testing

/// A destination that answers as the test says and remembers what it was given.
final class Receiver: Destination {
  private struct State {
    var taken: [OutgoingMessage] = []
    /// By the job that messages are about, or "" for all others; without any: delivered.
    var answers: [String: [DeliveryOutcome]] = [:]
    var isHeld = false
    var waiting: [CheckedContinuation<Void, Never>] = []
    var watchers: [(count: Int, CheckedContinuation<Void, Never>)] = []
  }
  private let state = Mutex(State())

  static let down = DeliveryOutcome(
    .retry(after: nil), status: 500, code: "http-status", message: "It answered 500.")
  static let gone = DeliveryOutcome(.gone, status: 410, code: "http-status", message: "It answered 410.")
  static let refused = DeliveryOutcome(.refused, code: "test-refused", message: "Not this one.")

  /// The next answers, to messages of the job or to all for which nothing else is said.
  func answer(_ outcomes: DeliveryOutcome..., to job: ID<Job>? = nil) {
    state.withLock { $0.answers[job?.description ?? "", default: []] += outcomes }
  }

  func answer(_ outcome: DeliveryOutcome, times: Int, to job: ID<Job>? = nil) {
    for _ in 0..<times { answer(outcome, to: job) }
  }

  /// From now on messages wait until they are let go.
  func hold() { state.withLock { $0.isHeld = true } }

  func letGo() {
    let waiting = state.withLock { state in
      state.isHeld = false
      defer { state.waiting = [] }
      return state.waiting
    }
    for waiter in waiting { waiter.resume() }
  }

  var taken: [OutgoingMessage] { state.withLock(\.taken) }
  var events: [JSON] { taken.compactMap { try? JSON(parsing: $0.body) } }
  var types: [String] { taken.map(\.type) }

  /// The messages once there are so many.
  func taken(_ count: Int) async -> [OutgoingMessage] {
    await withCheckedContinuation { continuation in
      let isThere = state.withLock { state in
        if state.taken.count >= count { return true }
        state.watchers.append((count, continuation))
        return false
      }
      if isThere { continuation.resume() }
    }
    return taken
  }

  func deliver(_ message: OutgoingMessage) async -> DeliveryOutcome {
    let job = (try? JSON(parsing: message.body))?["data"]?["job"]?.string ?? ""
    let ready = state.withLock { state in
      state.taken.append(message)
      let count = state.taken.count
      let ready = state.watchers.filter { $0.count <= count }
      state.watchers.removeAll { $0.count <= count }
      return ready.map(\.1)
    }
    for watcher in ready { watcher.resume() }
    await withCheckedContinuation { continuation in
      let waits = state.withLock { state in
        if state.isHeld { state.waiting.append(continuation) }
        return state.isHeld
      }
      if !waits { continuation.resume() }
    }
    return state.withLock { state in
      let key = state.answers[job]?.isEmpty == false ? job : ""
      return state.answers[key]?.isEmpty == false
        ? state.answers[key]?.removeFirst() ?? .delivered : .delivered
    }
  }
}

/// A harness whose node tells a receiver.
struct OutboxStage {
  let harness: Harness
  let receiver: Receiver
  var clock: ManualClock { harness.clock }
  var node: Node { harness.node }

  static let failing = "steps: {one: {uses: test.pure, with: {fail: data}}}"
  static let quick = "steps: {one: {value: 1}}"

  init(
    _ backend: Backend = .memory, events: [String] = ["esteira.job.*"], pipelines: [String] = [],
    ordering: ConfiguredDestination.Ordering = .lane, plan: DeliveryPlan = .webhook,
    faulty: Bool = false, others: [ConfiguredDestination] = [], change: (inout NodeSetting) -> Void = { _ in }
  ) throws {
    let receiver = Receiver()
    let destination = ConfiguredDestination(
      name: "ops", namespace: "demo", kind: "test", events: events,
      pipelines: pipelines.compactMap(PipelinePattern.init), ordering: ordering, plan: plan,
      receiver: receiver)
    self.receiver = receiver
    harness = try Harness(backend, faulty: faulty, change: change) {
      $0.destinations = [destination] + others
      // The two bytes of a pause: nothing is added to it. All else is by chance, or ids would be the same.
      $0.random = { $0 == 2 ? [0, 0] : SecureRandom.bytes($0) }
    }
  }

  /// A job of the pipeline, once it has ended.
  func run(_ key: String) async throws -> ID<Job> {
    let job = try await harness.startAgain(key: key)
    _ = try await harness.ended(job)
    return job
  }

  func until(_ holds: () throws -> Bool) async throws { try await harness.onlooker.until(holds) }

  var deliveries: [DeliveryRow] {
    get throws { try harness.readModel.deliveries(of: "ops", before: nil, limit: 1_000).reversed() }
  }

  /// Once so many tries are history.
  func tried(_ count: Int) async throws -> [DeliveryRow] {
    try await until { try deliveries.count >= count }
    return try deliveries
  }

  var waiting: Int { get throws { try harness.readModel.outboxSummaries().first?.waiting ?? 0 } }
  func empty() async throws { try await until { try waiting == 0 } }

  var letters: [DeadLetterRow] {
    get throws {
      try harness.readModel.deadLetters(DeadLetterFilter(kind: .delivery), before: nil, limit: 100)
    }
  }

  func letters(_ count: Int) async throws -> [DeadLetterRow] {
    try await until { try letters.count >= count }
    return try letters
  }

  /// Lets the time pass until each try that is left has been made.
  func exhaust(_ plan: DeliveryPlan, from done: Int = 1) async throws {
    for (index, pause) in plan.pauses.enumerated() {
      _ = try await tried(done + index)
      clock.advance(by: pause)
    }
    _ = try await tried(done + plan.pauses.count)
  }
}

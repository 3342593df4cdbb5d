import Engine
import Model
import Synchronization
import Testing

@Suite("Messages in worlds that follow from a seed", .timeLimit(.minutes(2)))
struct OutboxSeedTests {
  /// Answers by chance, and sometimes holds a message until its node is gone.
  fileprivate final class Fickle: Destination {
    private struct State {
      var random: Random
      var isCalm = false
      var taken: [OutgoingMessage] = []
      var delivered: Set<String> = []
    }
    private let state: Mutex<State>

    init(_ seed: UInt64) { state = Mutex(State(random: Random(state: seed))) }

    var taken: [OutgoingMessage] { state.withLock(\.taken) }
    var delivered: Set<String> { state.withLock(\.delivered) }
    /// From now on everything is taken.
    func calm() { state.withLock { $0.isCalm = true } }

    func deliver(_ message: OutgoingMessage) async -> DeliveryOutcome {
      let draw = state.withLock { state in
        state.taken.append(message)
        let draw = state.isCalm ? 9 : state.random.below(10)
        if draw > 3 { state.delivered.insert(message.id) }
        return draw
      }
      if draw == 4 { await Task.yield() }
      switch draw {
      case 0: return DeliveryOutcome(.refused, code: "test-refused", message: "Not this one.")
      case 1, 2, 3: return DeliveryOutcome(.retry(after: nil), status: 503, code: "http-status")
      case _: return DeliveryOutcome(.delivered, status: 200)
      }
    }
  }

  private static let plan = DeliveryPlan(tries: 3, first: .seconds(5), longest: .seconds(10))
  private static let types = [
    "esteira.job.created", "esteira.job.started", "esteira.step.failed", "esteira.job.failed",
  ]

  @Test(
    "S32: over crashes and failures all that was stored arrives or is a letter, in the order of its lane",
    arguments: Backend.all, 1...8)
  func lanes(_ backend: Backend, _ seed: Int) async throws {
    let (receiver, names) = (Fickle(UInt64(seed)), ["ops", "more"])
    let destinations = names.map { name in
      ConfiguredDestination(
        name: name, namespace: name == "ops" ? "demo" : nil, kind: "test", events: Self.types,
        plan: Self.plan, receiver: receiver)
    }
    let harness = try Harness(backend, configure: { $0.destinations = destinations })
    var random = Random(state: UInt64(seed) &* 7_919)
    try await harness.apply(OutboxStage.failing)
    var jobs: [ID<Job>] = []
    for number in 0..<12 {
      jobs.append(try await harness.startAgain(key: "k\(number)"))
      switch random.below(5) {
      case 0: try await harness.crashAndReopen()
      case 1: harness.clock.advance(by: .seconds(Int(random.below(8))))
      case 2: try await harness.onlooker.settled()
      case _: break
      }
    }
    for job in jobs { _ = try await harness.ended(job) }
    receiver.calm()
    while try !harness.readModel.outboxSummaries().isEmpty {
      harness.clock.advance(by: .seconds(5))
      try await harness.onlooker.settled()
    }
    let letters = try harness.readModel.deadLetters(
      DeadLetterFilter(kind: .delivery), before: nil, limit: 1_000)
    let dead = Set(letters.compactMap { $0.source["id"]?.string })
    for job in jobs {
      let events = receiver.taken.compactMap { message -> (id: String, type: String)? in
        let event = try? JSON(parsing: message.body)
        return event?["data"]?["job"]?.string == job.description ? (message.id, message.type) : nil
      }
      var ids: [String: String] = [:]
      var order: [String] = []
      for event in events {
        if !order.contains(event.type) { order.append(event.type) }
        #expect(ids[event.type].map { $0 == event.id } ?? true, "\(event.type) came under two ids")
        ids[event.type] = event.id
      }
      #expect(order == Self.types, "seed \(seed): \(order)")
      for (type, id) in ids {
        #expect(receiver.delivered.contains(id) || dead.contains(id), "seed \(seed): \(type) is lost")
      }
    }
  }
}

/// Numbers that follow from a seed.
private struct Random: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }

  mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }
}

import Model

@testable import Engine

/// Where the messages of a world go, and what arrived there. Only of a world that asks for it: what it draws
/// makes another history.
struct Outlet {
  /// On their way, until the node dies.
  var sendings: [Sending] = []
  /// By destination and lane, the messages in the order in which they were stored.
  private(set) var told: [String: [String]] = [:]
  /// By destination and lane, those that were handed over, in the order in which they first were.
  private(set) var tried: [String: [String]] = [:]
  private(set) var delivered: Set<String> = []

  static let destinations = ["lanes", "strict"].map { name in
    ConfiguredDestination(
      name: name, kind: "simulated", events: ["*"], ordering: name == "strict" ? .strict : .lane,
      plan: DeliveryPlan(tries: 3, first: .seconds(5), longest: .seconds(10)), receiver: Nowhere())
  }

  mutating func take(_ batch: Batch) {
    for case .put(let row, with: _) in batch.outbox {
      let lane = "\(row.destination) \(row.lane)"
      if told[lane]?.contains(row.event) != true { told[lane, default: []].append(row.event) }
    }
  }

  mutating func hand(_ row: OutboxRow, _ outcome: DeliveryOutcome) {
    let lane = "\(row.destination) \(row.lane)"
    if tried[lane]?.contains(row.event) != true { tried[lane, default: []].append(row.event) }
    if outcome.verdict == .delivered { delivered.insert("\(row.destination) \(row.event)") }
  }

  /// S32: what was stored was handed over, in the order of its lane, until it was taken or became a letter.
  func check(_ letters: [DeadLetterRow]) throws(Violation) {
    var dead: Set<String> = []
    for letter in letters {
      dead.insert("\(letter.source["destination"]?.string ?? "") \(letter.source["id"]?.string ?? "")")
    }
    for (lane, events) in told {
      let destination = lane.prefix { $0 != " " }
      for event in events {
        let name = "\(destination) \(event)"
        try require(
          .messageOnce, delivered.contains(name) || dead.contains(name), "\(event) of \(lane) is lost")
      }
      try require(.messageOnce, tried[lane] ?? [] == events, "\(lane) was out of order")
    }
  }
}

/// The world delivers itself.
private struct Nowhere: Destination {
  func deliver(_ message: OutgoingMessage) async -> DeliveryOutcome { .delivered }
}

extension World {
  /// What has come of messages on their way. Some take long.
  func land() throws {
    let sendings = outlet.sendings
    outlet.sendings = []
    for sending in sendings {
      if happens(.late, 20) {
        outlet.sendings.append(sending)
        continue
      }
      var landing = Landing(line: sending.line, lane: sending.head.lane, result: .absent)
      if let row = try configuration.readModel.readOutboxRow(sending.head.position), sending.isDue(row) {
        let outcome = answer()
        outlet.hand(row, outcome)
        tell("\(row.type) to \(row.destination): \(outcome.verdict)")
        landing.result = .tried(row, outcome, took: .zero)
      }
      inputs.append(.outbox(.landed(landing)))
    }
  }

  private func answer() -> DeliveryOutcome {
    if isCalm { return .delivered }
    switch random.below(10) {
    case 0: return DeliveryOutcome(.refused, code: "told", message: "Not this one.")
    case 1, 2, 3: return DeliveryOutcome(.retry(after: nil), status: 500, code: "told")
    case _: return .delivered
    }
  }

  /// A lane that a letter closes goes on once a person has sent the letter again.
  func openLanes() throws -> Bool {
    let letters = try configuration.readModel.deadLetters(
      DeadLetterFilter(state: .open, kind: .delivery), before: nil, limit: 100)
    for letter in letters where letter.source["destination"] == "strict" {
      guard let row = try configuration.readModel.readDeadLetter(letter.id),
        let message = OutboxRow(row, at: clock.now)
      else { continue }
      inputs.append(
        .letter(LetterOrder(letter: letter.id, actor: "local:test", act: .publish(message))) { _ in })
    }
    return !inputs.isEmpty
  }
}

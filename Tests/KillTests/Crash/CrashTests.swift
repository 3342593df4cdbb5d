import Foundation
import Testing

/// One scenario under one fault; several workers share its places.
struct CrashCase: Sendable, CustomTestStringConvertible {
  let scenario: any CrashScenario
  let kind: Fault.Kind
  let worker: Int

  var testDescription: String {
    "\(scenario.name), \(kind.rawValue)" + (CrashExtent.workers > 1 ? ", worker \(worker + 1)" : "")
  }

  static func all(_ scenarios: [any CrashScenario], _ kinds: [Fault.Kind]) -> [CrashCase] {
    scenarios.flatMap { scenario in
      kinds.filter { CrashExtent.includes(scenario.name, $0) }.flatMap { kind in
        (0..<CrashExtent.workers).map { CrashCase(scenario: scenario, kind: kind, worker: $0) }
      }
    }
  }

  /// Strikes at each place of this worker, tells of every loss, and prints the figures. `total` says how many
  /// places there are in a run without a fault; `judge` may find more than the enumeration itself does.
  func run(
    sample: Int, total: (FaultReport) -> Int,
    judge: (Fault, Enumeration.Outcome) -> [String] = { _, _ in [] }
  ) throws {
    let started = ContinuousClock.now
    let enumeration = try Enumeration(scenario)
    let dry = try enumeration.run(Fault(kind: .count))
    tell(Fault(kind: .count), dry, dry.faults)
    let offset = Fault.Kind.allCases.firstIndex(of: kind) ?? 0
    var places = CrashExtent.places(total(dry.report), sample: sample, worker: worker, offset: offset)
    var (struck, losses) = (0, 0)
    while !places.isEmpty, losses < CrashExtent.mostLosses {
      let place = places.removeFirst()
      let fault = Fault(kind: kind, place: place, seed: UInt64(place), times: 1 + place % 40)
      let outcome = try enumeration.run(fault)
      let faults = outcome.faults + judge(fault, outcome)
      tell(fault, outcome, faults)
      struck += outcome.wasStruck ? 1 : 0
      losses += faults.isEmpty ? 0 : 1
      // A run is not always of the same length: all goes on until there is nothing left to strike.
      if places.isEmpty, CrashExtent.isWhole, CrashExtent.only.count < 3, outcome.wasStruck {
        places = [place + CrashExtent.workers]
      }
    }
    #expect(struck > 0, "Nothing was struck.")
    let seconds = started.duration(to: .now).components.seconds
    print(
      "crash: \(testDescription): \(total(dry.report)) places, \(struck) struck, "
        + "\(enumeration.figures.acknowledged) acknowledged, \(losses) lost, \(seconds) s")
  }

  private func tell(_ fault: Fault, _ outcome: Enumeration.Outcome, _ faults: [String]) {
    if faults.isEmpty { return }
    Issue.record(
      """
      \(scenario.name), \(fault) (\(outcome.report.what)): \(faults.joined(separator: " "))
      Again: make crash ONLY="\(scenario.name) \(fault.kind.rawValue) \(fault.place)"
      """)
  }
}

private let limit = TimeLimitTrait.Duration.minutes(CrashExtent.isWhole ? 600 : 10)

@Suite("A server that is killed at a call which changes a file", .timeLimit(limit))
struct CrashTests {
  @Test(
    "loses nothing that it acknowledged, and ends all that it began",
    arguments: CrashCase.all(CrashScenarios.all, [.killBefore, .killAfter, .power]))
  func everyCall(_ each: CrashCase) async throws {
    let sample = each.scenario is ChainScenario ? 6 : 2
    try await onOwnThread { try each.run(sample: sample, total: \.calls) }
  }
}

@Suite("A disk that fails", .timeLimit(limit))
struct DiskTests {
  private static let jobs: [any CrashScenario] = [ChainScenario(), AnswerScenario(), MessageScenario()]

  @Test(
    "in a sync ends the server, which says so, and nothing that it acknowledged is lost",
    arguments: CrashCase.all(jobs, [.error]))
  func syncs(_ each: CrashCase) async throws {
    try await onOwnThread {
      try each.run(sample: 2, total: \.syncs) { _, outcome in
        let isRight = !outcome.wasStruck || outcome.status == 7
        return isRight ? [] : ["The server ended with \(outcome.status), not with 7."]
      }
    }
  }

  @Test(
    "because it is full costs nothing that was acknowledged, and there is a life after it",
    arguments: CrashCase.all(jobs, [.full]))
  func full(_ each: CrashCase) async throws {
    try await onOwnThread { try each.run(sample: 2, total: \.calls) }
  }

  @Test(
    "to read or write all bytes at once only takes longer",
    arguments: CrashCase.all(CrashScenarios.all, [.short]))
  func short(_ each: CrashCase) async throws {
    try await onOwnThread {
      try each.run(sample: 1, total: { _ in CrashExtent.isWhole ? 20 : 1 }) { _, outcome in
        outcome.status == 0 ? [] : ["The server ended with \(outcome.status), not in order."]
      }
    }
  }
}

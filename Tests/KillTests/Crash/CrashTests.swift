import Foundation
import Testing

/// One scenario under some faults; several workers share its places.
struct CrashCase: Sendable, CustomTestStringConvertible {
  let scenario: any CrashScenario
  let kinds: [Fault.Kind]
  let worker: Int

  /// Writes that find no space, at most. The pauses between the server's tries grow to five seconds: all of
  /// them must pass well within the time that a command has.
  private static let mostFull = 8

  var testDescription: String {
    let kinds = kinds.map(\.rawValue).joined(separator: ", ")
    return "\(scenario.name), \(kinds)" + (CrashExtent.workers > 1 ? ", worker \(worker + 1)" : "")
  }

  /// Of a sample one case does all kinds, so that the beginning is made once.
  static func all(_ scenarios: [any CrashScenario], _ kinds: [Fault.Kind]) -> [CrashCase] {
    scenarios.flatMap { scenario in
      let kinds = kinds.filter { CrashExtent.includes(scenario.name, $0) }
      let groups = CrashExtent.isWhole ? kinds.map { [$0] } : kinds.isEmpty ? [] : [kinds]
      return groups.flatMap { group in
        (0..<CrashExtent.workers).map { CrashCase(scenario: scenario, kinds: group, worker: $0) }
      }
    }
  }

  /// Strikes at each place of this worker, tells of every loss, and prints the figures. `total` says how many
  /// places there are in a run without a fault; `judge` may find more than the enumeration itself does.
  func run(
    sample: Int, total: (FaultReport) -> Int,
    judge: (Fault, Enumeration.Outcome) -> [String] = { _, _ in [] }
  ) throws {
    let enumeration = try Enumeration(scenario)
    let dry = try enumeration.run(Fault(kind: .count, file: scenario.file))
    tell(Fault(kind: .count), dry, dry.faults)
    for kind in kinds { try run(kind, enumeration, sample: sample, total(dry.report), judge) }
  }

  private func run(
    _ kind: Fault.Kind, _ enumeration: Enumeration, sample: Int, _ total: Int,
    _ judge: (Fault, Enumeration.Outcome) -> [String]
  ) throws {
    let (started, before) = (ContinuousClock.now, enumeration.figures)
    let offset = Fault.Kind.allCases.firstIndex(of: kind) ?? 0
    var places = CrashExtent.places(
      total, sample: sample, most: scenario.most, worker: worker, offset: offset)
    var losses = 0
    while !places.isEmpty, losses < CrashExtent.mostLosses {
      let place = places.removeFirst()
      let fault = Fault(
        kind: kind, place: place, seed: UInt64(place), times: 1 + place % Self.mostFull, file: scenario.file)
      let outcome = try enumeration.run(fault)
      let faults = outcome.faults + judge(fault, outcome)
      tell(fault, outcome, faults)
      losses += faults.isEmpty ? 0 : 1
      // A run is not always of the same length: all goes on until there is nothing left to strike.
      if places.isEmpty, goesOn, kind != .short, outcome.wasStruck { places = [place + CrashExtent.workers] }
    }
    let figures = enumeration.figures
    #expect(figures.struck > before.struck, "Nothing was struck.")
    print(
      "crash: \(scenario.name), \(kind.rawValue), worker \(worker + 1): \(total) places, "
        + "\(figures.struck - before.struck) struck, "
        + "\(figures.acknowledged - before.acknowledged) acknowledged, \(losses) lost, "
        + "\(started.duration(to: .now).components.seconds) s")
  }

  private var goesOn: Bool { CrashExtent.isWhole && CrashExtent.only.count < 3 && scenario.most == nil }

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
    arguments: CrashCase.all(CrashExtent.scenarios, [.killBefore, .killAfter, .power]))
  func everyCall(_ each: CrashCase) async throws {
    let sample = each.scenario is ChainScenario ? 2 : 1
    try await onOwnThread { try each.run(sample: sample, total: \.calls) }
  }
}

@Suite("A first start that is killed", .timeLimit(limit))
struct FirstStartCrashTests {
  /// The folder, its lock, the key, and the first bytes of the store.
  private static let places = 1...8

  @Test("at any of its first calls is followed by one that works")
  func firstCalls() async throws {
    try await onOwnThread {
      let enumeration = try Enumeration(FirstStartScenario())
      for place in Self.places {
        let outcome = try enumeration.run(Fault(kind: .killBefore, place: place))
        #expect(outcome.wasStruck)
        #expect(outcome.faults == [], "\(place): \(outcome.report.what)")
      }
    }
  }
}

@Suite("A disk that fails", .timeLimit(limit))
struct DiskTests {
  private static let jobs: [any CrashScenario] = [
    ChainScenario(), AnswerScenario(), MessageScenario(), ScheduleScenario(),
  ]
  /// Of a sample each kind strikes another one.
  private static let failing = CrashExtent.isWhole ? jobs : [ChainScenario()]
  private static let filled = CrashExtent.isWhole ? jobs : [AnswerScenario()]
  private static let shortened = CrashExtent.isWhole ? CrashScenarios.quick : [ArtifactScenario()]

  @Test(
    "in a sync ends the server, which says so, and nothing that it acknowledged is lost",
    arguments: CrashCase.all(failing, [.error]))
  func syncs(_ each: CrashCase) async throws {
    try await onOwnThread {
      try each.run(sample: 1, total: \.syncs) { _, outcome in
        let isRight = !outcome.wasStruck || outcome.status == 7
        return isRight ? [] : ["The server ended with \(outcome.status), not with 7."]
      }
    }
  }

  @Test(
    "because it is full costs nothing that was acknowledged, and there is a life after it",
    arguments: CrashCase.all(filled, [.full]))
  func full(_ each: CrashCase) async throws {
    try await onOwnThread { try each.run(sample: 1, total: \.calls) }
  }

  @Test(
    "to read or write all bytes at once only takes longer",
    arguments: CrashCase.all(shortened, [.short]))
  func short(_ each: CrashCase) async throws {
    try await onOwnThread {
      try each.run(sample: 1, total: { _ in CrashExtent.isWhole ? 20 : 1 }) { _, outcome in
        outcome.status == 0 ? [] : ["The server ended with \(outcome.status), not in order."]
      }
    }
  }
}

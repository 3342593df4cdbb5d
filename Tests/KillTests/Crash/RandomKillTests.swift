import Foundation
import Model
import Testing

@Suite(
  "A server that is killed at moments of chance",
  .timeLimit(.minutes(CrashExtent.isWhole ? 600 : 10)))
struct RandomKillTests {
  /// After so many kills all that was begun must end, and the next ones find a new data folder.
  private static let round = 40
  private static let workers = 2

  @Test("has lost nothing that it acknowledged", arguments: 0..<workers)
  func manyTimes(_ worker: Int) async throws {
    let share = (CrashExtent.kills + worker) / Self.workers
    if share == 0 || !CrashExtent.includes("random", .count) { return }
    try await onOwnThread {
      let started = ContinuousClock.now
      var (kills, acknowledged, losses) = (0, 0, 0)
      var random = SeededRandom(state: CrashExtent.seed &+ UInt64(worker) &* 1_000_003)
      while kills < share, losses < CrashExtent.mostLosses {
        let round = try KillRound(random.next())
        let ledger = try round.run(min(Self.round, share - kills))
        kills += round.kills
        acknowledged += ledger.count
        losses += ledger.faults.isEmpty ? 0 : 1
        let again = "make crash ONLY=random KILLS=\(CrashExtent.kills) ESTEIRA_SEED=\(CrashExtent.seed)"
        for fault in ledger.faults {
          Issue.record("\(fault) Again: \(again)")
        }
      }
      let seconds = started.duration(to: .now).components.seconds
      print(
        "crash: random kills, worker \(worker + 1): \(kills) places, \(kills) struck, "
          + "\(acknowledged) acknowledged, \(losses) lost, \(seconds) s")
    }
  }
}

/// One data folder through many lives, in each of which jobs, questions and messages come and go.
private final class KillRound {
  private let installation: Installation
  private let ledger = Ledger()
  private var random: SeededRandom
  private(set) var kills = 0
  private var begun = 0
  /// Jobs whose end nobody has seen, by key.
  private var open: [String] = []

  private static let longestLife: UInt64 = 250_000
  private static let pipeline = "demo/mixed"
  /// In the last life, until a job has ended: questions of others are answered first.
  private static let mostTries = 200

  init(_ seed: UInt64) throws {
    random = SeededRandom(state: seed)
    installation = try Installation()
    try installation.write(
      "mixed.yaml",
      """
      apiVersion: esteira/v1
      id: mixed
      namespace: demo
      triggers: {inbox: {queue: {connection: c, queue: q}}}
      steps:
        one: {uses: json.transform, with: {value: 1, expression: value + 1}}
        two: {needs: [one], uses: json.transform, with: {value: 1, expression: value + 1}}
        three: {needs: [two], ask: {title: Go on?, choices: {yes: {approves: true}}}}
        four: {needs: [three], uses: json.transform, with: {value: 1, expression: value + 1}}
        five: {needs: [four], uses: json.transform, with: {value: 1, expression: value + 1}}

      """)
    try installation.write("message.json", "{}\n")
  }

  func run(_ count: Int) throws -> Ledger {
    while kills < count {
      // Two starts in a row that come to nothing would be near to a quarantine by design.
      if kills % 5 == 4 { try killStart() } else { try killLife() }
    }
    try finish()
    return ledger
  }

  /// While it starts.
  private func killStart() throws {
    let process = try installation.spawnServer()
    usleep(UInt32(random.next() % 120_000))
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    kills += 1
  }

  /// Some time after it was ready.
  private func killLife() throws {
    let life = try Life(installation, nil, ledger)
    guard life.server.wasReady else {
      kills += 1
      return ledger.complain("The server did not start: \(installation.complaint)")
    }
    let (process, pause) = (life.server.process.processIdentifier, random.next() % Self.longestLife)
    let killer = Thread {
      usleep(UInt32(pause))
      kill(process, SIGKILL)
    }
    killer.start()
    while !life.server.hasDied() { try act(life) }
    life.server.waitForDeath()
    kills += 1
  }

  private func act(_ life: Life) throws {
    if ledger.pipelines.isEmpty { return try life.apply("mixed.yaml", as: Self.pipeline) }
    if open.count > 3 || (begun > 0 && random.next() % 3 == 0) {
      if let key = open.first { try end(key, life) }
      return
    }
    begun += 1
    open.append("k\(begun)")
    _ = try begin("k\(begun)", life)
  }

  /// Every other one comes as a message.
  private func begin(_ key: String, _ life: Life) throws -> String? {
    if key.hasSuffix("0") || key.hasSuffix("5") {
      let answer = try life.run(
        "trigger", "send", Self.pipeline, "inbox", "--message", installation.place("message.json"),
        "--idempotency-key", key, "-o", "json")
      guard let job = answer.json?["jobs"]?.array?.first?.string else { return nil }
      ledger.started(key, job)
      return job
    }
    return try life.start(Self.pipeline, key: key)
  }

  /// True where its end was seen.
  @discardableResult
  private func end(_ key: String, _ life: Life) throws -> Bool {
    guard let job = try begin(key, life), try life.answer("yes") || life.answer("yes") else { return false }
    // It may ask only now.
    guard try life.follow(job, atMost: "300ms").status == 0 else { return false }
    open.removeAll { $0 == key }
    return true
  }

  private func finish() throws {
    let life = try Life(installation, nil, ledger)
    if ledger.pipelines.isEmpty { try life.apply("mixed.yaml", as: Self.pipeline) }
    for number in 1...max(1, begun) {
      let key = "k\(number)"
      var tries = 0
      while tries < Self.mostTries, try !end(key, life) { tries += 1 }
      guard let job = ledger.jobs[key] else {
        ledger.complain("Nothing answers for the key \(key): \(installation.complaint)")
        continue
      }
      ledger.check(job, history: try life.follow(job).lines, steps: 5)
      let replay = try life.run("job", "replay", job)
      ledger.expect(replay.status == 0, "The replay of job \(job): \(replay.output)")
    }
    kill(life.server.process.processIdentifier, SIGKILL)
    life.server.waitForDeath()
    try Enumeration.checkStore(installation, ledger)
  }
}

/// SplitMix64: the same seed, the same moments.
struct SeededRandom {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}

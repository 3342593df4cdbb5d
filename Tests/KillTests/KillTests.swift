import Foundation
import Model
import Testing

@Suite("A server that is killed at every kind of moment", .serialized, .timeLimit(.minutes(10)))
struct KillTests {
  /// Each with the counts at which it strikes: late enough that every life gets one step further, so that
  /// neither the crash budget nor the quarantine ends the job, which they should where nothing advances.
  static let moments: [(point: String, counts: ClosedRange<Int>)] = [
    ("spawn", 2...2), ("after-commit", 3...4), ("result", 2...2), ("recovery", 1...1),
    ("before-commit", 4...4),
  ]
  static let kills = 25

  @Test("loses nothing, and does nothing twice that must happen once")
  func survives() throws {
    let seed =
      ProcessInfo.processInfo.environment["ESTEIRA_SEED"].flatMap(UInt64.init) ?? .random(in: 0...UInt64.max)
    print("KillTests seed \(seed): repeat with ESTEIRA_SEED=\(seed)")
    let run = try Run(seed: seed)
    var struck: [String: Int] = [:]
    for strike in run.schedule(Self.moments, count: Self.kills) {
      if try run.live(["ESTEIRA_TEST_CRASH": "\(strike.point):\(strike.count)"]) {
        struck[strike.point, default: 0] += 1
      }
    }
    try run.finish()
    #expect(struck.values.reduce(0, +) == Self.kills, "The kills that struck: \(struck), seed \(seed)")
    for moment in Self.moments {
      #expect(struck[moment.point, default: 0] >= 3, "\(moment.point), seed \(seed)")
    }
    try run.checkEffects()
    try run.checkStore()
  }

  @Test("goes on with nothing when its recovery is switched off: the test above would be red")
  func recoveryMatters() throws {
    let run = try Run(seed: 1)
    #expect(try run.live(["ESTEIRA_TEST_CRASH": "spawn:3"]))
    let server = try run.installation.startServer(["ESTEIRA_TEST_NO_RECOVERY": "1"])
    defer { server.stop() }
    #expect(try run.installation.run("job", "why", run.job).status != 0)
    let job = try run.installation.run("job", "get", run.job, "-o", "json").json
    #expect(job?["status"] == "running")
  }
}

/// One installation through all its lives, and one job at a time of 30 steps.
private final class Run {
  let installation: Installation
  let witness: String
  private(set) var jobs: [String] = []
  private var random: Random
  var job: String { jobs.last ?? "" }

  init(seed: UInt64) throws {
    installation = try Installation()
    random = Random(state: seed)
    witness = installation.folder.appending(path: "witness").path
    #expect(FileManager.default.createFile(atPath: witness, contents: nil))
    try Self.pipeline(witness).write(
      to: installation.folder.appending(path: "thirty.yaml"), atomically: true, encoding: .utf8)
  }

  /// Thirty steps in a chain: `once`, `keyed` and `pure` in turn. The first two leave a line outside.
  private static func pipeline(_ witness: String) -> String {
    let steps = (0..<30).map { index in
      let needs = index == 0 ? "" : "needs: [s\(index - 1)], "
      let write = "with: {run: 'echo \"$KIND $ESTEIRA_STEP_KEY\" >> \(witness)', env: {KIND: "
      return switch index % 3 {
      case 0: "  s\(index): {\(needs)uses: shell, \(write)once}}}"
      case 1: "  s\(index): {\(needs)uses: shell, idempotent: true, \(write)keyed}}}"
      default:
        "  s\(index): {\(needs)uses: text.extract, with: {text: 'Multa de R$ 9,00', rules: br_regulatory}}"
      }
    }
    return "apiVersion: esteira/v1\nid: thirty\nnamespace: demo\nsteps:\n" + steps.joined(separator: "\n")
      + "\n"
  }

  /// Every moment equally often, and never two recoveries in a row: three takeovers without a commit are
  /// a quarantine by design.
  func schedule(_ moments: [(point: String, counts: ClosedRange<Int>)], count: Int) -> [(
    point: String, count: Int
  )] {
    var strikes: [(point: String, count: Int)] = []
    while strikes.count < count {
      var round = moments.shuffled(using: &random)
      if let last = strikes.last, last.point == "recovery", round[0].point == "recovery" {
        round.swapAt(0, 1)
      }
      strikes += round.map { ($0.point, $0.counts.randomElement(using: &random) ?? 1) }
    }
    // The first life has nothing to recover.
    if strikes[0].point == "recovery" { strikes.swapAt(0, 1) }
    return Array(strikes.prefix(count))
  }

  /// One life of the server, answering its questions, until it has died; false if it outlived its jobs.
  func live(_ hooks: [String: String]) throws -> Bool {
    let server = try installation.startServer(hooks)
    for _ in 0..<100 {
      if server.hasDied() { break }
      if try !advance() && server.hasDied() { break }
    }
    if !server.hasDied() { server.stop() }
    return server.wasKilled
  }

  /// Starts a job where none is under way, and follows it until it ends, asks, or the server dies.
  private func advance() throws -> Bool {
    if jobs.isEmpty {
      let file = installation.folder.appending(path: "thirty.yaml").path
      guard try installation.run("pipeline", "apply", file).status == 0 else { return false }
    }
    if try jobs.isEmpty || hasEnded(job) {
      // The same key until an answer came: a server that dies in between starts no second job.
      let answer = try installation.run(
        "job", "start", "demo/thirty", "--idempotency-key", "run-\(jobs.count)", "-o", "id")
      guard answer.status == 0 else { return false }
      jobs.append(answer.output.trimmingCharacters(in: .whitespacesAndNewlines))
    }
    let watched = try installation.run("job", "watch", job, "-q")
    if watched.status == 9 { try answerQuestions() }
    return watched.status == 0 || watched.status == 9
  }

  private func hasEnded(_ job: String) throws -> Bool {
    try installation.run("job", "get", job, "-o", "json").json?["completed_at"]?.string != nil
  }

  /// Says what the witness outside says.
  private func answerQuestions() throws {
    let answer = try installation.run("job", "steps", job, "-o", "json").json
    let steps = answer?["items"]?.array ?? answer?.array ?? []
    let lines = try lines()
    for step in steps where step["status"] == "needs_attention" {
      let (path, key) = (step["path"]?.string ?? "", step["key"]?.string ?? "")
      #expect(!key.isEmpty, "A step is shown with its key.")
      if lines.contains("once \(key)") {
        let output = installation.folder.appending(path: "output.json")
        try "{\"exit_code\": 0, \"stdout\": \"\", \"stderr\": \"\", \"artifacts\": {}}".write(
          to: output, atomically: true, encoding: .utf8)
        _ = try installation.run("job", "step", "resolve", job, path, "--did-happen", "--output", output.path)
      } else {
        _ = try installation.run("job", "step", "resolve", job, path, "--did-not")
      }
    }
  }

  private func lines() throws -> [String] {
    try String(contentsOfFile: witness, encoding: .utf8).split(separator: "\n").map(String.init)
  }

  /// A last life without a kill, in which the job ends.
  func finish() throws {
    let server = try installation.startServer([:])
    defer { server.stop() }
    for _ in 0..<100 where try !hasEnded(job) { _ = try advance() }
    for job in jobs {
      let answer = try installation.run("job", "get", job, "-o", "json").json
      #expect(answer?["status"] == "success", "\(answer?["error"]?.text ?? "")")
      #expect(try installation.run("job", "replay", job).status == 0)
    }
  }

  func checkEffects() throws {
    let counts = Dictionary(grouping: try lines(), by: { $0 }).mapValues(\.count)
    let once = counts.filter { $0.key.hasPrefix("once ") }
    #expect(once.count == 10 * jobs.count)
    #expect(once.values.allSatisfy { $0 == 1 }, "\(once.filter { $0.value > 1 })")
    #expect(counts.count { $0.key.hasPrefix("keyed ") } == 10 * jobs.count)
  }

  private static let orphans = """
    SELECT 'step', job, node FROM step_executions WHERE job NOT IN (SELECT job FROM job_executions)
    UNION ALL SELECT 'event', job, sequence FROM job_events WHERE job NOT IN (SELECT job FROM job_executions)
    UNION ALL SELECT 'body', job, id FROM bodies WHERE job NOT IN (SELECT job FROM job_executions)
    UNION ALL SELECT 'snapshot', job, sequence FROM job_snapshots
      WHERE job NOT IN (SELECT job FROM job_executions)
    UNION ALL SELECT 'owner', job, 0 FROM job_owners WHERE job NOT IN
      (SELECT job FROM job_executions WHERE completed_at IS NULL)
    """

  func checkStore() throws {
    #expect(try installation.sql("PRAGMA integrity_check") == ["ok"])
    #expect(
      try installation.sql(
        "SELECT job FROM job_events GROUP BY job HAVING count(*) <> max(sequence) OR min(sequence) <> 1")
        == [])
    #expect(try installation.sql(Self.orphans) == [])
    _ = try installation.sql(
      "PRAGMA foreign_keys=OFF; INSERT INTO bodies(id, job, sealed) VALUES(987654, 99, x'00')")
    #expect(try installation.sql(Self.orphans) == ["body|99|987654"])
  }
}

/// SplitMix64: the same seed, the same schedule.
private struct Random: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}

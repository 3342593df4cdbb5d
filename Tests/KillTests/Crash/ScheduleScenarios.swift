import Foundation
import Model
import Testing

/// Three due times of a downtime, which a start makes up for, one after another.
struct ScheduleScenario: CrashScenario {
  let name = "schedule"
  private static let minutes = [10, 20, 30]

  /// The line is due in one hour of one day of the year, which has just passed: nothing else comes, however
  /// long the enumeration takes.
  func prepare(_ installation: Installation) throws {
    let hour = Self.hour
    let clock = try #require(TimeZone(identifier: "UTC"))
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = clock
    let day = calendar.dateComponents([.hour, .day, .month], from: hour)
    let minutes = Self.minutes.map(String.init).joined(separator: ",")
    let cron = "\(minutes) \(day.hour ?? 0) \(day.day ?? 0) \(day.month ?? 0) *"
    try TickingPipeline.make(installation, "cron: \"\(cron)\", overlap: skip")
    try TickingPipeline.decide(until: hour, installation)
    let dues = Self.minutes.map { hour.addingTimeInterval(Double(60 * $0)) }
    try installation.write("dues", dues.map { "\($0.microseconds)\n" }.joined())
  }

  /// The last whole hour but one, by the clock that the server has as well.
  private static var hour: Date { Date(timeIntervalSince1970: Double(time(nil) / 3_600 * 3_600 - 7_200)) }

  func advance(_ life: Life) throws {
    try TickingPipeline.follow(Self.minutes.count, life)
  }

  func check(_ life: Life) throws {
    let dues = try String(contentsOfFile: life.installation.place("dues"), encoding: .utf8)
      .split(separator: "\n").compactMap { Int64($0) }.map(Timestamp.init(microseconds:))
    let fires = try TickingPipeline.settled(life)
    life.ledger.expect(fires.map(\.due) == dues, "Due were \(dues), and there is \(fires.map(\.due)).")
    try TickingPipeline.check(fires, self, life)
  }
}

/// A due time of this moment, and perhaps the next one.
struct TickScenario: CrashScenario {
  let name = "tick"
  let isSteady = false
  private static let pause: Int64 = 5

  func prepare(_ installation: Installation) throws {
    try TickingPipeline.make(
      installation, "cron: \"*/\(Self.pause) * * * * *\", dialect: seconds, overlap: allow")
  }

  /// One due time has come and is not decided: no life needs to wait for its clock.
  func renew(_ installation: Installation) throws {
    let last = Int64(time(nil)) / Self.pause * Self.pause
    let before = Date(timeIntervalSince1970: Double(last - Self.pause))
    try TickingPipeline.decide(until: before, installation)
    try installation.write("dues", "\(last * 1_000_000)\n")
  }

  func advance(_ life: Life) throws { try TickingPipeline.follow(1, life) }

  func check(_ life: Life) throws {
    _ = try life.run("schedule", "pause", TickingPipeline.schedule, "--reason", "It is enough.")
    let first =
      try String(contentsOfFile: life.installation.place("dues"), encoding: .utf8)
      .split(separator: "\n").compactMap { Int64($0) }.first ?? 0
    // What was due behind the pause has a row as well, and no job.
    let fires = try TickingPipeline.settled(life).filter { $0.reason != "paused" }
    let dues = fires.indices.map { Timestamp(microseconds: first + Int64($0) * Self.pause * 1_000_000) }
    life.ledger.expect(!fires.isEmpty, "Nothing was due.")
    life.ledger.expect(
      fires.map(\.due) == dues, "Due times are missing between these: \(fires.map(\.due))")
    try TickingPipeline.check(fires, self, life)
  }
}

/// A pipeline whose job leaves a line with its due time outside.
enum TickingPipeline {
  static let schedule = "demo/ticking/clock"
  private static let tries = 200

  struct Fire {
    var due: Timestamp
    var outcome: String
    var job: String?
    var reason: String?
  }

  static func make(_ installation: Installation, _ line: String) throws {
    let witness = installation.place("witness")
    #expect(FileManager.default.createFile(atPath: witness, contents: nil))
    try installation.write(
      "ticking.yaml",
      """
      apiVersion: esteira/v1
      id: ticking
      namespace: demo
      inputs: {due: {type: string}}
      triggers:
        clock:
          schedule: {\(line), catch_up: {last: all, within: 24h}}
          inputs: {due: "${{ string(trigger.time) }}"}
      steps:
        tell:
          uses: shell
          idempotent: true
          \(ChainScenario.retry)
          with: {run: 'echo "$DUE" >> \(witness)', env: {DUE: "${{ inputs.due }}"}}
        last: {needs: [tell], uses: json.transform, with: {value: 1, expression: value + 1}}

      """)
    let ledger = Ledger()
    let life = try Life(installation, nil, ledger)
    try life.apply("ticking.yaml", as: "demo/ticking")
    life.server.stop()
    try #require(ledger.pipelines == ["demo/ticking"])
  }

  /// As if the last server had ended at that moment. No server may run.
  static func decide(until moment: Date, _ installation: Installation) throws {
    _ = try installation.sql("UPDATE schedules SET decided_until = \(moment.microseconds)")
  }

  /// What came of due times is acknowledged by who shows it. Follows so many jobs, or goes as far as it gets.
  static func follow(_ count: Int, _ life: Life) throws {
    var jobs: Set<String> = []
    // A command answers also where no server runs: from the store's file.
    while !life.server.hasDied(), let fires = try fires(life) {
      for fire in fires {
        guard let job = fire.job else { continue }
        life.ledger.started(fire.due.rfc3339, job)
        if jobs.insert(job).inserted { try life.follow(job) }
      }
      if jobs.count >= count { return }
      // The next one starts by itself, and its first step leaves a line.
      try life.waitForLines(jobs.count + 1, in: life.installation.place("witness"))
    }
  }

  /// All in order, once none of them waits any more.
  static func settled(_ life: Life) throws -> [Fire] {
    for _ in 0..<tries {
      guard let fires = try fires(life) else { break }
      if fires.allSatisfy({ $0.outcome != "waiting" }) { return fires }
    }
    life.ledger.complain("A due time waits and never starts, or nobody answers.")
    return []
  }

  private static func fires(_ life: Life) throws -> [Fire]? {
    let answer = try life.run("schedule", "fires", schedule, "-o", "json")
    guard answer.status == 0 else { return nil }
    let items = answer.json?["items"]?.array ?? answer.json?.array ?? []
    return items.reversed().map { item in
      Fire(
        due: item["due"]?.string.flatMap(Timestamp.init(rfc3339:)) ?? Timestamp(microseconds: 0),
        outcome: item["outcome"]?.string ?? "", job: item["job"]?.string, reason: item["reason"]?.string)
    }
  }

  /// Each due time has the one job that stands in its row, which was started with that time, and there is no
  /// other job.
  static func check(_ fires: [Fire], _ scenario: some CrashScenario, _ life: Life) throws {
    for fire in fires {
      life.ledger.expect(
        fire.outcome == "started", "\(fire.due.rfc3339) is \(fire.outcome): \(fire.reason ?? "")")
      guard let job = fire.job else { continue }
      life.ledger.started(fire.due.rfc3339, job)
      let due = try life.run("job", "get", job, "-o", "json").json?["inputs"]?["due"]?.string
      life.ledger.expect(
        due.flatMap(Timestamp.init(rfc3339:)) == fire.due, "The job of \(fire.due) has \(due ?? "nothing").")
    }
    let jobs = fires.compactMap(\.job)
    life.ledger.expect(Set(jobs).count == fires.count, "Due times share a job: \(jobs)")
    try scenario.expectSuccess(jobs, steps: 2, life)
    try scenario.expectJobs(Set(jobs), life)
    let seen = Set(life.ledger.jobs.keys).subtracting(fires.map(\.due.rfc3339))
    life.ledger.expect(seen.isEmpty, "Of these due times a job was seen, and they are lost: \(seen)")
  }
}

extension Date {
  fileprivate var microseconds: Int64 { Int64(timeIntervalSince1970) * 1_000_000 }
}

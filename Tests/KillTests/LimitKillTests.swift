import Foundation
import Model
import Testing

@Suite("Two hundred jobs that compete for a limit and a rate", .serialized, .timeLimit(.minutes(3)))
struct LimitKillTests {
  static let jobs = 200
  static let limit = 3
  static let rate = 10
  static let kills = 5
  private static let linesBetweenKills = 8

  /// Each run leaves a file named after its process while it works, and counts those whose process is alive.
  private static let script = """
    touch "ACTIVE/$$"; alive=0
    for file in ACTIVE/*; do kill -0 "${file##*/}" 2>/dev/null && alive=$((alive + 1)); done
    echo "$alive $ESTEIRA_JOB_ID" >> JOURNAL
    sleep 0.1
    rm -f "ACTIVE/$$"
    """

  private static func pipeline(_ installation: Installation) -> String {
    let script = script.replacing("ACTIVE", with: installation.place("active"))
      .replacing("JOURNAL", with: installation.place("journal"))
    let indented = script.split(separator: "\n").map { "        " + $0 }.joined(separator: "\n")
    return """
      apiVersion: esteira/v1
      id: compete
      namespace: demo
      concurrency: {limit: \(limit)}
      rate_limit: {limit: \(rate), per: 1s}
      steps:
        work:
          uses: shell
          idempotent: true
          with:
            run: |
      \(indented.split(separator: "\n").map { "      " + $0 }.joined(separator: "\n"))

      """
  }

  @Test("never has more at once or in a second while its server is killed five times, and leaks no slot")
  func compete() throws {
    let installation = try Installation()
    try FileManager.default.createDirectory(
      atPath: installation.place("active"), withIntermediateDirectories: true)
    #expect(FileManager.default.createFile(atPath: installation.place("journal"), contents: nil))
    try installation.write("compete.yaml", Self.pipeline(installation))
    var server = try installation.startServer([:])
    #expect(try installation.run("pipeline", "apply", installation.place("compete.yaml")).status == 0)
    // Each kill finds the jobs of its round at work, however fast they are and however slow the machine is.
    let round = Self.jobs / (Self.kills + 1)
    var samples = 0
    for number in 0..<Self.kills {
      // Of those that come after the last start, however many there were before: the jobs that the last kill
      // cut off come first, and one that is cut off three times has used its crash budget up.
      let before = try installation.lines(of: installation.place("journal"))
      try start(number * round..<(number + 1) * round, installation)
      try installation.waitForLines(before + Self.linesBetweenKills, in: installation.place("journal"))
      Foundation.kill(server.process.processIdentifier, SIGKILL)
      server.waitForDeath()
      server = try installation.startServer([:])
      samples += try sample(installation)
    }
    try start(Self.kills * round..<Self.jobs, installation)
    samples += try sample(installation)
    try installation.waitForLines(Self.jobs - 10, in: installation.place("journal"))
    for job in try installation.sql("SELECT id FROM job_executions WHERE completed_at IS NULL") {
      #expect(try installation.run("job", "watch", job, "-q").status == 0)
    }
    server.stop()
    #expect(samples >= 3, "Too few jobs waited to be asked why.")
    try check(installation)
  }

  /// Over one connection, so that they come faster than the rate lets them begin, however busy the machine.
  private func start(_ numbers: Range<Int>, _ installation: Installation) throws {
    let calls = numbers.map { number in
      """
      url = "http://localhost/api/v1/pipelines/demo~compete/execute"
      unix-socket = "\(installation.data)/api.sock"
      header = "content-type: application/json"
      data = "{\\"idempotency_key\\": \\"n\(number)\\"}"
      output = "/dev/null"
      fail
      """
    }
    try installation.write("starts", calls.joined(separator: "\nnext\n"))
    #expect(try installation.run(["/usr/bin/curl", "-s", "-K", installation.place("starts")]).status == 0)
  }

  /// Asks some of those that wait, and compares their answer with the rows before and after it.
  private func sample(_ installation: Installation) throws -> Int {
    let holders = "SELECT e.id FROM slots s JOIN job_executions e ON e.job = s.job"
    var samples = 0
    let queued = try installation.sql(
      "SELECT id FROM job_executions WHERE status = 1 ORDER BY job DESC LIMIT 2")
    for job in queued {
      let before = try installation.sql(holders)
      let answer = try installation.run("job", "why", job, "-o", "json").json
      let after = try installation.sql(holders)
      guard let blocker = answer?["blockers"]?.array?.first else {
        // It has ended in between, or the question would have had an answer.
        let row = try installation.sql(
          "SELECT completed_at IS NOT NULL FROM job_executions WHERE id = '\(job)'")
        #expect(row == ["1"], "\(answer?.text ?? "no answer")")
        continue
      }
      let text = blocker["text"]?.string ?? blocker.text
      let kind = blocker["kind"]?.string ?? ""
      // Between the two looks at the rows others may have come and gone.
      guard kind == "limit" || kind == "rate" else { continue }
      #expect(text.contains("demo/compete"), "\(text)")
      #expect(text.contains(kind == "limit" ? "\(Self.limit) at once" : "\(Self.rate) in 1s"), "\(text)")
      #expect(text.contains("in the queue") || text.contains("come first"), "\(text)")
      let all = try installation.sql("SELECT id FROM job_executions")
      let named = all.filter { $0 != job && text.contains($0) }
      #expect(named.count <= Self.limit, "\(text)")
      if before == after, kind == "limit" { #expect(Set(named) == Set(before), "\(text)") }
      samples += 1
    }
    return samples
  }

  private func check(_ installation: Installation) throws {
    let journal = try String(contentsOfFile: installation.place("journal"), encoding: .utf8)
      .split(separator: "\n").map { $0.split(separator: " ") }
    #expect(Set(journal.compactMap(\.last)).count == Self.jobs)
    let most = journal.compactMap { Int($0[0]) }.max() ?? 0
    #expect(most <= Self.limit, "\(most) processes were alive at once.")
    #expect(
      try installation.sql("SELECT count(*), sum(status = 4) FROM job_executions")
        == ["\(Self.jobs)|\(Self.jobs)"])
    #expect(try installation.sql("SELECT * FROM slots") == [], "A slot leaked.")
    let starts = try installation.sql("SELECT started_at FROM job_executions ORDER BY started_at")
      .compactMap { Int64($0) }
    for (index, start) in starts.enumerated() where index >= Self.rate {
      #expect(start - starts[index - Self.rate] >= 1_000_000, "Start \(index) came too early.")
    }
    let spans = try installation.sql(
      "SELECT started_at, completed_at FROM job_executions ORDER BY started_at"
    ).map { $0.split(separator: "|").compactMap { Int64($0) } }
    for span in spans {
      let together = spans.count { $0[0] <= span[0] && $0[1] > span[0] }
      #expect(together <= Self.limit, "\(together) jobs held a slot at once.")
    }
  }
}

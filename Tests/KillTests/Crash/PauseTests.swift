import Foundation
import Model
import Testing

/// A server alone on its folder holds no lease that could end: however long it was stopped, the folder is its
/// own, and what its attempts brought meanwhile is heard once.
@Suite("A server that is stopped and goes on", .timeLimit(.minutes(5)))
struct PauseTests {
  /// Says that it began, waits to be told, says that it ends.
  private static func pipeline(_ installation: Installation, timeout: String) -> String {
    let (journal, go) = (installation.place("journal"), installation.place("go"))
    return """
      apiVersion: esteira/v1
      id: nap
      namespace: demo
      steps:
        nap:
          uses: shell
          timeout: \(timeout)
          with:
            run: |
              echo begun $PPID >> \(journal)
              while [ ! -e \(go) ]; do sleep 0.02; done
              echo ended >> \(journal)
        last: {needs: [nap], uses: json.transform, with: {value: 1, expression: value + 1}}

      """
  }

  private func begin(timeout: String) throws -> (Installation, Life, String) {
    let installation = try Installation()
    #expect(FileManager.default.createFile(atPath: installation.place("journal"), contents: nil))
    try installation.write("nap.yaml", Self.pipeline(installation, timeout: timeout))
    let life = try Life(installation, nil, Ledger())
    try life.apply("nap.yaml", as: "demo/nap")
    let job = try #require(try life.start("demo/nap", key: "nap"))
    try installation.waitForLines(1, in: installation.place("journal"))
    return (installation, life, job)
  }

  /// Who started the child.
  private func supervisor(_ installation: Installation) throws -> Int32 {
    let first = try String(contentsOfFile: installation.place("journal"), encoding: .utf8)
    return try #require(first.split(whereSeparator: \.isWhitespace).last.flatMap { Int32($0) })
  }

  /// Stops the server, lets its child end, and wakes the server up.
  private func pause(_ installation: Installation, _ life: Life, _ meanwhile: () throws -> Void) throws {
    let server = life.server.process.processIdentifier
    try stopProcess(server)
    defer { kill(server, SIGCONT) }
    #expect(FileManager.default.createFile(atPath: installation.place("go"), contents: nil))
    try installation.waitForLines(2, in: installation.place("journal"))
    try meanwhile()
  }

  @Test("hears the end of a child that ended meanwhile, and nobody else can take its folder")
  func child() async throws {
    try await onOwnThread {
      let (installation, life, job) = try begin(timeout: "1h")
      try pause(installation, life) {
        let second = try installation.run("server")
        #expect(second.status == 6)
      }
      let (status, lines) = try life.follow(job)
      #expect(status == 0)
      life.ledger.check(job, history: lines, steps: 2)
      #expect(life.ledger.faults == [])
      #expect(try installation.lines(of: installation.place("journal")) == 2)
      life.server.stop()
    }
  }

  @Test("hears it once the child's supervisor goes on as well")
  func supervisor() async throws {
    try await onOwnThread {
      let (installation, life, job) = try begin(timeout: "1h")
      let supervisor = try supervisor(installation)
      try stopProcess(supervisor)
      try pause(installation, life) {}
      // Who would tell of the end is stopped.
      #expect(try life.run("job", "get", job, "-o", "json").json?["status"] == "running")
      kill(supervisor, SIGCONT)
      let (status, lines) = try life.follow(job)
      #expect(status == 0)
      life.ledger.check(job, history: lines, steps: 2)
      #expect(life.ledger.faults == [])
      #expect(try installation.lines(of: installation.place("journal")) == 2)
      life.server.stop()
    }
  }

  @Test("and is killed waits in its next life for a supervisor that is stopped, and starts nothing twice")
  func supervisorAlone() async throws {
    try await onOwnThread {
      let (installation, life, job) = try begin(timeout: "1h")
      let supervisor = try supervisor(installation)
      try stopProcess(supervisor)
      kill(life.server.process.processIdentifier, SIGKILL)
      life.server.waitForDeath()
      #expect(FileManager.default.createFile(atPath: installation.place("go"), contents: nil))
      try installation.waitForLines(2, in: installation.place("journal"))
      let next = try Life(installation, nil, life.ledger)
      #expect(try next.run("job", "get", job, "-o", "json").json?["status"] == "running")
      kill(supervisor, SIGCONT)
      // Either its end was written down, or a person is asked whether it happened.
      #expect([0, 9].contains(try next.follow(job).status))
      #expect(try installation.lines(of: installation.place("journal")) == 2)
      #expect(try next.run("job", "replay", job).status == 0)
      #expect(next.ledger.faults == [])
      next.server.stop()
    }
  }

  @Test("decides once between the end of a child and its time, when both came meanwhile")
  func timeout() async throws {
    try await onOwnThread {
      let (installation, life, job) = try begin(timeout: "500ms")
      try pause(installation, life) { usleep(700_000) }
      let (status, lines) = try life.follow(job)
      let ends = lines.filter { $0.contains(#""fact":"ended","path":"nap""#) }
      #expect(ends.count == 1, "\(ends)")
      #expect(status == (ends[0].contains("success") ? 0 : 1))
      #expect(try installation.lines(of: installation.place("journal")) == 2)
      #expect(try life.run("job", "replay", job).status == 0)
      life.server.stop()
    }
  }

  @Test("a dozen times in the middle of forty steps completes each of them once")
  func chain() async throws {
    try await onOwnThread {
      let (installation, scenario, ledger) = (try Installation(), ChainScenario(), Ledger())
      try scenario.prepare(installation)
      let life = try Life(installation, nil, ledger)
      let pauses = Process()
      pauses.executableURL = URL(filePath: "/bin/sh")
      pauses.arguments = [
        "-c", "for i in $(seq 12); do kill -STOP $0; sleep 0.1; kill -CONT $0; sleep 0.03; done",
        "\(life.server.process.processIdentifier)",
      ]
      try pauses.run()
      try scenario.advance(life)
      pauses.waitUntilExit()
      #expect(pauses.terminationStatus == 0)
      try scenario.check(life)
      #expect(ledger.faults == [])
      life.server.stop()
    }
  }
}

import Foundation
import Model
import Testing

@Suite("A child process of a killed server", .serialized, .timeLimit(.minutes(3)))
struct OrphanTests {
  /// Each attempt looks for those before it, writes down any that is alive, then says that it began.
  private static let script = """
    for pid in $(cat PIDS); do if kill -0 "$pid" 2>/dev/null; then echo "$pid" >> OVERLAP; fi; done
    echo $$ >> PIDS
    if [ "$ESTEIRA_ATTEMPT" = 3 ]; then exit 0; fi
    sleep 600
    """

  @Test("has ended before the next server starts another: never two at once")
  func neverTwo() throws {
    let installation = try Installation()
    let (pids, overlap) = (installation.place("pids"), installation.place("overlap"))
    #expect(FileManager.default.createFile(atPath: pids, contents: nil))
    let script = Self.script.replacing("PIDS", with: pids).replacing("OVERLAP", with: overlap)
    let indented = script.split(separator: "\n").map { "          " + $0 }.joined(separator: "\n")
    try installation.write(
      "sleep.yaml",
      """
      apiVersion: esteira/v1
      id: sleep
      namespace: demo
      steps:
        nap:
          uses: shell
          idempotent: true
          with:
            run: |
      \(indented)
      """)
    var server = try installation.startServer([:])
    #expect(try installation.run("pipeline", "apply", installation.place("sleep.yaml")).status == 0)
    let started = try installation.run("job", "start", "demo/sleep", "-o", "id")
    let job = started.output.trimmingCharacters(in: .whitespacesAndNewlines)
    for attempt in 1...2 {
      try installation.waitForLines(attempt, in: pids)
      kill(server.process.processIdentifier, SIGKILL)
      server.waitForDeath()
      server = try installation.startServer([:])
    }
    #expect(try installation.run("job", "watch", job, "-q").status == 0)
    server.stop()
    let lines = try String(contentsOfFile: pids, encoding: .utf8).split(separator: "\n")
    #expect(lines.count == 3)
    #expect(!FileManager.default.fileExists(atPath: overlap), "Two attempts were alive at once.")
    for pid in lines.compactMap({ Int32($0) }) {
      #expect(kill(pid, 0) != 0, "Process \(pid) outlived its server.")
    }
  }
}

@Suite("`job replay` on a copy that somebody changed", .timeLimit(.minutes(3)))
struct ChangedCopyTests {
  @Test("names the fact, the row and the sealed byte, and exits 1")
  func namesEach() throws {
    let installation = try Installation()
    try installation.write(
      "three.yaml",
      """
      apiVersion: esteira/v1
      id: three
      namespace: demo
      steps:
        one: {uses: shell, idempotent: true, with: {run: "echo one"}}
        two: {needs: [one], uses: shell, idempotent: true, with: {run: "echo two"}}
        three: {needs: [two], uses: shell, idempotent: true, with: {run: "echo three"}}
      """)
    #expect(try installation.run("run", installation.place("three.yaml"), "-q").status == 0)
    let job = try installation.run("job", "ls", "-o", "id").output.trimmingCharacters(
      in: .whitespacesAndNewlines)
    let whole = try installation.run("job", "replay", job)
    #expect(whole.status == 0)
    #expect(whole.output.contains("history and store agree"))

    _ = try installation.sql(
      """
      UPDATE job_events
        SET payload = CAST(replace(CAST(payload AS TEXT), '"attempt":1', '"attempt":4') AS BLOB)
        WHERE sequence = 2;
      UPDATE step_executions SET attempts = 9 WHERE node = 2;
      UPDATE job_events SET sealed = CAST(x'00' || substr(sealed, 2) AS BLOB) WHERE sequence = 3;
      """)
    let changed = try installation.run("job", "replay", job)
    #expect(changed.status == 1)
    #expect(changed.output.contains("event 2: its facts or sealed bytes were changed"))
    #expect(changed.output.contains("step row 2: attempts is 9, the history says 1"))
    #expect(changed.output.contains("event 3: its facts or sealed bytes were changed"))
    #expect(changed.output.contains("was changed or its key is gone"))
  }
}

@Suite("The broken pipeline files", .timeLimit(.minutes(3)))
struct BrokenFileTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "PipelinesTests/Broken")

  private static let names: [String] = {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return files.filter { $0.hasSuffix(".yaml") && !$0.hasSuffix(".fixed.yaml") }.map {
      String($0.dropLast(5))
    }.sorted()
  }()

  @Test("exit with 2 in both languages, and with 0 once mended")
  func exitCodes() throws {
    let installation = try Installation()
    #expect(Self.names.count >= 20)
    for name in Self.names {
      let broken = Self.folder.appending(path: "\(name).yaml").path
      for language in ["en", "pt-BR"] {
        let answer = try installation.run("pipeline", "validate", broken, "--offline", "--lang", language)
        #expect(answer.status == 2, "\(name) in \(language)")
      }
    }
    #expect(
      !FileManager.default.fileExists(atPath: installation.data), "Checking a file makes no data folder.")
  }
}

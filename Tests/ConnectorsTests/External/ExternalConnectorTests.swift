import Engine
import Foundation
import Model
import Testing

@testable import Connectors

@Suite("A connector that is a program in a folder", .timeLimit(.minutes(2)))
struct ExternalConnectorTests {
  private static let hello = #"echo '{"type":"hello","protocol":1}' >&4; "#

  @Test("of level 0 reads a file, writes a file, and leaves artifacts that its output names")
  func files() async throws {
    let bench = try ExternalBench()
    let connector = try bench.connector(in: try bench.sample("files"))
    let output = try await connector.execute(bench.attempt(["text": "um dois"]))
    let handle = try #require(output.artifacts.first)
    #expect(output.value == ["words": 2, "report": handle.json])
    #expect(bench.bench.bytes(of: handle) == Array("um dois\n".utf8))
    #expect(bench.bench.log == ["info counted 2 words"])
    let refused = await bench.refusal(connector, bench.attempt(["text": ""]))
    #expect(
      refused == Failure(.data, code: "exit-code", "The connector ended with exit code 65: text is empty."))
  }

  @Test("goes on from the checkpoint of the attempt before", arguments: ["lines", "calls"])
  func resume(sample: String) async throws {
    let bench = try ExternalBench()
    let connector = try bench.connector(in: try bench.sample(sample))
    let state: JSON = ["place": 2, "total": 30]
    try bench.attempt().services.checkpoints.save(state)
    let output = try await connector.execute(
      bench.attempt(["numbers": [10, 20, 5]], number: 2, secret: "s3cr3t-canary"))
    #expect(output.value == ["total": 35])
    #expect(bench.kept == [state, ["place": 3, "total": 35]])
  }

  @Test(
    "gets its secrets on descriptor 3, never by environment or argument, and they are hidden",
    arguments: [0, 1])
  func secrets(level: Int) async throws {
    let bench = try ExternalBench()
    let script = """
      document=$(cat <&3)
      [[ $document == *s3cr3t-canary* ]] && echo "it came"
      env; tr '\\0' ' ' </proc/$$/cmdline; echo "said: $document"
      \(level == 1 ? Self.hello + #"echo '{"type":"result","ok":true}' >&4"# : "")
      """
    let connector = try bench.connector(level: level, script)
    _ = try await connector.execute(bench.attempt(secret: "s3cr3t-canary"))
    let log = bench.bench.log
    #expect(log.contains("info it came"))
    #expect(log.filter { $0.contains("•••") }.count == 1)
    #expect(!log.contains { $0.contains("s3cr3t") })
  }

  @Test("hides what it asks to hide")
  func mask() async throws {
    let bench = try ExternalBench()
    let script =
      Self.hello + """
        echo '{"type":"mask","value":"session-9f"}' >&4
        echo '{"type":"log","message":"got session-9f"}' >&4
        echo '{"type":"result","ok":true,"output":{"id":"session-9f"}}' >&4
        """
    let output = try await bench.connector(level: 1, script).execute(bench.attempt())
    #expect(output.value == ["id": "•••"])
    #expect(bench.bench.log == ["info got •••"])
  }

  @Test("that ignores its cancel is killed five seconds later, with all that it started")
  func cancel() async throws {
    let bench = try ExternalBench()
    let script =
      Self.hello + """
        trap '' TERM
        echo '{"type":"checkpoint","state":1}' >&4
        sleep 60 & wait; while true; do sleep 60; done
        """
    let connector = try bench.connector(level: 1, script, more: "checkpoints: true")
    let attempt = bench.attempt(grace: .seconds(30))
    let task = Task { await bench.run(connector, attempt) }
    while bench.kept.isEmpty { try await Task.sleep(for: .milliseconds(10)) }
    let start = ContinuousClock.now
    task.cancel()
    guard case .failure(let failure) = await task.value else {
      Issue.record("It ended well.")
      return
    }
    let took = start.duration(to: .now)
    #expect(failure.errorClass == .cancelled && failure.code == "confirmed")
    // The program would take a minute.
    #expect(took >= .seconds(5) && took < .seconds(40), "\(took)")
  }

  @Test("stops by a message at level 2, and says so itself")
  func message() async throws {
    let bench = try ExternalBench()
    let connector = try bench.connector(in: try bench.sample("calls"))
    let attempt = bench.attempt(["numbers": [1], "pause": 60], secret: "s3cr3t-canary")
    let task = Task { await bench.run(connector, attempt) }
    while !bench.bench.log.contains(where: { $0.contains("progress") }) {
      try await Task.sleep(for: .milliseconds(10))
    }
    task.cancel()
    #expect(await task.value == .failure(Failure(.cancelled, code: "connector-failed", "Cancelled.")))
  }

  @Test("may give 4 MiB, and a line of 8 MiB is the end of it")
  func limits() async throws {
    let bench = try ExternalBench()
    let large = try bench.connector(
      level: 1,
      Self.hello + """
        large=$(head -c 4300000 /dev/zero | tr '\\0' x)
        printf '{"type":"result","ok":true,"output":{"x":"%s"}}\\n' "$large" >&4
        """)
    #expect(await bench.refusal(large, bench.attempt())?.code == "output-too-large")
    let endless = try bench.connector(level: 1, Self.hello + "tr '\\0' x </dev/zero >&4")
    let failure = await bench.refusal(endless, bench.attempt())
    #expect(failure?.code == "connector-protocol")
    #expect(failure?.message.contains("8388608 bytes") == true)
  }

  @Test("fails as it ended where it says nothing, and as its words say where it does")
  func ends() async throws {
    let bench = try ExternalBench()
    let cases: [(String, ErrorClass, String)] = [
      (Self.hello + "exit 75", .transient, "exit-code"),
      (Self.hello + "kill -9 $$", .exit, "killed-by-signal"),
      (Self.hello, .configuration, "connector-protocol"), ("exit 0", .configuration, "connector-protocol"),
      (
        Self.hello + #"echo '{"type":"artifact","name":"gone"}' >&4; echo '{"type":"result","ok":true}' >&4"#,
        .configuration, "connector-protocol"
      ),
      (Self.hello + #"echo '{"type":"result","ok":true}' >&4; exit 3"#, .exit, "exit-code"),
    ]
    for (script, errorClass, code) in cases {
      let failure = await bench.refusal(try bench.connector(level: 1, script), bench.attempt())
      #expect(failure?.errorClass == errorClass && failure?.code == code, "\(script)")
    }
  }

  @Test("is told its token, its step and its artifacts")
  func document() async throws {
    let bench = try ExternalBench()
    let artifact = bench.bench.keep("kept", name: "a.txt")
    let script =
      Self.hello + """
        read -r line <&3
        printf '{"type":"result","ok":true,"output":{"start":%s,"file":"%s"}}\\n' "$line" \
          "$(cat "$ESTEIRA_FILES/\(artifact.sha256)")" >&4
        """
    let value = try await bench.connector(level: 1, script).execute(bench.attempt(["in": artifact.json]))
      .value
    #expect(value["file"] == "kept")
    let start = value["start"]
    #expect(start?["type"] == "start" && start?["protocol"] == 1 && start?["token"] == 41)
    #expect(start?["step"] == ["path": "step", "key": "k1", "attempt": 1])
    #expect(start?["checkpoint"] == .null && start?["with"] == ["in": artifact.json])
  }

  @Test("that had ended when its node died is not started again: its end was written down")
  func lost() async throws {
    let bench = try ExternalBench()
    let connector = try bench.connector(in: try bench.sample("lines"))
    let attempt = bench.attempt(["numbers": [1, 2]], secret: "s3cr3t-canary")
    let output = try await connector.execute(attempt)
    #expect(try await connector.outcome(ofLost: attempt) == output)
  }
}

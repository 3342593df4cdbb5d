import Engine
import Foundation
import Model
import Testing

@testable import Connectors

@Suite("A script", .timeLimit(.minutes(1)))
struct ScriptTests {
  let shell = Shell(children: BuiltProgram.children)
  let python = Python(children: BuiltProgram.children)

  @Test("gives its exit code, its streams and what it wrote as output")
  func output() async throws {
    let bench = try Bench()
    let run = """
      echo one; echo two; echo oops >&2
      echo '{"n": 3, "f": 1.0}' > "$ESTEIRA_OUTPUT"
      echo a,b > "$ESTEIRA_ARTIFACTS/table.csv"
      """
    let result = try await shell.execute(bench.attempt(["run": .string(run)]))
    let handle = try #require(result.artifacts.first)
    #expect(
      result.value == [
        "exit_code": 0, "stdout": "one\ntwo", "stderr": "oops", "n": 3, "f": 1.0,
        "artifacts": ["table.csv": handle.json],
      ])
    #expect(handle.mediaType == "text/csv")
    #expect(bench.bytes(of: handle) == Array("a,b\n".utf8))
    #expect(bench.log.filter { $0.hasPrefix("info") } == ["info one", "info two"])
    #expect(bench.log.contains("warn oops"))
  }

  @Test(
    "says what an artifact is by its ending",
    arguments: [
      ("a.ndjson", "application/x-ndjson"), ("a.jsonl", "application/jsonl"),
      ("a", "application/octet-stream"),
    ])
  func mediaType(name: String, type: String) async throws {
    let bench = try Bench()
    let result = try await shell.execute(
      bench.attempt(["run": .string("touch \"$ESTEIRA_ARTIFACTS/\(name)\"")]))
    #expect(result.artifacts.map(\.mediaType) == [type])
  }

  @Test("sees a clean environment, its data and its keys, and nothing of the node")
  func environment() async throws {
    let bench = try Bench()
    setenv("ESTEIRA_TEST_LEAK", "leaked", 1)
    let run = """
      import json, os
      data = json.load(open(os.environ["ESTEIRA_DATA"]))
      json.dump({"data": data, "cwd": os.getcwd() == os.environ["HOME"], "env": dict(os.environ)},
        open(os.environ["ESTEIRA_OUTPUT"], "w"))
      """
    let with: JSON = [
      "run": .string(run), "env": ["A": "é", "LIST": [1, 2.0], "FLAG": true], "data": ["x": [1, .null]],
    ]
    let value = try await python.execute(bench.attempt(with)).value
    #expect(value["data"] == ["x": [1, .null]])
    #expect(value["cwd"] == true)
    let environment = try #require(value["env"]?.object)
    #expect(environment["A"] == "é")
    #expect(environment["LIST"] == "[1,2.0]")
    #expect(environment["FLAG"] == "true")
    #expect(environment["TZ"] == "UTC")
    #expect(environment["ESTEIRA_JOB_KEY"] == "run_1")
    #expect(environment["ESTEIRA_STEP_KEY"] == "k1")
    #expect(environment["ESTEIRA_ATTEMPT"] == "1")
    #expect(environment["TRACEPARENT"]?.string.flatMap { TraceParent(header: $0) } != nil)
    #expect(environment["ESTEIRA_TEST_LEAK"] == nil)
  }

  @Test(
    "fails with the class that its exit code stands for",
    arguments: [
      (75, ErrorClass.transient), (64, .configuration), (78, .configuration), (65, .data), (77, .credential),
      (1, .exit), (127, .exit),
    ])
  func exitCodes(code: Int, errorClass: ErrorClass) async throws {
    let bench = try Bench()
    let found = await failure { () async throws(Failure) in
      try await shell.execute(bench.attempt(["run": .string("echo why >&2; exit \(code)")]))
    }
    #expect(found == Failure(errorClass, code: "exit-code", "The script ended with exit code \(code): why."))
  }

  @Test("stops at the first failing command, also in the middle of a pipe")
  func strictShell() async throws {
    let bench = try Bench()
    let found = await failure { () async throws(Failure) in
      try await shell.execute(bench.attempt(["run": "false | cat; echo never"]))
    }
    #expect(found?.errorClass == .exit)
    #expect(bench.log.isEmpty)
  }

  @Test("shows the first 64 KiB of a stream, repaired and cut at a whole character, and logs all")
  func longStreams() async throws {
    let bench = try Bench()
    let run = """
      import sys
      sys.stdout.buffer.write(b"\\xff" + "é".encode() * 40000 + b"\\nlast\\n\\n")
      """
    let value = try await python.execute(bench.attempt(["run": .string(run)])).value
    let stdout = try #require(value["stdout"]?.string)
    #expect(stdout == "\u{FFFD}" + String(repeating: "é", count: 32_767))
    #expect(value["truncated"] == true)
    #expect(bench.log.contains("info last"))
    #expect(bench.log.count == 4)
  }

  @Test("is refused where it writes more than 4 MiB, no JSON, or a name that is taken, to its output")
  func badOutput() async throws {
    let bench = try Bench()
    let cases: [(String, ErrorClass)] = [
      ("head -c 5000000 /dev/zero | tr '\\0' 1 > $ESTEIRA_OUTPUT", .outputTooLarge),
      ("echo '{' > $ESTEIRA_OUTPUT", .data), ("echo '[1]' > $ESTEIRA_OUTPUT", .data),
      ("echo '{\"exit_code\": 1}' > $ESTEIRA_OUTPUT", .data),
    ]
    for (run, errorClass) in cases {
      let found = await failure { () async throws(Failure) in
        try await shell.execute(bench.attempt(["run": .string(run)]))
      }
      #expect(found?.errorClass == errorClass, "\(run)")
    }
  }

  @Test("reads files beside the pipeline, artifacts and its input")
  func files() async throws {
    let bench = try Bench()
    let folder = try bench.files(["lib/words.txt": "hello", "main.py": "print(open('/dev/stdin').read())"])
    let artifact = bench.keep("kept", name: "a.txt")
    let with: JSON = [
      "run": "cat $ESTEIRA_FILES/w.txt $ESTEIRA_FILES/deep/a.txt; cat; cat $ESTEIRA_FILES/lib/words.txt",
      "files": ["w.txt": "lib/words.txt", "deep/a.txt": artifact.json], "stdin": ["k": 1],
    ]
    let value = try await shell.execute(bench.attempt(with, files: folder)).value
    #expect(value["stdout"] == "hellokept{\"k\":1}hello")
    let program = ProcessRun(children: BuiltProgram.children)
    let ran = try await program.execute(bench.attempt(["program": "main.py", "stdin": "in"], files: folder))
    #expect(ran.value["stdout"] == "in")
  }

  @Test("runs a program by its own first line, with its arguments")
  func program() async throws {
    let bench = try Bench()
    let folder = try bench.files(["bin/show": "#!/usr/bin/env bash\nprintf '%s|' \"$@\""])
    let with: JSON = ["program": "bin/show", "arguments": ["a b", 1, true, "$(id)"]]
    let value = try await ProcessRun(children: BuiltProgram.children)
      .execute(bench.attempt(with, files: folder)).value
    #expect(value["stdout"] == "a b|1|true|$(id)|")
  }

  @Test("is refused where it names a file outside, an unknown program or a taken variable")
  func refusals() async throws {
    let bench = try Bench()
    let folder = try bench.files(["a": "x"])
    let program = ProcessRun(children: BuiltProgram.children)
    let cases: [(any Connector, JSON, String)] = [
      (program, ["program": "../etc/passwd"], "program-not-found"),
      (program, ["program": "absent.py"], "program-not-found"),
      (program, ["program": "a"], "program-not-executable"),
      (shell, ["run": "true", "files": ["../x": "a"]], "unsafe-path"),
      (shell, ["run": "true", "files": ["x": "../../a"]], "unsafe-path"),
      (shell, ["run": "true", "files": ["x": "absent"]], "file-not-found"),
      (shell, ["run": "true", "env": ["ESTEIRA_JOB_ID": "1"]], "invalid-with"),
      (shell, ["run": "true", "program": "a"], "invalid-with"),
    ]
    for (connector, with, code) in cases {
      let found = await failure { () async throws(Failure) in
        try await connector.execute(bench.attempt(with, files: folder))
      }
      #expect(found?.code == code, "\(with.text)")
    }
  }

  @Test("hands over what it declares, and fails where that is missing")
  func declaredOutputs() async throws {
    let bench = try Bench()
    let with: JSON = [
      "run": "echo x > $ESTEIRA_ARTIFACTS/report.txt; echo '{\"n\": 1}' > $ESTEIRA_OUTPUT",
      "outputs": ["report": "artifact", "n": "integer"],
    ]
    let result = try await shell.execute(bench.attempt(with))
    #expect(result.value["report"] == result.artifacts[0].json)
    for outputs: JSON in [["n": "string"], ["m": "integer"], ["other": "artifact"]] {
      let found = await failure { () async throws(Failure) in
        try await shell.execute(bench.attempt(["run": with["run"] ?? .null, "outputs": outputs]))
      }
      #expect(found?.code == "missing-output")
    }
  }

  @Test("gets its connection and secrets by a descriptor, and they are in no message")
  func connection() async throws {
    let bench = try Bench()
    let connection = Connection(
      namespace: "demo", name: "db", kind: "sql", address: ["host": "h"], credential: "c")
    let credential = Credential(name: "c", type: "basic", values: [("password", Secret("s3cret-word"))])
    let run = "cat /dev/fd/$ESTEIRA_CONNECTION_FD; env | grep -c s3cret || true"
    let value = try await shell.execute(
      bench.attempt(["run": .string(run)], connection: connection, credential: credential)
    ).value
    #expect(
      value["stdout"]
        == """
        {"name":"db","kind":"sql","address":{"host":"h"},\
        "credential":{"type":"basic","values":{"password":"•••"}}}0
        """)
    let found = await failure { () async throws(Failure) in
      try await shell.execute(
        bench.attempt(["run": "cat /dev/fd/3 >&2; exit 3"], connection: connection, credential: credential))
    }
    #expect(found?.message.hasPrefix("The script ended with exit code 3") == true)
    #expect(found?.message.contains("s3cret-word") == false)
  }
}

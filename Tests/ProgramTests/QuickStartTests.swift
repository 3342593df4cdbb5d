import Foundation
import Testing

/// The first 30 minutes of a newcomer, with the real program: no clock is used, only what it prints.
@Suite("The quick start", .serialized, .timeLimit(.minutes(3)))
struct QuickStartTests {
  @Test("a file is checked, mended, run, crashed and recovered")
  func quickStart() async throws {
    let place = try Place()
    defer { place.clean() }
    try place.write("hello.yaml", Self.hello)
    let valid = try place.esteira("pipeline validate hello.yaml")
    #expect(valid.out == "hello.yaml: valid. 2 steps; order: greet -> count (count reads greet.output)\n")
    try checkMistake(place)
    #expect(!place.exists("data"), "Checking a file makes no data folder.")
    #expect(try place.esteira("job start demo/hello").code == 7)

    #expect(try place.esteira("server --background").code == 0)
    #expect(try place.esteira("pipeline apply hello.yaml").out == "demo/hello: created, revision 1\n")
    let watched = try place.esteira("job start demo/hello --input name=Ana --watch")
    #expect(watched.code == 0 && watched.out.contains("length=10"))
    try recover(place)
  }

  private func checkMistake(_ place: Place) throws {
    try place.write("bad.yaml", Self.hello.replacing("steps.greet.output", with: "steps.gret.output"))
    let english = try place.esteira("pipeline validate bad.yaml")
    #expect(english.code == 2)
    #expect(
      english.errors == """
        bad.yaml:8:28: error[unknown-step] steps.count.value: there is no step "gret" here.
            count: {value: "${{ size(steps.gret.output.stdout) }}"}
                                     ^^^^^^^^^^
          Did you mean "greet"?

        """)
    #expect(
      try place.esteira("pipeline validate bad.yaml --lang pt-BR").errors.contains(
        "Você quis dizer \"greet\"?"))
  }

  /// Kills the server while a step runs, and sees the job finish under the next one.
  private func recover(_ place: Place) throws {
    let started = try place.esteira("job start demo/hello --input name=Bia")
    let job = started.out.trimmingCharacters(in: .newlines)
    #expect(try place.esteira("job why \(job)").out.hasPrefix("running: greet"))
    try place.killServer()
    #expect(try place.esteira("job ls -o id").out.hasPrefix(job), "Reading needs no server.")
    #expect(try place.esteira("job cancel \(job)").code == 7)
    let restarted = try place.esteira("server --background")
    #expect(restarted.out.contains("Recovered 1 job"))
    #expect(try place.esteira("server").code == 6, "A second node on the folder is refused.")
    let watched = try place.esteira("job watch \(job)")
    #expect(watched.code == 0 && watched.out.contains("attempt 2"))
    let replay = try place.esteira("job replay \(job) -o jsonl")
    #expect(replay.code == 0 && replay.out.contains(#""differences":[]"#))
    #expect(try place.esteira("job logs \(job)").out.contains("Hello, Bia"))
  }

  @Test("`run` needs no server, keeps its job, and uses a server that runs")
  func run() async throws {
    let place = try Place()
    defer { place.clean() }
    try place.write("hello.yaml", Self.hello.replacing("sleep 2", with: "true"))
    let alone = try place.esteira("run hello.yaml --input name=Ana -o json")
    #expect(alone.code == 0 && alone.out.contains(#""length": 10"#))
    #expect(try place.esteira("server --background").code == 0)
    #expect(try place.esteira("run hello.yaml -q").code == 0)
    #expect(try place.esteira("job ls -o id").out.split(separator: "\n").count == 2)
  }

  @Test("`run --setting` gives this job its operator's value; without it the job says what is missing")
  func setting() throws {
    let place = try Place()
    defer { place.clean() }
    let steps = "steps:\n  a: {value: settings.greeting}\noutputs: {said: \"${{ steps.a.output }}\"}\n"
    try place.write("set.yaml", "apiVersion: esteira/v1\nid: set\nnamespace: demo\n\(steps)")
    let given = try place.esteira("run set.yaml --setting greeting=oi")
    #expect(given.code == 0 && given.out.contains("said=oi"), "\(given)")
    #expect(try place.esteira("run set.yaml").code == 1)
  }

  private static let hello = """
    apiVersion: esteira/v1
    id: hello
    namespace: demo
    inputs:
      name: {type: string, default: world}
    steps:
      greet: {uses: shell, idempotent: true, with: {run: "echo Hello, $NAME; sleep 2", env: \
    {NAME: "${{ inputs.name }}"}}}
      count: {value: "${{ size(steps.greet.output.stdout) }}"}
    outputs: {length: "${{ steps.count.output }}"}

    """
}

/// A folder of its own for one newcomer.
struct Place {
  let folder = URL(filePath: NSTemporaryDirectory()).appending(path: "esteira-\(UUID().uuidString.prefix(8))")

  struct Answer {
    var code: Int32
    var out: String
    var errors: String
  }

  init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }

  func write(_ name: String, _ text: String) throws {
    try text.write(to: folder.appending(path: name), atomically: false, encoding: .utf8)
  }

  func exists(_ name: String) -> Bool {
    FileManager.default.fileExists(atPath: folder.appending(path: name).path)
  }

  var environment: [String: String] {
    [
      "PATH": "/usr/bin:/bin", "ESTEIRA_DATA": "data", "HOME": folder.path, "LANG": "C",
      "ESTEIRA_LISTEN": "none",
    ]
  }

  /// Output goes through files: a pipe would be held open by a server in the background.
  func esteira(_ line: String, environment: [String: String] = [:]) throws -> Answer {
    let (process, out, errors) = (Process(), folder.appending(path: "out"), folder.appending(path: "errors"))
    for file in [out, errors] { try Data().write(to: file) }
    process.executableURL = Self.program
    process.arguments = line.split(separator: " ").map(String.init)
    process.currentDirectoryURL = folder
    process.environment = self.environment.merging(environment) { _, new in new }
    process.standardOutput = try FileHandle(forWritingTo: out)
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
    process.waitUntilExit()
    return Answer(
      code: process.terminationStatus, out: try String(contentsOf: out, encoding: .utf8),
      errors: try String(contentsOf: errors, encoding: .utf8))
  }

  /// What a script of the folder shows; `esteira` is in its path, and its data in `data`.
  func shell(_ script: String) throws -> String {
    let (process, out) = (Process(), folder.appending(path: "out"))
    try Data().write(to: out)
    process.executableURL = URL(filePath: "/bin/bash")
    process.arguments = [script]
    process.currentDirectoryURL = folder
    process.environment = [
      "PATH": "\(Self.program.deletingLastPathComponent().path):/usr/bin:/bin", "HOME": folder.path,
      "LANG": "C", "ESTEIRA_LISTEN": "127.0.0.1:0",
    ]
    process.standardOutput = try FileHandle(forWritingTo: out)
    try process.run()
    process.waitUntilExit()
    return try String(contentsOf: out, encoding: .utf8)
  }

  /// A program of the system, in the folder.
  func run(_ words: String...) throws {
    let process = Process()
    (process.executableURL, process.arguments) = (URL(filePath: "/usr/bin/env"), words)
    process.currentDirectoryURL = folder
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "\(words)")
  }

  func killServer() throws {
    let pid = try #require(serverProcess)
    kill(pid, SIGKILL)
    // The kernel frees the folder's lock when the process is gone, which `kill` does not wait for.
    while kill(pid, 0) == 0, !Self.isZombie(pid) { usleep(1_000) }
  }

  private static func isZombie(_ pid: pid_t) -> Bool {
    guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return true }
    return text.contains(") Z ")
  }

  private var serverProcess: pid_t? {
    let files = ["data/server.pid", ".build/data/server.pid"].map { folder.appending(path: $0) }
    let texts = files.compactMap { try? String(contentsOf: $0, encoding: .utf8) }
    return texts.first.flatMap { pid_t($0.trimmingCharacters(in: .newlines)) }
  }

  func clean() {
    if let pid = serverProcess { kill(pid, SIGKILL) }
    try? FileManager.default.removeItem(at: folder)
  }

  /// The program that was built together with these tests.
  static var program: URL {
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
      .appending(path: ".build/debug/esteira")
  }
}

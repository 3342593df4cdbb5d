import Foundation
import Model
import Testing

/// A data folder with its server, which a test kills and starts again, and what it writes.
final class Station {
  let folder: TestFolder
  private(set) var server: Child?

  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  /// Built beside the tests; it alone has the hooks that let it die at a counted moment.
  static let binary = root.appending(path: ".build/debug/esteira").path
  /// Seconds after which what is waited for counts as never coming. No test that passes waits so long.
  static let patience = 120

  var journal: String { folder("journal") }
  var log: String { (try? String(contentsOfFile: folder("errors"), encoding: .utf8)) ?? "" }

  init() throws {
    folder = try TestFolder()
    for file in ["journal", "errors"] {
      try "".write(toFile: folder(file), atomically: false, encoding: .utf8)
    }
  }

  deinit { kill() }

  private func environment(_ hooks: [String: String]) -> [String: String] {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    return hooks.merging([
      "PATH": path, "ESTEIRA_DATA": folder("data"), "HOME": folder.path, "ESTEIRA_LANG": "en",
      "ESTEIRA_LISTEN": "none",
    ]) { own, _ in own }
  }

  /// Returns once the server is ready, or has died of its hook.
  @discardableResult
  func start(_ hooks: [String: String] = [:]) throws -> Bool {
    let child = try Child(
      [Self.binary, "server"], environment: environment(hooks), errors: folder("errors"))
    server = child
    return child.says("Ready:").came
  }

  func kill() { server?.killAll() }

  /// So many threads the server has now.
  func threads() throws -> Int {
    let status = try String(contentsOfFile: "/proc/\(server?.pid ?? 0)/status", encoding: .utf8)
    let line = status.split(separator: "\n").first { $0.hasPrefix("Threads:") }
    return try #require(line?.split(separator: "\t").last.flatMap { Int($0) })
  }

  /// Does nothing until it goes on.
  func freeze() { server?.signal(SIGSTOP) }
  func goOn() { server?.signal(SIGCONT) }

  /// A planned stop.
  func stop() {
    server?.signal(SIGTERM)
    server?.wait()
  }

  /// A server whose hook kills it; one that has done all that there is before that is killed in the end.
  func waitForDeath(jobs: Int) throws {
    try wait(for: "the death of the server") {
      if server?.hasEnded ?? true { return true }
      let done = "SELECT count(*) FROM job_executions WHERE completed_at IS NOT NULL"
      return try sql(done) == ["\(jobs)"]
    }
    kill()
  }

  @discardableResult
  func esteira(_ words: String...) throws -> String {
    let (status, output) = try Tool.run([Self.binary] + words, environment: environment([:]))
    guard status == 0 else {
      throw Tool.Failure(description: "esteira \(words.joined(separator: " ")): \(output)")
    }
    return output
  }

  /// What `doctor` says, whether all is well or not.
  func doctor() throws -> String {
    try Tool.run([Self.binary, "doctor"], environment: environment([:])).output
  }

  func write(_ name: String, _ text: String) throws -> String {
    try text.write(toFile: folder(name), atomically: true, encoding: .utf8)
    return folder(name)
  }

  func apply(_ pipeline: String) throws {
    try esteira("pipeline", "apply", write("\(UUID().uuidString.prefix(8)).yaml", pipeline))
  }

  func connect(_ name: String, kind: String, _ address: String, credential: String? = nil) throws {
    let more = credential.map { "credential: \($0)\n" } ?? ""
    let text = """
      namespace: demo
      name: \(name)
      kind: \(kind)
      address: \(address)
      egress: {allow: [127.0.0.0/8]}
      \(more)
      """
    try esteira("connection", "apply", write("\(name).yaml", text))
  }

  func lines() throws -> [String] {
    try String(contentsOfFile: journal, encoding: .utf8).split(separator: "\n").map(String.init)
  }

  /// Returns once the lines of the journal are as they are wanted.
  func wait(_ what: String, until isEnough: ([String]) throws -> Bool) throws {
    let watch = inotify_init1(Int32(IN_CLOEXEC))
    defer { close(watch) }
    #expect(inotify_add_watch(watch, journal, UInt32(IN_MODIFY)) >= 0)
    var buffer = [UInt8](repeating: 0, count: 4_096)
    while true {
      let lines = try lines()
      if try isEnough(lines) { return }
      var wanted = pollfd(fd: watch, events: Int16(POLLIN), revents: 0)
      let hasNews = poll(&wanted, 1, Int32(Self.patience * 1_000)) > 0
      try #require(hasNews, "\(what) did not come: \(lines) \(log)")
      #expect(read(watch, &buffer, buffer.count) > 0)
    }
  }

  /// Returns once something else is as it is wanted, asked again and again.
  func wait(for what: String, _ isSo: () throws -> Bool) throws {
    let limit = ContinuousClock.now + .seconds(Self.patience)
    while try !isSo() { try #require(ContinuousClock.now < limit, "\(what) did not come to be: \(log)") }
  }

  /// Rows of the store's file.
  func sql(_ statement: String) throws -> [String] {
    try Tool.must(["/usr/bin/sqlite3", folder("data/esteira.db"), statement]).split(separator: "\n")
      .map(String.init)
  }

  func jobs() throws -> Int { Int(try sql("SELECT count(*) FROM job_executions").first ?? "") ?? -1 }
}

import Foundation
import Model
import Testing

/// A data folder, and the binary that works on it.
final class Installation: Sendable {
  let folder: URL
  /// Beside the folder, for what is none of the server's.
  let aside: URL
  var data: String { folder.appending(path: "data").path }

  init() throws {
    // Without links: what the system says of an open file has none either.
    let place = URL(filePath: NSTemporaryDirectory()).resolvingSymlinksInPath()
      .appending(path: "esteira-kill-" + UUID().uuidString.prefix(8))
    (folder, aside) = (place.appending(path: "box"), place.appending(path: "aside"))
    for made in [folder, aside] {
      try FileManager.default.createDirectory(at: made, withIntermediateDirectories: true)
    }
  }

  deinit { try? FileManager.default.removeItem(at: folder.deletingLastPathComponent()) }

  /// Keeps a copy of the folder, for `restore`.
  func save() throws { try copy(folder, to: saved) }

  /// Makes the folder what it was when it was saved. No server may run in it.
  func restore() throws {
    for folder in [folder, URL(filePath: folder.path + ".attic")]
    where FileManager.default.fileExists(atPath: folder.path) {
      try FileManager.default.removeItem(at: folder)
    }
    try copy(saved, to: folder)
  }

  private var saved: URL { folder.deletingLastPathComponent().appending(path: "saved") }

  /// With modes and times; sockets too, which the file manager does not copy.
  private func copy(_ source: URL, to target: URL) throws {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/cp")
    process.arguments = ["-a", source.path, target.path]
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
  }

  func place(_ name: String) -> String { folder.appending(path: name).path }

  func write(_ name: String, _ text: String) throws {
    try text.write(toFile: place(name), atomically: true, encoding: .utf8)
  }

  func lines(of file: String) throws -> Int {
    try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").count
  }

  /// Returns once a child process has written so many lines into the file.
  func waitForLines(_ count: Int, in file: String) throws {
    let watch = inotify_init1(Int32(IN_CLOEXEC))
    defer { close(watch) }
    #expect(inotify_add_watch(watch, file, UInt32(IN_MODIFY)) >= 0)
    var buffer = [UInt8](repeating: 0, count: 4_096)
    while try lines(of: file) < count {
      // Blocks until the file changes, or so long that it never will.
      var wanted = pollfd(fd: watch, events: Int16(POLLIN), revents: 0)
      try #require(poll(&wanted, 1, Int32(Self.patience * 1_000)) > 0, "\(file) has no \(count) lines.")
      #expect(read(watch, &buffer, buffer.count) > 0)
    }
  }

  /// Seconds after which what is waited for counts as never coming. No test that passes waits so long.
  static let patience = 120

  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// Built beside the tests; it alone has the hooks that let it die at a counted moment. `ESTEIRA_BINARY` is
  /// another one, for tests that need no hooks.
  static let binary =
    ProcessInfo.processInfo.environment["ESTEIRA_BINARY"].map { URL(filePath: $0) }
    ?? root.appending(path: ".build/debug/esteira")

  struct Answer {
    var status: Int32
    var output: String
    var json: JSON? { try? JSON(parsing: output) }
  }

  /// Runs one command to its end.
  func run(_ arguments: String...) throws -> Answer { try run([Self.binary.path] + arguments) }

  /// The same for any program, by its path and arguments.
  func run(_ words: [String]) throws -> Answer {
    let (process, pipe) = try start(program: words)
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return Answer(status: process.terminationStatus, output: String(decoding: output, as: UTF8.self))
  }

  /// Starts one command, and gives what it says.
  func start(_ arguments: [String]) throws -> (process: Process, output: Pipe) {
    try start(program: [Self.binary.path] + arguments)
  }

  private func start(program words: [String]) throws -> (process: Process, output: Pipe) {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(filePath: words[0])
    process.arguments = Array(words.dropFirst())
    process.environment = environment([:])
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    try process.run()
    return (process, pipe)
  }

  /// Runs lines of shell, in which `$ESTEIRA` is the program.
  func shell(_ lines: String) throws -> Int32 {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = ["-c", lines]
    process.environment = environment(["ESTEIRA": Self.binary.path])
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
  }

  /// Starts a server; returns once it is ready or has died.
  ///
  /// `through` is a program that becomes the server, and `errors` a file for what it says on standard error.
  func startServer(
    _ hooks: [String: String], through words: [String] = [], errors: String? = nil
  ) throws -> Server {
    let pipe = Pipe()
    let process = try spawnServer(hooks, pipe, through: words, errors: errors)
    var said = ""
    while !said.contains("Ready:") {
      let more = pipe.fileHandleForReading.availableData
      if more.isEmpty { break }
      said += String(decoding: more, as: UTF8.self)
    }
    return Server(process: process, output: pipe, said: said, wasReady: said.contains("Ready:"))
  }

  /// Starts a server and waits for nothing.
  func spawnServer(
    _ hooks: [String: String] = [:], _ output: Pipe? = nil, through words: [String] = [],
    errors file: String? = nil
  ) throws -> Process {
    let process = Process()
    let whole = words + [Self.binary.path, "server"]
    process.executableURL = URL(filePath: whole[0])
    process.arguments = Array(whole.dropFirst())
    process.environment = environment(hooks)
    if let output { process.standardOutput = output } else { process.standardOutput = FileHandle.nullDevice }
    if file == nil { #expect(FileManager.default.createFile(atPath: errors, contents: nil)) }
    process.standardError = FileHandle(forUpdatingAtPath: file ?? errors)
    try process.run()
    return process
  }

  /// What the last server wrote to its standard error.
  var complaint: String { (try? String(contentsOfFile: errors, encoding: .utf8)) ?? "" }
  private var errors: String { aside.appending(path: "errors").path }

  struct Server {
    let process: Process
    let output: Pipe
    /// On standard output, until it was ready.
    let said: String
    let wasReady: Bool

    /// True once it has ended, by the signal that it gave itself or otherwise.
    func hasDied() -> Bool {
      if !process.isRunning { process.waitUntilExit() }
      return !process.isRunning
    }

    /// A server that does not die is killed in the end; what it ended with is then not what a test expects.
    func waitForDeath() {
      let over = NSCondition()
      process.terminationHandler = { _ in over.withLock { over.broadcast() } }
      let limit = Date(timeIntervalSinceNow: TimeInterval(patience))
      over.withLock { while process.isRunning, over.wait(until: limit) {} }
      if process.isRunning { kill(process.processIdentifier, SIGKILL) }
      process.waitUntilExit()
    }

    func stop() {
      guard process.isRunning else { return }
      process.terminate()
      process.waitUntilExit()
    }

    var wasKilled: Bool {
      process.terminationReason == .uncaughtSignal && process.terminationStatus == SIGKILL
    }
  }

  func environment(_ hooks: [String: String]) -> [String: String] {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    return hooks.merging(["PATH": path, "ESTEIRA_DATA": data, "HOME": folder.path, "ESTEIRA_LANG": "en"]) {
      own, _ in own
    }
  }

  /// Rows of the store's file, read by the sqlite3 program: one line a row, columns joined by `|`.
  func sql(_ statement: String) throws -> [String] {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/sqlite3")
    process.arguments = [data + "/esteira.db", statement]
    process.standardOutput = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return String(decoding: output, as: UTF8.self).split(separator: "\n").map(String.init)
  }
}

import Foundation
import FoundationNetworking
import Glibc
import Synchronization
import Testing

/// A child process with its standard output, started without Foundation's run loops, which wait forever when
/// two tests on two threads do. Blocks while it reads.
struct Child: Sendable {
  let id: pid_t
  private let output: Int32

  init(_ arguments: [String], environment: [String: String] = ProcessInfo.processInfo.environment) throws {
    (id, output) = try Self.oneAtATime.withLock { _ in try Self.spawn(arguments, environment) }
  }

  /// Between making a pipe and marking it, no other child may start: it would hold the pipe open.
  private static let oneAtATime = Mutex(())

  private static func spawn(_ arguments: [String], _ environment: [String: String]) throws -> (pid_t, Int32) {
    var ends: [Int32] = [0, 0]
    try #require(pipe(&ends) == 0)
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    // The threads of a test block signals, and a child would inherit that and not end when asked.
    var (attributes, none) = (posix_spawnattr_t(), sigset_t())
    posix_spawnattr_init(&attributes)
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    var words = (["env"] + arguments).map { strdup($0) } + [nil]
    var variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    var child: pid_t = 0
    let started = posix_spawn(&child, "/usr/bin/env", &actions, &attributes, &words, &variables)
    posix_spawn_file_actions_destroy(&actions)
    posix_spawnattr_destroy(&attributes)
    for word in words + variables { free(word) }
    close(ends[1])
    try #require(started == 0, "\(arguments) did not start.")
    return (child, ends[0])
  }

  func readLine() -> String {
    var (line, byte) = ([UInt8](), UInt8(0))
    while read(output, &byte, 1) == 1, byte != UInt8(ascii: "\n") { line.append(byte) }
    return String(decoding: line, as: UTF8.self)
  }

  /// All that it still writes, and its exit code; 128 and more for a signal.
  func finish() -> (output: String, exit: Int32) {
    var all: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = read(output, &buffer, buffer.count), count > 0 { all += buffer[..<count] }
    return (String(decoding: all, as: UTF8.self), wait())
  }

  func stop() {
    kill(id, SIGTERM)
    _ = wait()
  }

  private func wait() -> Int32 {
    var status: Int32 = 0
    while waitpid(id, &status, 0) == -1, errno == EINTR {}
    close(output)
    return status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
  }
}

/// A script of the blueprint that serves on a port of its own until this value goes away.
final class PythonServer: Sendable {
  let address: String
  private let child: Child
  private let session = URLSession(configuration: .ephemeral)

  static let blueprint = URL(filePath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "blueprints/atlasreg")

  /// Returns when the server answers: its first line is its address.
  init(_ script: String, _ arguments: [String]) throws {
    child = try Child(["python3", "-B", Self.blueprint.appending(path: script).path] + arguments)
    address = child.readLine()
    try #require(address.hasPrefix("http://127.0.0.1:"), "\(script) did not start.")
  }

  static func site(seed: String = "7", date: String = "2026-11-20", _ more: [String] = []) throws
    -> PythonServer
  {
    try PythonServer("sample-site/site.py", ["--seed", seed, "--date", date] + more)
  }

  func get(_ path: String) async throws -> Data {
    let url = try #require(URL(string: path.hasPrefix("http") ? path : address + path))
    return try await session.data(from: url).0
  }

  func post(_ path: String, _ body: Data, headers: [(String, String)] = []) async throws -> (
    status: Int, body: Data
  ) {
    var request = URLRequest(url: try #require(URL(string: address + path)))
    request.httpMethod = "POST"
    for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
    let (data, response) = try await session.upload(for: request, from: body)
    return (try #require(response as? HTTPURLResponse).statusCode, data)
  }

  func truth() async throws -> [TrueDocument] {
    try JSONDecoder().decode([TrueDocument].self, from: try await get("/__truth"))
  }

  deinit {
    session.invalidateAndCancel()
    child.stop()
  }
}

/// What the site says of a document that it made.
struct TrueDocument: Decodable, Hashable, Sendable {
  var id: String
  var source: String
  var path: String
  var title: String
  var type: String
  var company: String?
  var cnpj: String?
  var amount: Double?
}

/// A folder of one test, removed with it.
final class TemporaryFolder: Sendable {
  let path: String
  init() throws {
    path = FileManager.default.temporaryDirectory.appending(path: "atlasreg-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }
  func write(_ name: String, _ text: String) throws -> String {
    let file = "\(path)/\(name)"
    try Data(text.utf8).write(to: URL(filePath: file))
    return file
  }
  func lines(of name: String) throws -> [String] {
    guard FileManager.default.fileExists(atPath: "\(path)/\(name)") else { return [] }
    return try String(contentsOfFile: "\(path)/\(name)", encoding: .utf8).split(separator: "\n").map(
      String.init)
  }
  deinit { try? FileManager.default.removeItem(atPath: path) }
}

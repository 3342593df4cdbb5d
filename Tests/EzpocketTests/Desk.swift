import Foundation
import Model
import Testing

/// A folder of its own with a server, the pipeline, and somebody who answers: the program itself, by its
/// command line.
final class Desk {
  let folder = URL(filePath: NSTemporaryDirectory()).appending(
    path: "ezpocket-\(UUID().uuidString.prefix(8))")
  private var server: Process?

  static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  static let blueprint = repository.appending(path: "blueprints/ezpocket-question")

  /// `change` writes the copy of the pipeline anew.
  init(change: (String) -> String = { $0 }) throws {
    let files = FileManager.default
    try files.createDirectory(at: folder, withIntermediateDirectories: true)
    try files.copyItem(at: Self.blueprint, to: folder.appending(path: "blueprint"))
    let file = folder.appending(path: "blueprint/question.yaml")
    let text = change(try String(contentsOf: file, encoding: .utf8))
    try text.write(to: file, atomically: true, encoding: .utf8)
    try startServer()
    try prepare()
    _ = try run("pipeline", "apply", file.path)
  }

  /// The databases, as the blueprint makes them.
  private func prepare() throws {
    let blueprint = folder.appending(path: "blueprint")
    for name in ["ezpocket_db", "analytics", "analytics_readonly"] {
      _ = try run("connection", "apply", blueprint.appending(path: "connections/\(name).json").path)
    }
    for name in ["setup", "project"] {
      _ = try run("pipeline", "apply", blueprint.appending(path: "\(name).yaml").path)
    }
    #expect(try ended(start("setup", [:]))["outputs"] == ["orders": 4])
  }

  deinit {
    if let server, server.isRunning { kill(server.processIdentifier, SIGKILL) }
    try? FileManager.default.removeItem(at: folder)
  }

  /// Returns when it says that it is ready.
  private func startServer() throws {
    let (process, out) = (program(["server"]), Pipe())
    process.standardOutput = out
    try process.run()
    server = process
    for line in Lines(out.fileHandleForReading) where line.hasPrefix("Ready:") { return }
    try #require(Bool(false), "The server did not start.")
  }

  /// Kills the server while the job waits, and starts it again on the same folder.
  func killServer() throws {
    let process = try #require(server)
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    try startServer()
  }

  /// Starts a question of Ana's and gives the job's id.
  func ask(
    _ question: String = "Qual a receita por estado?", by user: String = "ana", project: Int64? = nil,
    history: JSON = []
  ) throws -> String {
    try start(
      "question",
      [
        "pergunta": .string(question), "username": .string(user), "projeto": "vendas",
        "project_id": project.map { .int($0) } ?? .null, "conversation_history": history,
      ])
  }

  /// Ana's project of this name.
  func project(_ name: String = "vendas") throws -> Int64 {
    let job = try ended(start("project", ["name": .string(name), "username": "ana"]))
    return try #require(job["outputs"]?["project_id"]?.int)
  }

  private func start(_ pipeline: String, _ inputs: JSON) throws -> String {
    let file = folder.appending(path: "inputs.json")
    try inputs.text.write(to: file, atomically: true, encoding: .utf8)
    return try run("job", "start", "ezpocket/\(pipeline)", "--inputs", file.path, "-o", "id")
      .trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// Waits on the stream of the job until this path asks, and gives the question's id.
  func asked(_ job: String, _ path: String) throws -> String {
    let (process, out) = (program(["job", "watch", job, "-o", "jsonl"]), Pipe())
    process.standardOutput = out
    try process.run()
    defer {
      process.terminate()
      process.waitUntilExit()
    }
    var seen: [String] = []
    for line in Lines(out.fileHandleForReading) {
      seen.append(line)
      for fact in try JSON(parsing: Array(line.utf8))["facts"]?.array ?? [] {
        if fact["fact"] == "asked", fact["path"]?.string == path { return try #require(fact["id"]?.string) }
      }
    }
    throw Problem("test", Bilingual("The job ended before \(path) asked: \(seen)", pt: ""))
  }

  /// Ana's word, which the folder's owner passes on.
  func answer(_ ask: String, _ choice: String, _ form: String...) throws -> String {
    try run(["ask", "answer", ask, choice, "--as", "ana"] + form.flatMap { ["--form", $0] })
  }

  /// The job once it has ended.
  func ended(_ job: String) throws -> JSON {
    _ = try run(["job", "watch", job, "-q"], exits: [0, 1, 8])
    return try JSON(parsing: Array(run("job", "get", job, "-o", "json").utf8))
  }

  /// The paths of the connector steps that ran, in the order of their ends; without the side branch of the
  /// history.
  func ran(_ job: String) throws -> [String] {
    let lines = try run("job", "steps", job, "-o", "jsonl").split(separator: "\n")
    var ends: [(path: String, at: Int64)] = []
    for line in lines {
      let step = try JSON(parsing: Array(line.utf8))
      guard let path = step["path"]?.string, step["kind"]?.string == "uses",
        step["status"]?.string == "success", !path.contains("after_each")
      else { continue }
      let end = Timestamp(rfc3339: step["ended_at"]?.string ?? "")
      ends.append((path, end?.microseconds ?? 0))
    }
    ends.sort { $0.at < $1.at }
    return ends.map(\.path)
  }

  /// What the room of Ana's project was told, oldest first.
  func told() throws -> [JSON] {
    try run("event", "ls", "--namespace", "ezpocket", "--room", "ana:vendas", "-o", "jsonl")
      .split(separator: "\n").map { try JSON(parsing: Array($0.utf8)) }
  }

  func output(_ job: String, _ path: String) throws -> JSON {
    try JSON(parsing: Array(run("job", "step", job, path, "--outputs", "-o", "json").utf8))
  }

  func run(_ arguments: String...) throws -> String { try run(arguments) }

  func run(_ arguments: [String], exits: Set<Int32> = [0]) throws -> String {
    let (process, out) = (program(arguments), Pipe())
    process.standardOutput = out
    try process.run()
    let bytes = out.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let text = String(decoding: bytes, as: UTF8.self)
    try #require(
      exits.contains(process.terminationStatus), "\(arguments): \(process.terminationStatus) \(text)")
    return text
  }

  private func program(_ arguments: [String]) -> Process {
    let process = Process()
    process.executableURL = Self.repository.appending(path: ".build/debug/esteira")
    process.arguments = arguments
    process.environment = [
      "PATH": "/usr/bin:/bin", "HOME": folder.path, "LANG": "C",
      "ESTEIRA_DATA": folder.appending(path: "data").path,
    ]
    return process
  }
}

/// The lines of a stream, one after the other, as they come.
struct Lines: Sequence, IteratorProtocol {
  private let handle: FileHandle
  private var rest = Data()

  init(_ handle: FileHandle) { self.handle = handle }

  mutating func next() -> String? {
    while true {
      if let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
        defer { rest = Data(rest[(end + 1)...]) }
        return String(decoding: rest[..<end], as: UTF8.self)
      }
      let more = handle.availableData
      if more.isEmpty { return nil }
      rest += more
    }
  }
}

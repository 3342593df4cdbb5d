import Foundation
import Model
import Testing

/// MITRARR on this machine: the blueprint on folders of its own, its stand-ins, and a server to be killed.
final class Station {
  let folder = URL(filePath: NSTemporaryDirectory()).appending(path: "mitrarr-\(UUID().uuidString.prefix(8))")
  private let findface: StandIn
  private var server: Process?

  static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  static let blueprint = repository.appending(path: "blueprints/mitrarr")
  /// The release binary where it was built: two thousand files of a quarter of a megabyte are read by it.
  static let binary: URL = {
    let release = repository.appending(path: ".build/release/esteira")
    let isThere = FileManager.default.isExecutableFile(atPath: release.path)
    return isThere ? release : repository.appending(path: ".build/debug/esteira")
  }()
  private static let pipelines = [
    "distribute-findface", "normalize-batch", "nst-arrived", "purge-events", "canary",
  ]

  var inbox: URL { folder.appending(path: "srv/inbox") }
  var work: URL { folder.appending(path: "srv/work") }
  var done: URL { folder.appending(path: "srv/done") }
  var rejected: URL { folder.appending(path: "srv/rejected") }
  var duplicates: URL { work.appending(path: "duplicates") }
  var register: URL { folder.appending(path: "srv/register.db") }
  /// One line for each change that FindFace's stand-in made.
  var cards: URL { folder.appending(path: "findface.jsonl") }
  var store: URL { folder.appending(path: "data/esteira.db") }

  init() throws {
    let files = FileManager.default
    for place in ["srv/inbox", "srv/work/duplicates", "srv/done", "srv/rejected", "srv/requests/taken"] {
      try files.createDirectory(at: folder.appending(path: place), withIntermediateDirectories: true)
    }
    try files.createDirectory(
      at: folder.appending(path: "data"), withIntermediateDirectories: true,
      attributes: [.posixPermissions: 0o700])
    try "t0ken\n".write(to: folder.appending(path: "token"), atomically: true, encoding: .utf8)
    findface = try StandIn(
      "findface_server.py", "--token-file", folder.appending(path: "token").path, "--journal",
      folder.appending(path: "findface.jsonl").path)
    try copyBlueprint()
    try configure()
    try startServer()
    try connect()
    for name in Self.pipelines {
      _ = try esteira("pipeline", "apply", folder.appending(path: "mitrarr/\(name).yaml").path)
    }
  }

  deinit {
    if let server, server.isRunning { kill(server.processIdentifier, SIGKILL) }
    try? FileManager.default.removeItem(at: folder)
  }

  /// With its own folder in place of `/srv/mitrarr`, and less patience than an operator has.
  private func copyBlueprint() throws {
    let copy = folder.appending(path: "mitrarr")
    try FileManager.default.copyItem(at: Self.blueprint, to: copy)
    let changes = [
      ("/srv/mitrarr", folder.appending(path: "srv").path), ("stable_for: 5s", "stable_for: 1s"),
      ("wait: 10s", "wait: 1s"), ("delay: 1m", "delay: 1s"),
    ]
    for name in Self.pipelines {
      let file = copy.appending(path: "\(name).yaml")
      let text = try String(contentsOf: file, encoding: .utf8)
      let changed = changes.reduce(text) { $0.replacing($1.0, with: $1.1) }
      try changed.write(to: file, atomically: true, encoding: .utf8)
    }
  }

  /// What the operator grants, and the tables of the register.
  private func configure() throws {
    let text = """
      groups: {responsaveis: [ana]}
      roots: {mitrarr: [\(folder.appending(path: "srv").path)]}
      grants:
        mitrarr/purge-events: [{may: [pause, resume, export, purge], pipelines: [mitrarr/*]}]

      """
    try text.write(to: folder.appending(path: "data/esteira.yaml"), atomically: true, encoding: .utf8)
    let tables = Self.blueprint.appending(path: "apps/normalization/register.sql").path
    _ = try run("/usr/bin/sqlite3", register.path, ".read \(tables)")
  }

  private func connect() throws {
    let token = folder.appending(path: "token.json")
    try "{\"token\": \"t0ken\"}".write(to: token, atomically: true, encoding: .utf8)
    _ = try esteira(
      "credential", "set", "mitrarr/findface_token", "--type", "findface", "--from-file", token.path)
    let database = "\"kind\": \"sqlite\", \"address\": {\"path\": \"\(register.path)\"}"
    let documents = [
      "oracle_nist": database, "pg_mitrarr": database,
      "findface": """
      "kind": "http", "address": {"url": "\(findface.address)"}, "egress": {"allow": ["127.0.0.0/8"]},
        "credential": "findface_token"
      """,
    ]
    for (name, members) in documents.sorted(by: { $0.key < $1.key }) {
      let file = folder.appending(path: "connection.json")
      let text = "{\"namespace\": \"mitrarr\", \"name\": \"\(name)\", \(members)}"
      try text.write(to: file, atomically: true, encoding: .utf8)
      _ = try esteira("connection", "apply", file.path)
    }
  }

  /// Returns when it says that it is ready.
  private func startServer() throws {
    let (process, out) = (program(["server"]), Pipe())
    process.standardOutput = out
    try process.run()
    server = process
    var said = ""
    while !said.contains("Ready:") {
      let more = out.fileHandleForReading.availableData
      try #require(!more.isEmpty, "The server did not start: \(said)")
      said += String(decoding: more, as: UTF8.self)
    }
  }

  /// As a power failure would, and then the next start.
  func killServer() throws {
    let process = try #require(server)
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    #expect(process.terminationReason == .uncaughtSignal)
    try startServer()
  }

  func stopServer() {
    server?.terminate()
    server?.waitUntilExit()
  }

  /// Follows every job to its end, also those that begin meanwhile.
  func finishJobs() throws {
    while case let jobs = try sql("SELECT id FROM job_executions WHERE completed_at IS NULL", in: store),
      !jobs.isEmpty
    {
      for job in jobs { _ = try esteira(["job", "watch", job, "-q"], exits: [0, 8]) }
    }
  }

  /// One line a row, columns joined by `|`.
  func sql(_ statement: String, in database: URL) throws -> [String] {
    try run("/usr/bin/sqlite3", "-cmd", ".timeout 60000", database.path, statement).split(separator: "\n")
      .map(String.init)
  }

  func esteira(_ arguments: String...) throws -> String { try esteira(arguments) }

  func esteira(_ arguments: [String], exits: Set<Int32> = [0]) throws -> String {
    try Self.output(of: program(arguments), exits: exits)
  }

  /// A control path of FindFace's stand-in, such as `hold`.
  func findface(_ control: String) throws {
    _ = try run("/usr/bin/curl", "-sS", "-f", "-X", "POST", "-d", "{}", "\(findface.address)/__\(control)")
  }

  /// A job's own outputs, once it has ended well.
  func outputs(of job: String) throws -> JSON {
    _ = try esteira("job", "watch", job, "-q")
    return try #require(try JSON(parsing: esteira("job", "get", job, "-o", "json"))["outputs"])
  }

  /// Starts a job and gives its id.
  func start(_ pipeline: String, _ more: String...) throws -> String {
    try esteira(["job", "start", "mitrarr/\(pipeline)", "-o", "id"] + more)
      .trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// Lays down a request for a purge of the distribution, and gives the job that comes of it.
  func requestPurge() throws -> String {
    let folder = folder.appending(path: "srv/requests")
    let draft = folder.appending(path: ".draft")
    try UUID().uuidString.write(to: draft, atomically: true, encoding: .utf8)
    try FileManager.default.moveItem(at: draft, to: folder.appending(path: "distribute-findface.purge"))
    let query = "SELECT id FROM job_executions WHERE pipeline = 'purge-events'"
    while true {
      if let job = try sql(query, in: store).first { return job }
      poll(nil, 0, 20)
    }
  }

  func run(_ tool: String, _ arguments: String...) throws -> String {
    let process = Process()
    process.executableURL = URL(filePath: tool)
    process.arguments = arguments
    return try Self.output(of: process)
  }

  private static func output(of process: Process, exits: Set<Int32> = [0]) throws -> String {
    let out = Pipe()
    process.standardOutput = out
    try process.run()
    let bytes = out.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let text = String(decoding: bytes, as: UTF8.self)
    let words = process.arguments ?? []
    try #require(exits.contains(process.terminationStatus), "\(words): \(process.terminationStatus) \(text)")
    return text
  }

  private func program(_ arguments: [String]) -> Process {
    let process = Process()
    process.executableURL = Self.binary
    process.arguments = arguments
    process.environment = [
      "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "HOME": folder.path,
      "ESTEIRA_LANG": "en", "ESTEIRA_DATA": folder.appending(path: "data").path,
    ]
    return process
  }
}

/// A stand-in of the blueprint that serves until this value goes away.
final class StandIn {
  let address: String
  private let process = Process()

  /// Returns when it answers: its first line is its address.
  init(_ name: String, _ arguments: String...) throws {
    let out = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments =
      ["python3", "-B", Station.blueprint.appending(path: "apps/standins/\(name)").path] + arguments
    process.standardOutput = out
    process.standardError = FileHandle.nullDevice
    try process.run()
    let line = String(decoding: out.fileHandleForReading.availableData, as: UTF8.self)
    address = line.trimmingCharacters(in: .whitespacesAndNewlines)
    try #require(address.hasPrefix("http://127.0.0.1:"), "\(name) did not start.")
  }

  deinit {
    process.terminate()
    process.waitUntilExit()
  }
}

import Foundation
import Model
import Testing

/// A server of the release binary on a folder of its own, whose memory is read from outside.
///
/// The bounds are those of what people run. A debug binary keeps more and says nothing about it, so these
/// tests take `$ESTEIRA`, else `.build/release/esteira`, and are skipped where there is neither.
final class SizedServer {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path
  static let binary: String? = [
    ProcessInfo.processInfo.environment["ESTEIRA"], root + "/.build/release/esteira",
  ].compactMap { $0 }.first { FileManager.default.isExecutableFile(atPath: $0) }

  let folder: String
  private let binary: String
  private let process = Process()
  private let idle: Int
  private let idleCode: Int

  init() throws {
    binary = try #require(Self.binary)
    folder = NSTemporaryDirectory() + "esteira-size-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    process.executableURL = URL(filePath: binary)
    process.arguments = ["server", "--data", folder + "/data", "--lang", "en"]
    let data = ["ODBCINI": folder + "/odbc.ini"]
    process.environment = ProcessInfo.processInfo.environment.merging(data) { _, own in own }
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    var text = ""
    while !text.contains("Ready:") {
      let more = output.fileHandleForReading.availableData
      if more.isEmpty { throw SizeError("The server did not become ready: \(text)") }
      text += String(decoding: more, as: UTF8.self)
    }
    idle = try Self.memory(process.processIdentifier, "VmRSS")
    idleCode = try Self.memory(process.processIdentifier, "RssFile")
    // From now on the peak is that of the job. Where it cannot be reset, the start's own peak counts too.
    // That is only stricter, so a failure is none.
    try? Data("5".utf8).write(to: URL(filePath: "/proc/\(process.processIdentifier)/clear_refs"))
  }

  /// Ends the server and removes what it left.
  func stop() {
    process.terminate()
    process.waitUntilExit()
    try? FileManager.default.removeItem(atPath: folder)
  }

  /// Megabytes above the idle server, at the highest moment since it was ready. What has come in since of the
  /// files of the program itself is the page cache's, and no memory of a job: a server that has just started
  /// gives its code back.
  func peak() throws -> Double {
    let code = try Self.memory(process.processIdentifier, "RssFile") - idleCode
    return Double(try Self.memory(process.processIdentifier, "VmHWM") - idle - max(0, code)) / 1_024
  }

  /// How many rows a table has.
  func rows(_ table: String) throws -> Int {
    let query = Process()
    query.executableURL = URL(filePath: "/usr/bin/sqlite3")
    query.arguments = ["-readonly", folder + "/data/esteira.db", "SELECT count(*) FROM \(table)"]
    let output = Pipe()
    query.standardOutput = output
    try query.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    query.waitUntilExit()
    return try #require(Int(text.trimmingCharacters(in: .whitespacesAndNewlines)))
  }

  private static func memory(_ process: Int32, _ name: String) throws -> Int {
    let status = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
    let line = try #require(status.split(separator: "\n").first { $0.hasPrefix(name + ":") })
    return try #require(Int(line.split(separator: " ").dropLast().last ?? ""))
  }

  /// What a command prints; it must end well.
  @discardableResult
  func run(_ arguments: String...) throws -> [UInt8] {
    let command = Process()
    command.executableURL = URL(filePath: binary)
    command.arguments = arguments + ["--data", folder + "/data", "--lang", "en"]
    let (output, errors) = (Pipe(), folder + "/errors.txt")
    _ = FileManager.default.createFile(atPath: errors, contents: nil)
    command.standardOutput = output
    command.standardError = FileHandle(forWritingAtPath: errors)
    try command.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    command.waitUntilExit()
    if command.terminationStatus != 0 {
      let reason = try String(contentsOfFile: errors, encoding: .utf8)
      throw SizeError("\(arguments.joined(separator: " ")) exits \(command.terminationStatus): \(reason)")
    }
    return Array(data)
  }

  /// A connection `rows` to an empty SQLite, by itself or behind its driver of ODBC.
  func connectRows(_ kind: String, _ address: String) throws {
    let place = folder + "/data/folders/size/rows.db"
    try FileManager.default.createDirectory(
      atPath: folder + "/data/folders/size", withIntermediateDirectories: true)
    _ = FileManager.default.createFile(atPath: place, contents: nil)
    try "[rows]\nDriver=SQLite3\nDatabase=\(place)\n".write(
      toFile: folder + "/odbc.ini", atomically: true, encoding: .utf8)
    let file = folder + "/rows.yaml"
    try "namespace: size\nname: rows\nkind: \(kind)\naddress: {\(address)}\n".write(
      toFile: file, atomically: true, encoding: .utf8)
    try run("connection", "apply", file)
  }

  /// Applies a pipeline `size/work` with these lines and runs a job of it to its end.
  func perform(_ body: String) throws -> (id: String, outputs: JSON) {
    let file = folder + "/work.yaml"
    try "apiVersion: esteira/v1\nid: work\nnamespace: size\n\(body)".write(
      toFile: file, atomically: true, encoding: .utf8)
    try run("pipeline", "apply", file)
    let id = String(decoding: try run("job", "start", "size/work", "-o", "id"), as: UTF8.self)
      .trimmingCharacters(in: .whitespacesAndNewlines)
    try run("job", "watch", id, "-q")
    let job = try JSON(parsing: try run("job", "get", id, "-o", "json"))
    #expect(job["status"]?.string == "success")
    return (id, try #require(job["outputs"]))
  }
}

struct SizeError: Error, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}

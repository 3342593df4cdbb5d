import Foundation
import Model

/// What the release binary costs: its start, its memory while it does nothing, and a child process.
struct ProgramFigures {
  static let binary = FileManager.default.currentDirectoryPath + "/.build/release/esteira"
  static let starts = 9
  static let children = 40

  func report() throws {
    try reportStart()
    try reportChildren()
  }

  private func reportStart() throws {
    var (times, memory): ([Double], [Double]) = ([], [])
    for _ in 0..<Self.starts {
      _ = Folder.freshDatabase("server")
      let start = ContinuousClock.now
      let server = try server()
      times.append((ContinuousClock.now - start).inSeconds * 1_000)
      memory.append(try residentMegabytes(server.processIdentifier))
      server.terminate()
      server.waitUntilExit()
    }
    line("start_to_ready", median(times), "ms")
    line("idle_memory", median(memory), "MB")
  }

  /// A server on the folder `server`, once it says that it is ready.
  private func server() throws -> Process {
    let (server, output) = (Process(), Pipe())
    server.executableURL = URL(filePath: Self.binary)
    server.arguments = ["server", "--data", Folder.path + "/server/data", "--lang", "en"]
    server.standardOutput = output
    try server.run()
    var text = ""
    while !text.contains("Ready:") {
      let more = output.fileHandleForReading.availableData
      if more.isEmpty { throw BenchError("The server did not become ready: \(text)") }
      text += String(decoding: more, as: UTF8.self)
    }
    return server
  }

  private func residentMegabytes(_ process: Int32) throws -> Double {
    let status = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
    let words = line?.split(separator: " ") ?? []
    guard words.count == 3, let kilobytes = Double(words[1]) else { throw BenchError("There is no VmRSS.") }
    return kilobytes / 1_024
  }

  /// One after the other through `process.run`, from start to end as the job's history has them, beside the
  /// same program started by hand.
  private func reportChildren() throws {
    let folder = Folder.path + "/server"
    _ = Folder.freshDatabase("server")
    try FileManager.default.copyItem(atPath: "/bin/true", toPath: folder + "/true")
    var source = "apiVersion: esteira/v1\nid: spawn\nnamespace: bench\nsteps:\n"
    for step in 0..<Self.children {
      source += "  s\(step):\n    uses: process.run\n    idempotent: true\n    with: {program: \"true\"}\n"
      if step > 0 { source += "    needs: [s\(step - 1)]\n" }
    }
    try source.write(toFile: folder + "/spawn.yaml", atomically: true, encoding: .utf8)
    _ = try run("run", folder + "/spawn.yaml")
    let id = String(decoding: try run("job", "ls", "-o", "id"), as: UTF8.self)
      .trimmingCharacters(in: .whitespacesAndNewlines)
    let steps = try JSON(parsing: try run("job", "steps", id, "-o", "json")).array ?? []
    guard steps.count == Self.children else { throw BenchError("\(steps.count) steps were found.") }
    line("process_run", median(try steps.map(milliseconds)), "ms")
    line("process_by_hand", median(try (0..<Self.children).map { _ in try byHand(folder + "/true") }), "ms")
  }

  private func milliseconds(_ step: JSON) throws -> Double {
    guard let start = step["started_at"]?.string.flatMap({ Timestamp(rfc3339: $0) }),
      let end = step["ended_at"]?.string.flatMap({ Timestamp(rfc3339: $0) })
    else { throw BenchError("A step has no times: \(step.text)") }
    return Double(end.microseconds - start.microseconds) / 1_000
  }

  private func byHand(_ path: String) throws -> Double {
    let (process, start) = (Process(), ContinuousClock.now)
    process.executableURL = URL(filePath: path)
    try process.run()
    process.waitUntilExit()
    return (ContinuousClock.now - start).inSeconds * 1_000
  }

  private func run(_ arguments: String...) throws -> [UInt8] {
    let (command, output) = (Process(), Pipe())
    command.executableURL = URL(filePath: Self.binary)
    command.arguments = arguments + ["--data", Folder.path + "/server/data", "--lang", "en"]
    command.standardOutput = output
    command.standardError = FileHandle.nullDevice
    try command.run()
    let bytes = output.fileHandleForReading.readDataToEndOfFile()
    command.waitUntilExit()
    guard command.terminationStatus == 0 else {
      throw BenchError("\(arguments) exits \(command.terminationStatus).")
    }
    return Array(bytes)
  }
}

import Foundation
import Model

/// What the release binary costs: its start, its memory while it does nothing, and a child process.
struct ProgramFigures {
  static let binary = FileManager.default.currentDirectoryPath + "/.build/release/esteira"
  static let rounds = 9
  static let steps = 40

  func measure() throws -> [Figure] {
    let size = Double(Folder.size(Self.binary)) / 1_048_576
    return try starts() + [Figure("binary", "the release binary", size, "MB")] + (try children())
  }

  private func starts() throws -> [Figure] {
    var (times, memory): ([Double], [Double]) = ([], [])
    for _ in 0..<Self.rounds {
      _ = Folder.freshDatabase("server")
      let start = ContinuousClock.now
      let server = try server()
      times.append((ContinuousClock.now - start).inSeconds * 1_000)
      memory.append(try Child.residentBytes(of: server.processIdentifier) / 1_048_576)
      server.terminate()
      server.waitUntilExit()
    }
    return [
      Figure("idle_memory", "idle memory of the program", memory, "MB"),
      Figure("start_to_ready", "its start to ready", times, "ms"),
    ]
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

  /// One after the other through `process.run`, from start to end as the job's history has them, beside the
  /// same program started by hand.
  private func children() throws -> [Figure] {
    let folder = Folder.path + "/server"
    _ = Folder.freshDatabase("server")
    try FileManager.default.copyItem(atPath: "/bin/true", toPath: folder + "/true")
    var source = "apiVersion: esteira/v1\nid: spawn\nnamespace: bench\nsteps:\n"
    for step in 0..<Self.steps {
      source += "  s\(step):\n    uses: process.run\n    idempotent: true\n    with: {program: \"true\"}\n"
      if step > 0 { source += "    needs: [s\(step - 1)]\n" }
    }
    try source.write(toFile: folder + "/spawn.yaml", atomically: true, encoding: .utf8)
    _ = try run("run", folder + "/spawn.yaml")
    let id = String(decoding: try run("job", "ls", "-o", "id"), as: UTF8.self)
      .trimmingCharacters(in: .whitespacesAndNewlines)
    let steps = try JSON(parsing: try run("job", "steps", id, "-o", "json")).array ?? []
    guard steps.count == Self.steps else { throw BenchError("\(steps.count) steps were found.") }
    return [
      Figure("process_run", "a child process by process.run", try steps.map(milliseconds), "ms"),
      Figure(
        "process_by_hand", "the same program by hand",
        try (0..<Self.steps).map { _ in try byHand(folder + "/true") }, "ms"),
    ]
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

import Foundation
import Synchronization

/// A server of others that one of the scripts in `services` runs: it lives as long as this value, or this
/// process.
final class Service: Sendable {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  private static let repository = root.deletingLastPathComponent().deletingLastPathComponent()

  /// What it says first: its address, or its port.
  let greeting: String
  private let process: Process
  private let input = Pipe()
  private let output = Pipe()
  private let rest = Mutex<[UInt8]>([])

  /// Nil where it does not start.
  init?(_ script: String, _ arguments: [String] = [], python: String = "/usr/bin/python3") {
    process = Process()
    process.executableURL = URL(filePath: python)
    process.arguments = ["-B", Self.root.appending(path: "services/\(script)").path] + arguments
    (process.standardInput, process.standardOutput) = (input, output)
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return nil }
    let line = Self.line(output, rest)
    greeting = line ?? ""
    if line == nil { return nil }
  }

  deinit {
    // The script ends all that it started; it holds no lock of ours.
    try? input.fileHandleForWriting.close()
    process.waitUntilExit()
  }

  /// The next line that it writes; waits for it.
  func line() -> String? { Self.line(output, rest) }

  private static func line(_ output: Pipe, _ rest: borrowing Mutex<[UInt8]>) -> String? {
    while true {
      let found = rest.withLock { bytes -> String? in
        guard let end = bytes.firstIndex(of: 10) else { return nil }
        defer { bytes.removeSubrange(...end) }
        return String(decoding: bytes[..<end], as: UTF8.self)
      }
      if let found { return found }
      let more = output.fileHandleForReading.availableData
      if more.isEmpty { return nil }
      rest.withLock { $0 += more }
    }
  }

  /// Whether the system's Python has a module.
  static func hasModule(_ name: String, python: String = "/usr/bin/python3") -> Bool {
    run(python, ["-c", "import \(name)"])
  }

  static func run(_ program: String, _ arguments: [String]) -> Bool {
    let process = Process()
    (process.executableURL, process.arguments) = (URL(filePath: program), arguments)
    (process.standardOutput, process.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }

  /// A Python below .build that has what PyPI calls `package`, installed once; nil where that cannot be had.
  static func python(_ name: String, with package: String) -> String? {
    let place = repository.appending(path: ".build/\(name)")
    let (python, mark) = (place.appending(path: "bin/python"), place.appending(path: "installed"))
    if (try? String(contentsOf: mark, encoding: .utf8)) == package { return python.path }
    guard run("/usr/bin/env", ["python3", "-m", "venv", place.path]),
      run(python.path, ["-m", "pip", "install", "--quiet", package]),
      (try? package.write(to: mark, atomically: true, encoding: .utf8)) != nil
    else { return nil }
    return python.path
  }
}

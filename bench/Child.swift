import Foundation
import Model

/// Another process of this program, which says one line of JSON.
struct Child {
  private let said: JSON

  /// Starts it and waits for its line. `killed`: then it is killed, as a power cut would end it.
  static func run(_ arguments: String..., killed: Bool) throws -> Child {
    let (process, output) = (Process(), Pipe())
    process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
    process.arguments = ["child"] + arguments
    process.standardOutput = output
    try process.run()
    defer { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }
    guard let text = Lines(output.fileHandleForReading).next() else {
      throw BenchError("The process \(arguments[0]) ended without a word.")
    }
    if killed { kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
    return Child(said: try JSON(parsing: Array(text.utf8)))
  }

  func number(_ name: String) throws -> Double {
    if case .double(let value)? = said[name] { return value }
    guard let value = said[name]?.int else { throw BenchError("\(said.text) has no \(name).") }
    return Double(value)
  }

  /// Of the other side.
  static func say(_ json: JSON) {
    print(json.text)
    fflush(nil)
  }

  static func residentBytes(of process: Int32) throws -> Double {
    let status = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
    let words = line?.split(whereSeparator: \.isWhitespace) ?? []
    guard words.count == 3, let kilobytes = Double(words[1]) else { throw BenchError("There is no VmRSS.") }
    return kilobytes * 1_024
  }
}

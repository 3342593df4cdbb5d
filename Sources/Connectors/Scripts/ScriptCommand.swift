import CSystem
import Glibc
import Model

/// Which program runs, with which first arguments.
struct ScriptCommand: Hashable, Sendable {
  /// A name to look for in `PATH`, or an absolute path.
  var program: String
  var arguments: [String]

  /// Where `PATH` of a script begins, whatever the node's own is.
  static let searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

  static func shell(_ shell: String, script: String) -> ScriptCommand {
    shell == "sh"
      ? ScriptCommand(program: "sh", arguments: ["-e", script])
      : ScriptCommand(program: "bash", arguments: ["-eo", "pipefail", script])
  }

  static func python(script: String) -> ScriptCommand {
    ScriptCommand(program: "python3", arguments: ["-u", script])
  }

  /// By the file's own first line, else by its ending, else the file itself: a file beside a pipeline has no
  /// mode that could be relied upon. Blocks.
  static func file(_ path: String) throws(Failure) -> ScriptCommand {
    // A program of the machine may well be a link.
    guard Folders.isFile(path) else { throw .noProgram(path) }
    if let line = firstLine(of: path) {
      let words = line.split(separator: " ", maxSplits: 1).map(String.init)
      if let interpreter = words.first {
        return Self(program: interpreter, arguments: words.dropFirst() + [path])
      }
    }
    if path.hasSuffix(".py") { return .python(script: path) }
    if path.hasSuffix(".sh") { return .shell("bash", script: path) }
    guard access(path, X_OK) == 0 else {
      throw Failure(
        .configuration, code: "program-not-executable",
        "The program \(name(of: path)) has no #! line, no known ending and is not executable; begin it "
          + "with one."
      )
    }
    return ScriptCommand(program: path, arguments: [])
  }

  /// The program's absolute path. Blocks.
  func resolved(path: String) throws(Failure) -> String {
    if program.hasPrefix("/") {
      guard access(program, X_OK) == 0 else { throw .noProgram(program) }
      return program
    }
    for folder in path.split(separator: ":") {
      let candidate = "\(folder)/\(program)"
      if case .folder? = Folders.kind(of: candidate) { continue }
      if access(candidate, X_OK) == 0 { return candidate }
    }
    throw .noProgram(program)
  }

  private static func firstLine(of path: String) -> String? {
    let descriptor = esteira_open(path, O_RDONLY | O_CLOEXEC, 0)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 256)
    let count = read(descriptor, &bytes, bytes.count)
    guard count > 2, bytes.starts(with: Array("#!".utf8)),
      let end = bytes[..<count].firstIndex(of: UInt8(ascii: "\n"))
    else { return nil }
    let line = String(decoding: bytes[2..<end], as: UTF8.self).drop { $0 == " " }
    return line.hasSuffix("\r") ? String(line.dropLast()) : String(line)
  }

  private static func name(of path: String) -> Substring { path.split(separator: "/").last ?? "" }
}

extension Failure {
  static func noProgram(_ program: String) -> Failure {
    Failure(
      .configuration, code: "program-not-found",
      "There is no program `\(program)`: install it, or put the file beside the pipeline and apply again.")
  }
}

import Crypto
import Engine
import Glibc
import Model

/// The file `outcome`: a script's known end, from when it is complete until the engine has stored it. An
/// attempt that follows a crash of the node takes it from here instead of starting the script again.
///
/// Its first line is the SHA-256 of the rest: it is not synced, so after a power failure it may be there with
/// other bytes, and is then as good as absent. It holds the output in the clear, so it goes with the attempt.
enum ScriptOutcome {
  private static let sizeLimit = 8 << 20

  /// Blocks. An error is no failure of the attempt: the end is then only not known after a crash.
  static func write(_ result: Result<AttemptOutput, Failure>, to folder: String) {
    let json: JSON =
      switch result {
      case .success(let output):
        ["output": output.value, "artifacts": .array(output.artifacts.map(\.json))]
      case .failure(let failure):
        [
          "failure": [
            "class": .string(failure.errorClass.rawValue), "code": .string(failure.code),
            "message": .string(failure.message),
          ]
        ]
      }
    let bytes = json.serialized()
    let text = Array("\(SHA256.hex(bytes))\n".utf8) + bytes
    _ = AtomicFile.write(text, to: folder + "/outcome", durable: false)
  }

  /// Nil where no end is known. Blocks.
  static func read(from folder: String) -> Result<AttemptOutput, Failure>? {
    guard let text = SmallFile.read(folder + "/outcome", limit: sizeLimit),
      let border = text.firstIndex(of: UInt8(ascii: "\n")), case let bytes = Array(text[(border + 1)...]),
      text[..<border].elementsEqual(SHA256.hex(bytes).utf8),
      case .success(let json) = Result(catching: { () throws(JSONError) in try JSON(parsing: bytes) })
    else { return nil }
    if let output = json["output"] {
      let handles = (json["artifacts"]?.array ?? []).compactMap(ArtifactHandle.init)
      return .success(AttemptOutput(output, artifacts: handles))
    }
    guard let failure = json["failure"], let word = failure["class"]?.string,
      let errorClass = ErrorClass(rawValue: word)
    else { return nil }
    return .failure(
      Failure(errorClass, code: failure["code"]?.string ?? "", failure["message"]?.string ?? ""))
  }
}

extension ChildProcesses {
  /// Removes the end that a script's attempt left in a step execution's process folder; what tells whether
  /// its processes live stays. Blocks for the removal of one name.
  public static func removeOutcome(below folder: String, attempt number: Int) {
    unlink("\(PreviousChildren.recordFolder(below: folder, attempt: number))/outcome")
  }
}

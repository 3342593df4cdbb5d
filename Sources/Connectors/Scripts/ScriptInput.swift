import Engine
import Glibc
import Model

/// `with` of a script, read once.
struct ScriptInput: Sendable {
  enum Source: Sendable, Hashable {
    /// The script itself.
    case run(String)
    /// A file beside the pipeline, by its relative path, or an absolute path of the system.
    case program(String)
  }

  enum PlacedFile: Sendable, Hashable {
    case besidePipeline(String)
    case artifact(ArtifactHandle)
  }

  var source: Source
  var arguments: [String]
  var environment: [(name: String, value: String)]
  var data: JSON
  var files: [(name: String, file: PlacedFile)]
  var input: JSON?
  /// Name and `artifact` or a type's word.
  var outputs: [(name: String, type: String)]
  /// `bash` or `sh`.
  var shell: String

  init(_ with: JSON) throws(Failure) {
    switch (with["run"]?.string, with["program"]?.string) {
    case (let run?, nil): source = .run(run)
    case (nil, let program?): source = .program(program)
    case (_?, _?), (nil, nil):
      throw Failure(
        .configuration, code: "invalid-with", "A script has either `run` or `program`, and not both.")
    }
    arguments = (with["arguments"]?.array ?? []).map(Self.plain)
    environment = try Self.environment(with["env"]?.object ?? JSONObject())
    data = with["data"] ?? .null
    files = []
    for member in with["files"]?.object ?? JSONObject() {
      files.append((member.key, try Self.file(member.key, member.value)))
    }
    input = with["stdin"]
    outputs = (with["outputs"]?.object ?? JSONObject()).map { ($0.key, $0.value.string ?? "") }
    shell = with["shell"]?.string ?? "bash"
  }

  /// Text as it is; anything else as JSON.
  static func plain(_ value: JSON) -> String { value.string ?? value.text }

  private static func environment(_ members: JSONObject) throws(Failure) -> [(name: String, value: String)] {
    var pairs: [(name: String, value: String)] = []
    for member in members {
      guard isEnvironmentName(member.key), !member.key.hasPrefix("ESTEIRA_") else {
        throw Failure(
          .configuration, code: "invalid-with",
          "`env` may not name `\(member.key)`: a name has letters, digits and `_`, and ESTEIRA_ is taken.")
      }
      let value = plain(member.value)
      guard !value.utf8.contains(0) else {
        throw Failure(
          .data, code: "invalid-with",
          "`env.\(member.key)` holds a NUL character, which no environment can carry; hand it over in `data`."
        )
      }
      pairs.append((member.key, value))
    }
    return pairs
  }

  static func isEnvironmentName(_ name: String) -> Bool {
    guard let first = name.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
      return false
    }
    return name.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
        true
      default: false
      }
    }
  }

  private static func file(_ name: String, _ value: JSON) throws(Failure) -> PlacedFile {
    guard RelativePath.isSafe(name) else {
      throw Failure(
        .configuration, code: "unsafe-path",
        "`files` may not hold the name `\(name)`: it leads out of the folder.")
    }
    if let handle = ArtifactHandle(value) { return .artifact(handle) }
    if let path = value.string, RelativePath.isSafe(path) { return .besidePipeline(path) }
    throw Failure(
      .configuration, code: "unsafe-path",
      "`files.\(name)` is neither the path of a file beside the pipeline nor an artifact.")
  }
}

/// Paths that stay below the folder they are relative to.
enum RelativePath {
  static func isSafe(_ path: String) -> Bool {
    guard !path.isEmpty, path.utf8.count <= 1_024, !path.utf8.contains(0) else { return false }
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    return parts.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
  }
}

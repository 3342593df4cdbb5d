import Engine
import Glibc
import Model

/// Turns what a script left behind into the attempt's output.
struct ScriptResult {
  let input: ScriptInput
  let folder: ScriptFolder
  let services: AttemptServices

  static let outputLimit = 4 << 20
  static let artifactLimit = 1_000
  private static let taken = ["exit_code", "stdout", "stderr", "truncated", "artifacts"]

  /// `{exit_code, stdout, stderr, artifacts, …the object of ESTEIRA_OUTPUT}`.
  func output(_ capture: StreamCapture) async throws(Failure) -> AttemptOutput {
    let object = try await OwnThread.run { () throws(Failure) in try writtenObject() }
    let artifacts = try await storeArtifacts()
    let (output, errors) = (capture.output, capture.errors)
    var value = JSONObject([
      ("exit_code", 0), ("stdout", .string(output.text)), ("stderr", .string(errors.text)),
    ])
    if output.isTruncated || errors.isTruncated { value["truncated"] = true }
    value["artifacts"] = .object(JSONObject(artifacts.map { ($0.name, $0.json) }))
    for member in object { value[member.key] = member.value }
    try addDeclared(to: &value, artifacts)
    return AttemptOutput(.object(value), artifacts: artifacts)
  }

  /// Empty where the script wrote nothing there. Blocks.
  private func writtenObject() throws(Failure) -> JSONObject {
    guard case .file(let size)? = Folders.kind(of: folder.output), size > 0 else { return JSONObject() }
    guard size <= Self.outputLimit, let bytes = SmallFile.read(folder.output, limit: Self.outputLimit) else {
      throw Failure(
        .outputTooLarge, code: "output-too-large",
        "The script wrote \(size) bytes to ESTEIRA_OUTPUT, more than 4 MiB: write a file to "
          + "ESTEIRA_ARTIFACTS instead."
      )
    }
    let json: JSON
    do throws(JSONError) { json = try JSON(parsing: bytes) } catch {
      throw Failure(
        .data, code: "invalid-output",
        "ESTEIRA_OUTPUT is not JSON: line \(error.line), column \(error.column): \(error.message.english)")
    }
    guard let object = json.object else {
      throw Failure(.data, code: "invalid-output", "ESTEIRA_OUTPUT holds a JSON \(json.kind), not an object.")
    }
    if let key = object.keys.first(where: { Self.taken.contains($0) }) {
      throw Failure(
        .data, code: "invalid-output",
        "ESTEIRA_OUTPUT may not hold `\(key)`, which every script has; rename it.")
    }
    return object
  }

  /// Every plain file in ESTEIRA_ARTIFACTS, by its path in it.
  private func storeArtifacts() async throws(Failure) -> [ArtifactHandle] {
    let root = folder.artifacts
    let names = await OwnThread.run { Self.files(below: root, prefix: "") }
    guard names.count <= Self.artifactLimit else {
      throw Failure(
        .outputTooLarge, code: "too-many-artifacts",
        "The script left \(names.count) files in ESTEIRA_ARTIFACTS, more than \(Self.artifactLimit); "
          + "pack them."
      )
    }
    var handles: [ArtifactHandle] = []
    for name in names {
      handles.append(try await services.storeArtifact(name, "\(root)/\(name)", MediaType.of(name)))
    }
    return handles
  }

  /// Links are left out: they could lead anywhere.
  static func files(below root: String, prefix: String) -> [String] {
    var found: [String] = []
    for name in Folders.names(in: root + "/" + prefix) where found.count <= artifactLimit {
      let path = prefix + name
      switch Folders.kind(of: "\(root)/\(path)") {
      case .file?: found.append(path)
      case .folder?: found += files(below: root, prefix: path + "/")
      case .other?, nil: break
      }
    }
    return found
  }

  /// `outputs` declares members: artifacts by name or name with an ending, and what the object must hold.
  private func addDeclared(to value: inout JSONObject, _ artifacts: [ArtifactHandle]) throws(Failure) {
    for (name, type) in input.outputs {
      if type == "artifact" {
        let matching = artifacts.filter { $0.name == name || $0.name.hasPrefix(name + ".") }
        guard matching.count == 1 else {
          throw Failure(
            .data, code: "missing-output",
            "`outputs` declares the artifact `\(name)`; ESTEIRA_ARTIFACTS holds \(matching.count) files "
              + "of that name."
          )
        }
        value[name] = matching[0].json
      } else if !Self.agrees(value[name], with: type) {
        let found = value[name].map(\.kind) ?? "nothing"
        throw Failure(
          .data, code: "missing-output",
          "`outputs` declares `\(name)` as \(type); ESTEIRA_OUTPUT holds \(found) there.")
      }
    }
  }

  private static func agrees(_ value: JSON?, with type: String) -> Bool {
    switch value {
    case .string: type == "string"
    case .bool: type == "boolean"
    case .int: type == "integer" || type == "number"
    case .double: type == "number"
    case .array: type == "array"
    case .object: type == "object"
    case .null, nil: false
    }
  }
}

/// Media types by the ending of a name.
enum MediaType {
  static func of(_ name: String) -> String {
    let ending = name.lastIndex(of: ".").map { name[name.index(after: $0)...].lowercased() } ?? ""
    return known.first { $0.ending == ending }?.type ?? "application/octet-stream"
  }

  private static let known: [(ending: String, type: String)] = [
    ("json", "application/json"), ("csv", "text/csv"), ("txt", "text/plain"), ("log", "text/plain"),
    ("html", "text/html"), ("xml", "application/xml"), ("pdf", "application/pdf"), ("png", "image/png"),
    ("jpg", "image/jpeg"), ("jpeg", "image/jpeg"), ("zip", "application/zip"), ("gz", "application/gzip"),
    ("yaml", "application/yaml"), ("yml", "application/yaml"), ("parquet", "application/vnd.apache.parquet"),
    ("jsonl", "application/jsonl"), ("ndjson", "application/x-ndjson"), ("md", "text/markdown"),
  ]
}

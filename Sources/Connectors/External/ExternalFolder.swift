import CSystem
import Engine
import Glibc
import Model

/// The places of one attempt of a program: those of a script, with the artifacts of `with` in `files`.
struct ExternalFolder: Sendable {
  let root: String
  /// The current folder of the program, and its HOME.
  var work: String { root + "/work" }
  var artifacts: String { root + "/artifacts" }
  var files: String { root + "/files" }
  /// `with`, for level 0.
  var data: String { root + "/data.json" }
  /// What level 0 leaves behind.
  var output: String { root + "/output.json" }

  /// Blocks.
  func make(_ with: JSON) throws(Failure) {
    for folder in [work, artifacts, files] where !Folders.make(folder) { throw .workFolder(errno) }
    guard AtomicFile.write(with.serialized(), to: data, durable: false) else { throw .workFolder(errno) }
  }

  /// Every artifact that `with` names, each under its hash.
  func fetchArtifacts(of with: JSON, _ services: AttemptServices) async throws(Failure) {
    var handles: [String] = []
    Self.collect(with, into: &handles)
    guard handles.count <= ProtocolLimits.inputArtifacts else {
      throw Failure(
        .data, code: "too-many-artifacts",
        "`with` names \(handles.count) artifacts, more than \(ProtocolLimits.inputArtifacts); pack them.")
    }
    for sha256 in Set(handles).sorted() {
      try await services.fetchArtifact(sha256, "\(files)/\(sha256)")
    }
  }

  private static func collect(_ json: JSON, into handles: inout [String]) {
    if let handle = ArtifactHandle(json) {
      handles.append(handle.sha256)
      return
    }
    switch json {
    case .array(let elements): for element in elements { collect(element, into: &handles) }
    case .object(let members): for member in members { collect(member.value, into: &handles) }
    case .null, .bool, .int, .double, .string: break
    }
  }

  /// The object that a program of level 0 wrote; empty where it wrote nothing. Blocks.
  func writtenObject() throws(Failure) -> JSONObject {
    guard case .file(let size)? = Folders.kind(of: output), size > 0 else { return JSONObject() }
    guard size <= ProtocolLimits.output, let bytes = SmallFile.read(output, limit: ProtocolLimits.output)
    else {
      throw .largeOutput(Int(size))
    }
    do throws(JSONError) {
      if let object = try JSON(parsing: bytes).object { return object }
    } catch {
      throw Failure(
        .data, code: "invalid-output",
        "ESTEIRA_OUTPUT is not JSON: line \(error.line), column \(error.column): \(error.message.english)")
    }
    throw Failure(.data, code: "invalid-output", "ESTEIRA_OUTPUT holds no JSON object.")
  }

  /// Every plain file in ESTEIRA_ARTIFACTS, by its path in it.
  func storeArtifacts(
    _ types: [String: String], _ services: AttemptServices
  ) async throws(Failure) -> [ArtifactHandle] {
    let root = artifacts
    let names = await OwnThread.run { ScriptResult.files(below: root, prefix: "") }
    guard names.count <= ProtocolLimits.artifacts else {
      throw Failure(
        .outputTooLarge, code: "too-many-artifacts",
        "The connector left \(names.count) files in ESTEIRA_ARTIFACTS, more than "
          + "\(ProtocolLimits.artifacts); pack them.")
    }
    if let missing = types.keys.sorted().first(where: { !names.contains($0) }) {
      throw Failure(
        .configuration, code: "connector-protocol",
        "The connector broke the protocol: it named `\(missing)`, which is not in ESTEIRA_ARTIFACTS.")
    }
    var handles: [ArtifactHandle] = []
    for name in names {
      handles.append(
        try await services.storeArtifact(name, "\(root)/\(name)", types[name] ?? MediaType.of(name)))
    }
    return handles
  }

  /// `{artifact: NAME}` in an output becomes the handle of the artifact of that name.
  static func naming(_ json: JSON, _ handles: [ArtifactHandle]) -> JSON {
    switch json {
    case .array(let elements): return .array(elements.map { naming($0, handles) })
    case .object(let members):
      if members.count == 1, let name = members["artifact"]?.string,
        let handle = handles.first(where: { ScalarString($0.name) == ScalarString(name) })
      {
        return handle.json
      }
      return .object(JSONObject(members.map { ($0.key, naming($0.value, handles)) }))
    case .null, .bool, .int, .double, .string: return json
    }
  }
}

extension Failure {
  static func largeOutput(_ size: Int) -> Failure {
    Failure(
      .outputTooLarge, code: "output-too-large",
      "The connector's output has \(size) bytes, more than 4 MiB: write a file to ESTEIRA_ARTIFACTS instead.")
  }
}

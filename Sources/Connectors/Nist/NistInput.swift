import Engine
import Model

/// The file that a step of `nist.*` names: a path below a root, or an artifact.
struct NistInput: Sendable {
  var name: String
  var bytes: [UInt8]

  static let limit = NistLimits().fileSize

  static func load(_ attempt: Attempt) async throws(Failure) -> NistInput {
    if let path = attempt.with["file"]?.string {
      let roots = attempt.services.roots
      return try await OwnThread.run { () throws(Failure) in try read(path, in: roots) }
    }
    guard let handle = attempt.with["file"].flatMap(ArtifactHandle.init) else {
      throw Failure(
        .configuration, code: "invalid-with", "`file` must be a path or the handle of an artifact.")
    }
    guard handle.size <= Int64(limit) else { throw .nistTooLarge(handle.name) }
    let copy = attempt.services.workFolder + "/nist-source"
    try await attempt.services.fetchArtifact(handle.sha256, copy)
    return try await OwnThread.run { () throws(Failure) in
      guard let bytes = SmallFile.read(copy, limit: limit) else {
        throw .workFolder(SystemError.Number.last.value)
      }
      return NistInput(name: handle.name, bytes: bytes)
    }
  }

  /// Blocks.
  private static func read(_ path: String, in roots: FileRoots) throws(Failure) -> NistInput {
    let place = try RootedPath(path, in: roots)
    let name = try place.fileName()
    let file = try place.file()
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: OpenFile.chunk)
    while bytes.count <= limit {
      let count: Int
      do throws(SystemError.Number) { count = try file.read(into: &chunk) } catch {
        throw .file(error, place.shown)
      }
      if count == 0 { return NistInput(name: name, bytes: bytes) }
      bytes.append(contentsOf: chunk[..<count])
    }
    throw .nistTooLarge(path)
  }
}

extension Failure {
  fileprivate static func nistTooLarge(_ name: String) -> Failure {
    Failure(
      .data, code: "file-too-large",
      "The file `\(name.prefix(200))` is larger than \(NistInput.limit >> 20) MiB, the most that is read.")
  }
}

import Crypto
import Engine
import Glibc
import Model

/// Puts one object into its folder so that a reader finds the old one or the new one, never a half. Blocks.
struct ObjectWriter: Sendable {
  let object: StoredObject
  /// The same for each attempt, so that a later one takes away what an earlier one left.
  let stepKey: String
  var contentType: String
  var metadata: JSONObject

  enum Body: Sendable {
    case bytes([UInt8])
    /// In the work folder.
    case file(String)
  }

  /// Gives what the metadata say. All is on the disk when it returns.
  func put(_ body: Body, _ flag: CancelFlag) throws(Failure) -> ObjectMetadata {
    guard let folder = try object.parent(making: true) else { throw .objectFolder(ENOENT) }
    var incoming = try begin(object.key, in: folder)
    switch body {
    case .bytes(let bytes):
      do throws(SystemError.Number) { try incoming.write(bytes) } catch { throw .objectFolder(error.value) }
    case .file(let path):
      let source: OpenFile
      do throws(SystemError.Number) { source = try .own(path) } catch { throw .workFolder(error.value) }
      try incoming.copy(source, "the artifact", flag) { .objectFolder($0.value) }
    }
    let digest = incoming.digest()
    let facts = ObjectMetadata(
      sha256: digest.sha256, size: digest.size, contentType: contentType, metadata: metadata)
    var beside = try begin(object.key + ObjectFolder.metadataEnding, in: folder)
    do throws(SystemError.Number) {
      try refuseFolder(in: folder)
      // The metadata come first, so no new object is without them; they name the hash of their object, so a
      // reader between the two, or after a crash there, does not take them for those of the old one.
      try beside.write(facts.json.serialized())
      try beside.place(as: object.metadataName)
      try incoming.place(as: object.name)
    } catch { throw .objectFolder(error.value) }
    return facts
  }

  private func begin(_ key: String, in folder: borrowing OpenFolder) throws(Failure) -> IncomingFile {
    do throws(SystemError.Number) {
      return try IncomingFile(in: try folder.again(), key: "\(stepKey)\n\(object.folder.bucket)\n\(key)")
    } catch { throw .objectFolder(error.value) }
  }

  /// Before its metadata are written, which would stay behind.
  private func refuseFolder(in folder: borrowing OpenFolder) throws(SystemError.Number) {
    if try folder.status(of: object.name)?.kind == .folder { throw SystemError.Number(EISDIR) }
  }
}

extension Failure {
  /// `ENOSPC` and the like may pass; a name that is in the way, or a folder that is not ours, does not.
  static func objectFolder(_ number: Int32) -> Failure {
    let isLasting = [EACCES, EPERM, EROFS, ENOTDIR, EISDIR, EEXIST, ENAMETOOLONG, ELOOP].contains(number)
    return Failure(
      isLasting ? .configuration : .transient, code: "object-store",
      "The folder of the objects cannot be used: \(SystemError.text(number)).")
  }
}

import CSystem
import Crypto
import Engine
import Glibc
import Model

/// Puts one object into its folder so that a reader finds the old one or the new one, never a half. Blocks.
struct ObjectWriter: Sendable {
  let folder: ObjectFolder
  let key: String
  /// Made from the step's key, so that a second attempt writes over what the first one left.
  let temporary: String

  init(_ folder: ObjectFolder, key: String, stepKey: String) {
    (self.folder, self.key) = (folder, key)
    temporary = "\(folder.folder)/.#\(SHA256.hex(Array("\(stepKey)\n\(key)".utf8)).prefix(32))"
  }

  func begin() throws(Failure) {
    guard Folders.make(folder.folder) else { throw .objectFolder(errno) }
    try folder.refuseLinks(key)
    unlink(temporary)
  }

  func write(_ bytes: [UInt8]) throws(Failure) {
    let file = esteira_open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw .objectFolder(errno) }
    defer { close(file) }
    guard AtomicFile.writeAll(bytes, to: file) else { throw .objectFolder(errno) }
  }

  /// Makes the written file the object; gives what its metadata say. All is on the disk when it returns.
  func finish(contentType: String, metadata: JSONObject) throws(Failure) -> ObjectMetadata {
    let path = try folder.path(of: key)
    let (sha256, size) = try synced()
    let parent = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? folder.folder
    guard Folders.make(parent) else { throw .objectFolder(errno) }
    let facts = ObjectMetadata(sha256: sha256, size: size, contentType: contentType, metadata: metadata)
    // The metadata come first, so no new object is without them; they name the hash of their object, so a
    // reader between the two, or after a crash there, does not take them for those of the old one.
    guard AtomicFile.write(facts.json.serialized(), to: path + ObjectFolder.metadataEnding, durable: true),
      rename(temporary, path) == 0
    else { throw .objectFolder(errno) }
    try syncFolders(from: parent)
    return facts
  }

  private func synced() throws(Failure) -> (sha256: String, size: Int64) {
    let file = esteira_open(temporary, O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0)
    guard file >= 0 else { throw .objectFolder(errno) }
    defer { close(file) }
    guard let hashed = FileHash.read(file), fsync(file) == 0 else { throw .objectFolder(errno) }
    return hashed
  }

  /// A new folder is only there after a power failure if the one above it was synced.
  private func syncFolders(from parent: String) throws(Failure) {
    var path = parent
    while path.utf8.count >= folder.root.utf8.count {
      guard AtomicFile.syncFolder(of: path + "/.") else { throw .objectFolder(errno) }
      guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return }
      path = String(path[..<slash])
    }
  }
}

/// The SHA-256 and the length of an open file. Blocks.
enum FileHash {
  static func read(_ file: Int32) -> (sha256: String, size: Int64)? {
    var hash = SHA256()
    var chunk = [UInt8](repeating: 0, count: 1 << 18)
    var size: Int64 = 0
    while true {
      let count = Glibc.read(file, &chunk, chunk.count)
      if count < 0 { return nil }
      if count == 0 { return (Hex.encode(hash.finish()), size) }
      hash.update(chunk, 0..<count)
      size += Int64(count)
    }
  }
}

extension Failure {
  /// `ENOSPC` and the like may pass; a name that is in the way, or a folder that is not ours, does not.
  static func objectFolder(_ number: Int32) -> Failure {
    let isLasting = [EACCES, EPERM, EROFS, ENOTDIR, EISDIR, EEXIST, ENAMETOOLONG, ELOOP].contains(number)
    return Failure(
      isLasting ? .configuration : .transient, code: "object-store",
      "The folder of the objects cannot be written: \(SystemError.text(number)).")
  }
}

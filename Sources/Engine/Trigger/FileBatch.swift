internal import Crypto
public import Model

/// A file that a trigger has taken, as `trigger.files` shows it.
public struct ArrivedFile: Sendable, Hashable {
  /// Where it lies once it is claimed.
  public var path: String
  /// The name under which it arrived.
  public var name: String
  /// Of its content.
  public var sha256: String
  public var size: Int64
  public var modifiedAt: Timestamp
  /// Where it arrived.
  public var originalPath: String

  public init(
    path: String, name: String, sha256: String, size: Int64, modifiedAt: Timestamp, originalPath: String
  ) {
    (self.path, self.name, self.sha256) = (path, name, sha256)
    (self.size, self.modifiedAt, self.originalPath) = (size, modifiedAt, originalPath)
  }

  public var json: JSON {
    [
      "path": .string(path), "name": .string(name), "sha256": .string(sha256), "size": .int(size),
      "modified_at": .string(modifiedAt.rfc3339), "original_path": .string(originalPath),
    ]
  }

  /// Nil for what `json` does not write.
  public init?(_ json: JSON) {
    guard let path = json["path"]?.string, let name = json["name"]?.string,
      let sha256 = json["sha256"]?.string, let size = json["size"]?.int,
      let modifiedAt = json["modified_at"]?.string.flatMap(Timestamp.init(rfc3339:)),
      let originalPath = json["original_path"]?.string
    else { return nil }
    self.init(
      path: path, name: name, sha256: sha256, size: size, modifiedAt: modifiedAt, originalPath: originalPath)
  }
}

/// The files of one job.
public struct FileBatch: Sendable, Hashable {
  /// Stays the same when files are dropped from it.
  public let id: String
  public var files: [ArrivedFile]

  public init(id: String, files: [ArrivedFile]) { (self.id, self.files) = (id, files) }

  /// The SHA-256 over the hashes of the contents, sorted, a line each: the same contents give the same one,
  /// whatever their names and order.
  public var sha256: String {
    SHA256.hex(Array(files.map(\.sha256).sorted().map { $0 + "\n" }.joined().utf8))
  }

  public var json: JSON {
    ["id": .string(id), "sha256": .string(sha256), "files": .array(files.map(\.json))]
  }

  /// Nil for what `json` does not write.
  public init?(_ json: JSON) {
    guard let id = json["id"]?.string, let items = json["files"]?.array else { return nil }
    let files = items.compactMap(ArrivedFile.init)
    guard files.count == items.count else { return nil }
    self.init(id: id, files: files)
    guard json["sha256"]?.string == sha256 else { return nil }
  }
}

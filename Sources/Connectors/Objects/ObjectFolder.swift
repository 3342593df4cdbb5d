import CSystem
import Engine
import Glibc
import Model

/// A bucket that is a folder: `<root>/<bucket>/<key>`, with the metadata of each object in `<key>.meta`.
struct ObjectFolder: Sendable {
  let root: String
  let bucket: String

  static let metadataEnding = ".meta"
  static let keyLimit = 1_024
  private static let nameLimit = 250

  /// The connection's `path`, or the data folder's own place for this namespace.
  init(_ attempt: Attempt, bucket: String) throws(Failure) {
    guard Self.isName(bucket) else { throw .unsafeKey(bucket) }
    self.bucket = bucket
    guard let connection = attempt.connection else {
      root = "\(attempt.services.objectsFolder)/\(attempt.namespace)"
      return
    }
    guard let path = connection.address["path"] else {
      root = "\(attempt.services.objectsFolder)/\(attempt.namespace)"
      return
    }
    guard let path = path.string, path.hasPrefix("/") else {
      throw Failure(
        .configuration, code: "invalid-connection",
        "The connection `\(connection.name)` needs `path`, an absolute path of a folder.")
    }
    root = path
  }

  var folder: String { "\(root)/\(bucket)" }

  /// The object's path, once its key is known to stay in the bucket and not to pose as metadata.
  func path(of key: String) throws(Failure) -> String {
    let parts = key.split(separator: "/", omittingEmptySubsequences: false)
    guard key.utf8.count <= Self.keyLimit, parts.allSatisfy({ Self.isName(String($0)) }),
      !key.hasSuffix(Self.metadataEnding)
    else { throw .unsafeKey(key) }
    return "\(folder)/\(key)"
  }

  /// No link below the root may lead an object elsewhere. Blocks.
  func refuseLinks(_ key: String) throws(Failure) {
    var path = root
    for part in ([bucket] + key.split(separator: "/").map(String.init)) {
      path += "/\(part)"
      if case .other? = Folders.kind(of: path) { throw .unsafeKey(key) }
    }
  }

  private static func isName(_ part: String) -> Bool {
    !part.isEmpty && part != "." && part != ".." && !part.hasPrefix(".#") && part.utf8.count <= nameLimit
      && part.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "/") }
  }
}

/// What `<key>.meta` holds.
struct ObjectMetadata: Sendable, Hashable {
  var sha256: String
  var size: Int64
  var contentType: String
  var metadata: JSONObject

  var json: JSON {
    [
      "sha256": .string(sha256), "size": .int(size), "content_type": .string(contentType),
      "metadata": .object(metadata),
    ]
  }

  init(sha256: String, size: Int64, contentType: String, metadata: JSONObject) {
    (self.sha256, self.size, self.contentType, self.metadata) = (sha256, size, contentType, metadata)
  }

  /// Nil where there is none or it is not ours. Blocks.
  static func read(besides path: String) -> ObjectMetadata? {
    guard let bytes = SmallFile.read(path + ObjectFolder.metadataEnding, limit: 1 << 20),
      case .success(let json) = Result(catching: { () throws(JSONError) in try JSON(parsing: bytes) }),
      let sha256 = json["sha256"]?.string, let size = json["size"]?.int,
      let contentType = json["content_type"]?.string
    else { return nil }
    return Self(
      sha256: sha256, size: size, contentType: contentType, metadata: json["metadata"]?.object ?? JSONObject()
    )
  }
}

extension Failure {
  static func unsafeKey(_ key: String) -> Failure {
    Failure(
      .data, code: "unsafe-path",
      "The object name `\(key.prefix(200))` is not allowed: no empty part, `.`, `..`, link, control "
        + "character "
        + "or ending `.meta`, and at most 1,024 bytes.")
  }
}

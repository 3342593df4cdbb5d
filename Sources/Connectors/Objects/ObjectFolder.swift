import Engine
import Glibc
import Model

/// A bucket that is a folder: `<root>/<bucket>/<key>`, with the metadata of each object in `<key>.meta`.
struct ObjectFolder: Sendable {
  let bucket: String
  private let root: String
  private let data: String
  /// The connection that names the root; nil where it is the data folder's own place for this namespace.
  private let connection: String?

  static let metadataEnding = ".meta"
  static let keyLimit = 1_024
  private static let nameLimit = 250

  /// Looks at the names alone, not yet at the disk.
  init(_ attempt: Attempt, bucket: String) throws(Failure) {
    guard Self.isName(bucket) else { throw .unsafeKey(bucket) }
    self.bucket = bucket
    let objects = attempt.services.objectsFolder
    data = Self.above(objects) ?? objects
    guard let connection = attempt.connection, let address = connection.address["path"] else {
      (root, self.connection) = ("\(objects)/\(attempt.namespace)", nil)
      return
    }
    let path = address.string ?? ""
    let parts = path.utf8.split(separator: UInt8(ascii: "/"))
    guard path.utf8.first == UInt8(ascii: "/"), !path.utf8.contains(0),
      !parts.contains(where: { $0.elementsEqual("..".utf8) })
    else {
      throw Failure(
        .configuration, code: "invalid-connection",
        "The connection `\(connection.name)` needs `path`, an absolute path of a folder, without `..`.")
    }
    root = "/" + parts.map { String(Substring($0)) }.joined(separator: "/")
    self.connection = connection.name
  }

  /// The object, once its key is known to stay in the bucket and not to pose as metadata.
  func object(_ key: String) throws(Failure) -> StoredObject {
    let parts = key.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
      .map { String(Substring($0)) }
    guard key.utf8.count <= Self.keyLimit, let name = parts.last, parts.allSatisfy(Self.isName),
      !Self.isMetadata(key)
    else { throw .unsafeKey(key) }
    return StoredObject(
      folder: self, key: key, name: name, parents: Array(parts.dropLast()),
      location: "\(root)/\(bucket)/\(key)")
  }

  static func isMetadata(_ key: String) -> Bool {
    key.utf8.suffix(metadataEnding.utf8.count).elementsEqual(metadataEnding.utf8)
  }

  private static func isName(_ part: String) -> Bool {
    !part.isEmpty && part != "." && part != ".." && !IncomingFile.isUnderWay(part)
      && part.utf8.count <= nameLimit
      && part.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "/") }
  }

  private static func above(_ path: String) -> String? {
    path.utf8.lastIndex(of: UInt8(ascii: "/")).map { $0 > path.startIndex ? String(path[..<$0]) : "/" }
  }
}

// The disk.
extension ObjectFolder {
  /// The folder below the bucket; nil where there is none. No link below the root leads elsewhere: each is
  /// refused in terms of `key`. `making`: what is missing is made, and stays so when the power fails. Blocks.
  func open(_ parents: [String] = [], for key: String, making: Bool = false) throws(Failure) -> OpenFolder? {
    guard var folder = try openRoot(making: making) else { return nil }
    for name in [bucket] + parents {
      do throws(SystemError.Number) {
        if making {
          try folder.makeFolder(name)
          try folder.sync()
        }
        folder = try folder.folder(name)
      } catch {
        try folder.refuseLink(name, key)
        if !making, Self.isAbsence(error) { return nil }
        throw .objectFolder(error.value)
      }
    }
    return folder
  }

  private static func isAbsence(_ error: SystemError.Number) -> Bool {
    error.value == ENOENT || error.value == ENOTDIR
  }

  private func openRoot(making: Bool) throws(Failure) -> OpenFolder? {
    // Before anything is made, and also where nothing is there to be found.
    if connection != nil { try refuseData(nearest()) }
    if making, !Folders.make(root, durable: true) { throw .objectFolder(errno) }
    let opened: OpenFolder
    do throws(SystemError.Number) { opened = try .open(root) } catch {
      if !making, Self.isAbsence(error) { return nil }
      throw .objectFolder(error.value)
    }
    try refuseData(opened, root: true)
    return opened
  }

  /// The deepest folder on the way to the root that is there already.
  private func nearest() throws(Failure) -> OpenFolder {
    var path = root
    while true {
      do throws(SystemError.Number) { return try .open(path) } catch {
        guard Self.isAbsence(error), let above = Self.above(path) else { throw .objectFolder(error.value) }
        path = above
      }
    }
  }

  /// Whoever could read the data folder by a key would hold its master key. `root`: keys reach all that is in
  /// it, so the data folder may not lie in it either.
  private func refuseData(_ folder: borrowing OpenFolder, root: Bool = false) throws(Failure) {
    guard let connection else { return }
    let isClose: Bool
    do throws(SystemError.Number) {
      let own = try OpenFolder.open(data)
      let isBelow = try folder.isWithin(own)
      let isAbove = root ? try own.isWithin(folder) : false
      isClose = isBelow || isAbove
    } catch { throw .objectFolder(error.value) }
    guard isClose else { return }
    throw Failure(
      .configuration, code: "invalid-connection",
      "The `path` of the connection `\(connection)` and the node's data folder lie in one another; name a "
        + "folder beside it.")
  }
}

/// One object, which may not be there.
struct StoredObject: Sendable {
  let folder: ObjectFolder
  let key: String
  /// The last part of the key.
  let name: String
  fileprivate let parents: [String]
  /// The file's path, for people and other programs.
  let location: String

  var metadataName: String { name + ObjectFolder.metadataEnding }

  /// The folder that holds it, or would; nil where there is none. Blocks.
  func parent(making: Bool = false) throws(Failure) -> OpenFolder? {
    guard let parent = try folder.open(parents, for: key, making: making) else { return nil }
    try parent.refuseLink(name, key)
    return parent
  }
}

extension OpenFolder {
  /// Links, devices and the like are never part of an object's way.
  fileprivate func refuseLink(_ name: String, _ key: String) throws(Failure) {
    let kind: FileStatus.Kind?
    do throws(SystemError.Number) { kind = try status(of: name)?.kind } catch {
      throw .objectFolder(error.value)
    }
    if kind == .link || kind == .other { throw .unsafeKey(key) }
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
  static func read(_ object: StoredObject, in folder: borrowing OpenFolder, _ flag: CancelFlag) -> Self? {
    var bytes: [UInt8] = []
    // Whatever is wrong with it, the object itself is whole without it.
    guard let file = try? folder.file(object.metadataName),
      (try? file.forEachUnchanged(object.key, flag) { piece, count throws(Failure) in
        guard bytes.count + count <= sizeLimit else { throw .unsafeKey(object.key) }
        bytes += piece[..<count]
      }) != nil
    else { return nil }
    return Self(bytes)
  }

  private static let sizeLimit = 1 << 20

  private init?(_ bytes: [UInt8]) {
    guard case .success(let json) = Result(catching: { () throws(JSONError) in try JSON(parsing: bytes) }),
      let sha256 = json["sha256"]?.string, let size = json["size"]?.int,
      let contentType = json["content_type"]?.string
    else { return nil }
    self.init(
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

import Crypto
import Engine
import Glibc
import Model

/// A path that a pipeline wrote, as a place below one of the roots it was granted. What it names is found by
/// walking from the root, folder by folder, without following a link.
struct RootedPath: Sendable {
  let root: FileRoots.Root
  /// Below the namespace's own folder, which is the node's alone.
  let isOwn: Bool
  /// From the root down; empty for the root itself.
  let parts: [String]
  /// As it would be written: absolute, or relative to the namespace's own folder.
  let shown: String
  /// Ends with a slash: a folder, whether or not it is there.
  let isFolder: Bool

  static let lengthLimit = 4_096
  static let nameLimit = 255

  init(_ path: String, in roots: FileRoots, writing: Bool = false) throws(Failure) {
    guard path.utf8.count <= Self.lengthLimit, path.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
      throw .unsafeFile(path, "has a control character or more than 4,096 bytes")
    }
    guard let (root, rest) = roots.place(of: path) else { throw .outsideRoots(path) }
    let parts = rest.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }
    guard parts.allSatisfy({ $0.utf8.count <= Self.nameLimit }) else {
      throw .unsafeFile(path, "has a name of more than 255 bytes")
    }
    if writing, !root.isWritable {
      throw Failure(
        .configuration, code: "read-only-root",
        "`\(path)` lies in \(root.path), which \(Self.file) grants for reading only.")
    }
    (self.root, self.parts) = (root, parts)
    isOwn = root.path == roots.own
    isFolder = path.utf8.last == UInt8(ascii: "/")
    let isAbsolute = path.utf8.first == UInt8(ascii: "/")
    shown = (isAbsolute ? [root.path] + parts : parts).joined(separator: "/")
  }

  private init(_ folder: RootedPath, _ name: String) {
    (root, isOwn, parts) = (folder.root, folder.isOwn, folder.parts + [name])
    (shown, isFolder) = (folder.shown.isEmpty ? name : "\(folder.shown)/\(name)", false)
  }

  private static let file = "esteira.yaml"

  var name: String? { parts.last }
  var absolute: String { ([root.path] + parts).joined(separator: "/") }

  func child(_ name: String) -> RootedPath { RootedPath(self, name) }

  func sibling(_ name: String) -> RootedPath {
    let folder = shown.utf8.lastIndex(of: UInt8(ascii: "/")).map { shown[..<$0] } ?? ""
    return RootedPath(
      self, parts: parts.dropLast() + [name], shown: folder.isEmpty ? name : "\(folder)/\(name)")
  }

  private init(_ other: RootedPath, parts: [String], shown: String) {
    (root, isOwn, self.parts) = (other.root, other.isOwn, parts)
    (self.shown, isFolder) = (shown, false)
  }

  func isSame(as other: RootedPath) -> Bool {
    root.path == other.root.path && parts.map { ScalarString($0) } == other.parts.map { ScalarString($0) }
  }

  /// For what is done to a whole folder: it must not reach into another root, which may be for reading only,
  /// nor take one away. Links at roots are followed, as they are when a root is opened. Blocks.
  func refuseInnerRoots(of roots: FileRoots) throws(Failure) {
    let inside = ([Folders.canonical(root.path)] + parts).joined(separator: "/") + "/"
    for inner in roots.all where Folders.canonical(inner.path).utf8.starts(with: inside.utf8) {
      guard inner.isWritable else {
        throw Failure(
          .configuration, code: "read-only-root",
          "`\(shown)` holds the root \(inner.path), which \(Self.file) grants for reading only.")
      }
      throw .unsafeFile(shown, "holds the root \(inner.path), which stays as it is")
    }
  }

  /// The name, where a root itself will not do.
  func fileName() throws(Failure) -> String {
    guard let name = parts.last else { throw .unsafeFile(shown, "names a whole root, which stays as it is") }
    return name
  }

  /// The folder that this names. Blocks.
  func folder(making: Bool = false) throws(Failure) -> OpenFolder { try walk(parts, making: making) }

  /// The folder that holds what this names. Blocks.
  func parent(making: Bool = false) throws(Failure) -> OpenFolder {
    try walk(parts.dropLast(), making: making)
  }

  /// The plain file that this names. Blocks.
  func file() throws(Failure) -> OpenFile {
    let name = try fileName()
    let parent = try parent()
    do throws(SystemError.Number) { return try parent.file(name) } catch { throw .file(error, shown) }
  }

  private func walk(_ names: some Sequence<String>, making: Bool) throws(Failure) -> OpenFolder {
    var folder = try openRoot()
    for name in names {
      do throws(SystemError.Number) {
        if making, try folder.status(of: name) == nil {
          try folder.makeFolder(name)
          try folder.sync()
        }
        folder = try folder.folder(name)
      } catch {
        if let kind = try? folder.status(of: name)?.kind, kind == .link { throw .link(shown, name) }
        throw .file(error, shown)
      }
    }
    return folder
  }

  private func openRoot() throws(Failure) -> OpenFolder {
    if isOwn, !Folders.make(root.path, durable: true) { throw .root(SystemError.Number.last, root.path) }
    do throws(SystemError.Number) { return try .open(root.path, isPrivate: isOwn) } catch {
      throw .root(error, root.path)
    }
  }
}

extension Failure {
  static func outsideRoots(_ path: String) -> Failure {
    Failure(
      .configuration, code: "outside-roots",
      "`\(path.prefix(300))` lies in no folder of this namespace; esteira.yaml grants others under `roots`.")
  }

  static func unsafeFile(_ path: String, _ reason: String) -> Failure {
    Failure(.data, code: "unsafe-path", "The path `\(path.prefix(300))` \(reason).")
  }

  static func link(_ path: String, _ name: String) -> Failure {
    Failure(
      .data, code: "not-a-file", "In `\(path.prefix(300))`, `\(name)` is a link; links are not followed.")
  }

  /// Of the root itself: where it is missing or closed, only the operator can help.
  static func root(_ error: SystemError.Number, _ path: String) -> Failure {
    guard [ENOENT, EACCES, EPERM, ENOTDIR, ELOOP, EROFS].contains(error.value) else {
      return .file(error, path)
    }
    return Failure(
      .configuration, code: "file-access",
      "The root \(path) cannot be opened: \(SystemError.text(error.value)).")
  }

  static func changed(_ path: String) -> Failure {
    Failure(.transient, code: "file-changed", "`\(path.prefix(300))` changed while it was read.")
  }

  /// What the system said of a path below a root.
  static func file(_ error: SystemError.Number, _ path: String) -> Failure {
    let path = path.prefix(300)
    switch error.value {
    case ENOENT: return Failure(.data, code: "file-not-found", "There is no `\(path)`.")
    case EISDIR: return Failure(.data, code: "not-a-file", "`\(path)` is a folder, where a file is needed.")
    case ELOOP:
      return Failure(
        .data, code: "not-a-file",
        "`\(path)` is no plain file: links, devices, sockets and pipes are refused.")
    case ENOTDIR:
      return Failure(.data, code: "not-a-folder", "In `\(path)` stands a file where a folder is needed.")
    case ENOTEMPTY:
      return Failure(.data, code: "folder-not-empty", "The folder `\(path)` is not empty.")
    case EEXIST: return Failure(.data, code: "file-exists", "`\(path)` is there already.")
    case EACCES, EPERM, EROFS, ENAMETOOLONG, EINVAL:
      return Failure(
        .configuration, code: "file-access", "`\(path)` is not allowed: \(SystemError.text(error.value)).")
    default:
      return Failure(
        .transient, code: "file-system", "`\(path)` could not be used: \(SystemError.text(error.value)).")
    }
  }

  /// Calls the system and says what it refuses in terms of the path.
  static func of<Result>(
    _ path: String, _ work: () throws(SystemError.Number) -> Result
  ) throws(Failure) -> Result {
    do throws(SystemError.Number) { return try work() } catch { throw .file(error, path) }
  }
}

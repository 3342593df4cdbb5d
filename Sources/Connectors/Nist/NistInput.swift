import CSystem
import Engine
import Glibc
import Model

/// An open descriptor of a folder or file below a root. Blocks: not for the shared threads.
struct NistDescriptor: ~Copyable {
  let number: Int32
  deinit { close(number) }

  /// The root itself may be a link: the operator named it.
  init(root: String) throws(SystemError.Number) {
    number = esteira_open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)
    guard number >= 0 else { throw SystemError.Number(errno) }
  }

  /// One name in a folder, and never what a link of that name leads to.
  init(_ name: String, in folder: borrowing NistDescriptor, _ flags: Int32) throws(SystemError.Number) {
    number = openat(folder.number, name, flags | O_NOFOLLOW | O_CLOEXEC, 0o644)
    guard number >= 0 else { throw SystemError.Number(errno) }
  }

  /// Through folders that are no links.
  static func folder(_ parts: some Sequence<Substring>, below root: String) throws(SystemError.Number)
    -> NistDescriptor
  {
    var folder = try NistDescriptor(root: root)
    for part in parts {
      let name = String(part)
      do throws(SystemError.Number) {
        folder = try NistDescriptor(name, in: folder, O_RDONLY | O_DIRECTORY)
      } catch {
        // The system says of a link what it says of a file; people want to know which.
        throw error.value == ENOTDIR && folder.hasLink(name) ? SystemError.Number(ELOOP) : error
      }
    }
    return folder
  }

  private borrowing func hasLink(_ name: String) -> Bool {
    var status = stat()
    return fstatat(number, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && status.st_mode & S_IFMT == S_IFLNK
  }

  /// Nil where it is no plain file.
  var size: Int? {
    var status = stat()
    guard fstat(number, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return Int(status.st_size)
  }

  /// At most `limit` bytes and one.
  func read(upTo limit: Int) throws(SystemError.Number) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(min(size ?? 0, limit) + 1)
    var chunk = [UInt8](repeating: 0, count: 1 << 18)
    while bytes.count <= limit {
      let count = Glibc.read(number, &chunk, min(chunk.count, limit + 1 - bytes.count))
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw SystemError.Number(errno) }
      if count == 0 { break }
      bytes.append(contentsOf: chunk[..<count])
    }
    return bytes
  }
}

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
    let bytes = await OwnThread.run { SmallFile.read(copy, limit: limit) }
    guard let bytes else { throw .workFolder(errno) }
    return NistInput(name: handle.name, bytes: bytes)
  }

  /// Blocks.
  private static func read(_ path: String, in roots: FileRoots) throws(Failure) -> NistInput {
    guard let place = roots.place(of: path) else { throw .outsideRoots(path) }
    let parts = place.rest.split(separator: "/")
    guard let name = parts.last else { throw .noPlainFile(path) }
    do throws(SystemError.Number) {
      let folder = try NistDescriptor.folder(parts.dropLast(), below: place.root.path)
      // A pipe without a writer would hold the thread for ever.
      let file = try NistDescriptor(String(name), in: folder, O_RDONLY | O_NONBLOCK)
      guard let size = file.size else { throw SystemError.Number(EISDIR) }
      let bytes = size > limit ? nil : try file.read(upTo: limit)
      guard let bytes, bytes.count <= limit else { throw SystemError.Number(EFBIG) }
      return NistInput(name: String(name), bytes: bytes)
    } catch { throw .nistFile(path, error.value) }
  }
}

extension Failure {
  static func outsideRoots(_ path: String) -> Failure {
    Failure(
      .data, code: "unsafe-path",
      "The path `\(path.prefix(200))` leads out of the folders that this namespace may use: name one below a "
        + "root of `esteira.yaml`.")
  }

  fileprivate static func noPlainFile(_ path: String) -> Failure {
    Failure(.data, code: "unsafe-path", "`\(path.prefix(200))` is no plain file, or a link is in its path.")
  }

  fileprivate static func nistTooLarge(_ name: String) -> Failure {
    Failure(
      .data, code: "file-too-large",
      "The file `\(name.prefix(200))` is larger than \(NistInput.limit >> 20) MiB, the most that is read.")
  }

  /// What the system says of a file that is to be read.
  fileprivate static func nistFile(_ path: String, _ number: Int32) -> Failure {
    switch number {
    case EISDIR, ELOOP, ENXIO: noPlainFile(path)
    case EFBIG: nistTooLarge(path)
    case ENOENT, ENOTDIR, EACCES, ENAMETOOLONG:
      Failure(
        .data, code: "file-not-found",
        "The file `\(path.prefix(200))` cannot be read: \(SystemError.text(number)).")
    case _:
      Failure(
        .transient, code: "file-unreadable",
        "The file `\(path.prefix(200))` cannot be read now: \(SystemError.text(number)).")
    }
  }
}

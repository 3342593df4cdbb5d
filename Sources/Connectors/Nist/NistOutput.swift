import CSystem
import Crypto
import Engine
import Glibc
import Model

/// Puts a file into a folder below a root: whole or not at all, also after the power fails, and never over
/// another file. Blocks: not for the shared threads.
struct NistOutput: Sendable {
  var folder: String
  var name: String
  var stepKey: String
  private static let nameLimit = 200

  /// The whole path. A file of the same content is taken for ours, which an earlier attempt left there.
  func write(_ bytes: [UInt8], in roots: FileRoots) throws(Failure) -> String {
    guard let place = roots.place(of: folder) else { throw .outsideRoots(folder) }
    guard Self.isName(name) else {
      throw Failure(
        .data, code: "unsafe-path",
        "The file name `\(name.prefix(200))` is not allowed: no `/`, no control character, no point at the "
          + "beginning, and at most \(Self.nameLimit) bytes.")
    }
    guard place.root.isWritable else {
      throw Failure(
        .configuration, code: "root-read-only",
        "Files below `\(place.root.path)` may only be read: `esteira.yaml` does not grant writing there.")
    }
    let parts = place.rest.split(separator: "/")
    let path = ([place.root.path[...]] + parts + [name[...]]).joined(separator: "/")
    // The namespace's own folder may never have been used.
    if place.root.path == roots.own { _ = Folders.make(place.root.path) }
    do throws(SystemError.Number) {
      let folder = try NistDescriptor.folder(parts, below: place.root.path)
      try put(bytes, into: folder)
    } catch { throw failure(error.value, path) }
    return path
  }

  private func put(_ bytes: [UInt8], into folder: borrowing NistDescriptor) throws(SystemError.Number) {
    let temporary = ".#\(SHA256.hex(Array("\(stepKey)\n\(name)".utf8)).prefix(32))"
    unlinkat(folder.number, temporary, 0)
    let file = try NistDescriptor(temporary, in: folder, O_WRONLY | O_CREAT | O_EXCL)
    defer { unlinkat(folder.number, temporary, 0) }
    guard AtomicFile.writeAll(bytes, to: file.number), fsync(file.number) == 0 else {
      throw SystemError.Number(errno)
    }
    // A rename would replace a file that came there meanwhile; a second name does not.
    if linkat(folder.number, temporary, folder.number, name, 0) != 0 {
      guard errno == EEXIST, try isThere(bytes, in: folder) else { throw SystemError.Number(errno) }
    }
    guard fsync(folder.number) == 0 else { throw SystemError.Number(errno) }
  }

  /// `EEXIST` stays in `errno` where another content is there.
  private func isThere(
    _ bytes: [UInt8], in folder: borrowing NistDescriptor
  ) throws(SystemError.Number) -> Bool {
    let file: NistDescriptor
    do throws(SystemError.Number) {
      file = try NistDescriptor(name, in: folder, O_RDONLY | O_NONBLOCK)
    } catch { throw SystemError.Number(error.value == ELOOP ? EEXIST : error.value) }
    guard file.size == bytes.count, try file.read(upTo: bytes.count) == bytes else {
      throw SystemError.Number(EEXIST)
    }
    return true
  }

  private static func isName(_ name: String) -> Bool {
    !name.isEmpty && !name.hasPrefix(".") && name.utf8.count <= nameLimit
      && name.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "/") }
  }

  private func failure(_ number: Int32, _ path: String) -> Failure {
    switch number {
    case EEXIST:
      Failure(
        .data, code: "file-exists",
        "The file `\(path)` is there already with another content, and is not replaced.")
    case ENOENT, ENOTDIR:
      Failure(.data, code: "file-not-found", "The folder `\(folder.prefix(200))` is not there.")
    case ELOOP:
      Failure(.data, code: "unsafe-path", "A link is in the path `\(path)`.")
    case EACCES, EPERM, EROFS:
      Failure(
        .configuration, code: "cannot-write", "`\(path)` cannot be written: \(SystemError.text(number)).")
    case _:
      Failure(.transient, code: "cannot-write", "`\(path)` cannot be written: \(SystemError.text(number)).")
    }
  }
}

import CSystem
import Glibc
import Synchronization

/// Reads whole files of a known bound. Blocks: not for the shared threads.
enum SmallFile {
  /// Nil where it cannot be read or is longer than `limit` bytes.
  static func read(_ path: String, limit: Int) -> [UInt8]? {
    let descriptor = esteira_open(path, O_RDONLY | O_CLOEXEC, 0)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = Glibc.read(descriptor, &chunk, chunk.count)
      if count < 0 { return nil }
      if count == 0 { return bytes }
      bytes.append(contentsOf: chunk[..<count])
      if bytes.count > limit { return nil }
    }
  }
}

/// Writes a file so that it is there whole or not at all. Blocks: not for the shared threads.
package enum AtomicFile {
  /// `durable`: also after the power fails, file and name alike. False on any error, whose `errno` is kept.
  static func write(_ bytes: [UInt8], to path: String, durable: Bool) -> Bool {
    let temporary = temporaryPath(besides: path)
    let descriptor = esteira_open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { return false }
    let isWritten = writeAll(bytes, to: descriptor) && (!durable || fsync(descriptor) == 0)
    close(descriptor)
    guard isWritten, rename(temporary, path) == 0 else {
      let reason = errno
      unlink(temporary)
      errno = reason
      return false
    }
    return !durable || syncFolder(of: path)
  }

  private static let count = Atomic<UInt64>(0)

  /// Another one each time: two may write one file at once, and the last rename wins.
  static func temporaryPath(besides path: String) -> String {
    let border = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
    let number = count.wrappingAdd(1, ordering: .relaxed).newValue
    return "\(path[..<border]).#\(path[border...]).\(getpid()).\(number)"
  }

  /// False on an error, whose `errno` is kept.
  package static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    bytes.withUnsafeBytes { buffer in
      var rest = buffer[...]
      while !rest.isEmpty {
        let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        if count < 0, errno == EINTR { continue }
        if count <= 0 { return false }
        rest = rest.dropFirst(count)
      }
      return true
    }
  }

  static func syncFolder(of path: String) -> Bool {
    let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    let descriptor = esteira_open(folder.isEmpty ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return fsync(descriptor) == 0
  }
}

/// Folders. Blocks: not for the shared threads.
enum Folders {
  /// Makes the folder and those above it, for their owner alone. True also where it was there already.
  /// `durable`: the names of those that are made stay when the power fails.
  static func make(_ path: String, durable: Bool = false) -> Bool {
    if makeOne(path, durable) { return true }
    guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return false }
    return make(String(path[..<slash]), durable: durable) && makeOne(path, durable)
  }

  private static func makeOne(_ path: String, _ durable: Bool) -> Bool {
    guard mkdir(path, 0o700) == 0 else { return errno == EEXIST }
    // Nobody can sync a folder that may only be written to.
    return !durable || AtomicFile.syncFolder(of: path) || errno == EACCES
  }

  /// The path without links; as it is where it leads to nothing.
  static func canonical(_ path: String) -> String {
    guard let found = realpath(path, nil) else { return path }
    defer { free(found) }
    return String(cString: found)
  }

  /// The names in a folder, sorted by their bytes, without `.` and `..`; empty where it cannot be read.
  static func names(in path: String) -> [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let next = readdir(folder) {
      let name = withUnsafePointer(to: &next.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// One of our own; that it is gone already is as good.
  static func remove(file path: String) { unlink(path) }

  enum Kind {
    case file(size: Int64)
    case folder, other
  }

  /// Whether a plain file is there, also by way of links.
  static func isFile(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }

  /// Of the name itself: a link is `other`. Nil where there is nothing.
  static func kind(of path: String) -> Kind? {
    var status = stat()
    guard lstat(path, &status) == 0 else { return nil }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return .file(size: Int64(status.st_size))
    case S_IFDIR: return .folder
    default: return .other
    }
  }
}

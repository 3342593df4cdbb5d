internal import Glibc

/// What the system said when a file could not be used.
struct FileError: Error, Hashable, CustomStringConvertible {
  var call: String
  var path: String
  var number: CInt

  var isMissing: Bool { number == ENOENT }
  /// No room on the disk, which may pass.
  var isFull: Bool { number == ENOSPC || number == EDQUOT }
  var description: String { "\(call) \(path): \(String(cString: strerror(number)))" }
}

/// An open file, closed exactly once. Its calls block.
struct File: ~Copyable {
  let path: String
  private let descriptor: CInt

  private init(path: String, descriptor: CInt) { (self.path, self.descriptor) = (path, descriptor) }

  deinit { close(descriptor) }

  enum Mode {
    case read
    /// Makes the file; it is an error when it is there.
    case create
    /// Makes the file where it is missing; reads and writes.
    case update
    /// Makes the file where it is missing; writes behind what is there.
    case append

    fileprivate var flags: CInt {
      switch self {
      case .read: O_RDONLY
      case .create: O_RDWR | O_CREAT | O_EXCL
      case .update: O_RDWR | O_CREAT
      case .append: O_WRONLY | O_CREAT | O_APPEND
      }
    }
  }

  static func open(_ path: String, _ mode: Mode) throws(FileError) -> File {
    let descriptor = Glibc.open(path, mode.flags | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw FileError(call: "open", path: path, number: errno) }
    return File(path: path, descriptor: descriptor)
  }

  /// Replaces `bytes` by the next at most `limit`; false at the end of the file.
  func read(into bytes: inout [UInt8], limit: Int) throws(FileError) -> Bool {
    if bytes.count < limit { bytes += repeatElement(0, count: limit - bytes.count) }
    var total = 0
    while total < limit {
      let count = bytes.withUnsafeMutableBytes {
        Glibc.read(descriptor, $0.baseAddress?.advanced(by: total), limit - total)
      }
      if count < 0 && errno == EINTR { continue }
      if count < 0 { throw FileError(call: "read", path: path, number: errno) }
      if count == 0 { break }
      total += count
    }
    bytes.removeLast(bytes.count - total)
    return total > 0
  }

  func write(_ bytes: [UInt8]) throws(FileError) {
    var total = 0
    while total < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.write(descriptor, $0.baseAddress?.advanced(by: total), bytes.count - total)
      }
      if count < 0 && errno == EINTR { continue }
      if count < 0 { throw FileError(call: "write", path: path, number: errno) }
      total += count
    }
  }

  /// Returns when the bytes are on the disk.
  func sync() throws(FileError) {
    if fsync(descriptor) != 0 { throw FileError(call: "fsync", path: path, number: errno) }
  }

  /// The next read begins at this byte.
  func seek(to offset: Int64) throws(FileError) {
    guard lseek(descriptor, off_t(offset), SEEK_SET) >= 0 else {
      throw FileError(call: "lseek", path: path, number: errno)
    }
  }

  /// Cuts the file and goes on at its new end.
  func truncate(to size: Int64) throws(FileError) {
    guard ftruncate(descriptor, off_t(size)) == 0, lseek(descriptor, off_t(size), SEEK_SET) >= 0 else {
      throw FileError(call: "ftruncate", path: path, number: errno)
    }
  }

  func size() throws(FileError) -> Int64 {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileError(call: "fstat", path: path, number: errno) }
    return Int64(status.st_size)
  }
}

/// Calls on paths. A folder is made for its owner alone.
enum Folder {
  /// Makes the folder and those above it, where they are missing. The names of those that it makes are on the
  /// disk when it returns: a file is as durable as the way to it.
  static func make(_ path: String) throws(FileError) {
    if mkdir(path, 0o700) == 0 { return try syncName(of: path) }
    if errno == EEXIST { return }
    guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
      throw FileError(call: "mkdir", path: path, number: errno)
    }
    try make(String(path[..<slash]))
    if mkdir(path, 0o700) != 0 && errno != EEXIST {
      throw FileError(call: "mkdir", path: path, number: errno)
    }
    try syncName(of: path)
  }

  /// Returns when the name of this folder is on the disk.
  static func syncName(of path: String) throws(FileError) {
    let above = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
    do {
      try sync(above)
    } catch {
      // Nobody can sync a folder that may only be written to.
      if error.number != EACCES { throw error }
    }
  }

  /// Returns when the names in the folder are on the disk.
  static func sync(_ path: String) throws(FileError) { try File.open(path, .read).sync() }

  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// Gives the file its name for good; a file that had the name is replaced.
  static func rename(_ path: String, to target: String) throws(FileError) {
    if Glibc.rename(path, target) != 0 { throw FileError(call: "rename", path: path, number: errno) }
  }

  /// A file that is not there is no error.
  static func remove(_ path: String) throws(FileError) {
    if unlink(path) != 0 && errno != ENOENT { throw FileError(call: "unlink", path: path, number: errno) }
  }

  static func limitToOwner(_ path: String) throws(FileError) {
    if chmod(path, 0o700) != 0 { throw FileError(call: "chmod", path: path, number: errno) }
  }

  static func mode(of path: String) throws(FileError) -> UInt32 {
    var status = stat()
    guard stat(path, &status) == 0 else { throw FileError(call: "stat", path: path, number: errno) }
    return status.st_mode & 0o7777
  }
}

import CSystem
import Crypto
import Glibc

/// An open plain file. Blocks: not for the shared threads.
struct OpenFile: ~Copyable {
  /// For a wrapper of a C library that owns this file.
  let descriptor: Int32
  static let chunk = 1 << 18

  deinit { close(descriptor) }

  /// One of our own places, such as a file in the work folder.
  static func own(_ path: String) throws(SystemError.Number) -> OpenFile {
    let found = esteira_open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC, 0)
    guard found >= 0 else { throw .last }
    return OpenFile(descriptor: found)
  }

  static func newOwn(_ path: String) throws(SystemError.Number) -> OpenFile {
    let made = esteira_open(path, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard made >= 0 else { throw .last }
    return OpenFile(descriptor: made)
  }

  /// One of our own that is written on at its end.
  static func grown(_ path: String) throws(SystemError.Number) -> OpenFile {
    let found = esteira_open(path, O_RDWR | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0)
    guard found >= 0 else { throw .last }
    return OpenFile(descriptor: found)
  }

  func ends(with bytes: [UInt8], size: Int64) throws(SystemError.Number) -> Bool {
    var end = [UInt8](repeating: 0, count: bytes.count)
    let count = pread(descriptor, &end, end.count, off_t(max(0, size - Int64(bytes.count))))
    guard count >= 0 else { throw .last }
    return count == bytes.count && end == bytes
  }

  func status() throws(SystemError.Number) -> FileStatus {
    var found = stat()
    guard fstat(descriptor, &found) == 0 else { throw .last }
    return FileStatus(found)
  }

  /// Fills the buffer as far as it goes; 0 at the end of the file.
  func read(into buffer: inout [UInt8]) throws(SystemError.Number) -> Int {
    while true {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count >= 0 { return count }
      if errno != EINTR { throw .last }
    }
  }

  func write(_ bytes: ArraySlice<UInt8>) throws(SystemError.Number) {
    let isWritten = bytes.withUnsafeBytes { buffer in
      var rest = buffer[...]
      while !rest.isEmpty {
        let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        if count < 0, errno == EINTR { continue }
        if count <= 0 { return false }
        rest = rest.dropFirst(count)
      }
      return true
    }
    guard isWritten else { throw .last }
  }

  func setPermissions(_ permissions: mode_t) throws(SystemError.Number) {
    guard fchmod(descriptor, permissions) == 0 else { throw .last }
  }

  func sync() throws(SystemError.Number) { guard fsync(descriptor) == 0 else { throw .last } }
}

/// The hash and length of what went by.
struct Digest: Sendable, Hashable {
  var sha256: String
  var size: Int64
}

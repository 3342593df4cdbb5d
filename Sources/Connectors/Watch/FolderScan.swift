import CSystem
import Glibc

/// Walks through the names of a folder, in no order, in memory that does not grow with their number. Blocks.
final class FolderScan {
  enum Name {
    case text(String)
    /// The name of a folder, link or device: not of a plain file.
    case other
    /// No UTF-8: nothing could name it.
    case unnamable(String)
  }

  private let stream: OpaquePointer

  /// Has a place of its own, so that several can walk through one folder.
  init(_ folder: borrowing FolderHandle) throws(SystemError.Number) {
    let own = esteira_openat(folder.descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)
    guard own >= 0 else { throw SystemError.Number(errno) }
    guard let stream = fdopendir(own) else {
      let reason = SystemError.Number(errno)
      close(own)
      throw reason
    }
    self.stream = stream
  }

  deinit { closedir(stream) }

  /// Nil at the end.
  func next() throws(SystemError.Number) -> Name? {
    errno = 0
    guard let next = readdir(stream) else {
      if errno == 0 { return nil }
      throw SystemError.Number(errno)
    }
    let kind = Int32(next.pointee.d_type)
    guard kind == Int32(DT_REG) || kind == Int32(DT_UNKNOWN) else { return .other }
    return withUnsafePointer(to: &next.pointee.d_name) {
      $0.withMemoryRebound(to: CChar.self, capacity: 256) { bytes in
        if let text = String(validatingCString: bytes) { return .text(text) }
        return .unnamable(String(cString: bytes))
      }
    }
  }
}

internal import Glibc

/// An exclusive lock on a file, held until the value is let go; the system frees it when the process ends.
final class FileLock: Sendable {
  private let descriptor: CInt

  /// Nil where another holder has it, or the file cannot be made.
  init?(path: String) {
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return nil }
    if flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      close(descriptor)
      return nil
    }
  }

  deinit { close(descriptor) }
}

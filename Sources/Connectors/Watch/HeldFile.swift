import CSystem
import Crypto
import Engine
import Glibc

/// A file that is open for reading. Blocks.
struct HeldFile: ~Copyable {
  let descriptor: Int32

  init(descriptor: Int32) { self.descriptor = descriptor }
  deinit { close(descriptor) }

  /// Of an open file only; nil where it is no plain one.
  func stamp() throws(SystemError.Number) -> FileStamp? {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw SystemError.Number(errno) }
    return status.st_mode & S_IFMT == S_IFREG ? FileStamp(status) : nil
  }

  enum Lease {
    /// Nobody has it open for writing, and whoever wants to is known to `leaseStands`.
    case held
    /// Somebody has it open for writing.
    case refused
    /// The file system, or the file's owner, gives no leases.
    case none
  }

  func takeLease() -> Lease {
    switch esteira_watch_lease(descriptor) {
    case 0: .held
    case EAGAIN: .refused
    case let other: Self.isRefusal(other) ? .refused : .none
    }
  }

  private static func isRefusal(_ number: Int32) -> Bool { number == EBUSY || number == ETXTBSY }

  var leaseStands: Bool { esteira_watch_lease_stands(descriptor) != 0 }
  func endLease() { esteira_watch_end_lease(descriptor) }

  static let chunk = 1 << 18

  /// Hands over the content piece by piece; false from `take` ends it early, and is what is given back.
  func forEachChunk<Fault: Error>(
    _ take: ([UInt8], Int) throws(Fault) -> Bool, failing: (SystemError.Number) -> Fault
  ) throws(Fault) -> Bool {
    // A small file needs no large buffer: clearing one takes longer than reading the file.
    let size = try? stamp()?.size  // Whatever the error: reading meets it again, and tells.
    var bytes = [UInt8](
      repeating: 0, count: min(Self.chunk, Int(clamping: size ?? .max) / 4_096 * 4_096 + 4_096))
    while true {
      let count = read(descriptor, &bytes, bytes.count)
      if count < 0, errno == EINTR { continue }
      if count < 0 { throw failing(SystemError.Number(errno)) }
      if count == 0 { return true }
      guard try take(bytes, count) else { return false }
    }
  }

  /// The content stays when the power fails.
  func sync() throws(SystemError.Number) {
    guard fsync(descriptor) == 0 else { throw SystemError.Number(errno) }
  }
}

/// The content of a file in the state that its stamp tells.
struct ReadFile: Sendable, Hashable {
  var stamp: FileStamp
  var sha256: String
}

/// Reads files of which nobody is writing.
struct FileReader {
  enum Outcome {
    case complete(ReadFile)
    /// It is, or was meanwhile, written.
    case busy
    /// No plain file has the name.
    case gone
    case unreadable(SystemError.Number)
  }

  /// False once the work is to end.
  let continues: @Sendable () -> Bool

  /// `expected`: the state in which it is to be; in another one it is busy.
  func read(_ name: String, in folder: borrowing FolderHandle, expected: FileStamp? = nil)
    throws(WatchFailure) -> Outcome
  {
    do throws(SystemError.Number) {
      guard let file = try folder.open(name) else { return .gone }
      guard let before = try file.stamp() else { return .gone }
      if let expected, expected != before { return .busy }
      let lease = file.takeLease()
      if case .refused = lease { return .busy }
      var isLeased = false
      if case .held = lease { isLeased = true }
      defer { if isLeased { file.endLease() } }
      switch try hash(file, isLeased: isLeased) {
      case .stopped: throw SystemError.Number.stopped
      case .busy: return .busy
      case .done(let sha256, let size):
        guard size == before.size, try file.stamp() == before, try folder.stamp(of: name) == before,
          !isLeased || file.leaseStands
        else { return .busy }
        return .complete(ReadFile(stamp: before, sha256: sha256))
      }
    } catch {
      if error == .stopped { throw .stopped }
      if Self.passing.contains(error.value) { throw .system(action: "read \(name)", error) }
      return .unreadable(error)
    }
  }

  private enum Hashed {
    case done(sha256: String, size: Int64)
    case busy, stopped
  }

  private func hash(_ file: borrowing HeldFile, isLeased: Bool) throws(SystemError.Number) -> Hashed {
    var hash = SHA256()
    var size: Int64 = 0
    var isStopped = false
    var isBroken = false
    let isWhole = try file.forEachChunk { bytes, count throws(SystemError.Number) in
      hash.update(bytes, 0..<count)
      size += Int64(count)
      isStopped = !continues()
      // A writer waits for the lease: it goes first, and the file is read once it is done.
      isBroken = isLeased && esteira_watch_lease_stands(file.descriptor) == 0
      return !isStopped && !isBroken
    } failing: {
      $0
    }
    if isWhole { return .done(sha256: Hex.encode(hash.finish()), size: size) }
    return isStopped ? .stopped : .busy
  }

  /// Says nothing about the file.
  private static let passing: Set<Int32> = [EMFILE, ENFILE, ENOMEM]
}

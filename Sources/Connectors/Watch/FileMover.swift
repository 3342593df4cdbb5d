import CSystem
import Crypto
import Engine
import Glibc
import Model

/// Moves a file that was read into another folder, never over another file. Blocks.
struct FileMover {
  enum Outcome: Hashable {
    case done
    /// Something else has the new name.
    case nameTaken
    case gone
    /// It is, or was meanwhile, written: it stays in its folder, or is back there.
    case changed
    /// The system does not let it out of its folder, for a reason that lasts. It is there, and nowhere else.
    case stays(SystemError.Number)
  }

  /// How a file may get its new name, the best first.
  enum Way: CaseIterable {
    /// In one step that never replaces.
    case rename
    /// A second name, then the first one is removed: for NFS.
    case link
    /// A look at the new name, then a rename: for file systems that can do neither.
    case look
    /// For another file system.
    case copy
  }

  let continues: @Sendable () -> Bool
  /// All but in tests.
  var ways: [Way] = Way.allCases
  /// Takes a name out of a folder; 0, or the number of the error.
  var unlink: @Sendable (Int32, String) -> Int32 = { unlinkat($0, $1, 0) == 0 ? 0 : errno }

  func move(
    _ name: String, _ file: ReadFile, from source: borrowing FolderHandle, to target: borrowing FolderHandle,
    as newName: String
  ) throws(WatchFailure) -> Outcome {
    try Self.naming("move \(name)") { () throws(SystemError.Number) in
      guard let stamp = try source.stamp(of: name) else { return .gone }
      guard stamp == file.stamp else { return .changed }
      for way in ways {
        switch try give(way, name, file, from: source, to: target, newName) {
        case .moved: return try settle(name, file, from: source, to: target, newName)
        case .copied: return .done
        case .ended(let outcome): return outcome
        case .refused(let number):
          switch number {
          case EEXIST: return .nameTaken
          case ENOENT: return .gone
          case EINVAL, ENOSYS, EOPNOTSUPP, EPERM, EMLINK, EXDEV: continue
          case let other: throw SystemError.Number(other)
          }
        }
      }
      throw SystemError.Number(EXDEV)
    }
  }

  private enum Given {
    /// It has the new name and not the old one.
    case moved
    /// A copy of it has the new name, and it is gone.
    case copied
    case ended(Outcome)
    /// Nothing has changed; another way may be tried.
    case refused(Int32)

    init(_ number: Int32) { self = number == 0 ? .moved : .refused(number) }
  }

  private func give(
    _ way: Way, _ name: String, _ file: ReadFile, from source: borrowing FolderHandle,
    to target: borrowing FolderHandle, _ newName: String
  ) throws(SystemError.Number) -> Given {
    switch way {
    case .rename: return Given(esteira_watch_rename(source.descriptor, name, target.descriptor, newName))
    case .link:
      guard linkat(source.descriptor, name, target.descriptor, newName, 0) == 0 else {
        return .refused(errno)
      }
      // A crash here leaves it with both names; whoever goes on removes the first one.
      try proceed()
      return try removeOriginal(name, from: source, to: target, newName) ?? .moved
    case .look:
      if try target.has(newName) { return .refused(EEXIST) }
      let isRenamed = renameat(source.descriptor, name, target.descriptor, newName) == 0
      return Given(isRenamed ? 0 : errno)
    case .copy: return try copy(name, file, from: source, to: target, newName)
    }
  }

  /// The last step of a move that makes the new name first. Where the old one cannot go, the new one goes:
  /// with both, each further try would make one more. Nil once the old one is gone.
  private func removeOriginal(
    _ name: String, from source: borrowing FolderHandle, to target: borrowing FolderHandle, _ newName: String
  ) throws(SystemError.Number) -> Given? {
    let number = unlink(source.descriptor, name)
    if number == 0 || number == ENOENT { return nil }
    try target.remove(newName)
    guard Self.lasting.contains(number) else { throw SystemError.Number(number) }
    return .ended(.stays(SystemError.Number(number)))
  }

  /// Does not pass by itself: another's file in a folder with the sticky bit, a folder that may only be read.
  static let lasting: Set<Int32> = [EPERM, EACCES, EROFS]

  /// A writer may have begun between the reading and the move, and still writes into the moved file: then it
  /// goes back. From here on nobody opens it by its old name.
  private func settle(
    _ name: String, _ file: ReadFile, from source: borrowing FolderHandle, to target: borrowing FolderHandle,
    _ newName: String
  ) throws(SystemError.Number) -> Outcome {
    guard let moved = try target.open(newName), let stamp = try moved.stamp() else { return .gone }
    var isQuiet = stamp.isSameContent(as: file.stamp)
    if isQuiet {
      switch moved.takeLease() {
      case .held: moved.endLease()
      case .refused: isQuiet = false
      case .none: break
      }
    }
    if isQuiet {
      try moved.sync()
      return .done
    }
    let back = try FreeName.find(name, sha256: file.sha256, in: source) ?? newName
    let number = esteira_watch_rename(target.descriptor, newName, source.descriptor, back)
    if number == EINVAL {
      guard renameat(target.descriptor, newName, source.descriptor, back) == 0 else {
        throw SystemError.Number(errno)
      }
    } else if number != 0 {
      throw SystemError.Number(number)
    }
    return .changed
  }

  /// Under a hidden name first: nobody finds half a file, and a copy that a crash cut off is written over.
  private func copy(
    _ name: String, _ file: ReadFile, from source: borrowing FolderHandle, to target: borrowing FolderHandle,
    _ newName: String
  ) throws(SystemError.Number) -> Given {
    let temporary = ".\(file.sha256).part"
    guard let original = try source.open(name) else { return .refused(ENOENT) }
    let flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC
    let made = esteira_openat(target.descriptor, temporary, flags, 0o600)
    guard made >= 0 else { return .refused(errno) }
    let copied = HeldFile(descriptor: made)
    guard try pour(original, into: copied) == file.sha256 else {
      try target.remove(temporary)
      return .ended(.changed)
    }
    try Self.copyFacts(of: original, to: copied)
    try copied.sync()
    var number = esteira_watch_rename(target.descriptor, temporary, target.descriptor, newName)
    if number == EINVAL {
      number = linkat(target.descriptor, temporary, target.descriptor, newName, 0) == 0 ? 0 : errno
    }
    try target.remove(temporary)
    guard number == 0 else { return .refused(number) }
    try target.sync()
    try proceed()
    // What was written to the original since the copy stays, and arrives as a new content.
    guard try source.stamp(of: name) == file.stamp else { return .copied }
    return try removeOriginal(name, from: source, to: target, newName) ?? .copied
  }

  private func proceed() throws(SystemError.Number) { guard continues() else { throw .stopped } }

  private func pour(_ original: borrowing HeldFile, into copied: borrowing HeldFile)
    throws(SystemError.Number) -> String?
  {
    var hash = SHA256()
    let target = copied.descriptor
    let isWhole = try original.forEachChunk { bytes, count throws(SystemError.Number) in
      try proceed()
      guard AtomicFile.writeAll(Array(bytes[..<count]), to: target) else { throw SystemError.Number(errno) }
      hash.update(bytes, 0..<count)
      return true
    } failing: {
      $0
    }
    return isWhole ? Hex.encode(hash.finish()) : nil
  }

  /// Its times and rights.
  private static func copyFacts(of original: borrowing HeldFile, to copied: borrowing HeldFile)
    throws(SystemError.Number)
  {
    var status = stat()
    guard fstat(original.descriptor, &status) == 0 else { throw SystemError.Number(errno) }
    let times = [status.st_atim, status.st_mtim]
    // A file system that keeps no rights or times refuses; the content is what counts.
    _ = futimens(copied.descriptor, times)
    _ = fchmod(copied.descriptor, status.st_mode & 0o777)
  }

  static func naming<Result: ~Copyable>(
    _ action: String, _ work: () throws(SystemError.Number) -> Result
  ) throws(WatchFailure) -> Result {
    do throws(SystemError.Number) { return try work() } catch {
      if error == .stopped { throw .stopped }
      throw .system(action: action, error)
    }
  }
}

/// A name in a folder that nothing has yet: `report.csv`, `report-2.csv`, … and at last one with the hash of
/// the content.
enum FreeName {
  private static let numbered = 2...99
  private static let longest = 255

  /// Nil where even the last one is taken. `reserved`: names that are taken as well.
  static func find(
    _ name: String, sha256: String, in folder: borrowing FolderHandle, reserved: Set<ScalarString> = []
  ) throws(SystemError.Number) -> String? {
    if try isFree(name, in: folder, reserved) { return name }
    for suffix in numbered.map(String.init) + [String(sha256.prefix(16))] {
      let candidate = suffixed(name, "-" + suffix)
      if try isFree(candidate, in: folder, reserved) { return candidate }
    }
    return nil
  }

  private static func isFree(_ name: String, in folder: borrowing FolderHandle, _ reserved: Set<ScalarString>)
    throws(SystemError.Number) -> Bool
  {
    if reserved.contains(ScalarString(name)) { return false }
    return try !folder.has(name)
  }

  /// Before the ending, so that the file keeps it; the stem is cut where the whole would be too long.
  static func suffixed(_ name: String, _ suffix: String) -> String {
    let dot = name.unicodeScalars.lastIndex(of: ".") ?? name.endIndex
    let isEnding = dot > name.startIndex && name[dot...].utf8.count <= 32
    var stem = name[..<(isEnding ? dot : name.endIndex)].unicodeScalars
    let ending = isEnding ? String(name[dot...]) : ""
    while String(stem).utf8.count + suffix.utf8.count + ending.utf8.count > longest { stem.removeLast() }
    return String(stem) + suffix + ending
  }
}

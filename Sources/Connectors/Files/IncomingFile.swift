import Crypto
import Engine
import Glibc
import Model

/// What becomes of a name that is taken.
enum OnConflict: String, Sendable, CaseIterable {
  case fail, overwrite, rename

  static func member(default standard: OnConflict) -> (String, JSON) {
    (
      "on_conflict",
      [
        "enum": .array(allCases.map { .string($0.rawValue) }), "default": .string(standard.rawValue),
        "description": "Where the name is taken. `rename`: the first free of `name-1.end`, `name-2.end`, …",
      ]
    )
  }

  init(_ with: JSON, default standard: OnConflict) {
    self = with["on_conflict"]?.string.flatMap(OnConflict.init(rawValue:)) ?? standard
  }
}

/// A file under way into a folder: written beside its place under a name of ours, hashed on the way, then
/// synced and renamed, so that nobody sees a half. What is not placed is removed. Blocks.
struct IncomingFile: ~Copyable {
  private let folder: OpenFolder
  private let file: OpenFile
  private let temporary: String
  private var hash = SHA256()
  private var size: Int64 = 0
  private var isPlaced = false
  /// What it gets instead of those that new files have.
  private let permissions: mode_t?

  /// Names that begin with it are ours, and no listing shows them.
  static let prefix = ".#"
  static let renameLimit = 10_000

  /// `key` is the same for each attempt, so a later one finds what an earlier one left behind. `permissions`
  /// are for where others may come; until it has its name nobody else reads a file that gets them.
  init(
    in folder: consuming OpenFolder, key: String, permissions: mode_t? = nil
  ) throws(SystemError.Number) {
    let temporary = Self.temporary(key)
    try folder.remove(temporary)
    let file = try folder.newFile(temporary, forOwner: permissions != nil)
    self.init(in: folder, file, named: temporary, permissions)
  }

  /// A file that is open for writing already.
  init(in folder: consuming OpenFolder, _ file: consuming OpenFile, named name: String, _ mode: mode_t? = nil)
  {
    permissions = folder.isPrivate ? nil : mode
    self.folder = folder
    self.file = file
    temporary = name
  }

  deinit {
    // A name that stays behind is taken away by the next attempt, or harms nobody.
    if !isPlaced { _ = try? folder.remove(temporary) }
  }

  static func isUnderWay(_ name: String) -> Bool { name.utf8.starts(with: prefix.utf8) }

  static func temporary(_ key: String) -> String { "\(prefix)\(SHA256.hex(Array(key.utf8)).prefix(32))" }

  mutating func write(_ bytes: [UInt8], _ range: Range<Int>) throws(SystemError.Number) {
    try file.write(bytes[range])
    hash.update(bytes, range)
    size += Int64(range.count)
  }

  mutating func write(_ bytes: [UInt8]) throws(SystemError.Number) { try write(bytes, 0..<bytes.count) }

  /// All of a file that must not change meanwhile; `failing` says what the system refuses of this one.
  mutating func copy(
    _ source: borrowing OpenFile, _ shown: String, _ flag: CancelFlag,
    failing: (SystemError.Number) -> Failure
  ) throws(Failure) {
    try source.forEachUnchanged(shown, flag) { bytes, count throws(Failure) in
      do throws(SystemError.Number) { try write(bytes, 0..<count) } catch { throw failing(error) }
    }
  }

  mutating func digest() -> Digest { Digest(sha256: Hex.encode(hash.finish()), size: size) }

  /// Gives it a name, in place of the file that has it; all is on the disk when it returns.
  mutating func place(as name: String) throws(SystemError.Number) {
    try settle()
    try folder.rename(temporary, into: folder, as: name, replacing: true)
    isPlaced = true
    try folder.sync()
  }

  private func settle() throws(SystemError.Number) {
    // A file system that keeps no rights refuses; the content is what counts.
    if let permissions { try? file.setPermissions(permissions) }
    try file.sync()
  }

  /// Gives it its name, or another where `conflict` says so; all is on the disk when it returns.
  mutating func place(
    as target: RootedPath, _ conflict: OnConflict, _ record: PlaceRecord, source: FileStatus? = nil
  ) throws(Failure) -> RootedPath {
    do throws(SystemError.Number) { try settle() } catch { throw .file(error, target.shown) }
    let status: FileStatus
    do throws(SystemError.Number) { status = try file.status() } catch { throw .file(error, target.shown) }
    let placed = try Self.place(target, conflict, in: folder) { name, isReplacing throws(Failure) in
      try record.write(name: name, status, source: source.map(PlaceRecord.exactMark))
      do throws(SystemError.Number) {
        try folder.rename(temporary, into: folder, as: name, replacing: isReplacing)
        return true
      } catch {
        if error.value == EEXIST { return false }
        throw .file(error, target.shown)
      }
    }
    isPlaced = true
    do throws(SystemError.Number) { try folder.sync() } catch { throw .file(error, target.shown) }
    return placed
  }

  /// Looks for a name that may be taken and has `rename` take it; false from that: somebody was faster.
  static func place(
    _ target: RootedPath, _ conflict: OnConflict, in folder: borrowing OpenFolder,
    _ rename: (_ name: String, _ isReplacing: Bool) throws(Failure) -> Bool
  ) throws(Failure) -> RootedPath {
    let name = try target.fileName()
    for number in 0..<(conflict == .rename ? renameLimit : 1) {
      let candidate = number == 0 ? name : numbered(name, number)
      let there = try found(candidate, in: folder, target)
      if there != nil, conflict == .rename { continue }
      if let there, there.kind != .file {
        throw .file(.init(there.kind == .folder ? EISDIR : ELOOP), target.shown)
      }
      if there != nil, conflict == .fail { break }
      if try rename(candidate, conflict == .overwrite) { return target.sibling(candidate) }
    }
    throw .file(SystemError.Number(EEXIST), target.shown)
  }

  private static func found(
    _ name: String, in folder: borrowing OpenFolder, _ target: RootedPath
  ) throws(Failure) -> FileStatus? {
    do throws(SystemError.Number) { return try folder.status(of: name) } catch {
      throw .file(error, target.shown)
    }
  }

  /// `report.csv` becomes `report-1.csv`, cut where a name would be too long.
  static func numbered(_ name: String, _ number: Int) -> String { FreeName.suffixed(name, "-\(number)") }
}

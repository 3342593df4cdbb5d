import CSQLite
import Synchronization

/// Counts what SQLite asks of the file system: the same everywhere, whatever the disk is.
///
/// Every connection that is opened after `begin` goes through it. The writer's file system is SQLite's own;
/// only two of its calls are counted on the way.
enum CountedFiles {
  struct Counts: Sendable {
    var syncs = 0
    /// Written to logs.
    var logBytes = 0

    static func - (left: Counts, right: Counts) -> Counts {
      Counts(syncs: left.syncs - right.syncs, logBytes: left.logBytes - right.logBytes)
    }
  }

  private static let syncs = Atomic(0)
  private static let logBytes = Atomic(0)

  /// So far, in this process.
  static var counts: Counts {
    Counts(syncs: syncs.load(ordering: .relaxed), logBytes: logBytes.load(ordering: .relaxed))
  }

  static func begin() throws {
    guard csqlite_configure() == SQLITE_OK, let system = sqlite3_vfs_find(nil) else {
      throw BenchError("SQLite has no file system.")
    }
    let counted = UnsafeMutablePointer<sqlite3_vfs>.allocate(capacity: 1)
    counted.initialize(to: system.pointee)
    counted.pointee.xOpen = { _, name, file, flags, given in
      guard let system = sqlite3_vfs_find("unix"), let file else { return SQLITE_CANTOPEN }
      let code = system.pointee.xOpen(system, name, file, flags, given)
      if code == SQLITE_OK, let methods = file.pointee.pMethods {
        file.pointee.pMethods = CountedFiles.counting(methods, isLog: flags & SQLITE_OPEN_WAL != 0)
      }
      return code
    }
    let name: StaticString = "counted"
    counted.pointee.zName = UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
    guard sqlite3_vfs_register(counted, 1) == SQLITE_OK else {
      throw BenchError("SQLite does not take the counted file system.")
    }
  }

  /// The calls that count, and behind them in memory the ones that they lead to. As few as there are files
  /// opened, so they are never freed.
  private static func counting(
    _ methods: UnsafePointer<sqlite3_io_methods>, isLog: Bool
  ) -> UnsafePointer<sqlite3_io_methods> {
    let both = UnsafeMutablePointer<sqlite3_io_methods>.allocate(capacity: 2)
    both.initialize(repeating: methods.pointee, count: 2)
    both.pointee.xSync = { file, flags in
      CountedFiles.syncs.add(1, ordering: .relaxed)
      guard let file else { return SQLITE_IOERR }
      return file.pointee.pMethods[1].xSync(file, flags)
    }
    if isLog {
      both.pointee.xWrite = { file, bytes, count, offset in
        CountedFiles.logBytes.add(Int(count), ordering: .relaxed)
        guard let file else { return SQLITE_IOERR }
        return file.pointee.pMethods[1].xWrite(file, bytes, count, offset)
      }
    }
    return UnsafePointer(both)
  }
}

internal import Glibc

/// A quick look at a file of SQLite, beside whoever has it open.
public enum FileCheck: Sendable, Hashable {
  case sound
  /// Of files that are larger, only the whole check of a backup says it.
  case tooLarge
  case missing
  case damaged(String)

  /// A quick look reads the whole file.
  public static let largest: Int64 = 256 << 20

  public init(path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else {
      self = .missing
      return
    }
    guard Int64(status.st_size) <= Self.largest else {
      self = .tooLarge
      return
    }
    do throws(SQLiteError) {
      let database = try Database.open(path, .reads, setUp: Database.reading)
      var lines: [String] = []
      try database.query("PRAGMA quick_check(5)") { row in lines.append(row.text(0)) }
      self = lines == ["ok"] ? .sound : .damaged(lines.joined(separator: "; "))
    } catch {
      self = .damaged(error.message)
    }
  }
}

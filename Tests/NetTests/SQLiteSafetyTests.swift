import Foundation
import Testing

@testable import Net

@Suite("A database file of somebody else", .timeLimit(.minutes(1)))
struct SQLiteSafetyTests {
  private static func fault(_ work: () throws(SQLFault) -> Void) -> SQLFault? {
    do throws(SQLFault) {
      try work()
      return nil
    } catch { return error }
  }

  private static func first(_ sql: String, on connection: borrowing SQLiteConnection) throws(SQLFault)
    -> SQLValue
  {
    let statement = try connection.prepare(sql, allowing: .control)
    _ = try statement.next()
    return try statement.value(0)
  }

  /// A database of two pages.
  private static func make(_ path: String) throws {
    try SQLiteConnection.open(path, .creates).execute("CREATE TABLE t (a); INSERT INTO t VALUES (7)")
  }

  /// What a killed writer leaves beside a database of two pages, in which it had not yet changed any; `other`
  /// is the file that tells whether a transaction over several databases was committed.
  private static func leaveJournal(_ path: String, naming other: String? = nil) throws {
    func number(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value.bigEndian) { Array($0) } }
    let magic: [UInt8] = [0xD9, 0xD5, 0x05, 0xF9, 0x20, 0xA1, 0x63, 0xD7]
    var bytes = magic
    for value in [0, 1, 2, 512, 4096] as [UInt32] { bytes += number(value) }
    bytes += Array(repeating: 0, count: 512 - bytes.count)
    if let name = other.map({ Array($0.utf8) }) {
      let sum = name.reduce(0 as UInt32) { $0 + UInt32($1) }
      bytes += number(0x4000_0000 / 4096 + 1) + name + number(UInt32(name.count)) + number(sum) + magic
    }
    try Data(bytes).write(to: URL(filePath: path + "-journal"))
  }

  @Test("cannot have another file deleted by a journal that names it")
  func namedByJournal() throws {
    let folder = try TemporaryFolder()
    try Self.make(folder("a.db"))
    for name in ["master.key", "b.db-journal", "b.db-mj0123ab9CD"] {
      let other = folder(name)
      try "precious".write(toFile: other, atomically: true, encoding: .utf8)
      try Self.leaveJournal(folder("a.db"), naming: other)
      let found = Self.fault { () throws(SQLFault) in
        _ = try SQLiteConnection.open(folder("a.db"), .writes)
        let connection = try SQLiteConnection.open(folder("a.db"), .recovers)
        guard try Self.first("SELECT a FROM t", on: connection) == .integer(7) else {
          throw SQLFault(.value, "other rows")
        }
      }
      // Of a name that SQLite would never give, not even whether the file exists is looked up.
      #expect(found?.kind == (name == "master.key" ? .corrupt : nil), "\(name)")
      #expect(try String(contentsOfFile: other, encoding: .utf8) == "precious", "\(name)")
      if found == nil { #expect(!FileManager.default.fileExists(atPath: folder("a.db-journal"))) }
    }
  }

  @Test(
    "that a killed writer left is mended by a reader that may write, and no mistake of one that may not"
  )
  func unfinished() throws {
    let folder = try TemporaryFolder()
    try Self.make(folder("a.db"))
    try Self.leaveJournal(folder("a.db"))
    #expect(
      Self.fault { () throws(SQLFault) in _ = try SQLiteConnection.open(folder("a.db"), .reads) }?.kind
        == .unfinished)
    let connection = try SQLiteConnection.open(folder("a.db"), .recovers)
    #expect(try Self.first("SELECT a FROM t", on: connection) == .integer(7))
    #expect(!FileManager.default.fileExists(atPath: folder("a.db-journal")))
    let found = Self.fault { () throws(SQLFault) in
      try connection.prepare("INSERT INTO t VALUES (1)", allowing: .writes).run()
    }
    #expect(found?.kind == .readOnly)
  }

  @Test("does not say how much of it is kept in memory")
  func cache() throws {
    let folder = try TemporaryFolder()
    try Self.make(folder("a.db"))
    try SQLiteConnection.open(folder("a.db"), .writes).execute("PRAGMA default_cache_size=1000000")
    let connection = try SQLiteConnection.open(folder("a.db"), .reads)
    #expect(
      try Self.first("PRAGMA cache_size", on: connection) == .integer(-Int64(SQLiteLimits.cacheKiB)))
  }

  @Test("cannot make a statement take the node's memory by many values that are each allowed")
  func memory() throws {
    let folder = try TemporaryFolder()
    let connection = try SQLiteConnection.open(folder("a.db"), .creates)
    let value = "hex(zeroblob(7000000))"
    let many = Array(repeating: value, count: 200).joined(separator: ", ")
    let sums = (1...200).map { "json_group_array(\(value) || \($0))" }.joined(separator: ", ")
    for sql in ["SELECT \(many)", "SELECT \(sums)"] {
      let found = Self.fault { () throws(SQLFault) in _ = try Self.first(sql, on: connection) }
      #expect(found == SQLFault(.tooLarge, "it takes more than 256 MiB of memory"))
    }
    let row = "SELECT \(Array(repeating: "hex(zeroblob(3000000))", count: 3).joined(separator: ", "))"
    let found = Self.fault { () throws(SQLFault) in _ = try Self.first(row, on: connection) }
    #expect(found == SQLFault(.tooLarge, "the row is larger than 16 MiB"))
    #expect(try Self.first("SELECT length(\(value))", on: connection) == .integer(14_000_000))
  }

  @Test("has names that stay one name, also where an accent follows a quote")
  func names() throws {
    let name = "t\"\u{301}; DROP TABLE t; --"
    let quoted = SQLiteConnection.quoted(name)
    #expect(Array(quoted.utf8) == Array("\"t\"\"\u{301}; DROP TABLE t; --\"".utf8))
    let folder = try TemporaryFolder()
    let connection = try SQLiteConnection.open(folder("a.db"), .creates)
    try connection.execute("CREATE TABLE \(quoted) (a)")
    #expect(try Self.first("SELECT name FROM sqlite_master", on: connection) == .text(name))
  }

  @Test(
    "is told from what the node is short of, and from what passes",
    arguments: [
      (14, 24, .outOfMemory), (14, 23, .outOfMemory), (14, 28, .full), (14, 5, .io), (14, 2, .cannotOpen),
      (14, 13, .cannotOpen), (15, 0, .busy), (17, 0, .busy), (4 | 2 << 8, 0, .busy), (8, 0, .readOnly),
      (8 | 1 << 8, 0, .unfinished), (8 | 3 << 8, 0, .unfinished), (8 | 4 << 8, 0, .readOnly),
    ] as [(Int32, Int32, SQLFault.Kind)])
  func kinds(code: Int32, system: Int32, kind: SQLFault.Kind) {
    #expect(SQLFault.kind(code, system: system, SQLiteGuard(stop: SQLStop())) == kind)
  }
}

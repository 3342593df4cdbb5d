import Foundation
import Synchronization
import Testing

@testable import Net

@Suite("A connection to a user's SQLite database", .timeLimit(.minutes(1)))
struct SQLiteClientTests {
  /// Never ends.
  static let endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c)"

  private static func fault(_ work: () throws(SQLFault) -> Void) -> SQLFault? {
    do throws(SQLFault) {
      try work()
      return nil
    } catch { return error }
  }

  private static func first(_ sql: String, on connection: borrowing SQLiteConnection) throws(SQLFault)
    -> SQLValue
  {
    let statement = try connection.prepare(sql, allowing: .reads)
    _ = try statement.next()
    return try statement.value(0)
  }

  @Test("gives back every kind of value exactly as it was bound")
  func values() throws {
    let folder = try TemporaryFolder()
    let connection = try SQLiteConnection.open(folder("a.db"), .creates)
    let values: [SQLValue] = [
      .null, .integer(.min), .integer(.max), .real(0.1), .real(-0.0), .real(.infinity), .text(""),
      .text("é\u{0}e\u{301}"), .bytes([]), .bytes([0, 255]),
    ]
    let list = Array(repeating: "?", count: values.count).joined(separator: ", ")
    let statement = try connection.prepare("SELECT \(list)", allowing: .reads)
    try statement.bind(values)
    #expect(try statement.next())
    for (place, value) in values.enumerated() { #expect(try statement.value(place) == value) }
    #expect(try !statement.next())
  }

  @Test("refuses text that is no UTF-8 instead of repairing it")
  func brokenText() throws {
    let folder = try TemporaryFolder()
    let connection = try SQLiteConnection.open(folder("a.db"), .creates)
    #expect(
      Self.fault { () throws(SQLFault) in
        _ = try Self.first("SELECT CAST(x'ff41' AS TEXT)", on: connection)
      }?.kind == .value)
  }

  @Test("that reads cannot be made to write, whatever it is allowed")
  func readOnly() throws {
    let folder = try TemporaryFolder()
    try SQLiteConnection.open(folder("a.db"), .creates).execute("CREATE TABLE t (a)")
    let connection = try SQLiteConnection.open(folder("a.db"), .reads)
    let found = Self.fault { () throws(SQLFault) in
      try connection.prepare("INSERT INTO t VALUES (1)", allowing: .writes).run()
    }
    #expect(found?.kind == .readOnly)
    #expect(
      Self.fault { () throws(SQLFault) in
        _ = try connection.prepare("INSERT INTO t VALUES (1)", allowing: .reads)
      } == SQLFault(.denied, "insert t"))
  }

  @Test("compiles a statement anew under its own rules when the schema has changed")
  func recompiled() throws {
    let folder = try TemporaryFolder()
    let connection = try SQLiteConnection.open(folder("a.db"), .creates)
    try connection.execute("CREATE TABLE t (a); INSERT INTO t VALUES (1)")
    let insert = try connection.prepare("INSERT INTO t (a) VALUES (2)", allowing: .writes)
    try connection.prepare("ALTER TABLE t ADD COLUMN b", allowing: .writes).run()
    #expect(try Self.first("SELECT count(*) FROM t", on: connection) == .integer(1))
    // The guard last knew a reader.
    try insert.run()
    #expect(try Self.first("SELECT count(*) FROM t", on: connection) == .integer(2))
  }

  @Test("reads virtual tables, which compile writing statements of their own")
  func virtualTables() throws {
    let folder = try TemporaryFolder()
    try SQLiteConnection.open(folder("a.db"), .creates).execute(
      """
      CREATE VIRTUAL TABLE places USING rtree(id, a, b); INSERT INTO places VALUES (1, 2, 3);
      CREATE VIRTUAL TABLE texts USING fts5(body); INSERT INTO texts VALUES ('uma esteira');
      """)
    let connection = try SQLiteConnection.open(folder("a.db"), .reads)
    #expect(try Self.first("SELECT id FROM places WHERE a > 1", on: connection) == .integer(1))
    #expect(
      try Self.first("SELECT body FROM texts WHERE texts MATCH 'esteira'", on: connection)
        == .text("uma esteira"))
    #expect(
      Self.fault { () throws(SQLFault) in
        _ = try connection.prepare("DELETE FROM places", allowing: .reads)
      }?.kind == .denied)
  }

  @Test("ends a statement at its limit, and is good for the next one")
  func timeout() throws {
    let folder = try TemporaryFolder()
    let connection = try SQLiteConnection.open(folder("a.db"), .creates)
    connection.limit(to: .milliseconds(20))
    let endless = try connection.prepare("\(Self.endless) SELECT count(*) FROM c", allowing: .reads)
    #expect(Self.fault { () throws(SQLFault) in _ = try endless.next() }?.kind == .timeout)
    connection.limit(to: nil)
    #expect(try Self.first("SELECT 1", on: connection) == .integer(1))
  }

  @Test("is stopped from another thread in the middle of a statement")
  func stop() async throws {
    let folder = try TemporaryFolder()
    let stop = SQLStop()
    let hasBegun = Atomic(false)
    async let found = onThread { () -> SQLFault? in
      let connection = try SQLiteConnection.open(folder("a.db"), .creates, stop: stop)
      // The first row comes at once, the second never.
      let rows = try connection.prepare("\(Self.endless) SELECT x FROM c WHERE x = 1", allowing: .reads)
      #expect(try rows.next())
      hasBegun.store(true, ordering: .releasing)
      return Self.fault { () throws(SQLFault) in _ = try rows.next() }
    }
    try await onThread { while !hasBegun.load(ordering: .acquiring) { poll(nil, 0, 1) } }
    stop.ask()
    #expect(try await found?.kind == .cancelled)
  }

  @Test("refuses what is too large before it takes the memory")
  func limits() throws {
    let folder = try TemporaryFolder()
    let connection = try SQLiteConnection.open(folder("a.db"), .creates)
    for sql in ["SELECT zeroblob(1000000000)", "SELECT replace(hex(zeroblob(30000000)), '0', 'ab')"] {
      #expect(
        Self.fault { () throws(SQLFault) in _ = try Self.first(sql, on: connection) }?.kind == .tooLarge)
    }
    let long = "SELECT '" + String(repeating: "a", count: SQLiteLimits.statement) + "'"
    #expect(Self.fault { () throws(SQLFault) in _ = try Self.first(long, on: connection) }?.kind == .tooLarge)
    let deep = "SELECT " + String(repeating: "(", count: 5_000) + "1" + String(repeating: ")", count: 5_000)
    #expect(
      Self.fault { () throws(SQLFault) in _ = try Self.first(deep, on: connection) }?.kind == .statement)
  }

  @Test("takes a double-quoted word for a name, never for a text")
  func quotes() throws {
    let folder = try TemporaryFolder()
    let connection = try SQLiteConnection.open(folder("a.db"), .creates)
    let found = Self.fault { () throws(SQLFault) in _ = try Self.first("SELECT \"abc\"", on: connection) }
    #expect(found?.kind == .statement && found?.offset == 7)
    #expect(SQLiteConnection.quoted("a\"; DROP TABLE t; --") == "\"a\"\"; DROP TABLE t; --\"")
  }

  @Test("follows no link to a database")
  func link() throws {
    let folder = try TemporaryFolder()
    try SQLiteConnection.open(folder("a.db"), .creates).execute("CREATE TABLE t (a)")
    try FileManager.default.createSymbolicLink(atPath: folder("b.db"), withDestinationPath: folder("a.db"))
    #expect(
      Self.fault { () throws(SQLFault) in
        _ = try SQLiteConnection.open(folder("b.db"), .reads)
      }?.kind == .cannotOpen)
  }

  @Test("leaves nothing of a transaction whose connection goes without a commit")
  func dropped() throws {
    let folder = try TemporaryFolder()
    try SQLiteConnection.open(folder("a.db"), .creates).execute("CREATE TABLE t (a)")
    do {
      let connection = try SQLiteConnection.open(folder("a.db"), .writes)
      try connection.execute("BEGIN IMMEDIATE")
      try connection.prepare("INSERT INTO t VALUES (1)", allowing: .writes).run()
    }
    let connection = try SQLiteConnection.open(folder("a.db"), .reads)
    #expect(try Self.first("SELECT count(*) FROM t", on: connection) == .integer(0))
  }

  @Test("says what it was that could not be opened")
  func opening() throws {
    let folder = try TemporaryFolder()
    try String(repeating: "no database ", count: 100).write(
      toFile: folder("x"), atomically: true, encoding: .utf8)
    #expect(
      Self.fault { () throws(SQLFault) in _ = try SQLiteConnection.open(folder("x"), .reads) }?.kind
        == .notADatabase)
    #expect(
      Self.fault { () throws(SQLFault) in _ = try SQLiteConnection.open(folder("y"), .writes) }?.kind
        == .cannotOpen)
  }
}

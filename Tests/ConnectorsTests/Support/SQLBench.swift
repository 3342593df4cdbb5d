import Crypto
import Engine
import Foundation
import Model
import Net

@testable import Connectors

/// Databases in the own folder of a bench.
enum SQLBench {
  static let sample = """
    CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, price REAL, data BLOB,
      CONSTRAINT positive CHECK (price >= 0));
    INSERT INTO items VALUES (1, 'um', 1.5, x'00ff'), (2, 'dois', NULL, NULL);
    """
  static let csv = "id,name,price\n10,dez,1\n11,onze,\n"

  static func connection(
    _ path: String = "t.db", readOnly: Bool = false, create: Bool = false, kind: String = "sqlite"
  ) -> Connection {
    Connection(
      namespace: "demo", name: "db", kind: kind,
      address: ["path": .string(path), "read_only": .bool(readOnly), "create": .bool(create)])
  }

  static let handle = ArtifactHandle(
    sha256: SHA256.hex(Array(csv.utf8)), name: "t.csv", size: Int64(csv.utf8.count), mediaType: "text/csv")

  /// The sample for a connector of this family, with the artifact of `handle`; nil for others.
  static func connection(for connector: String, _ bench: Bench) throws -> Connection? {
    guard connector.hasPrefix("sql.") else { return nil }
    try make(bench)
    _ = bench.keep(csv, name: "t.csv", mediaType: "text/csv")
    return connection()
  }

  @discardableResult
  static func make(_ bench: Bench, _ sql: String = sample, name: String = "t.db") throws -> String {
    let folder = bench.root + "/own"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let path = "\(folder)/\(name)"
    try SQLiteConnection.open(path, .creates).execute(sql)
    return path
  }

  static func rows(_ bench: Bench, _ sql: String, name: String = "t.db") throws -> [[SQLValue]] {
    let connection = try SQLiteConnection.open("\(bench.root)/own/\(name)", .reads)
    let statement = try connection.prepare(sql, allowing: .reads)
    var rows: [[SQLValue]] = []
    while try statement.next() {
      var row: [SQLValue] = []
      for column in 0..<statement.columnCount { row.append(try statement.value(column)) }
      rows.append(row)
    }
    return rows
  }

  static func run(
    _ connector: some Connector, _ bench: Bench, _ with: JSON, on connection: Connection = connection()
  ) async throws(Failure) -> JSON {
    try await connector.execute(bench.attempt(with, effect: .keyed, connection: connection)).value
  }

  static func refusal(
    _ connector: some Connector, _ bench: Bench, _ with: JSON, on connection: Connection = connection()
  ) async -> Failure? {
    await failure { () async throws(Failure) in try await run(connector, bench, with, on: connection) }
  }
}

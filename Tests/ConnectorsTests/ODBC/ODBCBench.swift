import Engine
import Foundation
import Model
import Net
import Synchronization
import Testing

@testable import Connectors

/// Databases behind real drivers: a schema of the tests' PostgreSQL, or a file of SQLite, each known by a
/// name in an `odbc.ini` of the tests.
struct ODBCBench {
  enum Engine: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case postgresql, sqlite
    var testDescription: String { rawValue }
  }

  static let isThere =
    PostgresBench.server != nil && drivers.contains("[PostgreSQL Unicode]") && drivers.contains("[SQLite3]")
  static let absent = "ODBC drivers or PostgreSQL are absent: scripts/setup.sh tests installs them."
  private static let drivers = (try? String(contentsOfFile: "/etc/odbcinst.ini", encoding: .utf8)) ?? ""

  /// Files of SQLite that the one `odbc.ini` of this process names.
  private static let files = 200
  private static let folder: String = {
    let folder = FileManager.default.temporaryDirectory.path + "/esteira-odbc-\(getpid())"
    try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let parts = (PostgresBench.server?.greeting ?? "0 ").split(separator: " ").map(String.init)
    func postgres(_ name: String, _ more: String) -> String {
      """
      [\(name)]
      Driver=PostgreSQL Unicode
      Servername=localhost
      Database=postgres
      \(more)

      """
    }
    var text = postgres("pg", "Port=\(parts[0])\nSSLmode=disable")
    text += postgres("dead", "Port=1\nSSLmode=disable")
    text += postgres("untrusted", "Port=\(parts[0])\nSSLmode=verify-full\nPqopt={sslrootcert=/etc/hostname}")
    text += "[gone]\nDriver=/nowhere/driver.so\n"
    for number in 0..<files { text += "[lite\(number)]\nDriver=SQLite3\nDatabase=\(folder)/\(number).db\n" }
    try? text.write(toFile: folder + "/odbc.ini", atomically: true, encoding: .utf8)
    setenv("ODBCINI", folder + "/odbc.ini", 1)
    return folder
  }()
  private static let count = Atomic(0)

  let engine: Engine
  let bench: Bench
  let source: String
  /// Before the name of a table.
  let prefix: String
  private let postgres: PostgresBench?
  private let file: String

  /// `ddl`: what both engines take.
  init(_ engine: Engine, _ ddl: String = "") throws {
    self.engine = engine
    let number = Self.count.add(1, ordering: .relaxed).newValue
    file = "\(Self.folder)/\(number).db"
    switch engine {
    case .postgresql:
      let world = try PostgresBench(ddl)
      (postgres, bench, source, prefix) = (world, world.bench, "pg", "\(world.schema).")
    case .sqlite:
      (postgres, bench, source, prefix) = (nil, try Bench(), "lite\(number)", "")
      try SQLiteConnection.open(file, .creates).execute(ddl.isEmpty ? "CREATE TABLE unused (x)" : ddl)
    }
  }

  func sql(_ text: String) throws {
    if let postgres { return try postgres.sql(text) }
    try SQLiteConnection.open(file, .writes).execute(text)
  }

  /// Not by ODBC: what really stands there.
  func rows(_ query: String) throws -> [String] {
    if let postgres { return try postgres.rows(query) }
    let connection = try SQLiteConnection.open(file, .reads)
    let statement = try connection.prepare(query, allowing: .reads)
    var rows: [String] = []
    while try statement.next() {
      let cells = try (0..<statement.columnCount).map { place -> String in
        switch try statement.value(place) {
        case .null: "∅"
        case .integer(let integer): "\(integer)"
        case .real(let real): "\(real)"
        case .boolean(let yes): "\(yes)"
        case .text(let text), .document(let text): text
        case .bytes(let bytes): "\(bytes)"
        }
      }
      rows.append(cells.joined(separator: "|"))
    }
    return rows
  }

  /// The text with `@` as the place of its tables.
  func placed(_ sql: String) -> String { sql.replacing("@", with: prefix) }

  func connection(
    _ more: JSONObject = [:], allow: [String] = ["127.0.0.0/8", "::1/128"]
  ) -> Connection {
    var address = JSONObject([("dsn", .string(source))])
    for member in more { address[member.key] = member.value }
    return Connection(
      namespace: "demo", name: "db", kind: "odbc", address: .object(address), allowedEgress: allow,
      credential: engine == .postgresql ? "user" : nil)
  }

  func attempt(
    _ with: JSON, effect: EffectClass = .keyed, on connection: Connection? = nil,
    as credential: Credential? = nil
  ) -> Attempt {
    let usual = engine == .postgresql ? PostgresBench.credential() : nil
    return bench.attempt(
      with, effect: effect, connection: connection ?? self.connection(), credential: credential ?? usual)
  }

  func run(_ connector: some Connector, _ with: JSON) async throws -> JSON {
    try await connector.execute(attempt(with)).value
  }

  func refusal(
    _ connector: some Connector, _ with: JSON, on connection: Connection? = nil,
    as credential: Credential? = nil
  ) async -> Failure? {
    let attempt = attempt(with, on: connection, as: credential)
    return await failure { () async throws(Failure) in try await connector.execute(attempt).value }
  }

  func load(_ text: String, _ more: JSONObject = [:], name: String = "t.csv", table: String = "items") -> JSON
  {
    let type = name.hasSuffix("csv") ? "text/csv" : "application/x-ndjson"
    let file = bench.keep(text, name: name, mediaType: type).json
    var with = JSONObject([("table", .string(prefix + table)), ("file", file)])
    for member in more { with[member.key] = member.value }
    return .object(with)
  }
}

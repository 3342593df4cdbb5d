import Engine
import Foundation
import Model
import Net

@testable import Connectors

extension Refused {
  static let sql: [Refused] = queries + executions + loads + validations

  private static let make: @Sendable (Bench, JSON) throws -> JSON = { bench, with in
    try SQLBench.make(bench)
    return with
  }

  private static func one(
    _ connector: String, _ why: String, _ with: JSON, _ errorClass: ErrorClass, _ code: String,
    connection: Connection? = SQLBench.connection(),
    prepare: @escaping @Sendable (Bench, JSON) throws -> JSON = make
  ) -> Refused {
    Refused(connector, why, with, errorClass, code, connection: connection, prepare: prepare)
  }

  /// What every connector refuses of a connection.
  private static func openings(_ connector: String, _ with: JSON) -> [Refused] {
    func one(_ why: String, _ code: String, _ connection: Connection?) -> Refused {
      self.one(connector, why, with, .configuration, code, connection: connection, prepare: laid)
    }
    var odd = SQLBench.connection()
    odd.address = ["path": "t.db", "mode": "rw"]
    return [
      one("no connection", "invalid-connection", nil),
      one("a connection of another kind", "invalid-connection", SQLBench.connection(kind: "postgresql")),
      one("an address with an unknown key", "invalid-connection", odd),
      one("a path out of the folder", "outside-roots", SQLBench.connection("../t.db")),
      one("a path of the system", "outside-roots", SQLBench.connection("/etc/passwd")),
      one("a link to a database", "unsafe-path", SQLBench.connection("link.db")),
      one("a link on the way", "unsafe-path", SQLBench.connection("folder/t.db")),
      one("a database that is missing", "file-not-found", SQLBench.connection("missing.db")),
      one("a file that is no database", "not-a-database", SQLBench.connection("text.db")),
      one("a folder as a database", "not-a-database", SQLBench.connection("real")),
    ]
  }

  private static let laid: @Sendable (Bench, JSON) throws -> JSON = { bench, with in
    try SQLBench.make(bench)
    let own = bench.root + "/own"
    try FileManager.default.createDirectory(atPath: own + "/real", withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(atPath: own + "/folder", withDestinationPath: own)
    try FileManager.default.createSymbolicLink(atPath: own + "/link.db", withDestinationPath: own + "/t.db")
    try String(repeating: "text ", count: 300).write(
      toFile: own + "/text.db", atomically: true, encoding: .utf8)
    return try filed(bench, with)
  }

  /// A `file` of text stands for an artifact with it.
  private static let filed: @Sendable (Bench, JSON) throws -> JSON = { bench, with in
    try SQLBench.make(bench, "SELECT 1", name: "other.db")
    if !FileManager.default.fileExists(atPath: bench.root + "/own/t.db") { try SQLBench.make(bench) }
    guard case .object(var members) = with, let text = members["file"]?.string else { return with }
    let isJSON = text.hasPrefix("{")
    members["file"] =
      bench.keep(
        text, name: isJSON ? "t.ndjson" : "t.csv", mediaType: isJSON ? "application/x-ndjson" : "text/csv"
      ).json
    return .object(members)
  }

  private static let queries: [Refused] =
    openings("sql.query", ["query": "SELECT 1"]) + [
      Refused("sql.query", "no query", [:]),
      Refused("sql.query", "a format that is not known", ["query": "SELECT 1", "format": "xml"]),
    ]
    + [
      ("a statement that writes", "DELETE FROM items", .configuration, "sql-refused"),
      ("two statements", "SELECT 1; SELECT 2", .configuration, "several-statements"),
      ("a mistake of grammar", "SELECT FROM", .configuration, "sql-invalid"),
      ("a table that is not there", "SELECT * FROM nothing", .configuration, "sql-invalid"),
      ("a parameter without a value", "SELECT :a", .configuration, "sql-parameters"),
      ("two columns of one name", "SELECT 1 AS a, 2 AS a", .data, "duplicate-column"),
      ("an infinite number", "SELECT 9e999 AS a", .data, "sql-value"),
      ("text that is no UTF-8", "SELECT CAST(x'ff' AS TEXT) AS a", .data, "sql-value"),
      ("a value beyond the limit", "SELECT zeroblob(20000000) AS a", .data, "sql-value"),
      ("a row beyond the limit", "SELECT zeroblob(9000000) AS a, zeroblob(9000000) AS b", .data, "sql-value"),
      ("rows beyond an output", "SELECT hex(zeroblob(3000000)) AS a", .outputTooLarge, "output-too-large"),
    ].map { one("sql.query", $0, ["query": .string($1)], $2, $3) } + [
      one(
        "sql.query", "a value that no parameter takes", ["query": "SELECT 1", "parameters": ["a": 1]],
        .configuration, "sql-parameters"),
      one(
        "sql.query", "a list for named parameters", ["query": "SELECT :a", "parameters": [1]], .configuration,
        "sql-parameters"),
      one(
        "sql.query", "a format that this version lacks",
        ["query": "SELECT 1", "result": "artifact", "format": "parquet"], .configuration, "not-available"),
    ]

  private static let executions: [Refused] =
    openings("sql.execute", ["statement": "DELETE FROM items"]) + [
      Refused("sql.execute", "an empty statement", ["statement": ""]),
      Refused("sql.execute", "no statement in the list", ["statements": []]),
      Refused("sql.execute", "neither form", [:], .configuration, "invalid-with"),
      one(
        "sql.execute", "a connection that only reads", ["statement": "DELETE FROM items"], .configuration,
        "read-only-database", connection: SQLBench.connection(readOnly: true)),
    ]
    + [
      ("a transaction of its own", "BEGIN", .configuration, "sql-refused"),
      ("another database", "ATTACH 'x.db' AS x", .configuration, "sql-refused"),
      ("a setting", "PRAGMA foreign_keys = 0", .configuration, "sql-refused"),
      ("a copy of the database", "VACUUM INTO 'x.db'", .configuration, "sql-refused"),
      ("an extension", "SELECT load_extension('x')", .configuration, "sql-refused"),
      ("a second statement", "DELETE FROM items; SELECT 1", .configuration, "several-statements"),
      ("a value twice", "INSERT INTO items (id, name) VALUES (1, 'x')", .data, "sql-constraint"),
      ("a value that the rule refuses", "UPDATE items SET price = -1", .data, "sql-constraint"),
      ("a value that is missing", "INSERT INTO items (price) VALUES (1)", .data, "sql-constraint"),
      ("a text in a key", "INSERT INTO items (id, name) VALUES ('x', 'y')", .data, "sql-value"),
    ].map { one("sql.execute", $0, ["statement": .string($1)], $2, $3) }

  private static let loads: [Refused] =
    openings("sql.load", ["table": "items", "file": "id,name\n9,x\n"]) + [
      Refused(
        "sql.load", "a mode that is not known", ["table": "t", "file": "x", "mode": "merge"], prepare: filed),
      Refused("sql.load", "a file that is no artifact", ["table": "t", "file": 7]),
    ]
    + [
      ("no file", ["table": "items"], .configuration, "invalid-with"),
      (
        "an upsert without keys", ["table": "items", "file": "id\n1\n", "mode": "upsert"], .configuration,
        "invalid-with"
      ),
      ("a table that is not there", ["table": "nothing", "file": "id\n1\n"], .configuration, "no-table"),
      (
        "the table of our own records", ["table": "_esteira_loads", "file": "id\n1\n"], .configuration,
        "no-table"
      ),
      (
        "a column that the table lacks", ["table": "items", "file": "id,colour\n1,x\n"], .data, "load-columns"
      ),
      ("a column twice", ["table": "items", "file": "id,id\n1,1\n"], .data, "load-columns"),
      ("an empty file", ["table": "items", "file": ""], .data, "load-columns"),
      ("a text for a number", ["table": "items", "file": "id,name\nx,y\n"], .data, "load-row"),
      ("a line with fields too many", ["table": "items", "file": "id,name\n9,y,z\n"], .data, "load-row"),
      ("a quote that stays open", ["table": "items", "file": "id,name\n9,\"y\n"], .data, "invalid-csv"),
      (
        "a line that is no JSON", ["table": "items", "file": "{\"id\": 9, \"name\": \"x\"}\n{\n"], .data,
        "invalid-json"
      ),
      (
        "a line that is no object", ["table": "items", "file": "{\"id\": 9, \"name\": \"x\"}\n[1]\n"], .data,
        "invalid-json"
      ),
      (
        "a member that comes later",
        ["table": "items", "file": "{\"name\": \"x\"}\n{\"name\": \"y\", \"id\": 8}\n"], .data, "load-row"
      ),
      ("a row that is there", ["table": "items", "file": "id,name\n1,x\n"], .data, "sql-constraint"),
      (
        "keys that are none",
        ["table": "items", "file": "id,name\n1,x\n", "mode": "upsert", "keys": ["id", "name"]],
        .configuration, "load-keys"
      ),
    ].map { one("sql.load", $0, $1, $2, $3, prepare: filed) } + [
      one(
        "sql.load", "a format that this version lacks", ["table": "items"], .configuration, "not-available",
        prepare: { bench, _ in
          try SQLBench.make(bench)
          let file = bench.keep("PAR1", name: "t.parquet", mediaType: "application/vnd.apache.parquet")
          return ["table": "items", "file": file.json]
        }),
      one(
        "sql.load", "a connection that only reads", ["table": "items", "file": "id\n9\n"], .configuration,
        "read-only-database", connection: SQLBench.connection(readOnly: true), prepare: filed),
    ]

  /// A statement that is wrong is an answer of `sql.validate`, not a failure.
  private static let validations: [Refused] =
    openings("sql.validate", ["query": "SELECT 1"]) + [
      Refused("sql.validate", "no query", [:]),
      Refused("sql.validate", "a dialect that is not known", ["query": "SELECT 1", "dialects": ["cobol"]]),
      one(
        "sql.validate", "a file that is damaged", ["query": "SELECT 1"], .data, "sql-corrupt",
        prepare: { bench, with in
          let path = try SQLBench.make(bench)
          guard let file = FileHandle(forUpdatingAtPath: path) else { return with }
          // The root of the schema, behind the file's head.
          try file.seek(toOffset: 100)
          try file.write(contentsOf: Data(repeating: 0xEE, count: 600))
          try file.close()
          return with
        }),
    ]
}

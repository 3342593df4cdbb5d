import Engine
import Foundation
import Model
import Net
import Testing

@testable import Connectors

@Suite("A check of a statement", .timeLimit(.minutes(1)))
struct SQLValidateTests {
  private static func check(_ sql: String, _ more: JSON = [:]) async throws -> JSON {
    let bench = try Bench()
    try SQLBench.make(
      bench, SQLBench.sample + "CREATE VIEW dear AS SELECT name FROM items WHERE price > 1;")
    var with = more.object ?? JSONObject()
    with["query"] = .string(sql)
    let before = try Data(contentsOf: URL(filePath: bench.root + "/own/t.db"))
    let value = try await SQLBench.run(
      SQLValidate(), bench, .object(with), on: SQLBench.connection(readOnly: true))
    #expect(try Data(contentsOf: URL(filePath: bench.root + "/own/t.db")) == before, "\(sql)")
    return value
  }

  private static func codes(_ value: JSON) -> [String] {
    (value["issues"]?.array ?? []).compactMap { $0["code"]?.string }
  }

  @Test("tells what a good one reads, with the engine's plan")
  func good() async throws {
    let value = try await Self.check(
      "SELECT upper(name), count(*) FROM items WHERE id = :id -- a comment\n;", ["estimate_cost": true])
    #expect(value["valid"] == true && value["syntax_valid"] == true && value["read_only"] == true)
    #expect(value["statements"] == 1 && value["issues"] == [])
    #expect(value["tables_read"] == ["items"])
    #expect(Set(value["columns_read"]?.array?.compactMap(\.string) ?? []) == ["items.name", "items.id"])
    #expect(value["functions"] == ["upper", "count"] && value["parameters"] == [":id"])
    #expect(value["estimated_cost"]?.string?.contains("SEARCH items USING INTEGER PRIMARY KEY") == true)
    let view = try await Self.check("SELECT * FROM dear")
    #expect(view["tables_read"]?.array?.contains("items") == true)
  }

  @Test("says where the text is wrong, and whether the words or the names are")
  func wrong() async throws {
    let cases: [(String, Bool, String, JSON)] = [
      ("SELEC 1", false, "syntax", ["line": 1, "column": 1]),
      ("SELECT *\nFROM items\nWHERE é = (1", false, "syntax", .null),
      ("SELECT 'open", false, "syntax", .null), ("SELECT name FROM itens", true, "unknown-name", .null),
      ("SELECT\n nome FROM items", true, "unknown-name", ["line": 2, "column": 2]),
      ("SELECT nosuch(1)", true, "unknown-name", .null), ("SELECT upper()", true, "invalid", .null),
      ("", true, "empty", .null), (" -- nothing", true, "empty", .null), (";;", true, "empty", .null),
    ]
    for (sql, syntax, code, position) in cases {
      let value = try await Self.check(sql)
      #expect(value["valid"] == false && value["syntax_valid"] == .bool(syntax), "\(sql) \(value.text)")
      #expect(Self.codes(value) == [code], "\(sql) \(value.text)")
      if position != .null { #expect(value["issues"]?[0]?["position"] == position, "\(sql) \(value.text)") }
    }
  }

  @Test("never calls a dialect compatible that it has no parser of")
  func dialects() async throws {
    let value = try await Self.check(
      "SELECT name FROM items",
      ["dialects": ["postgresql", "athena"], "allow": ["select"], "estimate_cost": true])
    #expect(value["valid"] == true)
    #expect(value["dialects"] == ["sqlite": "valid", "postgresql": "not_checked", "athena": "not_checked"])
    #expect(Self.codes(value) == ["not-checked", "not-checked"])
    #expect(value["issues"]?[0]?["severity"] == "warning")
  }

  @Test("lets through what `allow` names and nothing else")
  func allow() async throws {
    let cases: [(String, [JSON], Bool)] = [
      ("INSERT INTO items (name) VALUES ('x')", ["insert"], true),
      ("INSERT INTO items (name) VALUES ('x')", ["select"], false),
      (
        "INSERT INTO items (id, name) VALUES (1, 'x') ON CONFLICT DO UPDATE SET name = 'y'", ["insert"], false
      ),
      (
        "INSERT INTO items (id, name) VALUES (1, 'x') ON CONFLICT DO UPDATE SET name = 'y'",
        ["insert", "update"], true
      ),
      ("DELETE FROM items", ["insert", "update"], false), ("CREATE TABLE x (a)", ["schema"], true),
      ("SELECT 1", ["insert"], false), ("VALUES (1)", ["select"], true),
      ("PRAGMA table_info(items)", ["select"], false),
    ]
    for (sql, allow, isValid) in cases {
      let value = try await Self.check(sql, ["allow": .array(allow)])
      #expect(value["valid"] == .bool(isValid), "\(sql) \(value.text)")
      if isValid { #expect(value["read_only"] == .bool(sql.hasPrefix("VALUES")), "\(sql)") }
    }
  }
}

/// Texts that mean to do more than read. Each is found by what the engine compiles it into.
@Suite("What looks like a query and is none", .timeLimit(.minutes(1)))
struct SQLInjectionTests {
  static let corpus: [String] = [
    "SELECT 1; DROP TABLE items", "SELECT 1;;DROP TABLE items", "SELECT 1 /* */ ; /* */ DELETE FROM items",
    "SELECT 1; -- x\nDELETE FROM items", "; DELETE FROM items", "/* SELECT */ DELETE FROM items",
    "-- SELECT 1\nDELETE FROM items", "DELETE FROM items -- SELECT", "DeLeTe/**/FROM/**/items",
    "WITH x AS (SELECT 1) DELETE FROM items",
    "WITH x AS (SELECT 1) INSERT INTO items (name) SELECT 'a' FROM x",
    "WITH x(a) AS (VALUES(1)) UPDATE items SET name = 'a'", "DELETE FROM items RETURNING *",
    "INSERT INTO items (name) VALUES ('a') RETURNING id", "REPLACE INTO items (id, name) VALUES (1, 'a')",
    "UPDATE items SET name = (SELECT name FROM items LIMIT 1)", "EXPLAIN DELETE FROM items",
    "EXPLAIN QUERY PLAN DELETE FROM items", "PRAGMA writable_schema = 1", "PRAGMA writable_schema(1)",
    "PRAGMA journal_mode = DELETE", "PRAGMA query_only = 0", "PRAGMA user_version = 7",
    "PRAGMA main.user_version(7)",
    "PRAGMA wal_checkpoint(TRUNCATE)", "PRAGMA optimize", "PRAGMA database_list",
    "SELECT * FROM pragma_database_list",
    "SELECT * FROM pragma_optimize", "SELECT * FROM pragma_journal_mode",
    "SELECT * FROM PRAGMA_DATABASE_LIST()",
    "SELECT (SELECT file FROM pragma_database_list LIMIT 1)", "UPDATE sqlite_master SET sql = ''",
    "DELETE FROM sqlite_schema", "ATTACH '/etc/passwd' AS p", "ATTACH DATABASE ':memory:' AS m",
    "DETACH main",
    "VACUUM", "VACUUM INTO '/tmp/copy.db'", "SELECT load_extension('x')", "SELECT LOAD_EXTENSION('x', 'y')",
    "SELECT name FROM items WHERE load_extension('x') IS NULL", "SELECT \"load_extension\"('x')",
    "SELECT [load_extension]('x')", "SELECT fts3_tokenizer('a', x'00')", "SELECT writefile('/tmp/x', 'y')",
    "SELECT readfile('/etc/passwd')", "BEGIN", "BEGIN IMMEDIATE; SELECT 1", "COMMIT", "ROLLBACK",
    "SAVEPOINT s",
    "RELEASE s", "CREATE TABLE x (a)", "CREATE TABLE x AS SELECT * FROM items", "CREATE TEMP TABLE x (a)",
    "CREATE TEMP TRIGGER x AFTER INSERT ON items BEGIN SELECT 1; END", "CREATE VIEW v AS SELECT 1",
    "CREATE INDEX i ON items (name)", "CREATE VIRTUAL TABLE v USING fts5(a)", "DROP TABLE items",
    "DROP VIEW dear",
    "ALTER TABLE items RENAME TO x", "ALTER TABLE items ADD COLUMN y", "REINDEX", "ANALYZE",
    "SELECT 1\u{0}; DROP TABLE items", "SELECT 1\u{FF1B} DROP TABLE items", "\u{FEFF}DELETE FROM items",
    "SELECT 1; \u{200B}DROP TABLE items", "\u{1F600}", "ＤＥＬＥＴＥ FROM items",
    "SELECT 'a\\'; DROP TABLE items; --'", "SELECT \"a\"\"\"; DROP TABLE items",
    "SELECT * FROM (DELETE FROM items RETURNING id)",
    "WITH d AS (DELETE FROM items RETURNING id) SELECT * FROM d",
    "SELECT 1 UNION SELECT 2; DELETE FROM items", "SELECT CASE WHEN 1 THEN load_extension('a') END",
    "SELECT (SELECT (SELECT (SELECT load_extension('a'))))", "SELECT * FROM items INTO OUTFILE '/tmp/x'",
  ]

  @Test("is not valid, and `sql.query` does not run it", arguments: corpus)
  func refused(sql: String) async throws {
    let bench = try Bench()
    let path = try SQLBench.make(
      bench, SQLBench.sample + "CREATE VIEW dear AS SELECT name FROM items WHERE price > 1;")
    let before = try Data(contentsOf: URL(filePath: path))
    let value = try await SQLBench.run(SQLValidate(), bench, ["query": .string(sql)])
    #expect(value["valid"] == false, "\(value.text)")
    let found = await SQLBench.refusal(SQLQuery(), bench, ["query": .string(sql)])
    #expect(found?.errorClass == .configuration, "\(found?.code ?? "it ran")")
    #expect(try Data(contentsOf: URL(filePath: path)) == before)
    #expect(!FileManager.default.fileExists(atPath: "/tmp/copy.db"))
  }

  @Test(
    "is no less refused where a step may write",
    arguments: [
      "ATTACH '/tmp/x.db' AS x", "VACUUM", "VACUUM INTO '/tmp/copy.db'", "BEGIN", "COMMIT", "SAVEPOINT s",
      "PRAGMA writable_schema = 1", "PRAGMA foreign_keys = 0", "PRAGMA journal_mode = OFF",
      "PRAGMA user_version = 7",
      "SELECT load_extension('x')", "UPDATE sqlite_master SET sql = ''",
      "INSERT INTO sqlite_master VALUES (1,2,3,4,5)",
      "DELETE FROM items; DELETE FROM items", "CREATE TABLE _esteira_loads (a)",
      "CREATE VIRTUAL TABLE v USING dbstat",
      "DROP TABLE _esteira_x", "CREATE TRIGGER t AFTER INSERT ON _esteira_x BEGIN SELECT 1; END",
      "INSERT INTO _esteira_x VALUES (1)",
    ])
  func refusedWriting(sql: String) async throws {
    let bench = try Bench()
    let path = try SQLBench.make(bench, SQLBench.sample + "CREATE TABLE _esteira_x (a);")
    let before = try Data(contentsOf: URL(filePath: path))
    let found = await SQLBench.refusal(SQLExecute(), bench, ["statement": .string(sql)])
    #expect(found?.errorClass == .configuration, "\(sql): \(found?.message ?? "it ran")")
    #expect(try Data(contentsOf: URL(filePath: path)) == before)
  }

  @Test(
    "is told from what only looks dangerous",
    arguments: [
      "SELECT 'DROP TABLE items; DELETE' AS t", "SELECT name AS \"delete\" FROM items",
      "SELECT 1 -- ; DROP TABLE items",
      "SELECT /* ; DELETE FROM items */ 1", "WITH d AS (SELECT * FROM items) SELECT * FROM d;",
      "VALUES (1), (2)",
      "SELECT * FROM pragma_table_info('items')", "SELECT replace(name, 'a', 'b') AS r FROM items ;; -- end",
      "SELECT value FROM json_each('[1]')",
    ])
  func harmless(sql: String) async throws {
    let bench = try Bench()
    try SQLBench.make(bench)
    let value = try await SQLBench.run(SQLValidate(), bench, ["query": .string(sql)])
    #expect(value["valid"] == true && value["read_only"] == true, "\(value.text)")
    _ = try await SQLBench.run(SQLQuery(), bench, ["query": .string(sql)])
  }
}

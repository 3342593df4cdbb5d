import Engine
import Foundation
import Model
import Net
import Testing

@testable import Connectors

@Suite(
  "A load into PostgreSQL",
  .enabled(if: PostgresBench.server != nil, Comment(rawValue: PostgresBench.absent)),
  .timeLimit(.minutes(2)))
struct PostgresLoadTests {
  private static func csv(_ world: PostgresBench, _ text: String) -> JSON {
    world.bench.keep(text, name: "t.csv", mediaType: "text/csv").json
  }

  private static func ndjson(_ world: PostgresBench, _ text: String) -> JSON {
    world.bench.keep(text, name: "t.ndjson", mediaType: "application/x-ndjson").json
  }

  private static func load(
    _ world: PostgresBench, _ file: JSON, _ more: JSONObject = [:], table: String = "items"
  ) -> JSON {
    var with = JSONObject([("table", .string("\(world.schema).\(table)")), ("file", file)])
    for member in more { with[member.key] = member.value }
    return .object(with)
  }

  @Test("keeps every value by the type of its column, from both formats")
  func types() async throws {
    let world = try PostgresBench(
      "CREATE TABLE items (i int, n numeric, d date, t text, b bytea, f bool, j jsonb, "
        + "g int GENERATED ALWAYS AS (i + 1) STORED)"
    )
    let csv = Self.csv(
      world,
      "i,n,d,t,b,f,j\r\n7,12345678901234567890.125,2026-01-31,\"a\tb\\\"\"\nc\",AP8=,true,"
        + "\"{\"\"k\"\": 1}\"\r\n,,,,,,\r\n"
    )
    let value = try await world.run(SQLLoad(), Self.load(world, csv))
    #expect(value["rows"] == 2 && value["resumed"] == false)
    #expect(
      try world.rows("SELECT *, n::text FROM items ORDER BY i")
        == [
          "7|12345678901234567890.125|2026-01-31|a\tb\\\"\nc|[0, 255]|true|{\"k\": 1}|8|"
            + "12345678901234567890.125",
          "∅|∅|∅|∅|∅|∅|∅|∅|∅",
        ])
    let lines =
      #"{"i": 1, "t": {"k": [1]}, "f": false, "j": "text"}"# + "\n"
      + #"{"i": "2", "t": null, "f": 1, "j": [true]}"#
    let more = Self.load(world, Self.ndjson(world, lines), ["mode": "replace"])
    _ = try await world.run(SQLLoad(), more)
    #expect(
      try world.rows("SELECT i, t, f, j FROM items ORDER BY i")
        == ["1|{\"k\":[1]}|false|\"text\"", "2|∅|true|[true]"])
  }

  @Test(
    "names the line and the column of a value that does not fit, and leaves no row of its batch",
    arguments: [
      ("id,qty\n1,1\n\"2\",x\n", "Line 3: ", "qty"), ("id,qty\n1,1\n2\n", "Line 3 has 1 fields", "header"),
      ("id,qty\n1,1\n1,2\n", "Line 3: ", "duplicate key"), ("id,qty\n,1\n", "column `id`", "null"),
      ("id,day\n1,31/01/2026\n", "Line 2: ", "day"), ("id,day\n1,01/02/2026\n", "Line 2: ", "day"),
    ])
  func misfit(_ text: String, _ line: String, _ word: String) async throws {
    let world = try PostgresBench("CREATE TABLE items (id int PRIMARY KEY, qty int, day date)")
    let failure = await world.refusal(SQLLoad(), Self.load(world, Self.csv(world, text)))
    #expect(failure?.errorClass == .data, "\(failure?.message ?? "it was loaded")")
    #expect(
      failure?.message.contains(line) == true && failure?.message.contains(word) == true,
      "\(failure?.message ?? "")")
    #expect(try world.rows("SELECT count(*) FROM items") == ["0"])
  }

  @Test("goes on at the line where a killed attempt came to, and loads none twice")
  func resumes() async throws {
    let world = try PostgresBench("CREATE TABLE items (id int CHECK (id <> 25))")
    let text = "id\n" + (1...30).map { "\($0)\n" }.joined()
    let with = Self.load(world, Self.csv(world, text), ["batch": 10])
    #expect(await world.refusal(SQLLoad(), with)?.message.contains("Line 26: ") == true)
    #expect(try world.rows("SELECT count(*), max(id) FROM items") == ["20|20"])
    try world.sql("ALTER TABLE items DROP CONSTRAINT items_id_check")
    let value = try await world.run(SQLLoad(), with)
    #expect(value["rows"] == 30 && value["resumed"] == true)
    #expect(try world.rows("SELECT count(*), count(DISTINCT id) FROM items") == ["30|30"])
    #expect(try await world.run(SQLLoad(), with)["rows"] == 30, "What is done is not done again.")
    #expect(try world.rows("SELECT count(*) FROM items") == ["30"])
    let other = Self.load(world, Self.csv(world, "id\n99\n"))
    #expect(await world.refusal(SQLLoad(), other)?.code == "load-changed")
  }

  @Test("changes the row with the same keys; of two in a file the later one counts")
  func upserts() async throws {
    let world = try PostgresBench(
      "CREATE TABLE items (id int PRIMARY KEY, note text, kept text DEFAULT 'd'); "
        + "INSERT INTO items VALUES (1, 'old', 'k')"
    )
    let text = "id,note\n1,new\n2,first\n2,last\n"
    let with = Self.load(world, Self.csv(world, text), ["mode": "upsert", "keys": ["id"]])
    _ = try await world.run(SQLLoad(), with)
    #expect(try world.rows("SELECT * FROM items ORDER BY id") == ["1|new|k", "2|last|d"])
    let wrong = Self.load(world, Self.csv(world, "id,note\n3,x\n"), ["mode": "upsert", "keys": ["note"]])
    #expect(await world.refusal(SQLLoad(), wrong)?.code == "load-keys")
  }

  @Test("replaces all rows, or those of a partition, at once; a file that does not fit changes nothing")
  func replaces() async throws {
    let world = try PostgresBench(
      "CREATE TABLE items (id int, day date); INSERT INTO items VALUES (1, '2026-01-01'), (2, '2026-01-02')")
    let partition: JSON = ["column": "day", "value": "2026-01-02"]
    let bad = Self.load(
      world, Self.csv(world, "id\n7\nx\n"), ["mode": "replace_partition", "partition": partition])
    #expect(await world.refusal(SQLLoad(), bad)?.errorClass == .data)
    #expect(try world.rows("SELECT id FROM items ORDER BY id") == ["1", "2"])
    let part = Self.load(
      world, Self.csv(world, "id\n8\n9\n"), ["mode": "replace_partition", "partition": partition])
    _ = try await world.run(SQLLoad(), part)
    #expect(
      try world.rows("SELECT * FROM items ORDER BY id") == ["1|2026-01-01", "8|2026-01-02", "9|2026-01-02"])
    #expect(
      try world.rows(
        "SELECT count(*) FROM pg_tables WHERE tablename LIKE '\\_esteira\\_stage%' "
          + "AND schemaname = '\(world.schema)'"
      )
        == ["0"])
  }

  @Test("refuses to replace rows that another table would lose with them")
  func references() async throws {
    let world = try PostgresBench(
      "CREATE TABLE items (id int PRIMARY KEY); "
        + "CREATE TABLE parts (item int REFERENCES items ON DELETE CASCADE)"
    )
    let with = Self.load(world, Self.csv(world, "id\n1\n"), ["mode": "replace"])
    #expect(await world.refusal(SQLLoad(), with)?.code == "load-references")
    let missing = Self.load(world, Self.csv(world, "id\n1\n"), table: "nothing")
    #expect(await world.refusal(SQLLoad(), missing)?.code == "no-table")
  }
}

@Suite(
  "A check by PostgreSQL", .enabled(if: PostgresBench.server != nil, Comment(rawValue: PostgresBench.absent)),
  .timeLimit(.minutes(1)))
struct PostgresValidateTests {
  @Test(
    "tells what a statement would do from its plan, without running it",
    arguments: [
      ("SELECT id FROM S.items WHERE id = :id", ["select"], true, true, nil),
      ("DELETE FROM S.items", ["select"], false, false, "not-allowed"),
      ("DELETE FROM S.items", ["delete"], true, false, nil),
      (
        "WITH d AS (DELETE FROM S.items RETURNING *) SELECT * FROM d", ["select"], false, false, "not-allowed"
      ),
      ("DROP TABLE S.items", ["select"], false, false, "not-allowed"),
      ("DROP TABLE S.items", ["schema"], true, false, nil),
      ("COMMIT", ["select", "schema"], false, false, "not-allowed"),
      ("SELEC 1", ["select"], false, false, "syntax"),
      ("SELECT nope", ["select"], false, false, "unknown-name"),
      ("SELECT 1; SELECT 2", ["select"], false, false, "several-statements"),
      (" -- nothing", ["select"], false, false, "empty"),
    ] as [(String, [String], Bool, Bool, String?)])
  func judges(_ sql: String, _ allow: [String], _ valid: Bool, _ readOnly: Bool, _ code: String?) async throws
  {
    let world = try PostgresBench("CREATE TABLE items (id int); INSERT INTO items VALUES (1)")
    let text = sql.replacing("S.items", with: "\(world.schema).items")
    let value = try await world.run(
      SQLValidate(),
      ["query": .string(text), "allow": .array(allow.map { .string($0) }), "estimate_cost": true])
    #expect(value["valid"] == .bool(valid) && value["read_only"] == .bool(readOnly), "\(value.text)")
    #expect(value["issues"]?[0]?["code"]?.string == code, "\(value.text)")
    #expect(value["dialects"] == ["postgresql": .string(valid ? "valid" : "invalid")])
    if sql.contains(":id") {
      #expect(value["parameters"] == [":id"] && value["tables_read"] == [.string("\(world.schema).items")])
      #expect(value["estimated_cost"]?.string?.contains("cost=") == true)
    }
    #expect(try world.rows("SELECT id FROM items") == ["1"])
  }
}

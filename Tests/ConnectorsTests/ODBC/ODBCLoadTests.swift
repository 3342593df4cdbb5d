import Engine
import Model
import Net
import Testing

@testable import Connectors

@Suite(
  "A load over ODBC", .enabled(if: ODBCBench.isThere, Comment(rawValue: ODBCBench.absent)),
  .timeLimit(.minutes(2)))
struct ODBCLoadTests {
  @Test("keeps every value by the type of its column, from both formats")
  func types() async throws {
    let world = try ODBCBench(
      .postgresql, "CREATE TABLE items (i int, n numeric, d date, t text, b bytea, f bool, m timestamp)")
    let csv =
      "i,n,d,t,b,f,m\r\n"
      + "7,12345678901234567890.125,2026-01-31,\"a\tb\\\"\"\nc😀\",AP8=,true,2026-01-31T12:00:00.5\r\n"
      + ",,,,,,\r\n"
    let value = try await world.run(SQLLoad(), world.load(csv))
    #expect(value["rows"] == 2 && value["resumed"] == false)
    #expect(
      try world.rows("SELECT i, n::text, d, t, b, f, m FROM items ORDER BY i")
        == [
          "7|12345678901234567890.125|2026-01-31|a\tb\\\"\nc😀|[0, 255]|true|2026-01-31T12:00:00.5",
          "∅|∅|∅|∅|∅|∅|∅",
        ])
    let lines = #"{"i": 1, "t": {"k": [1]}, "f": false}"# + "\n" + #"{"i": "2", "t": null, "f": 1}"#
    _ = try await world.run(SQLLoad(), world.load(lines, ["mode": "replace"], name: "t.ndjson"))
    #expect(try world.rows("SELECT i, t, f FROM items ORDER BY i") == ["1|{\"k\":[1]}|false", "2|∅|true"])
  }

  @Test(
    "names the line and the column of a value that does not fit, and leaves no row of its batch",
    arguments: ODBCBench.Engine.allCases,
    [
      ("id,qty\n1,1\n\"2\",x\n", "Line 3, column `qty`"), ("id,qty\n1,1\n2\n", "Line 3 has 1 fields"),
      ("id,qty\n1,1\n1,2\n", "Line 3: "), ("id,day\n1,31/01/2026\n", "Line 2, column `day`"),
    ])
  func misfit(_ engine: ODBCBench.Engine, _ row: (String, String)) async throws {
    let world = try ODBCBench(engine, "CREATE TABLE items (id int NOT NULL PRIMARY KEY, qty int, day date)")
    let failure = await world.refusal(SQLLoad(), world.load(row.0))
    #expect(failure?.errorClass == .data, "\(failure?.message ?? "it was loaded")")
    #expect(failure?.message.contains(row.1) == true, "\(failure?.message ?? "")")
    #expect(try world.rows("SELECT count(*) FROM items") == ["0"])
  }

  @Test(
    "goes on at the line where a killed attempt came to, and loads none twice",
    arguments: ODBCBench.Engine.allCases)
  func resumes(_ engine: ODBCBench.Engine) async throws {
    let world = try ODBCBench(
      engine,
      "CREATE TABLE bad (id int PRIMARY KEY); INSERT INTO bad VALUES (25); CREATE TABLE items (id int UNIQUE)"
    )
    try world.sql("INSERT INTO items VALUES (25)")
    let text = "id\n" + (1...30).map { "\($0)\n" }.joined()
    let with = world.load(text, ["batch": 10])
    #expect(await world.refusal(SQLLoad(), with)?.message.contains("Line 26: ") == true)
    #expect(try world.rows("SELECT count(*), max(id) FROM items") == ["21|25"])
    try world.sql("DELETE FROM items WHERE id = 25")
    let value = try await world.run(SQLLoad(), with)
    #expect(value["rows"] == 30 && value["resumed"] == true, "\(value.text)")
    #expect(try world.rows("SELECT count(*), count(DISTINCT id) FROM items") == ["30|30"])
    #expect(try await world.run(SQLLoad(), with)["rows"] == 30, "What is done is not done again.")
    #expect(try world.rows("SELECT count(*) FROM items") == ["30"])
    #expect(await world.refusal(SQLLoad(), world.load("id\n99\n"))?.code == "load-changed")
  }

  @Test(
    "changes the row with the same keys; of two in a file the later one counts",
    arguments: ODBCBench.Engine.allCases)
  func upserts(_ engine: ODBCBench.Engine) async throws {
    let world = try ODBCBench(
      engine,
      "CREATE TABLE items (id int NOT NULL PRIMARY KEY, note text, kept text DEFAULT 'd'); "
        + "INSERT INTO items VALUES (1, 'old', 'k')")
    let with = world.load("id,note\n1,new\n2,first\n2,last\n", ["mode": "upsert", "keys": ["id"]])
    _ = try await world.run(SQLLoad(), with)
    #expect(try world.rows("SELECT * FROM items ORDER BY id") == ["1|new|k", "2|last|d"])
    let wrong = world.load("id,note\n3,x\n", ["mode": "upsert", "keys": ["note"]])
    #expect(await world.refusal(SQLLoad(), wrong)?.code == "load-keys")
  }

  @Test(
    "replaces all rows, or those of a partition, at once; a file that does not fit changes nothing",
    arguments: ODBCBench.Engine.allCases)
  func replaces(_ engine: ODBCBench.Engine) async throws {
    let world = try ODBCBench(
      engine,
      "CREATE TABLE items (id int, day date); INSERT INTO items VALUES (1, '2026-01-01'), (2, '2026-01-02')")
    let partition: JSONObject = [
      "mode": "replace_partition", "partition": ["column": "day", "value": "2026-01-02"],
    ]
    #expect(await world.refusal(SQLLoad(), world.load("id\n7\nx\n", partition))?.errorClass == .data)
    #expect(try world.rows("SELECT id FROM items ORDER BY id") == ["1", "2"])
    _ = try await world.run(SQLLoad(), world.load("id\n8\n9\n", partition))
    #expect(
      try world.rows("SELECT * FROM items ORDER BY id") == ["1|2026-01-01", "8|2026-01-02", "9|2026-01-02"])
    _ = try await world.run(SQLLoad(), world.load("id,day\n5,2026-02-01\n", ["mode": "replace"]))
    #expect(try world.rows("SELECT id FROM items") == ["5"])
  }

  @Test(
    "refuses a table that is not there, our own, and what is no name", arguments: ODBCBench.Engine.allCases)
  func tables(_ engine: ODBCBench.Engine) async throws {
    let world = try ODBCBench(engine, "CREATE TABLE items (id int)")
    for table in ["nothing_here", "_esteira_odbc_loads", "items WHERE 1=1; --", "(SELECT 1)", "items x"] {
      #expect(
        await world.refusal(SQLLoad(), world.load("id\n1\n", table: table))?.code == "no-table", "\(table)")
    }
  }

  @Test("refuses to replace rows that another table would lose with them")
  func references() async throws {
    let world = try ODBCBench(
      .postgresql,
      "CREATE TABLE items (id int PRIMARY KEY); "
        + "CREATE TABLE parts (item int REFERENCES items ON DELETE CASCADE)"
    )
    let failure = await world.refusal(SQLLoad(), world.load("id\n1\n", ["mode": "replace"]))
    #expect(failure?.code == "load-references", "\(failure?.message ?? "")")
  }
}

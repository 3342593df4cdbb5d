import Engine
import Foundation
import Model
import Net
import Testing

@testable import Connectors

@Suite("A load of a file into a table", .timeLimit(.minutes(1)))
struct SQLLoadTests {
  private static func csv(_ bench: Bench, _ text: String) -> JSON {
    bench.keep(text, name: "t.csv", mediaType: "text/csv").json
  }

  private static func ndjson(_ bench: Bench, _ text: String) -> JSON {
    bench.keep(text, name: "t.ndjson", mediaType: "application/x-ndjson").json
  }

  private static func numbers(_ range: ClosedRange<Int>) -> String {
    "id\n" + range.map { "\($0)\n" }.joined()
  }

  @Test("keeps every value by the type that its column declares")
  func types() async throws {
    let bench = try Bench()
    try SQLBench.make(
      bench, "CREATE TABLE t (i INTEGER, r REAL, n DECIMAL(10,2), d DATE, s TEXT, b BLOB, a, f BOOLEAN)")
    let file = Self.csv(
      bench,
      "\u{FEFF}i,r,n,d,s,b,a,f\r\n7,1,2.50,2026-01-31,007,AP8=,x,1\r\n,,,,,,,\r\n"
        + "-1,1e3,3,12,\"a\"\"\nb\",,1,0\r\n"
    )
    let value = try await SQLBench.run(SQLLoad(), bench, ["table": "T", "file": file])
    #expect(value == ["rows": 3, "tables": ["t": 3], "resumed": false])
    let rows = try SQLBench.rows(bench, "SELECT * FROM t")
    #expect(
      rows[0] == [
        .integer(7), .real(1), .real(2.5), .text("2026-01-31"), .text("007"), .bytes([0, 255]), .text("x"),
        .integer(1),
      ])
    #expect(rows[1] == Array(repeating: .null, count: 8))
    #expect(rows[2][0...2] == [.integer(-1), .real(1000), .integer(3)] && rows[2][4] == .text("a\"\nb"))
    let more = Self.ndjson(
      bench,
      #"{"i": 1.0, "r": 2, "n": true, "s": {"k": [1]}, "b": "AA=="}"# + "\n\n" + #"{"b": null, "i": "12"}"#)
    let columns: JSON = ["i", "r", "n", "s", "b"]
    _ = try await SQLBench.run(
      SQLLoad(), bench, ["table": "t", "file": more, "columns": columns, "mode": "replace"])
    #expect(
      try SQLBench.rows(bench, "SELECT i, r, n, s, b FROM t") == [
        [.integer(1), .real(2), .integer(1), .text("{\"k\":[1]}"), .bytes([0])],
        [.integer(12), .null, .null, .null, .null],
      ])
  }

  @Test(
    "names the line and the column of a value that does not fit, and leaves no row of its batch",
    arguments: [
      ("i\n1\n2\nx\n", "Line 4, column `i`: `x` is no integer"), ("i\n\"1\n\"\n1.5\n", "Line 2, column `i`"),
      ("r\n1\n\n1.234,5\n", "Line 4 has 2 fields"), ("n\n0.1234567890123456\n", "more than 15 digits"),
      ("s\n\"\"\n", "it may not be null"), ("b\n?\n", "no base64"),
      ("i\n99999999999999999999\n", "no integer"),
      ("r\nnan\n", "no number"), ("r\n0x10\n", "no number"), ("r\n1e999\n", "no number"),
    ])
  func misfits(text: String, message: String) async throws {
    let bench = try Bench()
    try SQLBench.make(
      bench, "CREATE TABLE t (i INTEGER, r REAL, n NUMERIC, s TEXT NOT NULL DEFAULT 'd', b BLOB)")
    for mode in ["append", "replace"] {
      let found = await SQLBench.refusal(
        SQLLoad(), bench, ["table": "t", "file": Self.csv(bench, text), "mode": .string(mode)])
      #expect(
        found?.errorClass == .data && found?.message.contains(message) == true, "\(found?.message ?? "")")
      #expect(try SQLBench.rows(bench, "SELECT count(*) FROM t") == [[.integer(0)]])
    }
    let left = try SQLBench.rows(
      bench, "SELECT name FROM sqlite_master WHERE name LIKE '\\_esteira\\_stage%' ESCAPE '\\'")
    #expect(left == [])
  }

  @Test("keeps text that the database would take for another number out of the columns where it would")
  func numbersInDisguise() async throws {
    let bench = try Bench()
    try SQLBench.make(
      bench, "CREATE TABLE t (d TIME, a ANY, f); CREATE TABLE s (a ANY) STRICT; CREATE TABLE n (v DECIMAL)")
    for text in ["0930", " 12 ", "1e999", "1.50", "5.", "+7", "-0", "1E5", "12.0", "9223372036854775808"] {
      for column in ["d", "a"] {
        let found = await SQLBench.refusal(
          SQLLoad(), bench, ["table": "t", "file": Self.csv(bench, "\(column)\n\(text)\n")])
        #expect(found?.code == "load-row" && found?.message.hasPrefix("Line 2") == true, "\(text)")
      }
    }
    for text in ["930", "-12.5", "09:30", "0x10", "2026-01-31", "1e", ".", "-", "007a"] {
      _ = try await SQLBench.run(
        SQLLoad(), bench,
        ["table": "t", "file": Self.csv(bench, "d,a,f\n\(text),\(text),007\n"), "mode": "replace"])
      let rows = try SQLBench.rows(bench, "SELECT CAST(d AS TEXT), CAST(a AS TEXT), f FROM t")
      #expect(rows == [[.text(text), .text(text), .text("007")]])
    }
    _ = try await SQLBench.run(SQLLoad(), bench, ["table": "s", "file": Self.csv(bench, "a\n007\n")])
    #expect(try SQLBench.rows(bench, "SELECT a FROM s") == [[.text("007")]])
  }

  @Test("takes no more digits into a decimal than it keeps, however they are written")
  func digits() async throws {
    let bench = try Bench()
    try SQLBench.make(bench, "CREATE TABLE n (v DECIMAL)")
    for file in [
      Self.ndjson(bench, #"{"v": 1234567890123456.78}"#),
      Self.ndjson(bench, #"{"v": "1234567890123456.78"}"#),
      Self.csv(bench, "v\n1.2345678901234567e0\n"),
    ] {
      let found = await SQLBench.refusal(SQLLoad(), bench, ["table": "n", "file": file])
      #expect(found?.message.contains("more than 15 digits") == true, "\(found?.message ?? "")")
    }
    let file = Self.ndjson(
      bench, #"{"v": 0.000123456789012345}"# + "\n" + #"{"v": "1.500000000000000000e3"}"#)
    _ = try await SQLBench.run(SQLLoad(), bench, ["table": "n", "file": file])
    #expect(
      try SQLBench.rows(bench, "SELECT v FROM n ORDER BY v") == [
        [.real(0.000123456789012345)], [.integer(1500)],
      ])
  }

  @Test("with `upsert` changes what is there by its keys, also when it is loaded again")
  func upsert() async throws {
    let bench = try Bench()
    try SQLBench.make(bench)
    let with: JSON = [
      "table": "items", "file": Self.csv(bench, "id,name\n1,one\n5,five\n"), "mode": "upsert", "keys": ["id"],
    ]
    for _ in 1...2 { #expect(try await SQLBench.run(SQLLoad(), bench, with)["rows"] == 2) }
    #expect(
      try SQLBench.rows(bench, "SELECT id, name, price FROM items ORDER BY id") == [
        [.integer(1), .text("one"), .real(1.5)], [.integer(2), .text("dois"), .null],
        [.integer(5), .text("five"), .null],
      ])
    let keys = await SQLBench.refusal(
      SQLLoad(), bench,
      ["table": "items", "file": Self.csv(bench, "id,price\n1,2\n"), "mode": "upsert", "keys": ["price"]])
    #expect(keys?.code == "load-keys")
  }

  @Test("with `replace_partition` changes one partition, of several tables at once")
  func partition() async throws {
    let bench = try Bench()
    try SQLBench.make(
      bench,
      """
      CREATE TABLE a (partition TEXT, v INTEGER); CREATE TABLE b (v INTEGER CHECK (v < 100), partition TEXT);
      INSERT INTO a VALUES ('d1', 1), ('d2', 2); INSERT INTO b VALUES (1, 'd1'), (2, 'd2');
      """)
    let a = Self.csv(bench, "partition,v\nd1,10\nd1,11\n")
    var with: JSON = [
      "tables": ["a": a, "b": Self.csv(bench, "v\n20\n200\n")], "mode": "replace_partition",
      "partition": "d1",
    ]
    let broken = await SQLBench.refusal(SQLLoad(), bench, with)
    #expect(
      broken?.code == "sql-constraint" && broken?.message.hasPrefix("Line 3: ") == true,
      "\(broken?.message ?? "")")
    #expect(try SQLBench.rows(bench, "SELECT v FROM a ORDER BY v") == [[.integer(1)], [.integer(2)]])
    with = [
      "tables": ["a": a, "b": Self.csv(bench, "v\n20\n")], "mode": "replace_partition",
      "partition": ["column": "partition", "value": "d1"],
    ]
    let value = try await SQLBench.run(SQLLoad(), bench, with)
    #expect(value["rows"] == 3 && value["tables"] == ["a": 2, "b": 1])
    #expect(
      try SQLBench.rows(bench, "SELECT v FROM a ORDER BY v") == [
        [.integer(2)], [.integer(10)], [.integer(11)],
      ])
    #expect(
      try SQLBench.rows(bench, "SELECT v, partition FROM b ORDER BY v") == [
        [.integer(2), .text("d2")], [.integer(20), .text("d1")],
      ])
    let other = await SQLBench.refusal(
      SQLLoad(), bench,
      [
        "table": "a", "file": Self.csv(bench, "partition,v\nd2,1\n"), "mode": "replace_partition",
        "partition": "d1",
      ])
    #expect(other?.code == "load-row")
  }

  /// A table without any key, in which a line loaded twice would show, and whose trigger never ends at 25.
  private static let trap = """
    CREATE TABLE t (id INTEGER); CREATE TABLE guard (n INTEGER);
    CREATE TRIGGER trap AFTER INSERT ON t WHEN new.id = 25 BEGIN
      INSERT INTO guard SELECT x FROM (
        WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c WHERE x < 0);
    END
    """

  @Test("that is killed in a batch goes on at the next line, and loads no line twice")
  func killed() async throws {
    let bench = try Bench()
    let path = try SQLBench.make(bench, Self.trap)
    let with: JSON = ["table": "t", "file": Self.csv(bench, Self.numbers(1...57)), "batch": 10]
    let attempt = bench.attempt(with, effect: .keyed, connection: SQLBench.connection())
    let running = Task { await failure { () async throws(Failure) in try await SQLLoad().execute(attempt) } }
    try await waitForLine(22, bench)
    // What a process that is killed now leaves on the disk, an open journal with it.
    for ending in ["", "-journal"] where FileManager.default.fileExists(atPath: path + ending) {
      try FileManager.default.copyItem(atPath: path + ending, toPath: bench.root + "/own/copy.db" + ending)
    }
    running.cancel()
    #expect(await running.value?.errorClass == .cancelled)
    for name in ["copy.db", "t.db"] {
      try SQLiteConnection.open(bench.root + "/own/" + name, .writes).execute("DROP TRIGGER trap")
      #expect(
        try SQLBench.rows(bench, "SELECT count(*), max(id) FROM t", name: name) == [
          [.integer(20), .integer(20)]
        ])
      for _ in 1...2 {
        let value = try await SQLBench.run(SQLLoad(), bench, with, on: SQLBench.connection(name))
        #expect(value == ["rows": 57, "tables": ["t": 57], "resumed": true])
      }
      let rows = try SQLBench.rows(bench, "SELECT count(*), count(DISTINCT id), max(id) FROM t", name: name)
      #expect(rows == [[.integer(57), .integer(57), .integer(57)]])
      let record = try SQLBench.rows(
        bench, "SELECT step_key, \"table\", next_line, rows, done_at IS NULL FROM _esteira_loads", name: name)
      #expect(record == [[.text("k1"), .text("t"), .integer(59), .integer(57), .integer(0)]])
    }
    #expect(bench.log.contains { $0.contains("goes on at line 22") })
  }

  private func waitForLine(_ line: Int64, _ bench: Bench) async throws {
    await OwnThread.run {
      while (try? SQLBench.rows(bench, "SELECT next_line FROM _esteira_loads")) != [[.integer(line)]] {
        poll(nil, 0, 2)
      }
    }
  }

  @Test(
    "with `replace` shows the old rows until all new ones are gathered, and goes on with those after a kill")
  func gathered() async throws {
    let bench = try Bench()
    let path = try SQLBench.make(bench, "CREATE TABLE t (id INTEGER); INSERT INTO t VALUES (1000)")
    let with: JSON = [
      "table": "t", "file": Self.csv(bench, Self.numbers(1...57)), "batch": 10, "mode": "replace",
    ]
    let records = LoadRecords(stepKey: "k1", now: bench.attempt(with).services.now())
    let plan = try LoadPlan(with)
    let handle = plan.parts[0].file
    let file = bench.root + "/part.csv"
    try Data(try #require(bench.bytes(of: handle))).write(to: URL(filePath: file))
    // The process ends before the rows take their place.
    do {
      let connection = try SQLiteConnection.open(path, .writes)
      let source = LoadSource(path: file, format: .csv, delimiter: plan.delimiter)
      let loader = TableLoader(plan: plan, part: plan.parts[0], source: source, records: records)
      #expect(try loader.load(on: connection).rows == 57)
    }
    // All lines are gathered, none is in the table: it still shows the old rows.
    #expect(try SQLBench.rows(bench, "SELECT id FROM t") == [[.integer(1000)]])
    let value = try await SQLBench.run(SQLLoad(), bench, with)
    #expect(value == ["rows": 57, "tables": ["t": 57], "resumed": true])
    #expect(
      try SQLBench.rows(bench, "SELECT count(*), count(DISTINCT id) FROM t") == [
        [.integer(57), .integer(57)]
      ])
    #expect(
      try SQLBench.rows(bench, "SELECT name FROM sqlite_master WHERE name GLOB '_esteira_stage*'") == [])
  }

  @Test("of a step that begins anew with another file adds nothing to what it appended before")
  func changed() async throws {
    let bench = try Bench()
    try SQLBench.make(bench, "CREATE TABLE t (id INTEGER)")
    let first: JSON = ["table": "t", "file": Self.csv(bench, Self.numbers(1...3))]
    _ = try await SQLBench.run(SQLLoad(), bench, first)
    let second = Self.csv(bench, Self.numbers(4...5))
    let found = await SQLBench.refusal(SQLLoad(), bench, ["table": "t", "file": second])
    #expect(found?.code == "load-changed")
    let value = try await SQLBench.run(SQLLoad(), bench, ["table": "t", "file": second, "mode": "replace"])
    #expect(value["rows"] == 2)
    #expect(try SQLBench.rows(bench, "SELECT id FROM t") == [[.integer(4)], [.integer(5)]])
  }

  @Test("takes names as names, whatever stands in them")
  func names() async throws {
    let bench = try Bench()
    try SQLBench.make(
      bench, "CREATE TABLE \"a\"\"; DROP TABLE x; --\" (\"select\" INTEGER, \"é\"\" b\" TEXT)")
    let file = Self.ndjson(bench, #"{"select": 1, "é\" b": "x"}"#)
    let value = try await SQLBench.run(SQLLoad(), bench, ["table": "a\"; DROP TABLE x; --", "file": file])
    #expect(value["rows"] == 1)
  }

  @Test("reads back exactly what a query wrote", arguments: ["ndjson", "csv"])
  func roundTrip(format: String) async throws {
    let bench = try Bench()
    try SQLBench.make(
      bench, SQLBench.sample + "CREATE TABLE copy (id INTEGER, name TEXT, price REAL, data BLOB);")
    let file = try await SQLBench.run(
      SQLQuery(), bench,
      ["query": "SELECT * FROM items ORDER BY id", "result": "artifact", "format": .string(format)])["file"]
    _ = try await SQLBench.run(SQLLoad(), bench, ["table": "copy", "file": try #require(file)])
    let same =
      try SQLBench.rows(bench, "SELECT * FROM items ORDER BY id")
      == SQLBench.rows(bench, "SELECT * FROM copy ORDER BY id")
    #expect(same)
  }
}

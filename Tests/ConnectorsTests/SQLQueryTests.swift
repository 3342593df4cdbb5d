import Engine
import Foundation
import Model
import Net
import Testing

@testable import Connectors

@Suite("A query of a database", .timeLimit(.minutes(1)))
struct SQLQueryTests {
  @Test("gives rows as objects, each value exactly, with bytes as base64")
  func rows() async throws {
    let bench = try Bench()
    try SQLBench.make(bench)
    let value = try await SQLBench.run(
      SQLQuery(), bench, ["query": "SELECT *, 9223372036854775807 AS big FROM items ORDER BY id"])
    #expect(
      value == [
        "rows": [
          ["id": 1, "name": "um", "price": 1.5, "data": "AP8=", "big": .int(.max)],
          ["id": 2, "name": "dois", "price": .null, "data": .null, "big": .int(.max)],
        ], "file": .null, "row_count": 2, "columns": ["id", "name", "price", "data", "big"],
        "truncated": false,
      ])
  }

  @Test("binds parameters by name or place, and never writes them into the text")
  func parameters() async throws {
    let bench = try Bench()
    try SQLBench.make(bench)
    let cases: [(String, JSON, JSON)] = [
      ("SELECT :a AS v", ["a": "x'; DROP TABLE items; --"], "x'; DROP TABLE items; --"),
      ("SELECT @a || $a AS v", ["a": "x"], "xx"), ("SELECT ? + ? AS v", [1, 2], 3),
      ("SELECT ?2 AS v", [1, 2], 2), ("SELECT :a AS v", ["a": true], 1),
      ("SELECT :a AS v", ["a": .null], .null),
      ("SELECT typeof(:a) AS v", ["a": 1.0], "real"),
      (
        "SELECT count(*) AS v FROM items WHERE id IN (SELECT value FROM json_each(:ids))", ["ids": [1, 7]], 1
      ),
    ]
    for (sql, parameters, expected) in cases {
      let value = try await SQLBench.run(
        SQLQuery(), bench, ["query": .string(sql), "parameters": parameters])
      #expect(value["rows"]?[0]?["v"] == expected, "\(sql)")
    }
    #expect(try SQLBench.rows(bench, "SELECT count(*) FROM items") == [[.integer(2)]])
  }

  @Test("streams into an artifact, in both formats, and says what was left out")
  func artifact() async throws {
    let bench = try Bench()
    try SQLBench.make(bench)
    let sql = """
      SELECT 1 AS n, 'a"b,c' AS t, NULL AS z, '' AS e UNION ALL SELECT 2.5, 'ç' || char(10), x'01', 'x'
      """
    let cases = [
      (
        "ndjson",
        "{\"n\":1,\"t\":\"a\\\"b,c\",\"z\":null,\"e\":\"\"}\n"
          + "{\"n\":2.5,\"t\":\"ç\\n\",\"z\":\"AQ==\",\"e\":\"x\"}\n"
      ),
      ("csv", "n,t,z,e\r\n1,\"a\"\"b,c\",,\"\"\r\n2.5,\"ç\n\",AQ==,x\r\n"),
    ]
    for (format, text) in cases {
      let with: JSON = ["query": .string(sql), "result": "artifact", "format": .string(format)]
      let value = try await SQLBench.run(SQLQuery(), bench, with)
      let file = try #require(value["file"].flatMap(ArtifactHandle.init))
      #expect(bench.bytes(of: file).map { String(decoding: $0, as: UTF8.self) } == text)
      #expect(value["row_count"] == 2 && value["truncated"] == false && value["rows"] == [])
    }
    let cut = try await SQLBench.run(
      SQLQuery(), bench, ["query": .string(sql), "result": "artifact", "max_rows": 1])
    #expect(cut["row_count"] == 1 && cut["truncated"] == true)
    let whole = try await SQLBench.run(SQLQuery(), bench, ["query": .string(sql), "max_rows": 2])
    #expect(whole["row_count"] == 2 && whole["truncated"] == false)
  }

  @Test("doubles a quote in CSV also where an accent follows it, and its loader reads the same text")
  func accentedQuotes() async throws {
    let bench = try Bench()
    let text = "a\"\u{301},b\"\u{FE0F}\n"
    try SQLBench.make(bench, "CREATE TABLE t (v TEXT)")
    let value = try await SQLBench.run(
      SQLQuery(), bench,
      ["query": "SELECT :v AS v", "parameters": ["v": .string(text)], "result": "artifact", "format": "csv"])
    let file = try #require(value["file"].flatMap(ArtifactHandle.init))
    let written = "v\r\n\"a\"\"\u{301},b\"\"\u{FE0F}\n\"\r\n"
    #expect(bench.bytes(of: file) == Array(written.utf8))
    _ = try await SQLBench.run(SQLLoad(), bench, ["table": "t", "file": file.json])
    #expect(try SQLBench.rows(bench, "SELECT hex(v) FROM t") == SQLBench.rows(bench, "SELECT hex('\(text)')"))
  }

  @Test("takes back what a killed writer left where it may write, and waits for another where it may not")
  func killedWriter() async throws {
    let bench = try Bench()
    let path = try SQLBench.make(
      bench,
      """
      CREATE TABLE t (a TEXT); WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 4000)
      INSERT INTO t SELECT hex(zeroblob(500)) FROM c
      """)
    let own = bench.root + "/own/"
    do {
      // What is changed is more than the cache holds, so that the file has some of it before the commit.
      let writer = try SQLiteConnection.open(path, .writes)
      try writer.execute(
        "BEGIN IMMEDIATE; UPDATE t SET a = 'new'; INSERT INTO t SELECT hex(zeroblob(900)) FROM t")
      for name in ["k.db", "l.db"] {
        for ending in ["", "-journal"] {
          try FileManager.default.copyItem(atPath: path + ending, toPath: own + name + ending)
        }
      }
    }
    let query: JSON = ["query": "SELECT count(*) AS n, count(*) FILTER (WHERE a = 'new') AS new FROM t"]
    let found = await SQLBench.refusal(
      SQLQuery(), bench, query, on: SQLBench.connection("k.db", readOnly: true))
    #expect(found?.errorClass == .transient && found?.code == "sql-busy", "\(found?.message ?? "")")
    for name in ["k.db", "l.db"] {
      let value = try await SQLBench.run(SQLQuery(), bench, query, on: SQLBench.connection(name))
      #expect(value["rows"] == [["n": 4000, "new": 0]])
      #expect(!FileManager.default.fileExists(atPath: own + name + "-journal"))
    }
    let value = try await SQLBench.run(
      SQLQuery(), bench, query, on: SQLBench.connection("k.db", readOnly: true))
    #expect(value["rows"] == [["n": 4000, "new": 0]])
  }

  @Test("stores many rows, of which the output could hold none")
  func many() async throws {
    let bench = try Bench()
    try SQLBench.make(bench)
    let sql = """
      WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 100000)
      SELECT x, 'a row with the number ' || x AS t FROM c
      """
    let refusal = await SQLBench.refusal(SQLQuery(), bench, ["query": .string(sql)])
    #expect(refusal?.errorClass == .outputTooLarge && refusal?.message.contains("result: artifact") == true)
    let value = try await SQLBench.run(SQLQuery(), bench, ["query": .string(sql), "result": "artifact"])
    #expect(value["row_count"] == 100_000)
    let file = try #require(value["file"].flatMap(ArtifactHandle.init))
    let lines = try #require(bench.bytes(of: file)).split(separator: UInt8(ascii: "\n"))
    #expect(lines.count == 100_000)
    let last = #"{"x":100000,"t":"a row with the number 100000"}"#
    #expect(lines.last.map { String(decoding: $0, as: UTF8.self) } == last)
  }

  @Test("ends with `timeout` at its own limit")
  func timeout() async throws {
    let bench = try Bench()
    try SQLBench.make(bench)
    let sql = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c"
    let found = await SQLBench.refusal(SQLQuery(), bench, ["query": .string(sql), "timeout": "20ms"])
    #expect(found?.errorClass == .timeout && found?.code == "timeout")
  }

  @Test("ends soon when its attempt is cancelled in the middle")
  func cancel() async throws {
    let bench = try Bench()
    try SQLBench.make(bench)
    let sql = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c WHERE x < 0"
    let attempt = bench.attempt(
      ["query": .string(sql), "result": "artifact"], effect: .pure, connection: SQLBench.connection())
    let running = Task { await failure { () async throws(Failure) in try await SQLQuery().execute(attempt) } }
    // The file of the rows is there once the statement is about to be run.
    await OwnThread.run { while !Folders.isFile(attempt.services.workFolder + "/rows") { poll(nil, 0, 1) } }
    running.cancel()
    // The statement has no end of its own; the suite's limit would be it.
    #expect(await running.value?.errorClass == .cancelled)
  }

  @Test("reads a damaged file as far as that goes, and then says so")
  func corrupt() async throws {
    let bench = try Bench()
    let path = try SQLBench.make(
      bench,
      """
      CREATE TABLE t (a TEXT); WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 2000)
      INSERT INTO t SELECT hex(zeroblob(50)) FROM c
      """)
    let file = try #require(FileHandle(forUpdatingAtPath: path))
    try file.seek(toOffset: 4096)
    try file.write(contentsOf: Data(repeating: 0xFF, count: 8192))
    try file.close()
    let found = await SQLBench.refusal(SQLQuery(), bench, ["query": "SELECT * FROM t"])
    #expect(found?.errorClass == .data && found?.code == "sql-corrupt")
  }

  @Test("tells another's lock from its own mistake")
  func busy() async throws {
    let bench = try Bench()
    let path = try SQLBench.make(bench)
    let other = try SQLiteConnection.open(path, .writes)
    try other.execute("BEGIN EXCLUSIVE")
    let found = await SQLBench.refusal(
      SQLExecute(), bench, ["statement": "DELETE FROM items", "timeout": "20ms"])
    #expect(found?.errorClass == .transient && found?.code == "sql-busy")
    try other.execute("ROLLBACK")
    let value = try await SQLBench.run(SQLExecute(), bench, ["statement": "DELETE FROM items"])
    #expect(value["changes"] == 2)
  }
}

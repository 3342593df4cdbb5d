import Engine
import Foundation
import Model
import Net
import Testing

@testable import Connectors

@Suite(
  "SQL over ODBC", .enabled(if: ODBCBench.isThere, Comment(rawValue: ODBCBench.absent)),
  .timeLimit(.minutes(2)))
struct ODBCStatementTests {
  @Test("gives numbers, texts, bytes and null as JSON has them, and what JSON would round as text")
  func types() async throws {
    let server = try ODBCBench(.postgresql)
    let value = try await server.run(
      SQLQuery(),
      [
        "query": """
        SELECT true AS b, 9223372036854775807 AS big, 1.5::float8 AS r, 12.50::numeric AS n,
          0.1234567890123456789::numeric AS long, 'é😀'::text AS t, NULL::text AS nothing,
          '\\x00ff'::bytea AS bytes,
          '2026-01-31'::date AS day, '2026-01-31 12:00:00.5'::timestamp AS moment, ''::text AS empty
        """
      ])
    #expect(
      value["rows"] == [
        [
          "b": true, "big": .int(.max), "r": 1.5, "n": 12.5, "long": "0.1234567890123456789", "t": "é😀",
          "nothing": .null, "bytes": "AP8=", "day": "2026-01-31", "moment": "2026-01-31T12:00:00.5",
          "empty": "",
        ]
      ])
    let ddl = "CREATE TABLE items (i INTEGER, r DOUBLE, t TEXT, b BLOB, e TEXT, n TEXT);"
    let file = try ODBCBench(.sqlite, ddl + "INSERT INTO items VALUES (-7, 1.5, 'é😀', x'00ff', '', NULL)")
    let found = try await file.run(SQLQuery(), ["query": "SELECT * FROM items"])
    #expect(
      found["rows"] == [["i": -7, "r": 1.5, "t": "é😀", "b": "AP8=", "e": "", "n": .null]], "\(found.text)")
  }

  @Test(
    "binds parameters by name or place, and never writes them into the text",
    arguments: ODBCBench.Engine.allCases)
  func parameters(_ engine: ODBCBench.Engine) async throws {
    let world = try ODBCBench(
      engine, "CREATE TABLE items (id int, note text); INSERT INTO items VALUES (1, 'a')")
    let cases: [(String, JSON, JSON)] = [
      ("SELECT CAST(:a AS text) AS v", ["a": "x'; DROP TABLE items; --"], "x'; DROP TABLE items; --"),
      ("SELECT CAST(:a AS int) + CAST(:a AS int) AS v", ["a": 2], 4),
      ("SELECT CAST(? AS int) AS v", [7], 7), ("SELECT CAST(:a AS text) AS v", ["a": .null], .null),
      ("SELECT ':no' || CAST(:a AS text) || /* :no */ '?' AS v -- :no", ["a": "!"], ":no!?"),
      ("SELECT id AS v FROM @items WHERE note = :a", ["a": "a"], 1),
      ("SELECT id AS v FROM @items WHERE id = :a", ["a": 1], 1),
    ]
    for (sql, parameters, expected) in cases {
      let value = try await world.run(
        SQLQuery(), ["query": .string(world.placed(sql)), "parameters": parameters])
      #expect(value["rows"]?[0]?["v"] == expected, "\(sql) \(value.text)")
    }
    let wrong: [(String, JSON)] = [
      ("SELECT CAST(:a AS int)", [:]), ("SELECT 1", ["a": 1]), ("SELECT CAST(? AS int)", ["a": 1]),
    ]
    for (sql, parameters) in wrong {
      let failure = await world.refusal(SQLQuery(), ["query": .string(sql), "parameters": parameters])
      #expect(failure?.code == "sql-parameters", "\(sql) \(failure?.message ?? "")")
    }
    #expect(try world.rows("SELECT count(*) FROM items") == ["1"])
  }

  @Test(
    "only reads, whatever the statement says", arguments: ODBCBench.Engine.allCases,
    [
      "INSERT INTO @items VALUES (2) RETURNING id", "DELETE FROM @items", "COMMIT",
      "SELECT 1; DROP TABLE @items",
      "SELECT 1; COMMIT; DELETE FROM @items", "PRAGMA query_only = 0", "SET x.y = 1", "COPY @items TO STDOUT",
      "ATTACH '/tmp/x.db' AS x", "WITH d AS (SELECT 1) INSERT INTO @items SELECT 2",
      "SELECT 'it''s'; DELETE FROM @items",
    ])
  func reads(_ engine: ODBCBench.Engine, _ sql: String) async throws {
    let world = try ODBCBench(engine, "CREATE TABLE items (id int); INSERT INTO items VALUES (1)")
    let failure = await world.refusal(SQLQuery(), ["query": .string(world.placed(sql))])
    let codes = ["sql-refused", "several-statements", "sql-invalid"]
    #expect(codes.contains(failure?.code ?? ""), "\(failure?.message ?? "it ran")")
    #expect(try world.rows("SELECT id FROM items") == ["1"])
  }

  @Test("a function of the server that would write cannot, and nothing can make the transaction write again")
  func functions() async throws {
    let world = try ODBCBench(
      .postgresql,
      """
      CREATE TABLE items (id int); INSERT INTO items VALUES (1); CREATE SEQUENCE counter;
      CREATE FUNCTION adds() RETURNS int LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT
        AS 'INSERT INTO items VALUES (9); SELECT 1';
      """)
    for sql in [
      "SELECT @adds()", "SELECT set_config('transaction_read_only', 'off', false), nextval('@counter')",
      "SELECT * FROM @items FOR UPDATE", "WITH d AS (DELETE FROM @items RETURNING *) SELECT * FROM d",
    ] {
      let failure = await world.refusal(SQLQuery(), ["query": .string(world.placed(sql))])
      #expect(
        ["sql-refused", "sql-invalid"].contains(failure?.code ?? ""), "\(sql): \(failure?.message ?? "ran")")
    }
    #expect(try world.rows("SELECT id FROM items") == ["1"])
    #expect(try world.rows("SELECT is_called FROM counter") == ["false"])
  }

  @Test(
    "streams any number of rows into an artifact, and says what was left out",
    arguments: ODBCBench.Engine.allCases)
  func artifact(_ engine: ODBCBench.Engine) async throws {
    let world = try ODBCBench(engine)
    let numbers = "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 20000) "
    for format in ["csv", "ndjson"] {
      let with: JSON = [
        "query": .string(numbers + "SELECT n, 'row ' || n AS t FROM s"), "result": "artifact",
        "format": .string(format),
      ]
      let value = try await world.run(SQLQuery(), with)
      let file = try #require(value["file"].flatMap(ArtifactHandle.init))
      let lines = world.bench.bytes(of: file)?.split(separator: 10).count
      #expect(lines == (format == "csv" ? 20_001 : 20_000) && value["row_count"] == 20_000)
    }
    let some = try await world.run(
      SQLQuery(), ["query": .string(numbers + "SELECT n FROM s"), "max_rows": 2])
    #expect(some["rows"] == [["n": 1], ["n": 2]] && some["truncated"] == true)
  }

  @Test("changes all or nothing in one transaction", arguments: ODBCBench.Engine.allCases)
  func execute(_ engine: ODBCBench.Engine) async throws {
    let world = try ODBCBench(engine, "CREATE TABLE items (id int NOT NULL PRIMARY KEY, note text)")
    func statement(_ sql: String, _ parameters: JSON = [:]) -> JSON {
      ["statement": .string(world.placed(sql)), "parameters": parameters]
    }
    let value = try await world.run(
      SQLExecute(),
      [
        "statements": [
          statement("INSERT INTO @items VALUES (:id, :note)", ["id": 1, "note": "a"]),
          statement("INSERT INTO @items VALUES (2, 'b'), (3, 'b')"),
          statement("UPDATE @items SET note = 'c' WHERE id > 1"),
          statement("SELECT id FROM @items ORDER BY id"),
        ]
      ])
    #expect(value["changes"] == 5 && value["rows"] == [["id": 1], ["id": 2], ["id": 3]], "\(value.text)")
    #expect(try world.rows("SELECT count(*) FROM items") == ["3"])
    let refused = await world.refusal(
      SQLExecute(),
      ["statements": [statement("DELETE FROM @items"), statement("INSERT INTO @items VALUES (NULL, 'x')")]])
    #expect(refused?.errorClass == .data && refused?.code == "sql-constraint", "\(refused?.message ?? "")")
    for sql in ["COMMIT", "SET search_path TO public", "BEGIN", "PRAGMA user_version = 3", "VACUUM"] {
      let failure = await world.refusal(
        SQLExecute(), ["statements": [statement("DELETE FROM @items"), statement(sql)]])
      #expect(failure?.code == "sql-refused", "\(sql)")
    }
    #expect(try world.rows("SELECT count(*) FROM items") == ["3"])
  }

  @Test(
    "ends a statement at its time or when it is cancelled, and the server works on nothing",
    arguments: ODBCBench.Engine.allCases)
  func stops(_ engine: ODBCBench.Engine) async throws {
    let world = try ODBCBench(engine)
    let endless =
      engine == .postgresql
      ? "SELECT pg_sleep(62)"
      : "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s) SELECT count(*) FROM s"
    let slow = await world.refusal(SQLQuery(), ["query": .string(endless), "timeout": "300ms"])
    #expect(slow?.errorClass == .timeout, "\(slow?.message ?? "")")
    let attempt = world.attempt(["query": .string(endless)])
    let task = Task {
      await failure { () async throws(Failure) in try await SQLQuery().execute(attempt).value }
    }
    if engine == .postgresql {
      let running =
        "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(62%'"
        + " AND pid <> pg_backend_pid()"
      while try world.rows(running) != ["1"] { await Task.yield() }
      task.cancel()
      while try world.rows(running) != ["0"] { await Task.yield() }
    } else {
      task.cancel()
    }
    let ended = await task.value
    #expect(ended?.errorClass == .cancelled, "\(ended?.message ?? "")")
  }

  @Test("has a statement compiled and says what it could not find out", arguments: ODBCBench.Engine.allCases)
  func validate(_ engine: ODBCBench.Engine) async throws {
    let world = try ODBCBench(engine, "CREATE TABLE items (id int)")
    func check(_ sql: String) async throws -> JSON {
      try await world.run(SQLValidate(), ["query": .string(world.placed(sql)), "dialects": ["oracle"]])
    }
    let good = try await check("SELECT id FROM @items WHERE id = :id")
    #expect(good["valid"] == true && good["read_only"] == true && good["parameters"] == [":id"])
    #expect(good["dialects"] == [engine.rawValue: "valid", "oracle": "not_checked"])
    #expect(good["issues"]?.array?.contains { $0["code"] == "not-checked" } == true)
    for sql in ["SELEC 1", "SELECT nothing FROM @items", "DELETE FROM @items", "SELECT 1; SELECT 2"] {
      #expect(try await check(sql)["valid"] == false, "\(sql)")
    }
    // The driver of SQLite compiles only what begins as a SELECT.
    let syntax = try await check(engine == .postgresql ? "SELEC 1" : "SELECT FROM FROM")
    #expect(syntax["syntax_valid"] == false, "\(syntax.text)")
  }
}

@Suite(
  "A data source that is not as it should be",
  .enabled(if: ODBCBench.isThere, Comment(rawValue: ODBCBench.absent)), .timeLimit(.minutes(1)))
struct ODBCFaultTests {
  @Test("names what is missing on the node: the data source, or its driver")
  func missing() async throws {
    let world = try ODBCBench(.postgresql)
    for source in ["nowhere", "gone"] {
      let failure = await world.refusal(
        SQLQuery(), ["query": "SELECT 1"], on: world.connection(["dsn": .string(source)]))
      #expect(
        failure?.errorClass == .configuration && failure?.code == "odbc-driver", "\(failure?.message ?? "")")
    }
  }

  @Test("what a connection may say is a name: no driver, path or option gets in with it")
  func names() async throws {
    let world = try ODBCBench(.postgresql)
    for address: JSONObject in [
      ["dsn": ""], ["dsn": "pg;Driver=/tmp/x.so"], ["dsn": "{pg}"], ["driver": "SQLite3"],
      ["Database": "/etc/passwd"],
    ] {
      let failure = await world.refusal(SQLQuery(), ["query": "SELECT 1"], on: world.connection(address))
      #expect(failure?.code == "invalid-connection", "\(address)")
    }
  }

  @Test("a wrong password is a fault of the credential, also one that could end the connection's text")
  func login() async throws {
    let world = try ODBCBench(.postgresql)
    for password in ["guess", "s3cret;Database=template1", "a}b{;"] {
      let wrong = await world.refusal(
        SQLQuery(), ["query": "SELECT 1"], as: PostgresBench.credential("esteira", password))
      #expect(
        wrong?.errorClass == .credential && wrong?.code == "sql-login", "\(wrong?.message ?? "it signed in")")
      #expect(wrong?.message.contains(password) == false)
    }
  }

  @Test("a password of any letters is the password")
  func passwords() async throws {
    let world = try ODBCBench(.postgresql)
    let (user, password) = ("odd_\(UUID().uuidString.prefix(8).lowercased())", "a;b}c{d e=f'é")
    try world.sql("CREATE ROLE \(user) LOGIN PASSWORD 'a;b}c{d e=f''é'")
    let attempt = world.attempt(["query": "SELECT 1 AS v"], as: PostgresBench.credential(user, password))
    #expect(try await SQLQuery().execute(attempt).value["rows"] == [["v": 1]])
  }

  @Test("a private server is not gone to unless the connection allows it; a dead one may be tried again")
  func addresses() async throws {
    let world = try ODBCBench(.postgresql)
    let with: JSON = ["query": "SELECT 1"]
    #expect(await world.refusal(SQLQuery(), with, on: world.connection(allow: []))?.code == "egress-refused")
    let dead = await world.refusal(SQLQuery(), with, on: world.connection(["dsn": "dead"]))
    #expect(dead?.errorClass == .transient && dead?.code == "unreachable", "\(dead?.message ?? "")")
    let reading = world.connection(["read_only": true])
    #expect(
      await world.refusal(SQLExecute(), ["statement": "SELECT 1"], on: reading)?.code == "read-only-database")
  }

  @Test("a connection that breaks leaves nothing behind, and a lock is told as busy")
  func breaks() async throws {
    let world = try ODBCBench(.postgresql, "CREATE TABLE items (id int)")
    let broken = await world.refusal(
      SQLExecute(),
      [
        "statements": [
          ["statement": .string("INSERT INTO \(world.prefix)items VALUES (1)")],
          ["statement": "SELECT pg_terminate_backend(pg_backend_pid())"],
        ]
      ])
    #expect(broken?.errorClass == .transient, "\(broken?.message ?? "")")
    #expect(try world.rows("SELECT count(*) FROM items") == ["0"])
    let holder = try #require(try? PostgresBench()).open()
    try holder.execute("BEGIN; LOCK TABLE \(world.prefix)items")
    let busy = await world.refusal(
      SQLExecute(), ["statement": .string("SELECT * FROM \(world.prefix)items FOR UPDATE NOWAIT")])
    #expect(busy?.errorClass == .transient && busy?.code == "sql-busy", "\(busy?.message ?? "")")
    try holder.execute("ROLLBACK")
  }

  @Test("a test of the connection or of its credential signs in, and tells what came of it")
  func probes() async throws {
    let world = try ODBCBench(.postgresql)
    let now: @Sendable () -> Timestamp = { Timestamp(microseconds: 0) }
    let probe = ConnectionProbe(world.bench.client, Brokers(), now: now)
    let credentials = CredentialProbe(world.bench.client, now: now)
    let (right, wrong) = (PostgresBench.credential(), PostgresBench.credential("esteira", "guess"))
    let good = await probe.ask(world.connection(), right, path: nil)
    #expect(good.map(\.passed) == [true] && good[0].note.contains("PostgreSQL 1"), "\(good)")
    #expect(await probe.ask(world.connection(), wrong, path: nil).map(\.passed) == [false])
    #expect(await credentials.ask(right, world.connection(), path: nil).passed == true)
    #expect(await credentials.ask(wrong, world.connection(), path: nil).passed == false)
    let lite = try ODBCBench(.sqlite)
    #expect(await probe.ask(lite.connection(), nil, path: nil)[0].note.contains("SQLite"))
  }
}

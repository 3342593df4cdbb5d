import Engine
import Foundation
import Model
import Net
import Testing

@testable import Connectors

@Suite(
  "SQL on PostgreSQL", .enabled(if: PostgresBench.server != nil, Comment(rawValue: PostgresBench.absent)),
  .timeLimit(.minutes(2)))
struct PostgresStatementTests {
  @Test("gives each type as JSON has it, and what JSON would round as text")
  func types() async throws {
    let world = try PostgresBench()
    let value = try await world.run(
      SQLQuery(),
      [
        "query": """
        SELECT true AS b, 9223372036854775807 AS big, 1.5::float8 AS r, 12.50::numeric AS n,
          0.1234567890123456789::numeric AS long, 'é'::text AS t, NULL AS nothing, '\\x00ff'::bytea AS bytes,
          '{"a": [1, null]}'::jsonb AS doc, '2026-01-31'::date AS day,
          '2026-01-31 12:00:00.5'::timestamp AS moment, '2026-01-31 12:00:00-03'::timestamptz AS instant,
          ARRAY[1, 2] AS list, 'infinity'::numeric AS endless
        """
      ])
    #expect(
      value["rows"] == [
        [
          "b": true, "big": .int(.max), "r": 1.5, "n": 12.5, "long": "0.1234567890123456789", "t": "é",
          "nothing": .null, "bytes": "AP8=", "doc": ["a": [1, .null]], "day": "2026-01-31",
          "moment": "2026-01-31T12:00:00.5", "instant": "2026-01-31T15:00:00Z", "list": "{1,2}",
          "endless": "Infinity",
        ]
      ])
    #expect(await world.refusal(SQLQuery(), ["query": "SELECT 'NaN'::float8 AS x"])?.code == "sql-value")
  }

  @Test("binds parameters by name or number, and never writes them into the text")
  func parameters() async throws {
    let world = try PostgresBench("CREATE TABLE items (id int, note text); INSERT INTO items VALUES (1, 'a')")
    let cases: [(String, JSON, JSON)] = [
      ("SELECT :a::text AS v", ["a": "x'; DROP TABLE items; --"], "x'; DROP TABLE items; --"),
      ("SELECT :a::int + :a AS v", ["a": 2], 4), ("SELECT $2::int AS v, $1::text", ["x", 7], 7),
      ("SELECT :a::bool AS v", ["a": true], true), ("SELECT :a::text AS v", ["a": .null], .null),
      ("SELECT :a::jsonb -> 'k' AS v", ["a": ["k": [1]]], [1]),
      ("SELECT ':no' || $$ :no $$ || /* :no */ :a::text AS v -- :no", ["a": "!"], ":no :no !"),
      ("SELECT E'it\\'s :no' || :a::text AS v", ["a": "!"], "it's :no!"),
    ]
    for (sql, parameters, expected) in cases {
      let value = try await world.run(SQLQuery(), ["query": .string(sql), "parameters": parameters])
      #expect(value["rows"]?[0]?["v"] == expected, "\(sql)")
    }
    let wrong: [(String, JSON, String)] = [
      ("SELECT :a::int", [:], "sql-parameters"), ("SELECT 1", ["a": 1], "sql-parameters"),
      ("SELECT $1::int", ["a": 1], "sql-parameters"), ("SELECT :a::int", ["a": "x"], "sql-value"),
    ]
    for (sql, parameters, code) in wrong {
      let failure = await world.refusal(SQLQuery(), ["query": .string(sql), "parameters": parameters])
      #expect(failure?.code == code, "\(sql) \(failure?.message ?? "")")
    }
  }

  @Test(
    "only reads, whatever the statement says",
    arguments: [
      "INSERT INTO items VALUES (2) RETURNING id",
      "WITH d AS (DELETE FROM items RETURNING *) SELECT * FROM d",
      "SELECT set_config('transaction_read_only', 'off', false), nextval('counter')", "SET x.y = 1",
      "COPY items TO STDOUT", "COMMIT", "SELECT * INTO other FROM items", "SELECT * FROM items FOR UPDATE",
      "SELECT adds()", "CALL adding()", "LISTEN x", "SELECT 1; DROP TABLE items",
      "EXPLAIN ANALYZE DELETE FROM items",
    ])
  func reads(_ sql: String) async throws {
    let world = try PostgresBench(
      """
      CREATE TABLE items (id int); INSERT INTO items VALUES (1); CREATE SEQUENCE counter;
      CREATE FUNCTION adds() RETURNS int LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT
        AS 'INSERT INTO items VALUES (9); SELECT 1';
      CREATE PROCEDURE adding() LANGUAGE sql SET search_path FROM CURRENT AS 'INSERT INTO items VALUES (9)'
      """)
    let qualified = sql.replacing("items", with: "\(world.schema).items")
      .replacing("counter", with: "\(world.schema).counter").replacing("add", with: "\(world.schema).add")
    let failure = await world.refusal(SQLQuery(), ["query": .string(qualified)])
    #expect(["sql-refused", "several-statements"].contains(failure?.code), "\(failure?.message ?? "it ran")")
    #expect(try world.rows("SELECT id FROM items") == ["1"])
    #expect(try world.rows("SELECT is_called FROM counter") == ["false"])
  }

  @Test("streams any number of rows into an artifact, and says what was left out")
  func artifact() async throws {
    let world = try PostgresBench()
    let with: JSON = [
      "query": "SELECT n, 'row ' || n AS t FROM generate_series(1, 50000) AS n", "result": "artifact",
      "format": "csv",
    ]
    let value = try await world.run(SQLQuery(), with)
    let file = try #require(value["file"].flatMap(ArtifactHandle.init))
    let lines = world.bench.bytes(of: file)?.split(separator: 10).count
    #expect(lines == 50_001 && value["row_count"] == 50_000 && value["truncated"] == false)
    let some = try await world.run(
      SQLQuery(), ["query": "SELECT * FROM generate_series(1, 10000000) AS n", "max_rows": 2])
    #expect(some["rows"] == [["n": 1], ["n": 2]] && some["truncated"] == true)
  }

  @Test("changes all or nothing in one transaction, and gives what RETURNING gave")
  func execute() async throws {
    let world = try PostgresBench("CREATE TABLE items (id int PRIMARY KEY, note text)")
    let table = "\(world.schema).items"
    let value = try await world.run(
      SQLExecute(),
      [
        "statements": [
          [
            "statement": .string("INSERT INTO \(table) VALUES (:id, :note)"),
            "parameters": ["id": 1, "note": "a"],
          ],
          [
            "statement": .string(
              "INSERT INTO \(table) SELECT n, 'b' FROM generate_series(2, 4) n RETURNING id")
          ],
          ["statement": .string("UPDATE \(table) SET note = 'c' WHERE id > 1")],
        ]
      ])
    #expect(value["changes"] == 7 && value["rows"] == [["id": 2], ["id": 3], ["id": 4]])
    #expect(value["results"]?.array?.map { $0["changes"] } == [1, 3, 3])
    let refused = await world.refusal(
      SQLExecute(),
      [
        "statements": [
          ["statement": .string("DELETE FROM \(table)")],
          ["statement": .string("INSERT INTO \(table) VALUES (NULL)")],
        ]
      ])
    #expect(refused?.errorClass == .data && refused?.code == "sql-constraint")
    #expect(try world.rows("SELECT count(*) FROM items") == ["4"])
    for sql in ["COMMIT", "SET search_path TO public", "COPY \(table) TO PROGRAM 'true'", "BEGIN"] {
      let with: JSON = [
        "statements": [["statement": .string("DELETE FROM \(table)")], ["statement": .string(sql)]]
      ]
      #expect(await world.refusal(SQLExecute(), with)?.code == "sql-refused", "\(sql)")
    }
    #expect(try world.rows("SELECT count(*) FROM items") == ["4"])
  }

  @Test("says where in the text the server finds the fault, also behind parameters and letters of two bytes")
  func position() async throws {
    let world = try PostgresBench()
    let failure = await world.refusal(
      SQLQuery(), ["query": "SELECT 'é', :value::int,\n  nothing", "parameters": ["value": 1]])
    #expect(failure?.code == "sql-invalid" && failure?.message.contains("line 2, column 3") == true)
  }

  @Test("ends a statement at its time or when it is cancelled, and the server works on nothing")
  func stops() async throws {
    let world = try PostgresBench()
    let slow = await world.refusal(SQLQuery(), ["query": "SELECT pg_sleep(60)", "timeout": "300ms"])
    #expect(slow?.errorClass == .timeout)
    let attempt = world.attempt(["query": "SELECT pg_sleep(61)"])
    let task = Task {
      await failure { () async throws(Failure) in try await SQLQuery().execute(attempt).value }
    }
    let running =
      "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(6%'"
      + " AND pid <> pg_backend_pid()"
    while try world.rows(running) != ["1"] { await Task.yield() }
    task.cancel()
    #expect(await task.value?.errorClass == .cancelled)
    while try world.rows(running) != ["0"] { await Task.yield() }
  }
}

@Suite(
  "A PostgreSQL that is not as it should be",
  .enabled(if: PostgresBench.server != nil, Comment(rawValue: PostgresBench.absent)), .timeLimit(.minutes(1)))
struct PostgresFaultTests {
  @Test("a wrong password, an unknown database and user are faults of the credential")
  func login() async throws {
    let world = try PostgresBench()
    let with: JSON = ["query": "SELECT 1"]
    let wrong = await world.refusal(SQLQuery(), with, as: PostgresBench.credential("esteira", "guess"))
    #expect(wrong?.errorClass == .credential && wrong?.code == "sql-login")
    #expect(wrong?.message.contains("guess") == false)
    let nowhere = await world.refusal(SQLQuery(), with, on: world.connection(["database": "nowhere"]))
    #expect(nowhere?.code == "sql-login")
  }

  @Test("a test of the connection or of its credential signs in, and tells what came of it")
  func probes() async throws {
    let world = try PostgresBench()
    let probe = ConnectionProbe(world.bench.client, Brokers(), now: { Timestamp(microseconds: 0) })
    let credentials = CredentialProbe(world.bench.client, now: { Timestamp(microseconds: 0) })
    let (right, wrong) = (PostgresBench.credential(), PostgresBench.credential("esteira", "guess"))
    let good = await probe.ask(world.connection(), right, path: nil)
    #expect(good.map(\.passed) == [true] && good[0].note.contains("PostgreSQL 1"))
    let bad = await probe.ask(world.connection(), wrong, path: nil)
    #expect(bad.map(\.passed) == [false] && !bad[0].note.contains("guess"))
    #expect(await credentials.ask(right, world.connection(), path: nil).passed == true)
    #expect(await credentials.ask(wrong, world.connection(), path: nil).passed == false)
  }

  @Test("a certificate that nobody vouches for is refused, and only `security` says otherwise")
  func certificates() async throws {
    let world = try PostgresBench()
    let with: JSON = ["query": "SELECT ssl AS v FROM pg_stat_ssl WHERE pid = pg_backend_pid()"]
    var address = world.connection()
    if case .object(var members) = address.address {
      members["ca_file"] = nil
      address.address = .object(members)
    }
    #expect(await world.refusal(SQLQuery(), with, on: address)?.code == "tls")
    let other = world.connection(["host": "127.0.0.1"])
    #expect(
      await world.refusal(SQLQuery(), with, on: other)?.code == "tls", "The certificate is for localhost.")
    for (security, isEncrypted) in [("verify", true), ("encrypt", true), ("none", false)] {
      let attempt = world.attempt(with, on: world.connection(["security": .string(security)]))
      #expect(try await SQLQuery().execute(attempt).value["rows"]?[0]?["v"] == .bool(isEncrypted))
    }
  }

  @Test("a private address is not gone to unless the connection allows it, and a dead one may be tried again")
  func addresses() async throws {
    let world = try PostgresBench()
    let with: JSON = ["query": "SELECT 1"]
    #expect(await world.refusal(SQLQuery(), with, on: world.connection(allow: []))?.code == "egress-refused")
    let dead = await world.refusal(SQLQuery(), with, on: world.connection(["port": 1]))
    #expect(dead?.errorClass == .transient && dead?.code == "unreachable")
    for address: JSONObject in [["port": 0], ["host": ""], ["security": "maybe"], ["ssl": true]] {
      #expect(
        await world.refusal(SQLQuery(), with, on: world.connection(address))?.code == "invalid-connection")
    }
    let reading = world.connection(["read_only": true])
    #expect(
      await world.refusal(SQLExecute(), ["statement": "SELECT 1"], on: reading)?.code == "read-only-database")
  }

  @Test("rights are the server's: what the user may not do is refused")
  func rights() async throws {
    let world = try PostgresBench("CREATE TABLE items (id int)")
    let with: JSON = ["query": .string("SELECT * FROM \(world.schema).items")]
    #expect(
      await world.refusal(SQLQuery(), with, as: PostgresBench.credential("reader"))?.code == "sql-refused")
  }

  @Test("a connection that breaks leaves nothing behind, and may be tried again")
  func breaks() async throws {
    let world = try PostgresBench("CREATE TABLE items (id int)")
    let broken = await world.refusal(
      SQLExecute(),
      [
        "statements": [
          ["statement": .string("INSERT INTO \(world.schema).items VALUES (1)")],
          ["statement": "SELECT pg_terminate_backend(pg_backend_pid())"],
        ]
      ], effect: .once)
    #expect(broken?.errorClass == .transient && broken?.code == "interrupted")
    #expect(try world.rows("SELECT count(*) FROM items") == ["0"])
  }

  @Test("a lock that somebody else holds is waited for in the step's time, or told as busy")
  func busy() async throws {
    let world = try PostgresBench("CREATE TABLE items (id int)")
    let holder = try world.open()
    try holder.execute("BEGIN; LOCK TABLE \(world.schema).items")
    let failure = await world.refusal(
      SQLExecute(),
      ["statement": .string("INSERT INTO \(world.schema).items VALUES (1)"), "timeout": "500ms"])
    #expect(failure?.errorClass == .timeout)
    let table = "\(world.schema).items"
    let impatient: JSON = .string("SELECT * FROM \(table) FOR UPDATE NOWAIT")
    let busy = await world.refusal(SQLExecute(), ["statement": impatient])
    #expect(busy?.errorClass == .transient && busy?.code == "sql-busy")
    try holder.execute("ROLLBACK")
  }
}

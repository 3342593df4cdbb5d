import Engine
import Foundation
import Model
import Net
import Testing

@testable import Connectors

@Suite("A change of a database", .timeLimit(.minutes(1)))
struct SQLExecuteTests {
  @Test("says how many rows it changed, the last rowid, and what RETURNING gave")
  func outcome() async throws {
    let bench = try Bench()
    try SQLBench.make(bench)
    let insert = try await SQLBench.run(
      SQLExecute(), bench,
      [
        "statement": "INSERT INTO items (name, price) VALUES (:a, :p), (:b, :p) RETURNING id, name",
        "parameters": ["a": "três", "b": "quatro", "p": 2],
      ])
    #expect(
      insert == [
        "changes": 2, "last_id": 4, "rows": [["id": 3, "name": "três"], ["id": 4, "name": "quatro"]],
      ])
    let update = try await SQLBench.run(
      SQLExecute(), bench, ["statement": "UPDATE items SET price = 9 WHERE id = 1"])
    #expect(update == ["changes": 1, "last_id": .null, "rows": []])
    let select = try await SQLBench.run(SQLExecute(), bench, ["statement": "SELECT count(*) AS n FROM items"])
    #expect(select == ["changes": 0, "last_id": .null, "rows": [["n": 4]]])
    let table = try await SQLBench.run(SQLExecute(), bench, ["statement": "CREATE TABLE more (a)"])
    #expect(table["changes"] == 0)
  }

  @Test("is one transaction: all statements or none")
  func transaction() async throws {
    let bench = try Bench()
    try SQLBench.make(bench)
    let both: JSON = [
      "statements": [
        ["statement": "INSERT INTO items (id, name) VALUES (?, ?)", "parameters": [7, "sete"]],
        ["statement": "DELETE FROM items WHERE id = :id RETURNING name", "parameters": ["id": 1]],
      ]
    ]
    let value = try await SQLBench.run(SQLExecute(), bench, both)
    #expect(value["changes"] == 2 && value["last_id"] == 7 && value["rows"] == [["name": "um"]])
    #expect(value["results"]?[0] == ["changes": 1, "last_id": 7, "rows": []])
    let broken: JSON = [
      "statements": [
        ["statement": "DELETE FROM items"],
        ["statement": "INSERT INTO items (id, name, price) VALUES (1, 'x', -1)"],
      ]
    ]
    let found = await SQLBench.refusal(SQLExecute(), bench, broken)
    #expect(found?.code == "sql-constraint" && found?.message.contains("positive") == true)
    #expect(try SQLBench.rows(bench, "SELECT count(*) FROM items") == [[.integer(2)]])
  }

  @Test("leaves nothing behind where its rows are too many for the output")
  func tooLarge() async throws {
    let bench = try Bench()
    try SQLBench.make(bench, "CREATE TABLE t (a TEXT)")
    let sql = """
      WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 100)
      INSERT INTO t SELECT hex(zeroblob(40000)) FROM c RETURNING a
      """
    let found = await SQLBench.refusal(SQLExecute(), bench, ["statement": .string(sql)])
    #expect(found?.errorClass == .outputTooLarge)
    #expect(try SQLBench.rows(bench, "SELECT count(*) FROM t") == [[.integer(0)]])
  }

  @Test("makes the database where the connection says so, in a folder that the namespace has")
  func create() async throws {
    let bench = try Bench()
    let missing = await SQLBench.refusal(SQLExecute(), bench, ["statement": "CREATE TABLE t (a)"])
    #expect(missing?.code == "file-not-found")
    _ = try await SQLBench.run(
      SQLExecute(), bench, ["statement": "CREATE TABLE t (a)"], on: SQLBench.connection(create: true))
    #expect(try SQLBench.rows(bench, "SELECT count(*) FROM t") == [[.integer(0)]])
  }

  @Test("keeps foreign keys")
  func foreignKeys() async throws {
    let bench = try Bench()
    try SQLBench.make(
      bench, "CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE b (a INTEGER REFERENCES a)")
    let found = await SQLBench.refusal(SQLExecute(), bench, ["statement": "INSERT INTO b VALUES (5)"])
    #expect(found?.code == "sql-constraint" && found?.message.contains("FOREIGN KEY") == true)
  }
}

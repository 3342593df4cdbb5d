import Engine
import Foundation
import Model
import Net
import Testing

@testable import Connectors

@Suite("A load that replaces rows", .timeLimit(.minutes(1)))
struct SQLReplaceTests {
  private static func csv(_ bench: Bench, _ text: String) -> JSON {
    bench.keep(text, name: "t.csv", mediaType: "text/csv").json
  }

  private static func family(_ action: String) -> String {
    """
    CREATE TABLE parents (id INTEGER PRIMARY KEY, v TEXT, partition TEXT DEFAULT 'd1');
    CREATE TABLE children (parent INTEGER REFERENCES parents (id) \(action));
    INSERT INTO parents (id, v) VALUES (1, 'old'), (2, 'old'); INSERT INTO children VALUES (1);
    """
  }

  @Test(
    "keeps the rows that refer to a table, whose keys come back in the same transaction",
    arguments: ["replace", "replace_partition"], ["", "ON DELETE RESTRICT"])
  func referred(mode: String, action: String) async throws {
    let bench = try Bench()
    try SQLBench.make(bench, Self.family(action))
    var with: JSONObject = [
      "table": "parents", "file": Self.csv(bench, "id,v\n1,new\n3,new\n"), "mode": .string(mode),
    ]
    if mode == "replace_partition" { with["partition"] = "d1" }
    _ = try await SQLBench.run(SQLLoad(), bench, .object(with))
    #expect(
      try SQLBench.rows(bench, "SELECT id, v FROM parents ORDER BY id") == [
        [.integer(1), .text("new")], [.integer(3), .text("new")],
      ])
    #expect(try SQLBench.rows(bench, "SELECT parent FROM children") == [[.integer(1)]])
    with["file"] = Self.csv(bench, "id,v\n3,newer\n")
    with["mode"] = "replace"
    with["partition"] = nil
    let found = await SQLBench.refusal(SQLLoad(), bench, .object(with))
    #expect(found?.code == "sql-constraint" && found?.message.contains("FOREIGN KEY") == true)
    #expect(try SQLBench.rows(bench, "SELECT count(*) FROM parents WHERE v = 'new'") == [[.integer(2)]])
  }

  @Test(
    "is refused where the database would change other rows along with it",
    arguments: ["ON DELETE CASCADE", "ON DELETE SET NULL", "ON DELETE SET DEFAULT"])
  func cascades(action: String) async throws {
    let bench = try Bench()
    try SQLBench.make(bench, Self.family(action))
    let parents = Self.csv(bench, "id,v\n1,new\n2,new\n")
    for with in [
      ["table": "PARENTS", "file": parents, "mode": "replace"],
      ["table": "parents", "file": parents, "mode": "replace_partition", "partition": "d1"],
    ] as [JSON] {
      let found = await SQLBench.refusal(SQLLoad(), bench, with)
      #expect(found?.errorClass == .configuration && found?.code == "load-references")
      #expect(found?.message.contains("`children`") == true, "\(found?.message ?? "")")
    }
    #expect(try SQLBench.rows(bench, "SELECT parent FROM children") == [[.integer(1)]])
    // Together nothing is lost, in either order.
    for tables in [["children", "parents"], ["parents", "children"]] {
      let files = ["children": Self.csv(bench, "parent\n1\n2\n"), "parents": parents]
      let with: JSON = [
        "tables": .object(JSONObject(tables.map { ($0, files[$0] ?? .null) })), "mode": "replace",
      ]
      _ = try await SQLBench.run(SQLLoad(), bench, with)
      let rows = try SQLBench.rows(bench, "SELECT parent FROM children ORDER BY parent")
      #expect(rows == [[.integer(1)], [.integer(2)]])
      try SQLiteConnection.open(bench.root + "/own/t.db", .writes).execute("DROP TABLE _esteira_loads")
    }
  }

  @Test("names the line of a row that refers to nothing")
  func dangling() async throws {
    let bench = try Bench()
    try SQLBench.make(bench, Self.family(""))
    let found = await SQLBench.refusal(
      SQLLoad(), bench,
      ["table": "children", "file": Self.csv(bench, "parent\n1\n9\n2\n"), "mode": "replace"])
    #expect(
      found?.code == "sql-constraint" && found?.message.hasPrefix("Line 3: ") == true,
      "\(found?.message ?? "")")
    #expect(try SQLBench.rows(bench, "SELECT parent FROM children") == [[.integer(1)]])
  }

  @Test(
    "leaves what it gathered for 90 days and no longer, when it is given up",
    arguments: [(89, 1), (91, 0)])
  func abandoned(days: Int, kept: Int64) async throws {
    let bench = try Bench()
    let path = try SQLBench.make(bench, "CREATE TABLE t (id INTEGER); CREATE TABLE u (id INTEGER)")
    let now = bench.attempt([:]).services.now()
    let file = Self.csv(bench, "id\n1\n2\n")
    let plan = try LoadPlan(["table": "t", "file": file, "mode": "replace"])
    let source = bench.root + "/part.csv"
    try Data(try #require(bench.bytes(of: plan.parts[0].file))).write(to: URL(filePath: source))
    do {
      let connection = try SQLiteConnection.open(path, .writes)
      let loader = TableLoader(
        plan: plan, part: plan.parts[0],
        source: LoadSource(path: source, format: .csv, delimiter: plan.delimiter),
        records: LoadRecords(stepKey: "gone", now: now + (.zero - .seconds(days * 86_400))))
      _ = try loader.load(on: connection)
    }
    _ = try await SQLBench.run(SQLLoad(), bench, ["table": "u", "file": file])
    let stages = "SELECT count(*) FROM sqlite_master WHERE name GLOB '_esteira_stage*'"
    #expect(try SQLBench.rows(bench, stages) == [[.integer(kept)]])
    let records = "SELECT count(*) FROM _esteira_loads WHERE step_key = 'gone'"
    #expect(try SQLBench.rows(bench, records) == [[.integer(kept)]])
    #expect(try SQLBench.rows(bench, "SELECT count(*) FROM u") == [[.integer(2)]])
  }

  @Test("goes on with the records that an earlier version kept")
  func olderRecords() async throws {
    let bench = try Bench()
    try SQLBench.make(
      bench,
      """
      CREATE TABLE t (id INTEGER);
      CREATE TABLE _esteira_loads (
        step_key TEXT NOT NULL, "table" TEXT NOT NULL, source_sha256 TEXT NOT NULL, mode TEXT NOT NULL,
        next_line INTEGER NOT NULL, rows INTEGER NOT NULL, done_at TEXT, PRIMARY KEY (step_key, "table"));
      INSERT INTO _esteira_loads VALUES ('other', 't', 'x', 'replace', 1, 0, NULL);
      """)
    _ = try await SQLBench.run(SQLLoad(), bench, ["table": "t", "file": Self.csv(bench, "id\n1\n")])
    let times = try SQLBench.rows(
      bench, "SELECT step_key, touched_at IS NULL FROM _esteira_loads ORDER BY step_key")
    #expect(times == [[.text("k1"), .integer(0)], [.text("other"), .integer(0)]])
  }

  @Test(
    "or adds rows lets no trigger of the table change how far it has come",
    arguments: ["append", "upsert", "replace"])
  func trigger(mode: String) async throws {
    let bench = try Bench()
    try SQLBench.make(
      bench,
      """
      CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT);
      CREATE TRIGGER back AFTER INSERT ON t BEGIN UPDATE _esteira_loads SET next_line = 1, rows = 0; END
      """)
    var with: JSONObject = [
      "table": "t", "file": Self.csv(bench, "id,v\n1,a\n2,b\n"), "mode": .string(mode),
    ]
    if mode == "upsert" { with["keys"] = ["id"] }
    let found = await SQLBench.refusal(SQLLoad(), bench, .object(with))
    #expect(found?.code == "sql-refused", "\(found?.message ?? "")")
    #expect(try SQLBench.rows(bench, "SELECT count(*) FROM t") == [[.integer(0)]])
  }
}

import Engine
import Model
import Testing

@testable import Stores

@Suite("How SQLite finds what is summed up", .timeLimit(.minutes(1)))
struct MeasurePlanTests {
  static let filters: [(MeasureFilter, String)] = [
    (MeasureFilter(since: moment(0)), "USING INTEGER PRIMARY KEY (rowid>?)"),
    (MeasureFilter(namespace: "a", since: moment(0)), "jobs_of_namespace (namespace=? AND job>?)"),
    (
      MeasureFilter(namespace: "a", pipeline: "b", since: moment(0)),
      "jobs_of_pipeline (namespace=? AND pipeline=? AND job>?)"
    ),
  ]

  @Test("jobs before the window are not looked at", arguments: filters)
  func plans(filter: MeasureFilter, expected: String) throws {
    let folder = try TemporaryFolder()
    _ = try Backend.sqlite(folder)
    let database = try Database.open(folder.path("store.db"), .reads, setUp: Database.reading)
    let (sql, values) = Database.measuring(filter)
    var steps: [String] = []
    try database.query("EXPLAIN QUERY PLAN " + sql, values + [.integer(10)]) { row in
      steps.append(row.text(3))
    }
    #expect(steps.first?.contains(expected) == true && !steps.contains { $0.contains("SCAN job_executions") })
    #expect(steps.contains { $0.contains("(id>?)") })
  }

  @Test("a window that no job has reached is empty without a look at any")
  func empty() throws {
    let folder = try TemporaryFolder()
    let store = try Backend.sqlite(folder)
    _ = try store.commit(Batch { $0.admit(.fixture(1)) })
    let later = Timestamp(microseconds: 3_000_000_000_000_000)
    #expect(try store.measures(MeasureFilter(since: later), limit: 9).isEmpty)
  }
}

@Suite("A connection to SQLite")
struct ConnectionTests {
  @Test("waits a moment for another one that has begun the log anew, in place of failing at once")
  func patience() throws {
    let folder = try TemporaryFolder()
    _ = try Backend.sqlite(folder)
    for mode in [Database.Mode.reads, .writes] {
      let database = try Database.open(folder.path("store.db"), mode, setUp: "SELECT 1")
      #expect(try database.integer("PRAGMA busy_timeout") == Int64(Database.patience))
    }
  }
}

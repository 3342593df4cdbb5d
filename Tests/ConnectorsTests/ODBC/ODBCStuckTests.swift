import Engine
import Foundation
import Model
import Testing

@testable import Connectors
@testable import Net

@Suite(
  "A driver of ODBC that does not come back",
  .enabled(if: ODBCBench.isThere, Comment(rawValue: ODBCBench.absent)), .timeLimit(.minutes(2)))
struct ODBCStuckTests {
  /// In a process of its own: the door that it closes is that of all tests of this one.
  @Test("is left alone 5 s after its cancel; 16 of them close the door until one comes back after all")
  func stuck() async {
    await #expect(processExitsWith: .success) { try await StuckDrivers().judge() }
  }
}

@Suite(
  "SQLite's driver of ODBC", .enabled(if: ODBCBench.isThere, Comment(rawValue: ODBCBench.absent)),
  .timeLimit(.minutes(2)))
struct ODBCFetchTests {
  /// In a process of its own, which would be the node.
  @Test("survives a cancel while its rows are fetched, which the attempt hears between two rows")
  func cancelled() async {
    await #expect(processExitsWith: .success) {
      let rows =
        "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 50000) "
        + "SELECT n, 'r' || n FROM s"
      let world = try ODBCBench(.sqlite)
      for _ in 1...20 {
        let attempt = world.attempt(["query": .string(rows), "result": "artifact", "format": "csv"])
        let folder = attempt.services.workFolder
        let running = Task {
          await failure { () async throws(Failure) in try await SQLQuery().execute(attempt).value }
        }
        // The file of the rows is made once the statement has been executed.
        while try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty { await Task.yield() }
        running.cancel()
        let ended = await running.value
        try #require(ended?.errorClass == .cancelled, "\(ended?.message ?? "it was not cancelled")")
      }
    }
  }
}

/// As many calls as may be given up, each in a server of PostgreSQL that does nothing any more.
private struct StuckDrivers {
  private static let asleep = """
    SELECT pid FROM pg_stat_activity
    WHERE state = 'active' AND query LIKE '%pg_sleep(63%' AND pid <> pg_backend_pid()
    """
  private let world: ODBCBench

  init() throws { world = try ODBCBench(.postgresql) }

  func judge() async throws {
    let calls = (0..<ODBCWatch.abandonedLimit).map { _ in
      let attempt = world.attempt(["query": "SELECT pg_sleep(63)"])
      return Task {
        await failure { () async throws(Failure) in try await SQLQuery().execute(attempt).value }
      }
    }
    var servers: [Int32] = []
    while servers.count < calls.count {
      await Task.yield()
      servers = try world.rows(Self.asleep).compactMap { Int32($0) }
    }
    for server in servers { kill(server, SIGSTOP) }
    let start = ContinuousClock.now
    for call in calls { call.cancel() }
    for call in calls {
      let failure = await call.value
      try #require(failure?.errorClass == .cancelled, "\(failure?.message ?? "it came back")")
    }
    let took = start.duration(to: .now)
    try #require(took >= ODBCWatch.cancelLimit && took < ODBCWatch.cancelLimit * 3, "\(took)")
    let closed = await refusal()
    try #require(closed?.errorClass == .transient && closed?.code == "sql-busy", "\(closed?.message ?? "")")
    try #require(closed?.message.contains("16 calls") == true, "\(closed?.message ?? "")")
    // What was given up is cancelled all the same, and makes room.
    kill(servers[0], SIGCONT)
    while await refusal() != nil { await Task.yield() }
    for server in servers { kill(server, SIGCONT) }
    while try !world.rows(Self.asleep).isEmpty { await Task.yield() }
  }

  private func refusal() async -> Failure? { await world.refusal(SQLQuery(), ["query": "SELECT 1"]) }
}

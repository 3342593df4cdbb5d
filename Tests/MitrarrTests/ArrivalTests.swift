import Foundation
import Model
import Testing

@Suite(
  "Files that arrive in bursts while the server is killed three times", .serialized, .timeLimit(.minutes(15)))
struct ArrivalTests {
  private static let count = 2_000
  private static let burst = 200

  @Test("are each processed once, rejected ones with their reason, and none is read that is still written")
  func acceptance() async throws { try await onOwnThread { try accept() } }

  private func accept() throws {
    let station = try Station()
    var arrivals = try Arrivals(count: Self.count, broken: 60, untyped: 4, copies: 20, in: station)
    let all = arrivals
    let (held, trickled) = (try arrivals.takeLastGood(), try arrivals.takeLastGood())
    let holder = try SlowWriter(held.bytes, pieces: 2, to: station.inbox.appending(path: held.file.name))
    let trickler = try SlowWriter(
      trickled.bytes, pieces: 20, to: station.inbox.appending(path: trickled.file.name))

    for (number, start) in stride(from: 0, to: arrivals.files.count, by: Self.burst).enumerated() {
      try arrivals.arrive(start..<start + Self.burst, in: station.inbox)
      try trickler.writePiece()
      switch number {
      case 1: try Self.killAtFirstClaim(station)
      case 4: try Self.killAtFirstCard(station)
      case 7: try Self.killWhileArchiving(station)
      case _: break
      }
    }
    try trickler.finish()
    let waiting = all.good.subtracting([held.file.sha256])
    try Self.settle(station, until: waiting.count)
    // Everybody else is through, and this one is still being written.
    #expect(try station.inbox.files() == [held.file.name])
    try holder.finish()
    try Self.settle(station, until: all.good.count)
    try station.finishJobs()
    station.stopServer()

    try checkFolders(station, all)
    try checkRegister(station, all)
    try checkJobs(station, all)
    try checkCards(station, all)
  }

  /// A batch is being claimed: some of its files are moved, some not.
  private static func killAtFirstClaim(_ station: Station) throws {
    let watch = try FolderWatch(station.work)
    try watch.wait { try !station.work.files().isEmpty || !station.done.files().isEmpty }
    try station.killServer()
  }

  /// Cards are under way, and not yet marked as sent.
  private static func killAtFirstCard(_ station: Station) throws {
    let watch = try FolderWatch(station.cards)
    try watch.wait { try !String(contentsOf: station.cards, encoding: .utf8).isEmpty }
    try station.killServer()
  }

  /// Some files of a batch lie in `done`, others of it not yet.
  private static func killWhileArchiving(_ station: Station) throws {
    let before = try station.done.files().count
    let watch = try FolderWatch(station.done)
    try watch.wait { try station.done.files().count > before }
    try station.killServer()
  }

  private static func settle(_ station: Station, until done: Int) throws {
    let watch = try FolderWatch(station.done, station.rejected, station.work)
    try watch.wait { try station.done.files().count >= done && station.work.files().isEmpty }
  }

  private func checkFolders(_ station: Station, _ all: Arrivals) throws {
    #expect(try station.inbox.files() == [])
    #expect(try station.work.files() == [])
    #expect(try station.duplicates.files().count == all.files.count - all.contents.count)
    #expect(try Self.hashes(of: station.done, station) == all.good.sorted())

    let rejected = try station.rejected.files()
    let broken = rejected.filter { !$0.hasSuffix(".reason.json") }
    #expect(rejected.subtracting(broken) == Set(broken.map { $0 + ".reason.json" }))
    let refused = all.contents.subtracting(all.good)
    #expect(broken.count == refused.count)
    let jobs = Set(try station.sql("SELECT id FROM job_executions", in: station.store))
    var reasoned: Set<String> = []
    for name in broken.sorted() {
      let place = station.rejected.appending(path: name + ".reason.json")
      let reason = try JSON(parsing: String(contentsOf: place, encoding: .utf8))
      let sha256 = try #require(reason["sha256"]?.string)
      let file = try #require(all.files.first { $0.sha256 == sha256 })
      #expect(reason["class"] == "data", "\(name)")
      let (code, message) = (reason["code"]?.string ?? "", reason["message"]?.string ?? "")
      #expect(code == file.expected || message.contains("(\(file.expected))"), "\(name): \(code) \(message)")
      #expect(jobs.contains(reason["job"]?.string ?? ""), "\(name)")
      reasoned.insert(sha256)
    }
    #expect(reasoned == refused)
  }

  /// In order, so that a content which lies there twice shows.
  private static func hashes(of folder: URL, _ station: Station) throws -> [String] {
    let sums = try station.run("/bin/sh", "-c", "find '\(folder.path)' -type f -exec sha256sum {} +")
    return sums.split(separator: "\n").map { String($0.prefix(64)) }.sorted()
  }

  private func checkRegister(_ station: Station, _ all: Arrivals) throws {
    let rows = { (statement: String) in try station.sql(statement, in: station.register) }
    #expect(try rows("SELECT hash FROM nists ORDER BY hash") == all.good.sorted())
    #expect(
      try rows("SELECT subject FROM journal WHERE action = 'registered' ORDER BY subject")
        == all.good.sorted())
    #expect(
      try rows("SELECT count(*) FROM journal WHERE action = 'refused'") == ["4"],
      "What the parser refuses never comes here; the records without a type do, once each.")
    #expect(try rows("SELECT count(*) FROM nists WHERE NOT related") == ["0"])
    #expect(try rows("SELECT count(*) FROM stimar_requests WHERE state <> 'done'") == ["0"])
    #expect(try rows("PRAGMA integrity_check") == ["ok"])
  }

  private func checkJobs(_ station: Station, _ all: Arrivals) throws {
    let rows = { (statement: String) in try station.sql(statement, in: station.store) }
    let ended = "\(JobStatus.success.rawValue), \(JobStatus.partial.rawValue)"
    #expect(
      try rows("SELECT pipeline, id, error_message FROM job_executions WHERE status NOT IN (\(ended))") == [])
    let shared = try rows(
      """
      SELECT path FROM artifact_refs WHERE path LIKE 'parse[%'
      GROUP BY path HAVING count(DISTINCT job) > 1
      """)
    #expect(shared == [], "A content was in two jobs.")
    var files: Int64 = 0
    let batches = try rows("SELECT id FROM job_executions WHERE pipeline = 'nst-arrived'")
    for job in batches {
      let answer = try JSON(parsing: station.esteira("job", "get", job, "-o", "json"))
      files += try #require(answer["outputs"]?["files"]?.int)
    }
    #expect(files == Int64(all.contents.count))
  }

  private func checkCards(_ station: Station, _ all: Arrivals) throws {
    var (created, ids): (Int64, Set<Int64>) = (0, [])
    for line in try String(contentsOf: station.cards, encoding: .utf8).split(separator: "\n") {
      let change = try JSON(parsing: String(line))
      created += change["answer"]?["created"]?.int ?? 0
      ids.formUnion(change["cards"]?.array?.compactMap { $0["id"]?.int } ?? [])
    }
    #expect(ids.count == all.good.count)
    #expect(created == Int64(all.good.count), "A card was made twice.")
    #expect(try station.sql("SELECT count(*) FROM outbound_cards", in: station.register) == ["0"])
  }
}

import Foundation
import Model
import Pipelines
import Testing

@Suite("The reprocess", .serialized, .timeLimit(.minutes(1)))
struct ReprocessTests {
  @Test("gives the events of the day again, fetches nothing, and says that it is one")
  func whole() async throws {
    let ingest = try Ingest(site: try .site())
    let day = try ingest.day()
    let served = try await ingest.site.get("/__served")
    let id = try ingest.reprocess("2026-11-20")
    let job = try ingest.job(id)
    #expect(job["status"] == "success")
    #expect(try await ingest.site.get("/__served") == served)

    let (before, after) = (
      try JSON(parsing: Array(try ingest.gold(day))), try JSON(parsing: Array(try ingest.gold(id)))
    )
    let events = Self.byID(after)
    #expect(events == Self.byID(before))
    #expect(events.count == (try await ingest.site.truth()).count)
    let run = try #require(after["metadata"]?["run_id"]?.string)
    #expect(run.hasPrefix("reprocess_"))
    #expect(job["outputs"]?["file"]?.string == "gold/2026-11-20/\(run)_reprocessed.json")
    let file = PythonServer.blueprint.appending(path: "schemas/gold.schema.json")
    let schema = try JSONSchema(try JSON(parsing: Array(Data(contentsOf: file))))
    #expect(schema.violations(in: after) == [])

    let notices = try ingest.received().compactMap { $0["payload"] }
    #expect(notices.map { $0["metadata"]?["reprocessed"] } == [nil, true])
    #expect(notices.last?["result"]?["sha256"] == job["outputs"]?["sha256"])
    let index = ingest.folder.path + "/index.db"
    let (count, _) = try Child(["sqlite3", index, "SELECT count(*) FROM atlasreg_documents"]).finish()
    #expect(count == "\(events.count)\n")
  }

  @Test("of a date of which nothing was kept fails, and says so")
  func nothing() throws {
    let ingest = try Ingest(site: try .site())
    let job = try ingest.job(try ingest.reprocess("2026-11-19"))
    #expect(job["status"] == "failed")
    #expect(job["error"]?["class"] == "data")
    let notice = try #require(try ingest.received().last?["payload"])
    #expect(notice["event_type"] == "processing_error")
    #expect(notice["metadata"]?["error"]?.string?.contains("2026-11-19 has 0 documents") == true)
  }

  private static func byID(_ gold: JSON) -> [JSON] {
    (gold["events"]?.array ?? []).sorted {
      ($0["event_id"]?.string ?? "") < ($1["event_id"]?.string ?? "")
    }
  }
}

extension Ingest {
  /// Starts the reprocess of a date by its message, waits for its end, and gives its id.
  fileprivate func reprocess(_ date: String) throws -> String {
    _ = try run("setting", "set", "atlasreg/atlasreg_index", folder.path + "/index.db")
    _ = try run("pipeline", "apply", folder.path + "/atlasreg/reprocess.yaml")
    let message = try folder.write(
      "reprocess.json", #"{"type": "reprocess", "date": "\#(date)", "payload": {}, "message_id": "r1"}"#)
    let lines = try run(
      "job", "start", "atlasreg/reprocess", "--message", message, "--idempotency-key", "r1", "-o", "id"
    ).split(separator: "\n")
    let job = try #require(lines.first.map(String.init))
    _ = try run("job", "watch", job, "-q", exits: [0, 1, 8])
    return job
  }
}

import Foundation
import Model
import Testing

/// The log of a running server, as what collects logs reads it.
@Suite("The server's own log", .timeLimit(.minutes(3)))
struct ServerLogTests {
  private static let pipeline = """
    apiVersion: esteira/v1
    id: report
    namespace: demo
    key: run-${{ inputs.n }}
    correlation: order-${{ inputs.n }}
    inputs: {n: {type: integer}}
    steps:
      again:
        uses: shell
        idempotent: true
        with: {run: 'test "$ESTEIRA_ATTEMPT" -gt 1'}
        retry: {attempts: 2, backoff: {initial: 1ms}, classes: [exit]}
      done:
        needs: [again]
        uses: event.emit
        with:
          type: report.ready
          room: all
          data: {rows: 7, api_token: "s3cret-value", level: mine, nested: {Password: "s3cret-value"}}
      other:
        needs: [again]
        uses: event.emit
        with: {type: silent, room: all, data: {private: s3cret-value}}
      bad: {needs: [done, other], uses: fail, with: {message: "no such report"}}

    """

  /// Every line, each of which has to be JSON.
  private func lines(_ place: Place) throws -> [JSON] {
    let text = try String(contentsOf: place.folder.appending(path: "data/server.log"), encoding: .utf8)
    return try text.split(separator: "\n").map { try JSON(parsing: Array($0.utf8)) }
  }

  private func lines(_ place: Place, until event: String) throws -> [JSON] {
    while true {
      let lines = try lines(place)
      if lines.contains(where: { $0["event"]?.string == event }) { return lines }
      // Whoever asks makes the next line of the log come.
      _ = try place.esteira("doctor")
    }
  }

  @Test("as JSON tells the server, its jobs and its requests, each line by itself, with their ids")
  func json() throws {
    let place = try Place()
    defer { place.clean() }
    try place.run("mkdir", "-m", "700", "data")
    try place.write("data/esteira.yaml", "log: {format: json, level: debug, events: [report.ready]}\n")
    try place.write("report.yaml", Self.pipeline)
    let started = try place.esteira("server --background")
    try #require(started.code == 0, "\(started)")
    #expect(started.out.contains("Administrator: "), "Whoever starts it is told in words.")
    try #require(try place.esteira("pipeline apply report.yaml").code == 0)
    let job = try place.esteira("job start demo/report --input n=7 -w -o json")
    let found = try lines(place, until: "job_ended")
    func line(_ event: String) throws -> JSON { try #require(found.first { $0["event"]?.string == event }) }
    for line in found {
      #expect(line["timestamp"]?.string.flatMap(Timestamp.init(rfc3339:)) != nil)
      #expect(["debug", "info", "warn", "error"].contains(line["level"]?.string), "\(line.text)")
    }
    #expect(try line("server_ready")["message"]?.string?.hasPrefix("Ready: ") == true)
    let ended = try line("job_ended")
    #expect(ended["status"] == "failed" && ended["level"] == "error" && ended["steps_failed"] == 1)
    let id = try #require(ended["job_id"]?.string)
    #expect(job.out.contains(id))
    for event in ["job_created", "step_retry", "step_error", "step_failed", "report.ready", "job_ended"] {
      let line = try line(event)
      #expect(line["job_id"]?.string == id && line["pipeline"] == "demo/report", "\(line.text)")
      #expect(line["key"] == "run-7" && line["correlation_id"] == "order-7", "\(line.text)")
    }
    #expect(found.contains { $0["event"] == "step_error" && $0["error"] == "no such report" })
    let ready = try line("report.ready")
    #expect(
      ready["rows"] == 7 && ready["level"] == "info", "Nothing of the event stands in the server's place.")
    #expect(ready["api_token"] == "***" && ready["nested"]?["Password"] == "***")
    let start = try #require(found.first { $0["event"] == "request" && $0["status"] == 202 })
    #expect(start["request_id"]?.string?.isEmpty == false && start["method"] == "POST")
    #expect(start["path"]?.string?.hasSuffix("/execute") == true && start["address"] == "unix")
    let text = found.map(\.text).joined()
    #expect(!text.contains("s3cret-value") && !text.contains("Administrator"))
  }

  @Test("tells no less than its level, by the environment too, and as text nothing of jobs")
  func levels() throws {
    let place = try Place()
    defer { place.clean() }
    try place.run("mkdir", "-m", "700", "data")
    try place.write("report.yaml", Self.pipeline)
    let variables = ["ESTEIRA_LOG_FORMAT": "json", "ESTEIRA_LOG_LEVEL": "warn"]
    try #require(try place.esteira("server --background", environment: variables).code == 0)
    try #require(try place.esteira("pipeline apply report.yaml").code == 0)
    _ = try place.esteira("job start demo/report --input n=7 -w")
    let events = Set(try lines(place, until: "job_ended").compactMap { $0["event"]?.string })
    #expect(events == ["step_retry", "step_error", "step_failed", "job_ended"])
    try place.killServer()
    try place.run("rm", "data/server.log")
    try #require(try place.esteira("server --background").code == 0)
    _ = try place.esteira("job start demo/report --input n=8 -w")
    let log = place.folder.appending(path: "data/server.log")
    #expect(try !String(contentsOf: log, encoding: .utf8).contains("{"))
    try place.killServer()
    let wrong = try place.esteira("server --background", environment: ["ESTEIRA_LOG_LEVEL": "loud"])
    #expect(wrong.code == 7 && wrong.errors.contains("debug, info, warn, error"), "\(wrong)")
  }
}

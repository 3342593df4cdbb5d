import Foundation
import Model
import Testing

/// What Prometheus reads of a running server, and whether the dashboards ask for what is there.
@Suite("The measures of a running server", .timeLimit(.minutes(3)))
struct ScrapeTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  private static let dashboards = [
    "blueprints/atlasreg/grafana/atlasreg.json", "blueprints/oraculo/grafana/oraculo.json",
  ]
  private static let promtool = "/usr/bin/promtool"

  private static let configuration = """
    server:
      metrics:
        from: [127.0.0.1]
        aliases: [etl, cursor]
        counters:
          - {name: reports_total, event: report.ready, labels: [kind], add: rows, help: Rows of reports.}

    """

  private static let pipeline = """
    apiVersion: esteira/v1
    id: report
    namespace: demo
    inputs: {name: {type: string}}
    triggers:
      message:
        queue: {connection: none, list: none}
        inputs: {name: "${{ trigger.message.name }}"}
    steps:
      source:
        uses: event.emit
        with:
          type: source_execution_complete
          room: all
          data: {handler_id: DOWNLOAD_CSV, success: true}
      ready: {uses: event.emit, with: {type: report.ready, room: all, data: {kind: "a\\"b", rows: 7}}}
      done:
        needs: [source]
        uses: event.emit
        with: {type: daily_ingest_complete, room: all, data: {documents_count: 12}}
      bad:
        needs: [done, ready]
        if: inputs.name == 'bad'
        uses: fail
        with: {message: no, class: data}

    """

  /// A server that has done two jobs of messages, one of which failed, and its text.
  private func scrape(_ place: Place) throws -> String {
    try place.run("mkdir", "-m", "700", "data")
    try place.write("data/esteira.yaml", Self.configuration)
    try place.write("report.yaml", Self.pipeline)
    let started = try place.esteira("server --background --listen 127.0.0.1:0")
    let port = try #require(started.out.firstMatch(of: /127\.0\.0\.1:(\d+)/)?.output.1, "\(started)")
    try #require(try place.esteira("pipeline apply report.yaml").code == 0)
    for name in ["good", "bad"] {
      try place.write("message.json", #"{"name": "\#(name)"}"#)
      let sent = try place.esteira("trigger send demo/report message --message message.json")
      try #require(sent.code == 0, "\(sent)")
    }
    try place.write(
      "get.sh",
      """
      until curl -sf http://127.0.0.1:\(port)/metrics > scraped \\
        && [ $(grep -c '^cursor_messages_processed_total{' scraped) = 2 ]; do :; done

      """)
    _ = try place.shell("get.sh")
    return try String(contentsOf: place.folder.appending(path: "scraped"), encoding: .utf8)
  }

  @Test("has the names of the source systems and of the operator's own counters, and promtool finds no fault")
  func names() throws {
    let place = try Place()
    defer { place.clean() }
    let text = try scrape(place)
    for line in [
      #"cursor_messages_processed_total{pipeline="demo/report",status="success"} 1"#,
      #"cursor_messages_processed_total{pipeline="demo/report",status="failed"} 1"#,
      #"cursor_sources_executed_total{handler_id="DOWNLOAD_CSV"} 2"#,
      "cursor_documents_processed_total 24", #"cursor_errors_total{type="data"} 1"#,
      #"cursor_processing_duration_seconds_count{pipeline="demo/report"} 2"#,
      #"etl_jobs_total{pipeline="demo/report",status="failed",trigger_type="queue"} 1"#,
      #"esteira_errors_total{class="data"} 1"#, #"reports_total{kind="a\"b"} 14"#,
    ] { #expect(text.contains(line + "\n"), "\(line)") }
    guard FileManager.default.isExecutableFile(atPath: Self.promtool) else { return }
    try place.write("check.sh", "\(Self.promtool) check metrics < scraped 2>&1; echo \"exit $?\"\n")
    let said = try place.shell("check.sh")
    // It would call the steps of a queue's age a counter's; what it calls an error is one.
    #expect(!said.contains("error") && !said.contains("parse"), "\(said)")
  }

  @Test("has every measure that a dashboard asks for", arguments: dashboards)
  func dashboard(path: String) throws {
    let place = try Place()
    defer { place.clean() }
    let text = try scrape(place)
    let names = Set(
      text.split(separator: "\n").filter { $0.hasPrefix("# TYPE ") }.flatMap { line -> [String] in
        let words = line.split(separator: " ").map(String.init)
        return words[3] == "histogram" ? ["_bucket", "_sum", "_count"].map { words[2] + $0 } : [words[2]]
      })
    let board = try JSON(parsing: Array(Data(contentsOf: Self.root.appending(path: path))))
    let panels = try #require(board["panels"]?.array)
    #expect(!panels.isEmpty && board["title"]?.string != nil && board["uid"]?.string != nil)
    #expect(Set(panels.compactMap { $0["id"]?.int }).count == panels.count, "Each panel has its own id.")
    let queries = panels.flatMap { $0["targets"]?.array ?? [] }.compactMap { $0["expr"]?.string }
    #expect(queries.count >= panels.count)
    for query in queries {
      let asked = query.matches(of: /\b(?:esteira|etl|cursor)_[a-z_]+/).map { String($0.output) }
      #expect(!asked.isEmpty, "\(query)")
      #expect(asked.allSatisfy(names.contains), "\(query)")
    }
    guard FileManager.default.isExecutableFile(atPath: Self.promtool) else { return }
    // Grafana's own variables stand for a duration and for a selection.
    let rules = queries.enumerated().map { index, query in
      let plain = query.replacing("$__rate_interval", with: "5m").replacing("$namespace", with: ".*")
      return "{record: \"q:\(index)\", expr: \(JSON.string(plain).text)}"
    }
    try place.write("rules.yaml", "groups: [{name: all, rules: [\(rules.joined(separator: ", "))]}]\n")
    try place.write("check.sh", "\(Self.promtool) check rules rules.yaml 2>&1; echo \"exit $?\"\n")
    let said = try place.shell("check.sh")
    #expect(said.contains("SUCCESS: \(queries.count) rules found") && said.contains("exit 0"), "\(said)")
  }
}

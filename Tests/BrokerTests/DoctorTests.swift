import Foundation
import Testing

/// The five troubles of AtlasReg's own manual, as `doctor` tells them.
@Suite(
  "doctor beside the servers of a house", .enabled(if: RedisServer.isThere, RedisServer.absence), .serialized,
  .timeLimit(.minutes(4)))
struct HouseDoctorTests {
  /// Answers every request with one status.
  private static let refusing = """
    import http.server, sys
    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            status = int(sys.argv[1])
            if status == 401 and self.path == "/api/v2/version":
                status = 404
            body = b'{"title": "no", "detail": "refused"}'
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        do_POST = do_HEAD = do_GET
        def log_message(self, *_):
            pass
    server = http.server.HTTPServer(("127.0.0.1", 0), Answer)
    print("port %d." % server.server_port, flush=True)
    server.serve_forever()
    """

  private func answering(_ status: Int) throws -> (child: Child, url: String) {
    let child = try Child(
      ["/usr/bin/python3", "-c", Self.refusing, "\(status)"], environment: ["PATH": "/usr/bin:/bin"])
    let said = child.says(".").said
    let port = try #require(said.firstMatch(of: /port (\d+)\./)?.output.1)
    return (child, "http://127.0.0.1:\(port)")
  }

  /// The lines of `doctor` about a connection.
  private func lines(_ station: Station, _ name: String) throws -> [String] {
    try station.doctor().split(separator: "\n").map(String.init).filter { $0.contains("demo/\(name):") }
  }

  @Test("no start: without a server its absence and what is wrong with the folder are told")
  func noStart() throws {
    let station = try Station()
    try station.start()
    station.stop()
    let said = try station.doctor()
    #expect(said.contains("none runs on") && said.contains("esteira server --background"), "\(said)")
  }

  @Test("a queue that is not drained: its broker is away, and its messages wait for nobody")
  func queue() throws {
    let (server, station) = (try RedisServer(), try Station())
    try station.start()
    try station.connect("broker", kind: "redis", "{url: \(server.url)}")
    try station.apply(station.takingPipeline("list: work"))
    #expect(try lines(station, "broker").contains { $0.hasPrefix("ok") && $0.contains("answered") })
    server.kill()
    try station.wait(for: "a broken queue") { try station.doctor().contains("demo/broker work is not read") }
    #expect(try lines(station, "broker").contains { $0.hasPrefix("error") && $0.contains("connection test") })
  }

  @Test("Airflow that refuses a login, and one whose API is not there", arguments: [401, 404])
  func airflow(status: Int) throws {
    let (station, (child, url)) = (try Station(), try answering(status))
    defer { child.killAll() }
    try station.start()
    try station.connect("airflow", kind: "airflow", "{url: '\(url)'}")
    let found = try lines(station, "airflow")
    #expect(found.count == 1 && found[0].contains("answered \(status)"), "\(found)")
    #expect(
      found[0].hasPrefix(status == 401 ? "error" : "warn") && found[0].contains("-> its address and API"))
  }

  @Test("tasks that time out: no worker listens, or the one that does is stuck")
  func celery() throws {
    let (server, station) = (try RedisServer(), try Station())
    try station.start()
    let url = server.url + "/1"
    try station.connect("celery", kind: "celery", "{broker: '\(url)', backend: '\(url)'}")
    let absent = try lines(station, "celery")
    #expect(absent.contains { $0.hasPrefix("error") && $0.contains("No worker listens") }, "\(absent)")
    guard CeleryWorkers.isThere else { return }
    let workers = try CeleryWorkers(broker: url, backend: url)
    try workers.listen(at: server)
    let there = try lines(station, "celery")
    #expect(there.allSatisfy { $0.hasPrefix("ok") } && there.contains { $0.contains("1 workers answered") })
    workers.freeze()
    let stuck = try lines(station, "celery")
    #expect(stuck.contains { $0.hasPrefix("error") && $0.contains("none answered") }, "\(stuck)")
    workers.stop()
  }

  @Test("a store that is away, and one that refuses the key", arguments: [0, 403])
  func store(status: Int) throws {
    let station = try Station()
    let there = status == 0 ? nil : try answering(status)
    defer { there?.child.killAll() }
    try station.start()
    let endpoint = there?.url ?? "http://127.0.0.1:1"
    _ = try station.esteira(
      "credential", "set", "demo/store", "--type", "s3", "--from-file",
      try station.write("key.json", #"{"access_key_id": "k", "secret_access_key": "s3cret-of-store"}"#))
    try station.connect(
      "store", kind: "s3", "{service: other, endpoint: '\(endpoint)', region: auto, path_style: true}",
      credential: "store")
    let found = try lines(station, "store")
    #expect(found.count == 1 && found[0].hasPrefix("error"), "\(found)")
    #expect(!found[0].contains("s3cret-of-store"))
  }
}

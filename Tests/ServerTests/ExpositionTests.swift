import API
import Access
import Engine
import Model
import Net
import Testing

@testable import Server

@Suite("Numbers for measuring systems", .timeLimit(.minutes(1)))
struct ExpositionTests {
  @Test("the same families in both forms: where one names the family, the other names the sample")
  func forms() {
    func text(_ form: Exposition.Form) -> String {
      var exposition = Exposition(form)
      exposition.family("a_jobs", .counter, "Jobs.", [.init(3, ["name": "x\"y\\z\n"])])
      exposition.family("a_build", .info, "Version.", [.init(1, ["version": "1"])])
      exposition.family("a_age_seconds", .gauge, unit: "seconds", "A \\ and\nB.", [.init(0.5)])
      return String(decoding: exposition.closed(), as: UTF8.self)
    }
    #expect(
      text(.openMetrics) == #"""
        # HELP a_jobs Jobs.
        # TYPE a_jobs counter
        a_jobs_total{name="x\"y\\z\n"} 3
        # HELP a_build Version.
        # TYPE a_build info
        a_build_info{version="1"} 1
        # HELP a_age_seconds A \\ and\nB.
        # TYPE a_age_seconds gauge
        # UNIT a_age_seconds seconds
        a_age_seconds 0.5
        # EOF

        """#)
    #expect(
      text(.prometheus) == #"""
        # HELP a_jobs_total Jobs.
        # TYPE a_jobs_total counter
        a_jobs_total{name="x\"y\\z\n"} 3
        # HELP a_build_info Version.
        # TYPE a_build_info gauge
        a_build_info{version="1"} 1
        # HELP a_age_seconds A \\ and\nB.
        # TYPE a_age_seconds gauge
        a_age_seconds 0.5

        """#)
  }

  private func filled(_ aliases: Set<MetricAlias> = []) async throws -> TestServer {
    let server = try TestServer { $0.metricAliases = aliases }
    var waits = TestServer.hello
    waits.source = """
      apiVersion: esteira/v1
      id: waits
      namespace: other
      steps: {waits: {wait: {signal: {name: go}}}}
      """
    _ = try await server.call(PipelineCalls.apply, ApplyRequest(files: [TestServer.hello, waits]))
    for id in ["demo~hello", "demo~hello", "other~waits"] {
      _ = try await server.call(PipelineCalls.execute, ExecuteRequest(id: id))
    }
    return server
  }

  private func lines(
    _ server: TestServer, accept: String? = nil, as principal: Principal = .local("ana")
  ) async -> (type: String, lines: [String]) {
    var request = APIRequest(.get, "/api/v1/metrics")
    request.accept = accept
    let response = await server.router.handle(request, as: principal)
    guard case .bytes(let bytes) = response.body else { return (response.contentType, []) }
    let text = String(decoding: bytes, as: UTF8.self)
    return (response.contentType, text.split(separator: "\n").map(String.init))
  }

  @Test("what ended is counted with its time, and what has not ended is shown as it stands")
  func counts() async throws {
    let server = try await filled()
    let (type, lines) = await lines(server)
    #expect(type == "text/plain; version=0.0.4; charset=utf-8" && lines.last != "# EOF")
    let labels = #"namespace="demo",pipeline="hello""#
    #expect(lines.contains("esteira_jobs_total{\(labels),status=\"success\",trigger_type=\"manual\"} 2"))
    #expect(lines.contains("esteira_job_duration_seconds_bucket{\(labels),le=\"+Inf\"} 2"))
    #expect(lines.contains("esteira_job_duration_seconds_count{\(labels)} 2"))
    #expect(lines.contains(#"esteira_live_jobs{namespace="other",status="waiting"} 1"#))
    #expect(lines.contains(#"esteira_build_info{version="test"} 1"#))
    #expect(lines.contains("esteira_alerts_open 0") && lines.contains(#"esteira_queue_depth{kind="jobs"} 0"#))
    #expect(!lines.contains { $0.hasPrefix("etl_") })
  }

  @Test("who asks for OpenMetrics is given it, with its end")
  func openMetrics() async throws {
    let accept = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
    let (type, lines) = await lines(try await filled(), accept: accept)
    #expect(type == "application/openmetrics-text; version=1.0.0; charset=utf-8" && lines.last == "# EOF")
    #expect(lines.contains("# TYPE esteira_jobs counter") && lines.contains("# TYPE esteira_build info"))
  }

  @Test("the source system's names are there where they are switched on, with its buckets")
  func aliases() async throws {
    let (_, lines) = await lines(try await filled([.etl]))
    let pipeline = #"pipeline="demo/hello""#
    #expect(lines.contains("etl_jobs_total{\(pipeline),status=\"success\",trigger_type=\"manual\"} 2"))
    let bounds = lines.filter { $0.hasPrefix("etl_job_duration_seconds_bucket{\(pipeline)") }
    #expect(bounds.count == 7 && bounds[0].contains(#"le="60.0""#) && bounds[6].contains(#"le="+Inf""#))
    for name in ["etl_active_jobs 0", "etl_queue_depth 0"] { #expect(lines.contains(name)) }
    #expect(lines.contains { $0.hasPrefix("etl_workers_available ") })
  }

  @Test("whoever sees one namespace is told of its jobs, and of nothing else")
  func reach() async throws {
    let person = Principal(
      kind: .person, id: "x", actor: "x",
      grants: [Grant(namespace: "demo", permissions: try #require(Permissions(["metrics:read"])))])
    let (_, lines) = await lines(try await filled([.etl]), as: person)
    #expect(lines.contains { $0.contains(#"pipeline="hello""#) })
    #expect(!lines.contains { $0.contains("other") || $0.contains("worker") || $0.hasPrefix("etl_") })
  }

  @Test("at /metrics a token is asked for, but from the networks that the operator names")
  func scrapers() async throws {
    let world = try await NetworkedServer()
    func status(_ path: String, from networks: [String], _ headers: [(String, String)] = []) async -> Int {
      var backend = world.server.backend
      backend.access = world.access
      let edge = HTTPEdge(
        Router(backend), owner: 1_000, actor: "local:ana", access: world.access,
        scrapers: networks.compactMap { CIDR($0) }, version: "test",
        now: { Timestamp(microseconds: 0) }, newRequestID: { "r" })
      return await edge.answer(
        HTTPRequest(
          method: "GET", target: path, headers: HTTPHeaders(headers), body: [],
          peer: .remote(NetworkedServer.address, port: 4_000))
      ).status
    }
    #expect(await status("/metrics", from: []) == 401)
    #expect(await status("/metrics", from: ["10.0.0.0/8"]) == 401)
    #expect(await status("/metrics", from: ["192.0.2.0/24"]) == 200)
    #expect(await status("/api/v1/metrics", from: ["192.0.2.7"]) == 200)
    #expect(await status("/api/v1/metrics/summary", from: ["192.0.2.7"]) == 401)
    #expect(await status("/api/v1/jobs", from: ["192.0.2.7"]) == 401)
    #expect(await status("/metrics", from: ["192.0.2.7"], [("authorization", "Bearer wrong")]) == 401)
    #expect(await world.ask("GET", "/metrics", as: "viewer").status == 200)
    #expect(await world.ask("GET", "/metrics", as: "none").status == 403)
  }
}

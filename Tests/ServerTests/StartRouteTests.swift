import API
import Access
import Crypto
import Engine
import Model
import Stores
import Testing

@testable import Server

@Suite("What a start says over HTTP of trace and time", .timeLimit(.minutes(1)))
struct StartRouteTests {
  private static let trace = "0af7651916cd43dd8448eb211c80319c"
  private static let header = "00-\(trace)-b7ad6b7169203331-01"

  private func server() async throws -> TestServer {
    let server = try TestServer { backend in
      backend.now = { SystemClock().now }
      backend.hookSecrets = { (_, _) throws(Problem) in [["secret": "s"]] }
    }
    let hook = SourceFile(
      name: "hook.yaml",
      source: """
        apiVersion: esteira/v1
        id: hook
        namespace: demo
        triggers: {come: {webhook: {path: in, verify: {scheme: github, credential: shop}}}}
        steps: {a: {value: 1}}
        """)
    _ = try await server.call(PipelineCalls.apply, ApplyRequest(files: [TestServer.hello, hook]))
    return server
  }

  private func start(
    _ server: TestServer, _ headers: [(name: String, value: String)], _ body: JSON = [:]
  ) async throws -> (status: Int, json: JSON) {
    var request = APIRequest(.post, "/api/v1/pipelines/demo~hello/execute", body: body.serialized())
    request.headers = headers
    return try await server.send(request)
  }

  private func detail(_ server: TestServer, _ id: String?) async throws -> JobDetail {
    try await server.call(JobCalls.get, JobPath(id: try #require(id)))
  }

  @Test("the trace of the request is that of the job; a rerun stands in its own")
  func trace() async throws {
    let server = try await server()
    let id = try await start(server, [("traceparent", Self.header)]).json["id"]?.string
    #expect(try await detail(server, id).traceID == Self.trace)
    var rerun = APIRequest(.post, "/api/v1/jobs/\(id ?? "")/rerun", body: Array("{}".utf8))
    rerun.headers = [("traceparent", "00-\(String(repeating: "a", count: 32))-b7ad6b7169203331-01")]
    let again = try await server.send(rerun).json["job"]?["id"]?.string
    #expect(try await detail(server, again).traceID == String(repeating: "a", count: 32))
  }

  @Test("a header that is none, or that came twice, is as none; the job is a trace by itself")
  func malformed() async throws {
    let server = try await server()
    for headers in [
      [], [("traceparent", Self.header.uppercased())], [("traceparent", "00-x")],
      [("traceparent", Self.header), ("traceparent", Self.header)],
    ] {
      let started = try await start(server, headers)
      #expect(started.status == 202)
      let id = try #require(started.json["id"]?.string)
      #expect(try await detail(server, id).traceID == id.replacing("-", with: ""))
    }
  }

  @Test("a webhook's request gives its trace to the job, unless it came twice")
  func hook() async throws {
    let server = try await server()
    for (count, isGiven) in [(1, true), (2, false)] {
      var request = APIRequest(.post, "/api/v1/hooks/demo/in", body: Array("{\"n\":\(count)}".utf8))
      let code = Hex.encode(HMACSHA256.code(key: Array("s".utf8), message: request.body))
      request.contentType = "application/json"
      request.headers =
        [("x-hub-signature-256", "sha256=\(code)")]
        + (0..<count).map { _ in ("traceparent", Self.header) }
      let response = await server.router.handle(request, as: .anonymous)
      let id = try TestServer.json(response)["job_id"]?.string
      #expect((try await detail(server, id).traceID == Self.trace) == isGiven)
    }
  }

  @Test("run_at keeps a job until its time: shown with it, found as waiting, cancelled before it")
  func later() async throws {
    let server = try await server()
    let due = Timestamp(rfc3339: (SystemClock().now + .seconds(86_400)).rfc3339) ?? .never
    let started = try await start(server, [], ["run_at": .string(due.rfc3339)])
    #expect(started.status == 202)
    let job = try await detail(server, started.json["id"]?.string)
    #expect(job.job.status == "waiting" && job.runAt == due && job.job.startedAt == nil)
    #expect(job.waitingFor.map(\.kind) == ["scheduled"] && job.waitingFor.first?.until == due)
    let found = try await server.call(JobCalls.list, JobsQuery(statuses: ["waiting"]))
    #expect(found.items.map(\.id) == [job.job.id])
    let cancelled = try await server.call(JobCalls.cancel, StopRequest(id: job.job.id, reason: "no"))
    #expect(cancelled.status == "cancelled")
    #expect(try await detail(server, job.job.id).waitingFor.isEmpty)
  }

  @Test("what is no time, or lies too far ahead, is refused by name; what has passed is now")
  func wrong() async throws {
    let server = try await server()
    let far = (SystemClock().now + JobRequest.farthestStart + .seconds(60)).rfc3339
    let refused = try await start(server, [], ["run_at": .string(far)])
    #expect(refused.status == 422 && refused.json["code"] == "too-far-ahead", "\(refused.json)")
    for text in ["tomorrow", "2026-11-20", "2026-11-20T06:00:00"] {
      let answer = try await start(server, [], ["run_at": .string(text)])
      let document = try ProblemDocument(answer.json)
      #expect(answer.status == 400 && document.errors.first?.pointer == "/run_at", "\(answer.json)")
    }
    let past = try await start(server, [], ["run_at": "2001-02-03T04:05:06Z"])
    #expect(past.status == 202)
    #expect(try await detail(server, past.json["id"]?.string).runAt == nil)
  }

  @Test("an artifact says where its bytes are")
  func href() async throws {
    let server = try await server()
    let id = try #require(try await start(server, []).json["id"]?.string)
    let known = try #require(ID<Job>(id))
    let job = try #require(try server.store.job(known))
    let sha256 = String(repeating: "0a", count: 32)
    var batch = Batch()
    batch.artifacts = [
      ArtifactRow(
        job: job.number, node: 0, namespace: "demo", path: "a",
        handle: ArtifactHandle(sha256: sha256, name: "a b.csv", size: 1, mediaType: "text/csv"),
        at: job.createdAt)
    ]
    #expect(try server.store.commit(batch).isEmpty)
    let items = try await server.call(JobCalls.artifacts, JobPath(id: String(id.prefix(18)))).items
    #expect(items.map(\.href) == ["/api/v1/jobs/\(id)/artifacts/\(sha256)"])
  }

  @Test("a job says where the rest of it is")
  func links() async throws {
    let server = try await server()
    let id = try #require(try await start(server, []).json["id"]?.string)
    let rerun = try await server.call(JobCalls.rerun, RerunWish(id: id))
    let links = try #require(try await detail(server, rerun.job?.id).links)
    #expect(links.paths["pipeline"] == "/api/v1/pipelines/demo~hello")
    #expect(links.paths["rerun_of"] == "/api/v1/jobs/\(id)" && links.paths.count == 9)
    for path in links.paths.values {
      #expect(try await server.send(APIRequest(.get, path)).status == 200, "\(path)")
    }
  }

  @Test("a rerun keeps what the start said of priority and labels, unless it says something else")
  func identity() async throws {
    let server = try await server()
    let asked = ExecuteRequest(id: "demo~hello", priority: 8, labels: [("team", "tax"), ("area", "x")])
    let id = try await server.call(PipelineCalls.execute, asked).id
    let same = try await server.call(JobCalls.rerun, RerunWish(id: id)).job?.id
    let kept = try await detail(server, same).job.identity
    #expect(kept.priority == 8 && kept.labels.map(\.name) == ["area", "team"])
    var wish = RerunWish(id: id)
    (wish.priority, wish.labels) = (2, [("team", nil), ("note", "again")])
    let other = try await detail(server, try await server.call(JobCalls.rerun, wish).job?.id).job.identity
    #expect(other.priority == 2 && other.labels.map(\.name) == ["area", "note"])
  }
}

import API
import Access
import Crypto
import Engine
import Model
import Net
import Testing

@testable import Server

@Suite("What comes to a webhook", .timeLimit(.minutes(1)))
struct HookRouteTests {
  private static let file = SourceFile(
    name: "orders.yaml",
    source: """
      apiVersion: esteira/v1
      id: orders
      namespace: demo
      inputs: {order: {type: string, default: none}}
      triggers:
        paid:
          webhook: {path: orders, verify: {scheme: github, credential: shop}}
          if: trigger.headers['x-github-event'] != 'ping'
          inputs: {order: "${{ trigger.body.order }}"}
        off: {webhook: {path: off, verify: {scheme: github, credential: shop}}, enabled: false}
        bare: {webhook: {path: bare, verify: {scheme: github, credential: none}}}
      steps: {at: {value: "${{ inputs.order }}"}}
      outputs: {order: "${{ steps.at.output }}"}
      """)

  private static func server() async throws -> TestServer {
    let server = try TestServer { backend in
      backend.hookSecrets = { (namespace, name) throws(Problem) in
        namespace == "demo" && name == "shop" ? [["secret": "s"]] : []
      }
    }
    _ = try await server.call(PipelineCalls.apply, ApplyRequest(files: [file]))
    return server
  }

  private static func request(
    _ body: String, path: String = "orders", key: String = "s", event: String = "push",
    type: String? = "application/json", query: [(name: String, value: String)] = []
  ) -> APIRequest {
    var request = APIRequest(.post, "/api/v1/hooks/demo/\(path)", query: query, body: Array(body.utf8))
    let code = Hex.encode(HMACSHA256.code(key: Array(key.utf8), message: request.body))
    request.headers = [
      ("x-hub-signature-256", "sha256=\(code)"), ("x-github-event", event), ("authorization", "Bearer x"),
    ]
    request.contentType = type
    return request
  }

  private func send(_ request: APIRequest, to server: TestServer) async throws -> (status: Int, json: JSON) {
    let response = await server.router.handle(request, as: .anonymous)
    return (response.status, try TestServer.json(response))
  }

  @Test("starts a job without a sign-in, once for each delivery")
  func starts() async throws {
    let server = try await Self.server()
    let first = try await send(Self.request(#"{"order":"7"}"#), to: server)
    #expect(first.status == 202 && first.json["outcome"] == "started")
    let id = try #require(first.json["job_id"]?.string)
    let again = try await send(Self.request(#"{"order":"7"}"#), to: server)
    #expect(
      again.status == 202 && again.json["outcome"] == "existing"
        && again.json["job_id"] == first.json["job_id"])
    let other = try await send(Self.request(#"{"order":"8"}"#), to: server)
    #expect(other.json["job_id"] != first.json["job_id"])
    let job = try await server.call(JobCalls.get, JobPath(id: id))
    #expect(job.job.actor == "hook:demo/orders" && job.inputs == ["order": "7"])
    let filtered = try await send(Self.request(#"{"order":"9"}"#, event: "ping"), to: server)
    #expect(
      filtered.status == 202 && filtered.json["outcome"] == "filtered" && filtered.json["job_id"] == nil)
  }

  @Test("an unknown path, a disabled trigger, a missing secret and a wrong signature are one answer")
  func oneAnswer() async throws {
    let server = try await Self.server()
    let body = #"{"order":"7"}"#
    var unsigned = Self.request(body)
    unsigned.headers = []
    var foreign = Self.request(body)
    foreign.path = "/api/v1/hooks/other/orders"
    let requests = [
      Self.request(body, path: "nothing"), Self.request(body, path: "off"), Self.request(body, path: "bare"),
      Self.request(body, key: "t"), Self.request("{", key: "t"), unsigned, foreign,
    ]
    for request in requests {
      let answer = try await send(request, to: server)
      #expect(answer.status == 404 && answer.json["code"] == "unknown-hook", "\(answer.json.text)")
      #expect(answer.json == (try await send(requests[0], to: server)).json)
    }
    #expect(try await server.call(JobCalls.list, JobsQuery()).items.isEmpty)
  }

  @Test("a body over the limit is refused before anything of it is looked at; one at the limit is taken")
  func limit() async throws {
    let server = try await Self.server()
    let text = String(repeating: "x", count: HookCalls.longestBody - 2)
    let most = Self.request("\"\(text)\"", type: "text/plain")
    #expect(try await send(most, to: server).status == 202)
    let more = Self.request("\"\(text)x\"", path: "nothing", type: "text/plain")
    #expect(try await send(more, to: server).status == 413)
  }

  @Test("a signed body that is no JSON, or no text, is refused as such")
  func bodies() async throws {
    let server = try await Self.server()
    let bad = try await send(Self.request("{"), to: server)
    #expect(bad.status == 400 && bad.json["code"] == "invalid-json")
    var bytes = Self.request("", type: nil)
    bytes.body = [0xFF, 0xFE]
    bytes.headers[0].value =
      "sha256=" + Hex.encode(HMACSHA256.code(key: Array("s".utf8), message: bytes.body))
    #expect(try await send(bytes, to: server).status == 400)
  }

  @Test("what the sender signs itself in with stands nowhere in the job")
  func secrets() async throws {
    let server = try await Self.server()
    var file = Self.file
    file.source = file.source.replacing("id: orders", with: "id: all").replacing(
      "path: orders", with: "path: all"
    )
    .replacing("path: off", with: "path: off2").replacing("path: bare", with: "path: bare2")
    .replacing(
      "steps: {at: {value: \"${{ inputs.order }}\"}}",
      with: "steps: {at: {value: \"${{ trigger.headers }}\"}}")
    _ = try await server.call(PipelineCalls.apply, ApplyRequest(files: [file]))
    let answer = try await send(Self.request(#"{"order":"1"}"#, path: "all"), to: server)
    let id = try #require(answer.json["job_id"]?.string)
    let job = try await server.call(JobCalls.get, JobPath(id: id))
    #expect(job.outputs == ["order": ["x-github-event": "push"]])
  }

  @Test("a sender's own token is not taken for one of ours, and what it may call ends there")
  func edge() async throws {
    let server = try TestServer { backend in
      backend.hookSecrets = { (_, _) throws(Problem) in [["token": "t0ken"]] }
    }
    var file = Self.file
    file.source = file.source.replacing("scheme: github", with: "scheme: bearer")
    _ = try await server.call(PipelineCalls.apply, ApplyRequest(files: [file]))
    let edge = HTTPEdge(
      server.router, owner: 1, actor: "local:ana", version: "test", now: { Timestamp(microseconds: 0) },
      newRequestID: { "new" })
    func send(_ token: String, _ target: String, by method: String = "POST") async throws -> HTTPResponse {
      await edge.answer(
        HTTPRequest(
          method: method, target: target, headers: HTTPHeaders([("authorization", "Bearer \(token)")]),
          peer: .remote(try #require(IPAddress("192.0.2.1")), port: 9)))
    }
    let taken = try await send("t0ken", "/api/v1/hooks/demo/orders?a=1&a=2")
    #expect(taken.status == 202 && taken.headers["ratelimit-remaining"] != nil)
    #expect(taken.headers["ratelimit-limit"] == "200" && taken.headers["ratelimit-reset"] == "1")
    #expect(try await send("other", "/api/v1/hooks/demo/orders").status == 404)
    for path in ["/api/v1/jobs", "/api/v1/hooks/../jobs", "/api/v1/%68ooks/demo/orders"] {
      #expect([401, 404, 405].contains(try await send("t0ken", path, by: "GET").status), "\(path)")
    }
    #expect(try await send("t0ken", "/api/v1/hooks/demo/orders", by: "GET").status == 405)
  }

  @Test("two webhooks of a namespace cannot have one path")
  func paths() async throws {
    let server = try await Self.server()
    var file = Self.file
    file.source = file.source.replacing("id: orders", with: "id: second")
    let request = APIRequest(PipelineCalls.apply.shape, input: ApplyRequest(files: [file]).json)
    let answer = try await server.send(request)
    #expect(answer.status == 409 && answer.json["code"] == "hook-path-taken")
    file.source = file.source.replacing("namespace: demo", with: "namespace: other")
    _ = try await server.call(PipelineCalls.apply, ApplyRequest(files: [file]))
    _ = try await server.call(PipelineCalls.apply, ApplyRequest(files: [Self.file]))
  }

  private static var second: SourceFile {
    var file = file
    file.source = file.source.replacing("id: orders", with: "id: second")
    return file
  }

  @Test("an apply that was checked before another took its path is refused before it writes")
  func overtaken() async throws {
    let server = try TestServer()
    let applier = PipelineApplier(server.backend)
    let caller = Caller(principal: .local("local:ana"), request: APIRequest(.get, "/"))
    let late = try applier.compileAll(ApplyRequest(files: [Self.second]), caller)
    let first = try applier.compileAll(ApplyRequest(files: [Self.file]), caller)
    let under = try applier.reserve(first.map(\.name), first.map(\.plan))
    #expect { _ = try applier.reserve(late.map(\.name), late.map(\.plan)) } throws: {
      ($0 as? Problem)?.code == "apply-in-progress"
    }
    applier.release(under)
    _ = try await applier.apply(ApplyRequest(files: [Self.file]), caller)
    #expect { _ = try applier.reserve(late.map(\.name), late.map(\.plan)) } throws: {
      ($0 as? Problem)?.code == "hook-path-taken"
    }
    // What was refused holds nothing.
    _ = try await applier.apply(ApplyRequest(files: [Self.file]), caller)
  }

  @Test("of two applies of one path at one moment one is made")
  func atOnce() async throws {
    for _ in 0..<20 {
      let server = try TestServer()
      let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
        for file in [Self.file, Self.second] {
          let request = APIRequest(PipelineCalls.apply.shape, input: ApplyRequest(files: [file]).json)
          group.addTask { try await server.send(request).status }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(statuses.sorted() == [200, 409])
    }
  }

  @Test("a path that another webhook has taken since does not come back by a rollback")
  func rolledBack() async throws {
    let server = try await Self.server()
    var file = Self.file
    for path in ["orders", "off", "bare"] {
      file.source = file.source.replacing("path: \(path)", with: "path: new-\(path)")
    }
    _ = try await server.call(PipelineCalls.apply, ApplyRequest(files: [file]))
    var second = Self.file
    second.source = second.source.replacing("id: orders", with: "id: second")
    _ = try await server.call(PipelineCalls.apply, ApplyRequest(files: [second]))
    let request = RollbackRequest(id: "demo~orders", revision: 1)
    let answer = try await server.send(APIRequest(PipelineCalls.rollback.shape, input: request.json))
    #expect(answer.status == 409 && answer.json["code"] == "hook-path-taken")
  }
}

import API
import Crypto
import Engine
import Foundation
import Model
import Net
import Pipelines
import Stores
import Testing
import Watchdog

@testable import Server

/// A router over a node with a memory store and no connectors.
struct TestServer: Sendable {
  let router: Router
  let store = MemoryStore()
  let node: Node
  let watcher: Watcher
  let backend: Backend

  init(
    isReadOnly: Bool = false, destinations: [ConfiguredDestination] = [], vault: VaultDesk = .none,
    adjust: (inout Backend) -> Void = { _ in }
  ) throws {
    let (store, master) = (store, MasterKey(SymmetricKey.generate()))
    let compiler = PipelineCompiler(connectors: [], zones: Self.zones)
    let plan = { @Sendable (record: RevisionRecord) throws(Problem) -> Plan in
      guard let plan = compiler.compile(record.source).plan else {
        throw Problem("test", Bilingual("This is no pipeline.", pt: "Isto não é um pipeline."))
      }
      return plan
    }
    let unwrap = { @Sendable (bytes: [UInt8]) throws(Problem) -> SymmetricKey in
      try Self.unwrap(bytes, master)
    }
    var configuration = NodeConfiguration(
      setting: NodeSetting(name: "test", version: "test", cores: 2), store: store, readModel: store,
      connectors: [], environment: .none, plan: plan, wrap: { master.wrap($0, place: "job") },
      unwrap: unwrap, broken: { Issue.record("The store broke: \($0)") })
    configuration.zones = Self.zones
    configuration.destinations = destinations
    let node = try Node(configuration)
    let history = JobHistory(readModel: store, plan: plan, unwrap: unwrap)
    let jobs = Self.jobs(node, history)
    let none = Problem("test", Bilingual("None.", pt: "Nada."))
    var backend = Backend(
      node: isReadOnly ? nil : node, readModel: store, jobs: jobs,
      asks: Self.asks(history),
      artifacts: ArtifactReading { (_, _) throws(Problem) in throw none },
      logs: LogReading { (_, _, _, _) throws(Problem) in ([], nil) }, compiler: compiler, connectors: [],
      version: VersionInfo(version: "test", swift: "", sqlite: ""), checks: { _ in [] },
      sealCredential: { (draft) throws(Problem) in
        CredentialRecord(
          namespace: draft.namespace, name: draft.name, type: draft.type, version: draft.version,
          sealed: master.seal(JSON.object(draft.values).serialized(), place: "test"),
          createdAt: Timestamp(microseconds: 0), createdBy: draft.actor)
      }, now: { Timestamp(microseconds: 0) })
    backend.zones = Self.zones
    watcher = try Self.watcher()
    backend.watcher = watcher
    backend.destinations = { () throws(Problem) in destinations }
    backend.openLetter = { (row) throws(Problem) in
      guard let wrapped = Self.key(of: row.namespace, store) else { throw none }
      return try row.content(try unwrap(wrapped))
    }
    adjust(&backend)
    router = Router(backend, vault: vault)
    self.backend = backend
    self.node = node
  }

  /// Nil also where it cannot be read, which a memory store always can.
  private static func key(of namespace: String, _ store: MemoryStore) -> [UInt8]? {
    try? store.namespaceKey(namespace)
  }

  private static func asks(_ history: JobHistory) -> AskReading {
    AskReading(
      ask: { (id) throws(Problem) in try history.ask(id) },
      list: { (filter, before, limit) throws(Problem) in
        try history.asks(filter, before: before, limit: limit)
      },
      groups: { (actor) throws(Problem) in actor == "local:bia" ? ["compliance"] : [] })
  }

  private static func unwrap(_ bytes: [UInt8], _ master: MasterKey) throws(Problem) -> SymmetricKey {
    do { return try master.unwrap(bytes, place: "job") } catch {
      throw Problem("test", Bilingual("The key does not open.", pt: "A chave não abre."))
    }
  }

  private static func watcher() throws -> Watcher {
    try Watcher(
      evidence: NothingExpected(), store: NothingKept(), engine: nil, zones: Self.zones,
      configuration: { WatchConfiguration() }, now: { Timestamp(microseconds: 0) },
      newID: { moment in
        var random = SystemRandomNumberGenerator()
        let id = ID<Notice>.generate(at: moment, using: &random)
        return (id.high, id.low)
      })
  }

  private static let zones = ZoneDatabase {
    FileManager.default.contents(atPath: "/usr/share/zoneinfo/\($0)").map(Array.init)
  }

  private static func jobs(_ node: Node, _ history: JobHistory) -> JobReading {
    JobReading(
      view: { (job, from, limit) throws(Problem) in try await node.view(job, from: from, limit: limit) },
      history: { (job, after, limit) throws(Problem) in
        try await node.history(job, after: after, limit: limit)
      },
      follow: { (job, after) throws(Problem) in try await node.follow(job, after: after) },
      why: { (job) throws(Problem) in try await node.why(job) },
      replay: { (job, _) throws(Problem) in
        let report = try history.replay(job)
        return ReplayResult(
          events: report.events, facts: report.facts, status: report.status.word,
          differences: report.differences)
      },
      open: { (job) throws(Problem) in
        let opened = try OpenedHistory(history, job)
        return { (after, limit) throws(Problem) in try opened.events(after: after, limit: limit) }
      })
  }

  func call<Input, Output>(_ endpoint: Endpoint<Input, Output>, _ input: Input) async throws -> Output {
    let response = await router.handle(APIRequest(endpoint.shape, input: input.json), actor: "local:test")
    guard response.status < 300 else { throw try ProblemDocument(try Self.json(response)) }
    return try Output(try Self.json(response))
  }

  /// Sends it as it is.
  func send(_ request: APIRequest) async throws -> (status: Int, json: JSON) {
    let response = await router.handle(request, actor: "local:test")
    return (response.status, try Self.json(response))
  }

  static func json(_ response: APIResponse) throws -> JSON {
    guard case .bytes(let bytes) = response.body else { return .null }
    // There is nothing to say.
    if response.status == 204, bytes.isEmpty { return .object(JSONObject()) }
    return try JSON(parsing: bytes)
  }

  static let hello = SourceFile(
    name: "hello.yaml",
    source: """
      apiVersion: esteira/v1
      id: hello
      namespace: demo
      inputs:
        name: {type: string, default: world}
      steps:
        greet: {value: "${{ 'Hello, ' + inputs.name }}"}
      outputs: {text: "${{ steps.greet.output }}"}
      """)
}

@Suite("The routes of a node", .timeLimit(.minutes(1)))
struct RouterTests {
  @Test("every endpoint has one route, and every route is an endpoint's")
  func complete() throws {
    let shapes = try TestServer().router.routes.map(\.shape)
    #expect(Set(shapes) == Set(EndpointCatalog.shapes))
    #expect(shapes.count == EndpointCatalog.shapes.count)
    let places = shapes.map { "\($0.method.rawValue) \($0.path)" }
    #expect(Set(places).count == places.count)
  }

  @Test("a pipeline is applied, started, and seen to its end")
  func whole() async throws {
    let server = try TestServer()
    let applied = try await server.call(PipelineCalls.apply, ApplyRequest(files: [TestServer.hello]))
    #expect(applied == ApplyResult([AppliedPipeline(id: "demo~hello", change: "created", revision: 1)]))
    let started = try await server.call(
      PipelineCalls.execute, ExecuteRequest(id: "demo~hello", inputs: JSONObject([("name", "Ana")])))
    let job = try await server.call(JobCalls.get, JobPath(id: started.id))
    #expect(job.job.status == "success" && job.outputs == ["text": "Hello, Ana"])
    #expect(job.job.actor == "local:test" && job.counts == JSONObject([("success", 1)]))
    let steps = try await server.call(JobCalls.steps, StepsQuery(id: started.id))
    #expect(steps.items.map(\.path) == ["greet"] && steps.nextCursor == nil)
    let step = try await server.call(JobCalls.step, StepPath(id: started.id, path: "greet"))
    #expect(step.output == "Hello, Ana")
    let replay = try await server.call(JobCalls.replay, JobPath(id: started.id))
    #expect(replay.differences.isEmpty && replay.status == "success")
    #expect(try await server.call(JobCalls.why, JobPath(id: started.id)).items.isEmpty)
  }

  @Test("a job's events are streamed until it ends, and Last-Event-ID goes on behind what was seen")
  func stream() async throws {
    let server = try TestServer()
    _ = try await server.call(PipelineCalls.apply, ApplyRequest(files: [TestServer.hello]))
    let started = try await server.call(PipelineCalls.execute, ExecuteRequest(id: "demo~hello"))
    let request = APIRequest(JobCalls.follow.shape, input: EventsQuery(id: started.id).json)
    let all = try await Self.events(await server.router.handle(request, actor: "local:test"))
    #expect(all.last?.facts.last?["fact"] == "status")
    var later = request
    later.lastEvent = all.last.map { String($0.sequence) }
    #expect(try await Self.events(await server.router.handle(later, actor: "local:test")).isEmpty)
  }

  private static func events(_ response: APIResponse) async throws -> [JobEvent] {
    guard case .events(let stream) = response.body else { return [] }
    var events: [JobEvent] = []
    for try await event in stream { events.append(try JobEvent(try JSON(parsing: event.data))) }
    return events
  }

  @Test("the same key gives 200 and the same job, a new one 202")
  func sameKey() async throws {
    let server = try TestServer()
    _ = try await server.call(PipelineCalls.apply, ApplyRequest(files: [TestServer.hello]))
    let request = APIRequest(
      PipelineCalls.execute.shape, input: ExecuteRequest(id: "demo~hello", idempotencyKey: "k").json)
    let (first, second) = (try await server.send(request), try await server.send(request))
    #expect((first.status, second.status) == (202, 200))
    #expect(first.json["id"] == second.json["id"] && second.json["new"] == false)
  }

  @Test("apply twice changes nothing, and a change makes the next revision")
  func applyTwice() async throws {
    let server = try TestServer()
    var file = TestServer.hello
    _ = try await server.call(PipelineCalls.apply, ApplyRequest(files: [file]))
    let again = try await server.call(PipelineCalls.apply, ApplyRequest(files: [file]))
    #expect(again.items.first?.change == "unchanged" && again.items.first?.revision == 1)
    file.source += "\ntitle: Hello\n"
    let planned = try await server.call(PipelineCalls.plan, ApplyRequest(files: [file]))
    #expect(planned.items.first?.change == "updated" && planned.items.first?.revision == 2)
    #expect(try await server.call(PipelineCalls.list, PipelinesQuery()).items.map(\.revision) == [1])
    await #expect(throws: ProblemDocument.self) {
      try await server.call(PipelineCalls.apply, ApplyRequest(files: [file], expectedRevision: 7))
    }
    let applied = try await server.call(PipelineCalls.apply, ApplyRequest(files: [file], expectedRevision: 1))
    #expect(applied.items.first?.revision == 2)
    #expect(try await server.call(PipelineCalls.revisions, RevisionsQuery(id: "demo~hello")).items.count == 2)
  }

  @Test("one wrong file of two is refused with its place, and nothing is stored")
  func allOrNone() async throws {
    let server = try TestServer()
    let wrong = SourceFile(
      name: "bad.yaml", source: TestServer.hello.source.replacing("inputs.name", with: "inputs.nam"))
    let request = APIRequest(
      PipelineCalls.apply.shape, input: ApplyRequest(files: [TestServer.hello, wrong]).json, requestID: "r7")
    let answer = try await server.send(request)
    let document = try ProblemDocument(answer.json)
    #expect(document.status == 422 && document.code == "invalid-pipeline" && document.requestID == "r7")
    #expect(document.errors.first?.rendered?.hasPrefix("bad.yaml:7:") == true)
    #expect(try await server.call(PipelineCalls.list, PipelinesQuery()).items.isEmpty)
  }

  static let refusals: [(request: APIRequest, status: Int, code: String)] = [
    (APIRequest(.get, "/api/v1/nothing"), 404, "unknown-endpoint"),
    (APIRequest(.delete, "/api/v1/jobs"), 405, "wrong-method"),
    (APIRequest(.post, "/api/v1/pipelines:apply", body: Array("{".utf8)), 400, "invalid-json"),
    (APIRequest(.post, "/api/v1/pipelines:apply", body: Array("[]".utf8)), 400, "invalid-json"),
    (
      APIRequest(.post, "/api/v1/pipelines:apply", body: Array(#"{"files":[{"name":1}]}"#.utf8)), 400,
      "invalid-request"
    ),
    (
      APIRequest(.post, "/api/v1/pipelines:apply", body: Array(#"{"files":[]}"#.utf8)), 400, "invalid-request"
    ),
    (APIRequest(.get, "/api/v1/jobs", query: [("limit", "many")]), 400, "invalid-request"),
    (APIRequest(.get, "/api/v1/jobs", query: [("status", "sleepy")]), 400, "invalid-request"),
    (APIRequest(.get, "/api/v1/jobs", query: [("cursor", "x")]), 422, "invalid-cursor"),
    (APIRequest(.get, "/api/v1/jobs/019a0c3e"), 404, "no-job"),
    (APIRequest(.get, "/api/v1/jobs/'%20OR%201"), 404, "no-job"),
    (APIRequest(.get, "/api/v1/pipelines/demo~none"), 404, "no-pipeline"),
    (APIRequest(.get, "/api/v1/pipelines/demo"), 400, "invalid-request"),
    (APIRequest(.post, "/api/v1/pipelines/demo~none/execute"), 404, "no-pipeline"),
    (APIRequest(.delete, "/api/v1/credentials/demo~none"), 404, "unknown-credential"),
    (
      APIRequest(.put, "/api/v1/credentials/demo~A", body: Array(#"{"type":"a","data":{}}"#.utf8)), 422,
      "invalid-name"
    ),
  ]

  @Test("a refusal is an RFC 9457 problem with its code", arguments: refusals)
  func refusal(_ request: APIRequest, _ status: Int, _ code: String) async throws {
    let answer = try await TestServer().send(request)
    #expect(answer.status == status)
    let document = try ProblemDocument(answer.json)
    #expect(document.code == code && document.status == status && !document.detail.isEmpty)
    #expect(answer.json["docs"] == .string("docs/errors/\(code).md"))
  }

  @Test("without a node, reading answers and writing is refused")
  func readOnly() async throws {
    let server = try TestServer(isReadOnly: true)
    #expect(try await server.call(PipelineCalls.list, PipelinesQuery()).items.isEmpty)
    let answer = try await server.send(
      APIRequest(PipelineCalls.apply.shape, input: ApplyRequest(files: [TestServer.hello]).json))
    #expect(answer.status == 503 && answer.json["code"] == "read-only")
  }

  @Test("pages of a list follow each other without a gap")
  func pages() async throws {
    let server = try TestServer()
    _ = try await server.call(PipelineCalls.apply, ApplyRequest(files: [TestServer.hello]))
    for _ in 0..<5 { _ = try await server.call(PipelineCalls.execute, ExecuteRequest(id: "demo~hello")) }
    let whole = try await server.call(JobCalls.list, JobsQuery()).items.map(\.id)
    var (seen, cursor): ([String], String?) = ([], nil)
    repeat {
      let page = try await server.call(JobCalls.list, JobsQuery(limit: 2, cursor: cursor))
      #expect(page.items.count <= 2)
      seen += page.items.map(\.id)
      cursor = page.nextCursor
    } while cursor != nil
    #expect(seen == whole && seen.count == 5)
  }

  @Test("a credential's version goes up, and its value never comes back")
  func credentials() async throws {
    let server = try TestServer()
    let request = CredentialRequest(id: "demo~api", type: "bearer", values: JSONObject([("token", "s3cret")]))
    _ = try await server.call(AccessCalls.setCredential, request)
    #expect(try await server.call(AccessCalls.setCredential, request).version == 2)
    let page = try await server.call(AccessCalls.credentials, CredentialsQuery(namespace: "demo"))
    #expect(page.items.map(\.version) == [2] && !page.json.text.contains("s3cret"))
  }
}

@Suite("The edge of the socket", .timeLimit(.minutes(1)))
struct EdgeTests {
  static let peers: [(peer: HTTPPeer, status: Int)] = [
    (.local(uid: 1_000, pid: 1), 200), (.local(uid: 1_001, pid: 1), 403), (.local(uid: 0, pid: 1), 403),
  ]

  @Test("only the folder's owner is let in", arguments: peers)
  func owner(_ peer: HTTPPeer, _ status: Int) async throws {
    let edge = HTTPEdge(
      try TestServer().router, owner: 1_000, actor: "local:ana", version: "test",
      now: { Timestamp(microseconds: 0) }, newRequestID: { "new" })
    let response = await edge.answer(HTTPRequest(method: "GET", target: "/api/v1/health", peer: peer))
    #expect(response.status == status && response.headers["x-request-id"] == "new")
  }

  @Test("the language and the request id are the caller's")
  func headers() async throws {
    let edge = HTTPEdge(
      try TestServer().router, owner: 1, actor: "local:ana", version: "test",
      now: { Timestamp(microseconds: 0) }, newRequestID: { "new" })
    let headers = HTTPHeaders([("accept-language", "pt-BR"), ("x-request-id", "mine")])
    let response = await edge.answer(
      HTTPRequest(method: "GET", target: "/api/v1/jobs/019a", headers: headers, peer: .local(uid: 1, pid: 1)))
    guard case .bytes(let bytes) = response.body else { return #expect(Bool(false), "There is a body.") }
    let document = try ProblemDocument(try JSON(parsing: bytes))
    #expect(document.detail == "Não existe o job 019a." && document.requestID == "mine")
  }
}

import API
import Access
import Engine
import Model
import Testing

@testable import Server

@Suite("One definition over HTTP", .timeLimit(.minutes(1)))
struct DefinitionRouteTests {
  private let source = TestServer.hello.source
  private let changed = TestServer.hello.source + "\ntitle: Hello\n"

  private func answer(_ server: TestServer, _ request: APIRequest) async -> APIResponse {
    await server.router.handle(request, actor: "local:ana")
  }

  private func json(_ response: APIResponse) throws -> JSON {
    guard case .bytes(let bytes) = response.body else { return .null }
    return try JSON(parsing: bytes)
  }

  private func yaml(
    _ method: Shape.Method, _ path: String, _ text: String, ifMatch: String? = nil,
    type: String = "application/yaml"
  ) -> APIRequest {
    var request = APIRequest(method, "/api/v1" + path, body: Array(text.utf8))
    (request.contentType, request.ifMatch) = (type, ifMatch)
    return request
  }

  @Test("YAML makes a pipeline: 201 with Location and ETag; a second time it is there already")
  func create() async throws {
    let server = try TestServer()
    let made = await answer(server, yaml(.post, "/pipelines", source))
    #expect(made.status == 201 && made.location == "/api/v1/pipelines/demo~hello")
    #expect(made.entityTag?.hasPrefix("1-") == true)
    #expect(try json(made)["change"] == "created")
    let again = await answer(server, yaml(.post, "/pipelines", source))
    #expect(again.status == 409)
    #expect(try json(again)["code"] == "pipeline-exists")
  }

  @Test("JSON carries the same source as a member")
  func createByJSON() async throws {
    let server = try TestServer()
    let result = try await server.call(PipelineCalls.create, DefinitionRequest(source: source))
    #expect(result.revision == 1 && !result.isDryRun)
  }

  @Test("what is wrong with a file comes with all its findings, and nothing is made")
  func invalid() async throws {
    let server = try TestServer()
    let wrong = source.replacing("inputs.name", with: "inputs.nam")
    let answer = await answer(server, yaml(.post, "/pipelines", wrong))
    #expect(answer.status == 422)
    #expect(try json(answer)["errors"]?.array?.first?["line"] == 7)
    #expect(try await server.call(PipelineCalls.list, PipelinesQuery()).items.isEmpty)
  }

  @Test("a dry run says what it would do, and does nothing")
  func dryRun() async throws {
    let server = try TestServer()
    let would = try await server.call(PipelineCalls.create, DefinitionRequest(source: source, dryRun: true))
    #expect(would.change == "created" && would.isDryRun)
    #expect(try await server.call(PipelineCalls.list, PipelinesQuery()).items.isEmpty)
    _ = try await server.call(PipelineCalls.create, DefinitionRequest(source: source))
    let deletion = try await server.call(
      PipelineCalls.delete, DeleteRequest(id: "demo~hello", isDryRun: true))
    #expect(deletion.jobs.isEmpty)
    #expect(try await server.call(PipelineCalls.list, PipelinesQuery()).items.count == 1)
  }

  @Test("a change without If-Match is 428, with an old one 412, with the newest it makes a revision")
  func replace() async throws {
    let server = try TestServer()
    let made = await answer(server, yaml(.post, "/pipelines", source))
    let path = "/pipelines/demo~hello"
    #expect(await answer(server, yaml(.put, path, changed)).status == 428)
    for stale in ["\"2-0000000000000000-0\"", "W/\"\(made.entityTag ?? "")\"", "1-0", ""] {
      #expect(await answer(server, yaml(.put, path, changed, ifMatch: stale)).status == 412, "\(stale)")
    }
    let shown = await answer(server, APIRequest(.get, "/api/v1" + path))
    let tag = "\"\(shown.entityTag ?? "")\""
    let updated = await answer(server, yaml(.put, path, changed, ifMatch: "\"x\", \(tag)"))
    #expect(updated.status == 200)
    #expect(try json(updated)["change"] == "updated" && updated.entityTag?.hasPrefix("2-") == true)
    #expect(await answer(server, yaml(.put, path, source, ifMatch: tag)).status == 412)
    let same = await answer(server, yaml(.put, path, changed, ifMatch: "*"))
    #expect(try json(same)["change"] == "unchanged" && json(same)["revision"] == 2)
  }

  @Test("a file of another pipeline, or of none that is there, is refused")
  func other() async throws {
    let server = try TestServer()
    _ = await answer(server, yaml(.post, "/pipelines", source))
    let renamed = source.replacing("id: hello", with: "id: other")
    let answered = await answer(server, yaml(.put, "/pipelines/demo~hello", renamed, ifMatch: "*"))
    #expect(answered.status == 422)
    #expect(try json(answered)["code"] == "other-pipeline")
    #expect(await answer(server, yaml(.put, "/pipelines/demo~other", renamed, ifMatch: "*")).status == 404)
  }

  @Test("a deletion on an old state is refused")
  func delete() async throws {
    let server = try TestServer()
    let made = await answer(server, yaml(.post, "/pipelines", source))
    var request = APIRequest(.delete, "/api/v1/pipelines/demo~hello")
    request.ifMatch = "\"2-0-0\""
    #expect(await answer(server, request).status == 412)
    request.ifMatch = "\"\(made.entityTag ?? "")\""
    #expect(await answer(server, request).status == 200)
  }

  @Test("the source comes alone where YAML is asked for, with an ETag of its own")
  func source() async throws {
    let server = try TestServer()
    _ = await answer(server, yaml(.post, "/pipelines", source))
    var request = APIRequest(.get, "/api/v1/pipelines/demo~hello")
    request.accept = "text/html;q=0.5, application/yaml"
    let shown = await answer(server, request)
    guard case .bytes(let bytes) = shown.body else { return }
    #expect(String(decoding: bytes, as: UTF8.self) == source && shown.contentType == "application/yaml")
    request.accept = "application/yaml;q=0.1, */*"
    let other = await answer(server, request)
    #expect(other.contentType == "application/json" && other.entityTag != shown.entityTag)
  }

  static let types: [(path: String, type: String, status: Int)] = [
    ("/pipelines", "application/yaml; charset=utf-8", 201), ("/pipelines", "text/html", 415),
    ("/pipelines", "application/json", 400), ("/pipelines:plan", "application/yaml", 415),
    ("/signals/demo/go", "text/plain", 415),
  ]

  @Test("a body of a type that is not taken is 415", arguments: types)
  func type(_ path: String, _ type: String, _ status: Int) async throws {
    let request = yaml(.post, path, source, type: type)
    #expect(await answer(try TestServer(), request).status == status)
  }

  @Test("two revisions are compared, the last two where none is named")
  func diff() async throws {
    let server = try TestServer()
    _ = await answer(server, yaml(.post, "/pipelines", source))
    await #expect(throws: ProblemDocument.self) {
      try await server.call(PipelineCalls.diff, DiffQuery(id: "demo~hello"))
    }
    _ = await answer(server, yaml(.put, "/pipelines/demo~hello", changed, ifMatch: "*"))
    let diff = try await server.call(PipelineCalls.diff, DiffQuery(id: "demo~hello"))
    #expect((diff.from, diff.to) == (1, 2))
    #expect(diff.changes == [.init(change: "added", path: "title", old: nil, new: "Hello")])
    #expect(diff.lines.contains("+title: Hello") && !diff.filesDiffer)
    let back = try await server.call(PipelineCalls.diff, DiffQuery(id: "demo~hello", from: 2, to: 1))
    #expect(back.changes.first?.change == "removed")
    let old = try await server.call(PipelineCalls.revision, RevisionPath(id: "demo~hello", revision: 1))
    #expect(old.revision == 1 && old.source == source)
  }

  @Test("the graph names steps, edges and why each is there")
  func graph() async throws {
    let server = try TestServer()
    let file = """
      apiVersion: esteira/v1
      id: graph
      namespace: demo
      steps:
        a: {value: 1}
        b: {value: "${{ steps.a.output }}"}
        c: {value: 2, needs: [a]}
      finally:
        tell: {value: 3}
      """
    _ = try await server.call(PipelineCalls.create, DefinitionRequest(source: file))
    let graph = try await server.call(PipelineCalls.graph, PipelineQuery(id: "demo~graph"))
    #expect(graph.nodes.map(\.name) == ["a", "b", "c", "tell"])
    #expect(graph.nodes.last?.handler == "finally")
    #expect(
      graph.edges.map { "\($0.from) \($0.to) \($0.reason)" }.sorted() == [
        "a b b reads a.output", "a c c needs a",
      ])
  }

  @Test("a stored definition, or another in its place, is checked")
  func check() async throws {
    let server = try TestServer()
    _ = await answer(server, yaml(.post, "/pipelines", source))
    let stored = try await server.call(PipelineCalls.check, CheckRequest(id: "demo~hello"))
    #expect(stored.isValid && stored.order == ["greet"] && stored.missingCredentials.isEmpty)
    let wrong = source.replacing("inputs.name", with: "inputs.nam")
    let other = try await server.call(PipelineCalls.check, CheckRequest(id: "demo~hello", source: wrong))
    #expect(!other.isValid && other.findings.first?.line == 7)
  }

  @Test("the list is filtered as a whole, and its pages survive what comes in between")
  func list() async throws {
    let server = try TestServer()
    for (name, team) in [("b", "risk"), ("d", "sales"), ("f", "risk")] {
      let file = source.replacing(
        "id: hello", with: "id: \(name)\ntitle: Report \(name)\nlabels: {team: \(team)}")
      _ = try await server.call(PipelineCalls.create, DefinitionRequest(source: file))
    }
    func names(_ query: PipelinesQuery) async throws -> [String] {
      try await server.call(PipelineCalls.list, query).items.map(\.name)
    }
    #expect(try await names(PipelinesQuery(text: "REPORT d")) == ["d"])
    let risk = LabelCondition(name: "team", value: "risk")
    #expect(try await names(PipelinesQuery(labels: [risk])) == ["b", "f"])
    let page = try await server.call(PipelineCalls.list, PipelinesQuery(limit: 1))
    #expect(page.items.map(\.name) == ["b"])
    let between = source.replacing("id: hello", with: "id: c")
    _ = try await server.call(PipelineCalls.create, DefinitionRequest(source: between))
    #expect(try await names(PipelinesQuery(limit: 2, cursor: page.nextCursor)) == ["c", "d"])
    _ = try await server.call(PipelineCalls.pause, PauseRequest(id: "demo~d", reason: "x"))
    #expect(try await names(PipelinesQuery(isActive: false)) == ["d"])
    #expect(try await names(PipelinesQuery(isActive: true)) == ["b", "c", "f"])
    let started = try await server.call(PipelineCalls.execute, ExecuteRequest(id: "demo~c"))
    let items = try await server.call(PipelineCalls.list, PipelinesQuery()).items
    #expect(items.map(\.lastJob?.id) == [nil, started.id, nil, nil])
  }

  @Test("who may only read makes and changes nothing")
  func viewer() async throws {
    let server = try TestServer()
    _ = await answer(server, yaml(.post, "/pipelines", source))
    let viewer = Principal(
      kind: .person, id: "vera", actor: "vera",
      grants: [Grant(namespace: "demo", permissions: Permissions(["pipelines:read", "jobs:read"]) ?? .none)])
    let elsewhere = source.replacing("namespace: demo", with: "namespace: x")
    let requests: [(APIRequest, Int)] = [
      (yaml(.post, "/pipelines", source), 403),
      // The same everywhere, whether there is such a namespace or not.
      (yaml(.post, "/pipelines", elsewhere), 403),
      (yaml(.post, "/pipelines", "x: ["), 403),
      (yaml(.put, "/pipelines/demo~hello", changed, ifMatch: "*"), 403),
      (APIRequest(.get, "/api/v1/pipelines/demo~hello/graph"), 200),
    ]
    for (request, status) in requests {
      #expect(await server.router.handle(request, as: viewer).status == status, "\(request.path)")
    }
    let author = Principal(
      kind: .person, id: "ana", actor: "ana",
      grants: [Grant(namespace: "demo", permissions: Permissions(["pipelines:create"]) ?? .none)])
    let hidden = await server.router.handle(yaml(.post, "/pipelines", elsewhere), as: author)
    #expect(hidden.status == 404, "Where one may do nothing, nothing is.")
  }
}

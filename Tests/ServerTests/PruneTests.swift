import API
import Access
import Engine
import Model
import Testing

@testable import Server

@Suite("apply with prune takes away what is not among the files", .timeLimit(.minutes(1)))
struct PruneTests {
  private static func file(_ name: String, in namespace: String = "demo", value: Int = 1) -> SourceFile {
    SourceFile(
      name: "\(name).yaml",
      source: """
        apiVersion: esteira/v1
        id: \(name)
        namespace: \(namespace)
        steps: {w: {wait: {signal: {name: go, key: "\(value)"}}}}
        """)
  }

  private func server() async throws -> TestServer {
    let server = try TestServer()
    let files = [Self.file("a"), Self.file("b"), Self.file("c"), Self.file("b", in: "other")]
    _ = try await server.call(PipelineCalls.apply, ApplyRequest(files: files))
    return server
  }

  private func pipelines(_ server: TestServer) async throws -> [String] {
    try await server.call(PipelineCalls.list, PipelinesQuery()).items.map(\.id)
  }

  private static let changed = ApplyRequest(files: [file("a", value: 2), file("d")], prune: true)

  @Test("plan shows it first, and a dry run says the same; nothing goes")
  func plan() async throws {
    let server = try await server()
    var dry = Self.changed
    dry.isDryRun = true
    for result in [
      try await server.call(PipelineCalls.plan, Self.changed),
      try await server.call(PipelineCalls.apply, dry),
    ] {
      #expect(
        result.items.map { "\($0.id) \($0.change)" } == [
          "demo~a updated", "demo~d created", "demo~b deleted", "demo~c deleted",
        ])
      #expect(result.items.flatMap(\.notes).isEmpty)
    }
    #expect(try await pipelines(server) == ["demo~a", "demo~b", "demo~c", "other~b"])
  }

  @Test("apply does it, in the namespaces of the files and in no other; revisions stay")
  func apply() async throws {
    let server = try await server()
    let planned = try await server.call(PipelineCalls.plan, Self.changed)
    #expect(try await server.call(PipelineCalls.apply, Self.changed) == planned)
    #expect(try await pipelines(server) == ["demo~a", "demo~d", "other~b"])
    let again = try await server.call(PipelineCalls.apply, ApplyRequest(files: [Self.file("b", value: 3)]))
    #expect(again.items.map(\.revision) == [2])
    let same = try await server.call(
      PipelineCalls.apply, ApplyRequest(files: [Self.file("b", in: "other")], prune: true))
    #expect(same.items.map(\.change) == ["unchanged"])
  }

  @Test("without prune nothing goes")
  func kept() async throws {
    let server = try await server()
    _ = try await server.call(PipelineCalls.apply, ApplyRequest(files: [Self.file("a")]))
    #expect(try await pipelines(server).count == 4)
  }

  @Test("live jobs hold all of it up: the plan names them, apply refuses, and nothing is changed")
  func live() async throws {
    let server = try await server()
    let job = try await server.call(PipelineCalls.execute, ExecuteRequest(id: "demo~c")).id
    let planned = try await server.call(PipelineCalls.plan, Self.changed).items
    #expect(planned.map(\.notes.isEmpty) == [true, true, true, false])
    #expect(planned.last?.notes.first?.contains(job) == true)
    let answer = try await server.send(APIRequest(PipelineCalls.apply.shape, input: Self.changed.json))
    #expect(answer.status == 409 && answer.json["code"]?.string == "pipeline-in-use")
    #expect(answer.json["detail"]?.string?.contains("demo/c (1)") == true)
    #expect(try await pipelines(server) == ["demo~a", "demo~b", "demo~c", "other~b"])
    #expect(try await server.call(PipelineCalls.get, PipelineQuery(id: "demo~a")).revision == 1)
    _ = try await server.call(JobCalls.kill, KillRequest(id: job, reason: "prune"))
    _ = try await server.call(PipelineCalls.apply, Self.changed)
    #expect(try await pipelines(server) == ["demo~a", "demo~d", "other~b"])
  }

  @Test("whoever may update and not delete may not prune, unless nothing would go")
  func permission() async throws {
    let server = try await server()
    let words = try #require(Permissions(["pipelines:read", "pipelines:update", "pipelines:create"]))
    let vera = Principal(
      kind: .person, id: "vera", actor: "vera", grants: [Grant(namespace: "demo", permissions: words)])
    func status(_ request: ApplyRequest) async -> Int {
      let sent = APIRequest(PipelineCalls.apply.shape, input: request.json)
      let answer: APIResponse = await server.router.handle(sent, as: vera)
      return answer.status
    }
    #expect(await status(Self.changed) == 403)
    #expect(try await pipelines(server) == ["demo~a", "demo~b", "demo~c", "other~b"])
    let all = [Self.file("a", value: 2), Self.file("b"), Self.file("c")]
    #expect(await status(ApplyRequest(files: all, prune: true)) == 200)
  }
}

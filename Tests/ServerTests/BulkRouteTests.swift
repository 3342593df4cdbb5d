import API
import Access
import Engine
import Model
import Testing

@testable import Server

@Suite("Work on many jobs", .timeLimit(.minutes(1)))
struct BulkRouteTests {
  private func filled(_ namespaces: [String] = ["demo"]) async throws -> (server: TestServer, ids: [String]) {
    let server = try TestServer()
    var ids: [String] = []
    for namespace in namespaces {
      let source = TestServer.hello.source.replacing("namespace: demo", with: "namespace: \(namespace)")
      _ = try await server.call(
        PipelineCalls.apply, ApplyRequest(files: [SourceFile(name: "h.yaml", source: source)]))
      for _ in 0..<3 {
        ids.append(try await server.call(PipelineCalls.execute, ExecuteRequest(id: "\(namespace)~hello")).id)
      }
    }
    return (server, ids)
  }

  private func ended(_ server: TestServer, _ id: String?) async throws -> OperationItem {
    let path = OperationPath(id: try #require(id))
    while true {
      let item = try await server.call(OperationCalls.get, path)
      if item.state == "done" { return item }
      await Task.yield()
    }
  }

  private func person(_ grants: [String: [String]]) -> Principal {
    Principal(
      kind: .person, id: "vera", actor: "vera",
      grants: grants.map { Grant(namespace: $0.key, permissions: Permissions($0.value) ?? .none) })
  }

  @Test("a dry run counts and names the first; the same count then does it")
  func rerun() async throws {
    let (server, ids) = try await filled()
    let preview = try await server.call(
      JobCalls.bulk, BulkRequest(verb: .rerun, filter: "status:success", isDryRun: true))
    #expect(preview.count == 3 && preview.ids == ids.reversed() && preview.operation == nil)
    #expect(try await server.call(JobCalls.list, JobsQuery()).items.count == 3)
    let begun = try await server.send(
      APIRequest(
        JobCalls.bulk.shape,
        input: BulkRequest(verb: .rerun, filter: "status:success", expected: 3).json))
    #expect(begun.status == 202)
    let item = try await ended(server, begun.json["operation"]?.string)
    #expect((item.count, item.done, item.refused) == (3, 3, 0))
    #expect(item.items.map(\.job) == ids.reversed())
    #expect(Set(item.items.compactMap(\.newJob)).isDisjoint(with: ids))
    #expect(try await server.call(JobCalls.list, JobsQuery()).items.count == 6)
  }

  static let refused: [(request: BulkRequest, status: Int)] = [
    (BulkRequest(verb: .retry, filter: "status:success"), 428),
    (BulkRequest(verb: .retry, filter: "status:success", expected: 2), 409),
    (BulkRequest(verb: .retry, filter: "status:success", limit: 2, expected: 3), 422),
    (BulkRequest(verb: .retry, filter: "colour:red", expected: 3), 422),
    (BulkRequest(verb: .retry, filter: " ", expected: 3), 422),
    (BulkRequest(verb: .kill, filter: "status:success", expected: 3), 422),
    (BulkRequest(verb: .retry, ids: ["00000000"]), 404),
    (BulkRequest(verb: .retry, filter: "a", ids: ["00000000"]), 422),
    (BulkRequest(verb: .retry), 422),
    (BulkRequest(verb: .retry, filter: "a", limit: 0), 400),
  ]

  @Test("without a count, with another, or with too many jobs nothing is done", arguments: refused)
  func refusals(_ request: BulkRequest, _ status: Int) async throws {
    let (server, _) = try await filled()
    let answer = try await server.send(APIRequest(JobCalls.bulk.shape, input: request.json))
    #expect(answer.status == status, "\(answer.json)")
    #expect(try await server.call(JobCalls.list, JobsQuery()).items.allSatisfy { $0.status == "success" })
  }

  @Test("one job that is refused holds up no other, and its reason is told")
  func outcomes() async throws {
    let (server, ids) = try await filled()
    let begun = try await server.call(
      JobCalls.bulk, BulkRequest(verb: .cancel, ids: [ids[0], ids[1], String(ids[0].prefix(36))]))
    #expect(begun.count == 2)
    let item = try await ended(server, begun.operation)
    #expect(item.refused == 2 && item.items.map(\.code) == ["job-ended", "job-ended"])
    let page = try await server.call(
      OperationCalls.get, OperationPath(id: item.id, cursor: "1", limit: 1))
    #expect(page.items == [item.items[1]] && page.nextCursor == nil)
  }

  @Test("each job asks for the permission of the verb in its own namespace")
  func permissions() async throws {
    let (server, ids) = try await filled(["demo", "other"])
    let vera = person(["demo": ["jobs:read", "pipelines:execute"], "other": ["jobs:read"]])
    let request = APIRequest(
      JobCalls.bulk.shape, input: BulkRequest(verb: .rerun, filter: "status:success", expected: 6).json)
    let answer = await server.router.handle(request, as: vera)
    #expect(answer.status == 202)
    let path = try #require(answer.location)
    var item: OperationItem
    repeat {
      await Task.yield()
      guard case .bytes(let bytes) = await server.router.handle(APIRequest(.get, path), as: vera).body else {
        return
      }
      item = try OperationItem(try JSON(parsing: bytes))
    } while item.state == "running"
    let refused = item.items.filter { $0.outcome == "refused" }
    #expect(Set(refused.map(\.job)) == Set(ids.suffix(3)))
    #expect(refused.allSatisfy { $0.code == "not-allowed" } && item.done == 3)
    // Of somebody else it is not there.
    #expect(await server.router.handle(APIRequest(.get, path), actor: "local:ana").status == 404)

    let reader = person(["demo": ["jobs:read"]])
    #expect(await server.router.handle(request, as: reader).status == 403)
    let hidden = APIRequest(
      JobCalls.bulk.shape, input: BulkRequest(verb: .rerun, ids: [ids[5]]).json)
    let onlyDemo = person(["demo": ["jobs:read", "pipelines:execute"]])
    #expect(await server.router.handle(hidden, as: onlyDemo).status == 404)
  }

  @Test("operations are remembered up to a number, and the running ones are few")
  func remembered() throws {
    let operations = Operations()
    let at = Timestamp(microseconds: 1)
    let first = try operations.begin("retry", count: 1, owner: "a", at: at)
    operations.end(first, at: at)
    for _ in 1..<Operations.mostRemembered {
      operations.end(try operations.begin("retry", count: 1, owner: "a", at: at), at: at)
    }
    #expect(try operations.page(first, of: "a", from: 0, limit: 1).state == "done")
    for _ in 0..<Operations.mostRunning { _ = try operations.begin("retry", count: 1, owner: "a", at: at) }
    #expect(throws: Problem.self) { try operations.page(first, of: "a", from: 0, limit: 1) }
    #expect(throws: Problem.self) { try operations.begin("retry", count: 1, owner: "a", at: at) }
  }
}

import API
import Access
import Engine
import Model
import Testing

@testable import Server

@Suite("Namespaces and holds over HTTP", .timeLimit(.minutes(1)))
struct NamespaceRouteTests {
  @Test("one that is made is there though nothing stands in it")
  func made() async throws {
    let server = try TestServer()
    let words = NamespaceWords(title: "Sales", summary: "What is sold", weight: 3, queueSlots: ["gpu": 2])
    let request = APIRequest(
      NamespaceCalls.create.shape, input: NamespaceRequest(name: "sales", words: words).json)
    let answer = await server.router.handle(request, actor: "local:ana")
    #expect(answer.status == 201 && answer.location == "/api/v1/namespaces/sales")
    let item = try await server.call(NamespaceCalls.get, NamespacePath(namespace: "sales"))
    #expect(item.words == words && item.pipelines == 0 && item.settings == 2)
    #expect(try await server.call(NamespaceCalls.list, NamespacesQuery()).items == [item])
    // The engine reads them where it admits a job.
    let settings = try await server.call(AccessCalls.settings, ListQuery(namespace: "sales"))
    #expect(settings == ["fair_weight": 3, "queue_slots": ["gpu": 2]])
    #expect(try await server.send(request).json["code"] == "namespace-exists")
  }

  @Test("what is not named stays, and what is null is taken away")
  func changed() async throws {
    let server = try TestServer()
    _ = try await server.call(PipelineCalls.apply, ApplyRequest(files: [TestServer.hello]))
    let first = try await server.call(
      NamespaceCalls.update, NamespaceChange(namespace: "demo", change: ["title": "Demo", "weight": 5]))
    #expect(first.words == NamespaceWords(title: "Demo", weight: 5) && first.pipelines == 1)
    let second = try await server.call(
      NamespaceCalls.update,
      NamespaceChange(namespace: "demo", change: ["title": .null, "description": "Trials"]))
    #expect(second.words == NamespaceWords(summary: "Trials", weight: 5))
    let third = try await server.call(
      NamespaceCalls.update, NamespaceChange(namespace: "demo", change: ["weight": .null]))
    #expect(third.words == NamespaceWords(summary: "Trials"))
    #expect(try await server.call(AccessCalls.settings, ListQuery(namespace: "demo")) == [:])
  }

  static let refused: [(method: Shape.Method, path: String, body: JSON, status: Int)] = [
    (.post, "/namespaces", ["name": "Sales"], 400), (.post, "/namespaces", ["name": "-a"], 400),
    (.post, "/namespaces", ["name": "a", "weight": 0], 400),
    (.post, "/namespaces", ["name": "a", "weight": 101], 400),
    (.post, "/namespaces", ["name": "a", "queue_slots": ["gpu": 0]], 400),
    (.post, "/namespaces", ["name": "a", "colour": "red"], 400),
    (.patch, "/namespaces/none", ["title": "x"], 404),
    (.post, "/holds", ["reason": "x"], 400), (.post, "/holds", ["namespace": "a"], 400),
    (.post, "/holds", ["namespace": "a", "job": "b", "reason": "x"], 400),
    (.post, "/holds", ["job": "00000000", "reason": "x"], 404),
    (.delete, "/holds/0199", .null, 404),
  ]

  @Test("what cannot be is refused", arguments: refused)
  func refusals(_ method: Shape.Method, _ path: String, _ body: JSON, _ status: Int) async throws {
    let server = try TestServer()
    let bytes = body.isNull ? [] : body.serialized()
    let answer = try await server.send(APIRequest(method, "/api/v1" + path, body: bytes))
    #expect(answer.status == status, "\(answer.json)")
  }

  @Test("a hold is placed, listed and released; the last answer has no body")
  func holds() async throws {
    let server = try TestServer()
    _ = try await server.call(PipelineCalls.apply, ApplyRequest(files: [TestServer.hello]))
    let job = try await server.call(PipelineCalls.execute, ExecuteRequest(id: "demo~hello")).id
    let requests = [
      HoldRequest(job: job, reason: "case 17"), HoldRequest(pipeline: "demo~hello", reason: "audit"),
      HoldRequest(namespace: "demo", reason: "court"),
    ]
    var items: [HoldItem] = []
    for request in requests { items.append(try await server.call(HoldCalls.create, request).item) }
    #expect(items.map(\.job) == [job, nil, nil] && items.map(\.pipeline) == [nil, "hello", nil])
    #expect(items.map(\.namespace) == ["demo", "demo", "demo"])
    let listed = try await server.call(HoldCalls.list, Nothing()).items
    #expect(Set(listed) == Set(items))
    let path = APIRequest(.delete, "/api/v1/holds/\(items[1].id)")
    let answer = await server.router.handle(path, actor: "local:ana")
    guard case .bytes(let bytes) = answer.body else { return }
    #expect(answer.status == 204 && bytes.isEmpty && answer.contentType.isEmpty)
    #expect(Set(try await server.call(HoldCalls.list, Nothing()).items) == [items[0], items[2]])
    let preview = try await server.call(
      RetentionCalls.preview, PreviewedRule(namespace: "demo", retained: "history", days: 0))
    #expect(preview.count == 0 && preview.soonCount == 0, "Its namespace is held.")
  }
}

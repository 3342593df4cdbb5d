import API
import Engine
import Model
import Stores
import Testing
import Watchdog

@testable import Server

@Suite("A dry run of a definition", .timeLimit(.minutes(1)))
struct DryRunTests {
  private struct Silent: Destination {
    func deliver(_ message: OutgoingMessage) async -> DeliveryOutcome { .delivered }
  }

  /// With one of each definition.
  private func server() async throws -> TestServer {
    let server = try TestServer(
      destinations: [ConfiguredDestination(name: "ops", kind: "log", events: ["*"], receiver: Silent())])
    _ = try await server.call(PipelineCalls.apply, ApplyRequest(files: [TestServer.hello]))
    _ = try await server.call(
      ScheduleChangeCalls.create,
      ScheduleRequest(pipeline: "demo~hello", name: "daily", rule: ScheduleRule(cron: "0 6 * * *")))
    _ = try await server.call(
      AccessCalls.setConnection,
      ConnectionItem(
        id: "demo~shop", kind: "http", address: ["url": "https://a.example"], allowedEgress: [],
        credential: nil))
    _ = try await server.call(AccessCalls.setSetting, SettingRequest(id: "demo~limit", value: 1))
    _ = try await server.call(
      AlertRuleCalls.put, AlertRuleRequest(name: "mine", pattern: "demo/*", to: ["ops"]))
    return server
  }

  private static let rule: JSON = ["cron": "1 1 * * *"]
  private static let change: JSON = ["cron": "2 2 * * *", "inputs": [:]]
  private static let connection: JSON = [
    "kind": "http", "address": ["url": "https://b.example"],
  ]

  private static let changes: [(APIRequest, shown: String)] = [
    (
      request(.post, "/schedules", ["pipeline": "demo~hello", "name": "x", "cron": "1 1 * * *"]), "1 1 * * *"
    ),
    (request(.put, "/schedules/demo~hello~daily", change), "2 2 * * *"),
    (request(.patch, "/schedules/demo~hello~daily", rule), "1 1 * * *"),
    (request(.delete, "/schedules/demo~hello~daily"), ""),
    (request(.put, "/connections/demo~shop", connection), "b.example"),
    (request(.delete, "/connections/demo~shop"), ""),
    (request(.put, "/settings/demo~limit", ["value": 2]), ""),
    (request(.put, "/namespaces/demo/settings/limit", ["value": 2]), "2"),
    (request(.delete, "/namespaces/demo/settings/limit"), ""),
    (request(.post, "/namespaces", ["name": "fresh", "title": "New"]), "New"),
    (request(.patch, "/namespaces/demo", ["title": "New", "weight": 7]), "New"),
    (request(.put, "/alert-rules/mine", ["match": "other/*"]), "other/*"),
    (request(.put, "/alert-rules/more", ["match": "other/*"]), "other/*"),
    (request(.delete, "/alert-rules/mine"), ""),
    (request(.delete, "/pipelines/demo~hello"), ""),
    (
      request(
        .put, "/pipelines/demo~hello",
        ["source": .string(TestServer.hello.source.replacing("steps:", with: "title: New\nsteps:"))]), ""
    ),
  ]

  private static func request(_ method: Shape.Method, _ path: String, _ body: JSON? = nil) -> APIRequest {
    var request = APIRequest(
      method, "/api/v1" + path, query: [("dry_run", "true")], body: body?.serialized() ?? [])
    request.ifMatch = method == .post ? nil : "*"
    return request
  }

  /// All that a change could have changed.
  private func state(_ server: TestServer) async throws -> [JSON] {
    let rules = try await server.call(AlertRuleCalls.list, Nothing()).json
    let settings: JSON = .object(try server.store.settings(of: "demo"))
    let words = try await server.call(NamespaceCalls.list, NamespacesQuery()).json
    let connections = try await server.call(AccessCalls.connections, ConnectionsQuery()).json
    let schedules = try server.store.addedSchedules(in: nil).map { JSON.string("\($0)") }
    let pipelines = try server.store.pipelines(in: nil).map { JSON.string("\($0)") }
    return [rules, settings, words, connections, .array(schedules), .array(pipelines)]
  }

  @Test("is answered with what would be, and changes nothing", arguments: changes.indices)
  func nothing(_ place: Int) async throws {
    let (request, shown) = Self.changes[place]
    let server = try await server()
    let before = try await state(server)
    let answer = await server.router.handle(request, actor: "local:test")
    #expect([200, 204].contains(answer.status), "\(request.method) \(request.path): \(answer.status)")
    if case .bytes(let bytes) = answer.body {
      #expect(shown.isEmpty || String(decoding: bytes, as: UTF8.self).contains(shown), "\(request.path)")
    }
    #expect(answer.location == nil)
    #expect(try await state(server) == before, "\(request.method) \(request.path)")
    // The same without it does change something, so the comparison can tell.
    var real = request
    real.query = []
    let done = await server.router.handle(real, actor: "local:test")
    #expect(done.status < 300)
    #expect(try await state(server) != before, "\(request.method) \(request.path)")
  }

  @Test("is what it says and no other word, and only of what changes a definition")
  func words() async throws {
    let server = try await server()
    var request = Self.request(.put, "/connections/demo~shop", Self.connection)
    for query in [[("dry_run", "yes")], [("dry_run", "true"), ("dry_run", "true")], [("dry_run", "")]] {
      request.query = query.map { (name: $0.0, value: $0.1) }
      #expect(await server.router.handle(request, actor: "local:test").status == 400)
    }
    let other = Self.request(.post, "/pipelines/demo~hello/execute", [:])
    #expect(await server.router.handle(other, actor: "local:test").status == 400)
    let wrong = Self.request(.put, "/schedules/demo~hello~daily", ["cron": "nonsense"])
    #expect(await server.router.handle(wrong, actor: "local:test").status == 422)
  }
}

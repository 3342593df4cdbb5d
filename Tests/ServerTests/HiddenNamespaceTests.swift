import API
import Access
import Engine
import Model
import Testing

@testable import Server

/// Two namespaces with the same things, and a person who is granted everything in one of them.
@Suite("A namespace that is not granted", .timeLimit(.minutes(2)))
struct HiddenNamespaceTests {
  /// In every name and text of the other namespace.
  private static let canary = "zzhidden"

  private let vera = Principal(
    kind: .person, id: "vera", actor: "vera", grants: [Grant(namespace: "demo", permissions: .all)])

  private struct World {
    var router: Router
    var job: String
  }

  private func filled() async throws -> World {
    let server = try TestServer()
    var job = ""
    for (namespace, word) in [("demo", "seen"), (Self.canary, Self.canary)] {
      let source = """
        apiVersion: esteira/v1
        id: \(word)-hello
        namespace: \(namespace)
        title: "\(word)"
        triggers:
          \(word)_daily: {schedule: {cron: "0 3 * * *"}}
        steps:
          \(word)_greet: {value: "${{ '\(word)' }}"}
        """
      _ = try await server.call(
        PipelineCalls.apply, ApplyRequest(files: [SourceFile(name: "a.yaml", source: source)]))
      job = try await server.call(PipelineCalls.execute, ExecuteRequest(id: "\(namespace)~\(word)-hello")).id
      _ = try await server.call(
        SignalCalls.send,
        SignalToInbox(namespace: namespace, name: "\(word)_go", key: "k", payload: .string(word)))
      try await server.node.write([
        .setting(
          namespace: namespace, name: "\(word)_setting", value: .string(word), by: "test",
          at: Timestamp(microseconds: 0)),
        .connection(
          Connection(namespace: namespace, name: "\(word)_place", kind: "http", address: ["url": "http://a"]),
          at: Timestamp(microseconds: 0), by: "test"),
      ])
    }
    var backend = server.backend
    let access = try await TestAccess.service()
    (backend.access, backend.audit) = (access, access.audit)
    return World(router: Router(backend), job: job)
  }

  private func text(_ answer: APIResponse) -> String {
    guard case .bytes(let bytes) = answer.body else { return "" }
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test("shows in no list, whatever is listed")
  func lists() async throws {
    let world = try await filled()
    var shown = 0
    for shape in world.router.routes.map(\.shape) where shape.method == .get && !shape.path.contains("{") {
      let answer = text(await world.router.handle(APIRequest(.get, shape.path), as: vera))
      #expect(!answer.contains(Self.canary), "\(shape.path)")
      if answer.contains("seen") { shown += 1 }
      // Whoever may see all sees it there: the list is not just empty.
      let all = text(await world.router.handle(APIRequest(.get, shape.path), actor: "local:test"))
      #expect(answer.contains("seen") == all.contains("seen") || !all.contains(Self.canary), "\(shape.path)")
    }
    #expect(shown >= 5, "Lists of pipelines, jobs, schedules, signals and connections were not empty.")
  }

  @Test("is as if it were not there, to every endpoint that names a thing of it")
  func things() async throws {
    let world = try await filled()
    for shape in world.router.routes.map(\.shape) where shape.path.contains("{") {
      guard case .needs = shape.permission else { continue }
      let isOfJob = shape.path.hasPrefix("/api/v1/jobs/")
      let path = shape.path.split(separator: "/", omittingEmptySubsequences: false).map { part in
        switch part {
        case "{id}" where isOfJob: world.job
        case "{namespace}": Self.canary
        case let part where part.first == "{": "\(Self.canary)~\(Self.canary)-hello"
        case let part: String(part)
        }
      }.joined(separator: "/")
      let answer = await world.router.handle(APIRequest(shape.method, path), as: vera)
      // 403: of no namespace, or unknown there at all. 400: refused before anything is looked up.
      #expect([400, 403, 404].contains(answer.status), "\(shape.method) \(path): \(answer.status)")
      let told = text(answer).replacing("\(Self.canary)~\(Self.canary)-hello", with: "")
        .replacing("namespace \(Self.canary)", with: "").replacing(
          "\(Self.canary)/\(Self.canary)-hello", with: "")
      #expect(!told.contains("\(Self.canary)_"), "\(shape.method) \(path): \(told)")
    }
  }
}

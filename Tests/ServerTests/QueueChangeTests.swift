import API
import Access
import Crypto
import Engine
import Model
import Testing

@testable import Server

@Suite("Queues by calls", .timeLimit(.minutes(1)))
struct QueueChangeTests {
  private static let waiting = SourceFile(
    name: "wait.yaml",
    source: """
      apiVersion: esteira/v1
      id: wait
      namespace: other
      triggers:
        inbox: {queue: {connection: c, list: l}}
        second: {queue: {connection: c, list: m}}
      steps: {signal: {wait: {signal: {name: go}}}}
      """)
  private static let inbox = "trigger~other~wait~inbox"
  private static let path = QueuePath(name: inbox)

  /// With two messages before `inbox` and one before `second`, which a pause keeps there.
  private func server() async throws -> TestServer {
    let server = try TestServer { $0.now = { SystemClock().now } }
    _ = try await server.call(PipelineCalls.apply, ApplyRequest(files: [TestServer.hello, Self.waiting]))
    let paused = try await server.call(
      QueueCalls.pause, QueuePauseRequest(name: Self.inbox, reason: "purge"))
    #expect(paused.pause?.reason == "purge" && paused.pause?.by == "local:test")
    try await send(server, "inbox", 1)
    try await send(server, "inbox", 2)
    try await send(server, "second", 3)
    return server
  }

  private func send(_ server: TestServer, _ trigger: String, _ number: Int64) async throws {
    _ = try await server.call(
      TriggerCalls.send,
      TriggerMessageRequest(id: "other~wait", name: trigger, message: .int(number)))
  }

  private func backup(_ server: TestServer, _ name: String) async throws -> [UInt8] {
    let request = APIRequest(QueueCalls.backup.shape, input: QueuePath(name: name).json)
    let answer = await server.router.handle(request, actor: "local:test")
    guard case .chunks(let size, let chunks) = answer.body else {
      throw try ProblemDocument(TestServer.json(answer))
    }
    var bytes: [UInt8] = []
    for try await chunk in chunks { bytes += chunk }
    #expect(answer.contentType == "application/x-ndjson" && bytes.count == size)
    return bytes
  }

  private func purge(_ server: TestServer, _ name: String, _ sha256: String) async throws -> (Int, JSON) {
    let request = PurgeRequest(name: name, backupID: sha256, reason: "wrong list")
    let answer = try await server.send(APIRequest(QueueCalls.purge.shape, input: request.json))
    guard let id = answer.json["operation"]?.string else { return answer }
    while true {
      let item = try await server.call(OperationCalls.get, OperationPath(id: id))
      if item.state == "done" { return (answer.status, try #require(item.items.first).json) }
      await Task.yield()
    }
  }

  private func count(_ server: TestServer, _ name: String) async throws -> Int {
    try await server.call(QueueCalls.get, QueuePath(name: name)).waiting
  }

  @Test("a backup of what waits is what a purge asks for, and takes exactly that away")
  func purged() async throws {
    let server = try await server()
    let lines = try await backup(server, Self.inbox)
    let items = try String(decoding: lines, as: UTF8.self).split(separator: "\n").map { line in
      try JSON(parsing: Array(line.utf8))
    }
    #expect(items.map { $0["body"]?["message"]?.int } == [1, 2])
    #expect(items.allSatisfy { $0["kind"]?.string == "message" && $0["trigger"]?.string == "inbox" })
    let (status, outcome) = try await purge(server, Self.inbox, SHA256.hex(lines))
    #expect(status == 202 && outcome["purged"]?.int == 2 && outcome["skipped"]?.int == 0)
    #expect(try await count(server, Self.inbox) == 0)
    #expect(try await count(server, "trigger~other~wait~second") == 1)
    let refusals = try await server.call(TriggerCalls.refusals, SignalsQuery(namespace: "other")).items
    #expect(refusals.map(\.actor) == ["local:test", "local:test"])
  }

  @Test("what came since, and the backup of another queue, are no backup: nothing goes")
  func differs() async throws {
    let server = try await server()
    let lines = try await backup(server, Self.inbox)
    let other = try await backup(server, "trigger~other~wait~second")
    try await send(server, "inbox", 4)
    for wrong in [lines, other, []] {
      let (status, json) = try await purge(server, Self.inbox, SHA256.hex(wrong))
      #expect(status == 409 && json["code"]?.string == "backup-differs")
    }
    #expect(try await count(server, Self.inbox) == 3)
    let whole = try await backup(server, Self.inbox)
    #expect(try await purge(server, Self.inbox, SHA256.hex(whole)).1["purged"]?.int == 3)
  }

  @Test("the backup of a whole pipeline, as a step makes it, is also one of each of its queues")
  func whole() async throws {
    let server = try await server()
    var lines: [UInt8] = []
    let name = PipelineName(namespace: "other", name: "wait")
    for item in try await server.node.open(try await server.node.waiting(before: name)) { lines += item.line }
    #expect(try await purge(server, Self.inbox, SHA256.hex(lines)).1["purged"]?.int == 2)
    #expect(try await count(server, "trigger~other~wait~second") == 1)
  }

  @Test("a resume lets what was kept have its turn")
  func resumed() async throws {
    let server = try await server()
    let item = try await server.call(QueueCalls.resume, Self.path)
    #expect(item.pause == nil)
    let jobs = JobsQuery(namespace: "other")
    while try await server.call(JobCalls.list, jobs).items.count < 3 { await Task.yield() }
    #expect(try await count(server, Self.inbox) == 0)
  }

  @Test("an empty queue has an empty backup; what leaves has none, and rests never")
  func others() async throws {
    let server = try await server()
    #expect(try await backup(server, "jobs~other~wait").isEmpty)
    #expect(try await purge(server, "jobs~other~wait", SHA256.hex([UInt8]())).1["purged"]?.int == 0)
    let unknown = APIRequest(QueueCalls.backup.shape, input: ["name": "jobs~other~none"])
    #expect(try await server.send(unknown).status == 404)
    let outbox = try TestServer(destinations: [
      ConfiguredDestination(name: "ops", kind: "log", events: ["*"], receiver: Silent())
    ])
    for shape in [QueueCalls.resume.shape, QueueCalls.backup.shape] {
      let answer = try await outbox.send(APIRequest(shape, input: ["name": "outbox~ops"]))
      #expect(answer.status == 422 && answer.json["code"]?.string == "unusable-request")
    }
  }

  @Test("who sees only other namespaces hears that there is no such queue")
  func hidden() async throws {
    let server = try await server()
    let demo = Principal.fixture(["demo": "queues:read queues:pause queues:export queues:purge"])
    for shape in [QueueCalls.resume.shape, QueueCalls.backup.shape] {
      let answer = await server.router.handle(APIRequest(shape, input: Self.path.json), as: demo)
      #expect(answer.status == 404)
    }
    let reader = Principal.fixture(["other": "queues:read queues:pause"])
    let refused = await server.router.handle(
      APIRequest(QueueCalls.backup.shape, input: Self.path.json), as: reader)
    #expect(refused.status == 403)
  }
}

private struct Silent: Destination {
  func deliver(_ message: OutgoingMessage) async -> DeliveryOutcome { .delivered }
}

@Suite("A drained node", .timeLimit(.minutes(1)))
struct DrainRouteTests {
  private static let drain = DrainRequest(id: "test", reason: "new disk")

  @Test("begins nothing that comes, says who drained it, and goes on when that is ended")
  func whole() async throws {
    let server = try TestServer { $0.now = { SystemClock().now } }
    _ = try await server.call(PipelineCalls.apply, ApplyRequest(files: [TestServer.handed]))
    let drained = try await server.call(WorkerCalls.drain, Self.drain)
    #expect(drained.state == .drained && drained.drain?.by == "local:test")
    #expect(drained.drain?.reason == "new disk")
    let again = try await server.call(WorkerCalls.drainNode, DrainRequest(id: "test", reason: "other"))
    #expect(again.drain == drained.drain, "It stays as it is.")
    #expect(try await server.call(WorkerCalls.cluster, Nothing()).nodes == [again])
    let sent = TriggerMessageRequest(id: "demo~handed", name: "inbox", message: 1)
    _ = try await server.call(TriggerCalls.send, sent)
    #expect(try await server.call(JobCalls.list, JobsQuery()).items.isEmpty)
    let running = try await server.call(WorkerCalls.undrain, WorkerPath(id: "test"))
    #expect(running.state == .running && running.drain == nil)
    while try await server.call(JobCalls.list, JobsQuery()).items.isEmpty { await Task.yield() }
    #expect(try await server.call(WorkerCalls.cluster, Nothing()).nodes.map(\.state) == [.running])
  }

  @Test("no other node is there, and beside no server none is")
  func unknown() async throws {
    let server = try TestServer()
    for shape in [WorkerCalls.drain.shape, WorkerCalls.drainNode.shape] {
      let answer = try await server.send(APIRequest(shape, input: ["id": "other", "reason": "x"]))
      #expect(answer.status == 404 && answer.json["code"]?.string == "no-worker")
    }
    #expect(server.node.drained == nil)
    let closed = try TestServer(isReadOnly: true)
    #expect(try await closed.call(WorkerCalls.cluster, Nothing()).nodes.isEmpty)
    let answer = try await closed.send(APIRequest(WorkerCalls.drain.shape, input: Self.drain.json))
    #expect(answer.status == 503)
  }
}

extension TestServer {
  fileprivate static let handed = SourceFile(
    name: "handed.yaml",
    source: """
      apiVersion: esteira/v1
      id: handed
      namespace: demo
      triggers: {inbox: {queue: {connection: c, list: l}}}
      steps: {one: {value: "${{ 1 }}"}}
      """)
}

@Suite("Whether the node is ready", .timeLimit(.minutes(1)))
struct ReadyTests {
  @Test("an empty list says yes; a status that a probe understands says no, and what it is that fails")
  func failing() async throws {
    let well = try TestServer { $0.checks = { _ in [CheckItem(state: "warn", name: "disk", text: "Low.")] } }
    #expect(try await well.call(SystemCalls.ready, Nothing()).items.isEmpty)
    let ill = try TestServer {
      $0.readiness = { _ in
        [
          CheckItem(state: "ok", name: "clock", text: "Right."),
          CheckItem(state: "error", name: "store", text: "It is full."),
        ]
      }
    }
    let answer = try await ill.send(APIRequest(SystemCalls.ready.shape, input: [:]))
    #expect(answer.status == 503 && answer.json["code"]?.string == "not-ready")
    let detail = try #require(answer.json["detail"]?.string)
    #expect(detail.contains("store: It is full.") && !detail.contains("clock"))
  }
}

import API
import Access
import Engine
import Model
import Testing
import Watchdog

@testable import Server

/// Channels of rows: `queues`, `workers`, `alerts` and `operation:{id}`.
@Suite("Rows over the hub", .timeLimit(.minutes(1)))
struct HubRowTests {
  private let server: TestServer
  private let world: HubWorld

  init() throws {
    server = try TestServer()
    world = HubWorld(HubSources(server.node, server.backend, logs: nil), pauses: [HubLimits.rows])
  }

  /// The next message of that type for which the payload is as wanted.
  private func next(
    _ type: String, _ client: MemoryClient, where isWanted: (JSON) -> Bool
  ) async throws -> JSON? {
    while let message = try await client.next(type) {
      if let payload = message["payload"], isWanted(payload) { return payload }
    }
    return nil
  }

  private func code(_ channel: String, as principal: Principal) async throws -> JSON? {
    try await world.subscribed(channel, as: principal).ack?["payload"]?["code"]
  }

  @Test("an operation tells how far it is to whoever began it, and to nobody else")
  func operation() async throws {
    let operations = server.backend.operations
    let id = try operations.begin("retry", count: 2, owner: "ana", at: Timestamp(microseconds: 0))
    let (client, ack) = try await world.subscribed("operation:\(id)")
    let rows = ack?["payload"]?["snapshot"]?["rows"]
    #expect(rows?[0]?["state"] == "running" && rows?[0]?["count"] == 2)
    operations.add(OperationItem.Outcome(job: "j", outcome: "done"), to: id)
    #expect(try await next("operation", client) { $0["done"] == 1 } != nil)
    operations.end(id, at: Timestamp(microseconds: 9))
    #expect(try await next("operation", client) { $0["state"] == "done" } != nil)
    #expect(try await code("operation:\(id)", as: HubWorld.person("bia")) == "not_found")
    #expect(try await code("operation:other", as: HubWorld.person("ana")) == "not_found")
  }

  @Test("an alert is told when it fires and when somebody sees to it, to those who may see it")
  func alerts() async throws {
    let (client, ack) = try await world.subscribed("alerts")
    #expect(ack?["payload"]?["snapshot"] == ["rows": []])
    _ = try await server.call(WatchCalls.ping, PingRequest(name: "nas", hasFailed: true))
    _ = server.watcher.round(at: .zero)
    let fired = try await next("alert", client) { $0["state"] == "firing" }
    let id = try #require(fired?["id"]?.string)
    // It belongs to the whole installation.
    let demo = HubWorld.person("eva", "demo", ["alerts:read"])
    let seen = try await world.subscribed("alerts", as: demo).ack
    #expect(seen?["payload"]?["snapshot"] == ["rows": []])
    _ = try await server.call(WatchCalls.acknowledge, AcknowledgeRequest(id: id))
    #expect(try await next("alert", client) { $0["state"] == "acknowledged" } != nil)
    #expect(try await code("alerts", as: HubWorld.person("zoe", "demo", ["jobs:read"])) == "not_allowed")
  }

  @Test("a queue is told when it grows and when it is empty, to those of its namespace")
  func queues() async throws {
    let file = SourceFile(
      name: "w.yaml",
      source: """
        apiVersion: esteira/v1
        id: wait
        namespace: demo
        triggers: {inbox: {queue: {connection: c, list: l}}}
        steps: {at: {value: 1}}
        """)
    _ = try await server.call(PipelineCalls.apply, ApplyRequest(files: [file]))
    let name = PipelineName(namespace: "demo", name: "wait")
    try await server.node.write([
      .pause(PauseRecord(pipeline: name, by: "ana", reason: "x", at: SystemClock().now, until: nil))
    ])
    let (client, _) = try await world.subscribed("queues")
    let (foreign, _) = try await world.subscribed(
      "queues", as: HubWorld.person("eva", "other", ["queues:read"]))
    _ = try await server.call(
      TriggerCalls.send, TriggerMessageRequest(id: "demo~wait", name: "inbox", message: 1))
    let grown = try await next("queue", client) { $0["name"] == "trigger~demo~wait~inbox" }
    #expect(grown?["waiting"] == 1)
    try await server.node.write([.resume(name)])
    #expect(try await next("queue", client) { $0["waiting"] == 0 } != nil)
    // All that it was told before this answer is nothing.
    foreign.say(["type": "ping", "id": 9])
    #expect(try await foreign.next()?["type"] == "pong")
    #expect(try await code("queues", as: HubWorld.person("zoe", "demo", ["jobs:read"])) == "not_allowed")
  }

  @Test("the worker is told without what it runs, and again only when it has changed")
  func workers() async throws {
    let (client, ack) = try await world.subscribed("workers")
    let row = try #require(ack?["payload"]?["snapshot"]?["rows"]?[0])
    #expect(row["id"] == "test" && row["attempts"] == [])
    #expect(try await next("worker", client) { _ in true } == row, "The first look tells all.")
    for _ in 0..<20 { await Task.yield() }
    client.say(["type": "ping", "id": 9])
    #expect(try await client.next()?["type"] == "pong")
    #expect(try await code("workers", as: HubWorld.person("zoe", "demo", ["jobs:read"])) == "not_allowed")
  }
}

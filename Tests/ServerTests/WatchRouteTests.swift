import API
import Model
import Testing
import Watchdog

@testable import Server

@Suite("The routes of expectations, heartbeats and alerts", .timeLimit(.minutes(1)))
struct WatchRouteTests {
  private func mute(_ pattern: String, until: String) throws -> MuteItem {
    let time = try #require(Timestamp(rfc3339: until))
    return MuteItem(pattern: pattern, reason: "moves", until: time)
  }

  @Test("a ping makes a heartbeat, which is listed until it is forgotten")
  func heartbeat() async throws {
    let server = try TestServer()
    let made = try await server.call(
      WatchCalls.ping, PingRequest(name: "nas/rsync", took: "90s", every: "1d", grace: "1h"))
    #expect(made.deadline == made.lastAt.map { $0 + .seconds(90_000) })
    let list = try await server.call(WatchCalls.expectations, NamespaceQuery())
    #expect(list.items.map(\.subject) == ["nas/rsync"])
    #expect(list.items.map(\.wanted) == ["1d"])
    #expect(list.items.map(\.state) == ["ok"])
    #expect(try await server.call(WatchCalls.expectations, NamespaceQuery(namespace: "nas")).items.isEmpty)
    _ = try await server.call(WatchCalls.forget, NameOnly(name: "nas/rsync"))
    #expect(try await server.call(WatchCalls.expectations, NamespaceQuery()).items.isEmpty)
    await #expect(throws: ProblemDocument.self) {
      try await server.call(WatchCalls.forget, NameOnly(name: "nas/rsync"))
    }
  }

  @Test("an alert is listed, shown with what was told, and acknowledged with a name")
  func alert() async throws {
    let server = try TestServer()
    _ = try await server.call(
      WatchCalls.ping, PingRequest(name: "nas", hasFailed: true, message: "disk full"))
    #expect(server.watcher.round(at: .zero).notices.count == 1)
    let open = try await server.call(WatchCalls.alerts, AlertQuery())
    let alert = try #require(open.items.first)
    #expect(alert.key == "heartbeat nas")
    #expect(alert.message.contains("disk full"))
    let shown = try await server.call(WatchCalls.alert, AlertPath(id: String(alert.id.prefix(18))))
    #expect(shown.notices.map(\.kind) == ["firing"])
    let known = try await server.call(
      WatchCalls.acknowledge, AcknowledgeRequest(id: alert.id, note: "on it"))
    #expect(known.state == "acknowledged")
    #expect(known.acknowledgedBy == "local:test")
    _ = try await server.call(WatchCalls.ping, PingRequest(name: "nas"))
    _ = server.watcher.round(at: .seconds(1))
    #expect(try await server.call(WatchCalls.alerts, AlertQuery()).items.isEmpty)
    #expect(try await server.call(WatchCalls.alerts, AlertQuery(state: "resolved")).items.count == 1)
    #expect(try await server.call(WatchCalls.alerts, AlertQuery(state: "all")).items.count == 1)
    await #expect(throws: ProblemDocument.self) {
      try await server.call(WatchCalls.acknowledge, AcknowledgeRequest(id: alert.id))
    }
    await #expect(throws: ProblemDocument.self) {
      try await server.call(WatchCalls.alerts, AlertQuery(state: "gone"))
    }
  }

  @Test("a mute has a reason and an end, and is listed until it is ended")
  func mutes() async throws {
    let server = try TestServer()
    // The server of the test lives in 1970.
    let made = try await server.call(WatchCalls.mute, try mute("demo/*", until: "1970-01-02T00:00:00Z"))
    #expect(made.by == "local:test")
    #expect(try await server.call(WatchCalls.mutes, Nothing()).items.map(\.pattern) == ["demo/*"])
    _ = try await server.call(WatchCalls.unmute, PatternRequest(pattern: "demo/*"))
    #expect(try await server.call(WatchCalls.mutes, Nothing()).items.isEmpty)
    for wrong in ["1969-01-01T00:00:00Z", "1970-03-01T00:00:00Z"] {
      await #expect(throws: ProblemDocument.self) {
        try await server.call(WatchCalls.mute, try mute("demo/*", until: wrong))
      }
    }
  }

  @Test("without a server what was watched is read, and nothing is changed")
  func readOnly() async throws {
    let server = try TestServer(isReadOnly: true)
    #expect(try await server.call(WatchCalls.expectations, NamespaceQuery()).items.isEmpty)
    #expect(try await server.call(WatchCalls.alerts, AlertQuery()).items.isEmpty)
    await #expect(throws: ProblemDocument.self) {
      try await server.call(WatchCalls.ping, PingRequest(name: "nas"))
    }
  }
}

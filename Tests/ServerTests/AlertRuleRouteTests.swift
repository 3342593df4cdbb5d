import API
import Engine
import Model
import Testing
import Watchdog

@testable import Server

@Suite("The routes of whom alerts are told", .timeLimit(.minutes(1)))
struct AlertRuleRouteTests {
  private struct Silent: Destination {
    func deliver(_ message: OutgoingMessage) async -> DeliveryOutcome { .delivered }
  }

  /// With the destinations `ops` and `boss`.
  private func server() throws -> TestServer {
    try TestServer(
      destinations: ["ops", "boss"].map {
        ConfiguredDestination(name: $0, kind: "log", events: ["*"], receiver: Silent())
      })
  }

  private func code(_ server: TestServer, _ shape: Shape, _ input: JSON) async throws -> String {
    let answer = try await server.send(APIRequest(shape, input: input))
    return "\(answer.status) \(answer.json["code"]?.string ?? "")"
  }

  @Test("a rule counts from the next look on, until it is removed; what it does not say is as for all")
  func whole() async throws {
    let server = try server()
    let rule = AlertRuleRequest(
      name: "nas", pattern: "heartbeat nas", to: ["ops"], remind: "1h",
      escalations: [.init(after: "30m", to: ["boss"])])
    let made = try await server.call(AlertRuleCalls.put, rule)
    #expect(made.origin == "api" && made.to == ["ops"] && made.remind == "1h" && made.dedupe == "10m")
    #expect(made.by == "local:test")
    #expect(try await server.call(AlertRuleCalls.list, Nothing()).items.map(\.name) == ["nas", "default"])
    _ = try await server.call(WatchCalls.ping, PingRequest(name: "nas", hasFailed: true))
    _ = try await server.call(WatchCalls.ping, PingRequest(name: "other", hasFailed: true))
    let notices = server.watcher.round(at: .zero).notices
    #expect(
      Dictionary(uniqueKeysWithValues: notices.map { ($0.alert.key, $0.to) })
        == ["heartbeat nas": ["ops"], "heartbeat other": []])
    _ = try await server.call(AlertRuleCalls.delete, NameOnly(name: "nas"))
    #expect(try await server.call(AlertRuleCalls.list, Nothing()).items.map(\.name) == ["default"])
    #expect(try await code(server, AlertRuleCalls.get.shape, ["name": "nas"]) == "404 no-alert-rule")
    #expect(try await code(server, AlertRuleCalls.delete.shape, ["name": "nas"]) == "404 no-alert-rule")
  }

  @Test("what goes nowhere, what is too long and what stands in the file is refused")
  func refused() async throws {
    let server = try server()
    func put(_ name: String, to: [String] = ["ops"], remind: String? = nil) async throws -> String {
      let rule = AlertRuleRequest(name: name, pattern: "demo/*", to: to, remind: remind)
      return try await code(server, AlertRuleCalls.put.shape, rule.json)
    }
    #expect(try await put("a", to: ["nobody"]) == "422 unusable-request")
    #expect(try await put("a", remind: "59s") == "422 unusable-request")
    #expect(try await put("Ä") == "400 invalid-request")
    #expect(try await put("file-1") == "409 defined-in-file")
    #expect(try await code(server, AlertRuleCalls.delete.shape, ["name": "default"]) == "409 defined-in-file")
    for number in 0..<AlertRule.limit { #expect(try await put("r\(number)") == "200 ") }
    #expect(try await put("more") == "429 too-many-alert-rules")
    #expect(try await put("r0", to: ["boss"]) == "200 ", "One that is there may change.")
  }

  @Test("a rule and an alert are muted by their name, and both are mutes like any other")
  func muted() async throws {
    let server = try server()
    _ = try await server.call(
      AlertRuleCalls.put, AlertRuleRequest(name: "demo", pattern: "demo/*", to: ["ops"]))
    let until = Timestamp(microseconds: 3_600_000_000)
    let mute = try await server.call(
      AlertRuleCalls.mute, RuleMuteRequest(name: "demo", reason: "moves", until: until))
    #expect(mute.pattern == "demo/*" && mute.by == "local:test")
    #expect(try await server.call(AlertRuleCalls.get, NameOnly(name: "demo")).mutedUntil == until)
    _ = try await server.call(WatchCalls.ping, PingRequest(name: "nas", hasFailed: true))
    _ = server.watcher.round(at: .zero)
    let alert = try #require(try await server.call(WatchCalls.alerts, AlertQuery()).items.first)
    let other = try await server.call(
      AlertRuleCalls.muteAlert, AlertMuteRequest(id: alert.id, reason: "known", until: until))
    #expect(other.pattern == "heartbeat nas")
    #expect(try await server.call(WatchCalls.mutes, Nothing()).items.count == 2)
    let gone = RuleMuteRequest(name: "none", reason: "x", until: until).json
    #expect(try await code(server, AlertRuleCalls.mute.shape, gone) == "404 no-alert-rule")
  }
}

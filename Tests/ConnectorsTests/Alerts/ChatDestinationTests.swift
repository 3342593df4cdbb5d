import Engine
import Foundation
import Model
import Net
import Stores
import Synchronization
import Testing
import Watchdog

@testable import Connectors
@testable import esteira

/// Alerts that go to people by chat, from the watcher's file to a stand-in of the service.
@Suite("Alerts by Slack and Teams", .timeLimit(.minutes(1)))
struct ChatDestinationTests {
  private static let now = Timestamp(microseconds: 1_800_000_000_000_000)

  private func environment(_ site: Site, _ credential: Credential) -> AttemptEnvironment {
    var environment = AttemptEnvironment.none
    environment.connection = { (_, _) throws(Failure) in site.connection("c") }
    environment.credential = { (_, _) throws(Failure) in credential }
    return environment
  }

  private func deliver(
    _ service: ChatDestination.Service, _ channel: String?, _ site: Site, _ credential: Credential
  ) async throws -> (alert: [String], log: [String]) {
    let folder = FileManager.default.temporaryDirectory.path + "/esteira-chat-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let store = try WatchFile(path: folder + "/watch.db")
    let finding = Finding(.queueUnread, ["queue": "work", "reason": "nobody answers"])
    let alert = Alert(
      id: ID(high: 1 << 16, low: 1), key: "demo/broker queue work", finding: finding, at: Self.now)
    let notice = Notice(id: ID(high: 2 << 16, low: 2), kind: .firing, alert: alert, at: Self.now, to: [])
    try store.save([.alert(alert), .notice(Told(notice: notice))])
    let said = Said()
    let receiver = ChatDestination(
      service, .init(namespace: "demo", connection: "c", channel: channel), client: site.client,
      environment: environment(site, credential), now: { Self.now })
    let destination = ConfiguredDestination(
      name: "ops", namespace: "demo", kind: service.rawValue, events: ["esteira.alert.*"],
      receiver: receiver)
    try await NoticeSending(
      { [destination] }, store: store, source: "/esteira/test", now: { Self.now },
      say: { said.add($0.english) }
    ).send()
    let states = try store.notices(of: alert.id, limit: 10).map(\.state.rawValue)
    await site.stop()
    return (states, said.lines)
  }

  @Test("Slack is told in the channel, by the app's token")
  func slack() async throws {
    let site = try Site { _ in
      HTTPResponse(status: 200, type: "application/json", Array(ChatTests.slackAnswer.utf8))
    }
    let states = try await deliver(.slack, "C1", site, ChatTests.credential("bearer", "token", "xoxb-1"))
      .alert
    #expect(states == ["sent"])
    let request = try #require(site.asked.first)
    #expect(request.target == "/api/chat.postMessage" && request.headers["authorization"] == "Bearer xoxb-1")
    let body = try JSON(parsing: request.body)
    #expect(body["channel"] == "C1" && site.asked.count == 1)
    let text = try #require(body["text"]?.string)
    #expect(text.hasPrefix("*[Esteira] ALERT demo/broker queue work: the queue work cannot be read"))
    #expect(text.contains("ALERTA demo/broker"), "In both languages.")
  }

  @Test("Teams is told by a card, whose address stands in no log")
  func teams() async throws {
    let site = try Site { _ in HTTPResponse(status: 202, type: "application/json", []) }
    let address = "\(site.url)/workflows/s3cret"
    let states = try await deliver(.teams, nil, site, ChatTests.credential("secret", "value", address)).alert
    #expect(states == ["sent"])
    let request = try #require(site.asked.first)
    #expect(request.target == "/workflows/s3cret")
    #expect(String(decoding: request.body, as: UTF8.self).contains("ALERT demo/broker queue work"))
  }

  @Test(
    "one that refuses is tried again later, and nothing of the token is told", arguments: [401, 429, 500])
  func refused(status: Int) async throws {
    let site = try Site { _ in HTTPResponse(status: status, type: "text/plain", Array("xoxb-1".utf8)) }
    let (states, said) = try await deliver(
      .slack, "C1", site, ChatTests.credential("bearer", "token", "xoxb-1"))
    #expect(states == ["waiting"], "\(states)")
    #expect(!said.joined().contains("xoxb-1"))
  }

  private final class Said: Sendable {
    private let all = Mutex<[String]>([])
    var lines: [String] { all.withLock(\.self) }
    func add(_ line: String) { all.withLock { $0.append(line) } }
  }
}

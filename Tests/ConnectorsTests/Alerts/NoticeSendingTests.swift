import Engine
import Foundation
import Model
import Stores
import Synchronization
import Testing
import Watchdog

@testable import esteira

/// A destination that answers what the test says, and keeps what came.
private final class Scripted: Destination {
  private let state = Mutex((outcomes: [DeliveryOutcome](), came: [OutgoingMessage]()))

  func answer(_ outcomes: DeliveryOutcome...) { state.withLock { $0.outcomes = outcomes } }
  var came: [OutgoingMessage] { state.withLock(\.came) }

  func deliver(_ message: OutgoingMessage) async -> DeliveryOutcome {
    state.withLock { state in
      state.came.append(message)
      return state.outcomes.isEmpty ? .delivered : state.outcomes.removeFirst()
    }
  }
}

/// What a desk shares with what it sends through.
private final class Shared: Sendable {
  let said = Mutex<[String]>([])
  let now = Mutex(Timestamp(microseconds: 1_800_000_000_000_000))
}

private final class Desk {
  let folder = FileManager.default.temporaryDirectory.path + "/esteira-notices-\(UUID().uuidString)"
  let store: WatchFile
  let (ops, boss, demo) = (Scripted(), Scripted(), Scripted())
  private let shared = Shared()
  private var number: UInt64 = 0
  private(set) var sending: NoticeSending!

  init() throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    store = try WatchFile(path: folder + "/watch.db")
    sending = NoticeSending(
      { [ops, boss, demo] in
        [
          ConfiguredDestination(name: "ops", kind: "test", events: ["esteira.alert.*"], receiver: ops),
          ConfiguredDestination(name: "boss", kind: "test", events: ["esteira.job.failed"], receiver: boss),
          ConfiguredDestination(
            name: "demo", namespace: "demo", kind: "test", events: ["esteira.*"], receiver: demo),
        ]
      }, store: store, source: "/esteira/test", now: { [shared] in shared.now.withLock(\.self) },
      say: { [shared] line in shared.said.withLock { $0.append(line.english) } })
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  var now: Timestamp { shared.now.withLock(\.self) }
  var said: [String] { shared.said.withLock(\.self) }
  func advance(by duration: Duration) { shared.now.withLock { $0 = $0 + duration } }

  @discardableResult
  func tell(_ kind: Notice.Kind, of key: String, alert: UInt64 = 1, to: [String] = []) throws -> Notice {
    number += 1
    let about = Alert(id: ID(high: alert << 16, low: 1), key: key, finding: Finding(.noSuccess), at: now)
    let notice = Notice(id: ID(high: number << 16, low: 2), kind: kind, alert: about, at: now, to: to)
    try store.save([.alert(about), .notice(Told(notice: notice))])
    return notice
  }

  func states(_ alert: UInt64 = 1) throws -> [String] {
    try store.notices(of: ID(high: alert << 16, low: 1), limit: 100).reversed().map(\.state.rawValue)
  }
}

@Suite("Notices of alerts on their way out", .timeLimit(.minutes(1)))
struct NoticeSendingTests {
  @Test("go to all that subscribe to alerts, and of a pipeline to those of its namespace")
  func subscribers() async throws {
    let desk = try Desk()
    try desk.tell(.firing, of: "demo/daily success_every")
    try desk.tell(.firing, of: "other/daily success_every", alert: 2)
    try desk.tell(.firing, of: "heartbeat demo/nas", alert: 3)
    try await desk.sending.send()
    #expect(desk.ops.came.count == 3)
    #expect(desk.demo.came.count == 1)
    #expect(desk.boss.came.isEmpty)
    #expect(try desk.states() == ["sent"])
  }

  @Test("go to those that are named, whatever they subscribe to")
  func named() async throws {
    let desk = try Desk()
    try desk.tell(.escalated, of: "engine", to: ["boss"])
    try await desk.sending.send()
    #expect(desk.boss.came.map(\.type) == ["esteira.alert.escalated"])
    #expect(desk.ops.came.isEmpty)
  }

  @Test("are CloudEvents with the same id at every try")
  func event() async throws {
    let desk = try Desk()
    desk.ops.answer(.init(.retry(after: nil), code: "unreachable", message: "nobody there"))
    let notice = try desk.tell(.firing, of: "engine")
    try await desk.sending.send()
    desk.advance(by: .seconds(15))
    try await desk.sending.send()
    let (first, second) = (try #require(desk.ops.came.first), try #require(desk.ops.came.last))
    #expect(first.id == "evt_\(notice.id)")
    #expect((first.id, first.body) == (second.id, second.body))
    #expect((first.attempt, second.attempt) == (1, 2))
    let event = try JSON(parsing: first.body)
    #expect(event["type"]?.string == "esteira.alert.firing")
    #expect(event["subject"]?.string == "engine")
    #expect(event["data"]?["texto"]?.string?.hasPrefix("ALERTA engine") == true)
  }

  @Test("to one destination those of an alert do not overtake each other")
  func order() async throws {
    let desk = try Desk()
    desk.ops.answer(.init(.retry(after: nil), message: "busy"))
    try desk.tell(.firing, of: "engine")
    try await desk.sending.send()
    try desk.tell(.resolved, of: "engine")
    try await desk.sending.send()
    #expect(desk.ops.came.map(\.type) == ["esteira.alert.firing"], "The second waits behind the first.")
    desk.advance(by: .seconds(15))
    try await desk.sending.send()
    #expect(
      desk.ops.came.map(\.type) == [
        "esteira.alert.firing", "esteira.alert.firing", "esteira.alert.resolved",
      ])
    #expect(try desk.states() == ["sent", "sent"])
  }

  @Test("who has it already is not told twice because of another who has not")
  func partial() async throws {
    let desk = try Desk()
    desk.boss.answer(.init(.retry(after: nil), message: "busy"))
    try desk.tell(.firing, of: "engine", to: ["ops", "boss"])
    try await desk.sending.send()
    desk.advance(by: .seconds(15))
    try await desk.sending.send()
    #expect(desk.ops.came.count == 1)
    #expect(desk.boss.came.count == 2)
  }

  @Test("are given up after ten tries, and those behind them go on")
  func givenUp() async throws {
    let desk = try Desk()
    try desk.tell(.firing, of: "engine", to: ["ops"])
    for _ in 0..<NoticeSending.tries {
      desk.ops.answer(.init(.retry(after: nil), message: "busy"))
      try await desk.sending.send()
      desk.advance(by: .seconds(7_200))
    }
    #expect(try desk.states() == ["given_up"])
    #expect(desk.said.count == 1)
    try desk.tell(.resolved, of: "engine", to: ["ops"])
    try await desk.sending.send()
    #expect(desk.ops.came.count == NoticeSending.tries + 1)
    #expect(try desk.states() == ["given_up", "sent"])
  }

  @Test("nobody subscribes: they stand in the log alone; a name that is not there is said")
  func nobody() async throws {
    let desk = try Desk()
    try desk.tell(.firing, of: "engine", to: ["nobody"])
    try await desk.sending.send()
    #expect(desk.said.first?.contains("nobody") == true)
    let told = try #require(try desk.store.notices(of: ID(high: 1 << 16, low: 1), limit: 1).first)
    #expect(told.error == "nobody: there is no such destination")
    let empty = NoticeSending(
      { [] }, store: desk.store, source: "", now: { [now = desk.now] in now }, say: { _ in })
    try desk.tell(.firing, of: "store", alert: 2)
    try await empty.send()
    #expect(try desk.states(2) == ["logged"])
  }

  @Test("pauses double from fifteen seconds to two hours")
  func pauses() {
    let pauses = (1..<NoticeSending.tries).map { NoticeSending.pause(after: $0) }
    #expect(pauses.first == .seconds(15))
    #expect(pauses.last == .seconds(3_840))
    #expect(NoticeSending.pause(after: 100) == .seconds(7_200))
  }
}

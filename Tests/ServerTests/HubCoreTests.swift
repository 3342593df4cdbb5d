import Access
import Engine
import Model
import Testing

@testable import Server

@Suite("What a client may say to the hub", .timeLimit(.minutes(1)))
struct HubRequestTests {
  @Test(
    "a message that is wrong is answered with its fault",
    arguments: [
      ("", HubFault.invalidMessage), ("[]", .invalidMessage), ("{\"id\":1}", .invalidMessage),
      ("{\"type\":1}", .invalidMessage), ("{\"type\":\"hello\"}", .unknownType),
      ("{\"type\":\"subscribe\"}", .invalidMessage),
      ("{\"type\":\"subscribe\",\"channel\":\"global\",\"after\":-1}", .invalidMessage),
      ("{\"type\":\"subscribe\",\"channel\":\"global\",\"after\":\"1\"}", .invalidMessage),
      ("{\"type\":\"subscribe\",\"channel\":\"global\",\"level\":\"loud\"}", .invalidMessage),
      ("{\"type\":\"subscribe\",\"channel\":\"global\",\"attempt\":0}", .invalidMessage),
      ("{\"type\":\"auth\"}", .invalidMessage), ("{\"type\":\"unsubscribe\"}", .invalidMessage),
      ("{\"type\":\"ping\",\"x\":\"\(String(repeating: "a", count: 17_000))\"}", .messageTooLarge),
    ])
  func wrong(_ text: String, _ fault: HubFault) {
    #expect(HubRequest.read(text).request == .failure(fault))
  }

  @Test("what can be said is read with its members")
  func right() {
    let text = """
      {"type":"subscribe","id":"a","channel":"global","after":7,"level":"warn","step":"load","attempt":2}
      """
    var options = HubOptions()
    (options.level, options.step, options.attempt) = (.warn, ScalarString("load"), 2)
    let envelope = HubRequest.read(text)
    #expect(envelope.id == "a")
    #expect(
      envelope.request == .success(.subscribe(.init(channel: "global", after: 7, options: options))))
    #expect(HubRequest.read("{\"type\":\"ping\",\"id\":3}").request == .success(.ping))
    #expect(HubRequest.read("{\"type\":\"ping\",\"id\":{}}").id == nil)
  }

  @Test(
    "a channel has one name",
    arguments: [
      "global", "asks:me", "namespace:sales", "pipeline:sales~daily", "label:user=ana,projeto=x",
      "job:0199a3f2-0000-7000-8000-000000000001", "logs:0199a3f2-0000-7000-8000-000000000001",
      "label:a=b=c", "queues", "workers", "alerts", "operation:1",
    ])
  func names(_ name: String) {
    #expect(HubTopic(name)?.name == name)
  }

  @Test(
    "what is no channel is none",
    arguments: [
      "", "jobs", "global:", "global:x", "job:", "job:1", "job:*", "asks:you", "namespace:", "pipeline:daily",
      "pipeline:~x", "pipeline:x~", "label:", "label:=x", "label:a", "label:a=b,", "operation:", ":",
      "label:a=1,b=2,c=3,d=4,e=5,f=6,g=7,h=8,i=9", String(repeating: "a", count: 2_000),
    ])
  func none(_ name: String) {
    #expect(HubTopic(name) == nil)
  }

  @Test("an id in capitals means the same job")
  func capitals() {
    #expect(
      HubTopic("job:0199A3F2-0000-7000-8000-00000000000A")?.name == "job:0199a3f2-0000-7000-8000-00000000000a"
    )
  }
}

@Suite("What a channel holds", .timeLimit(.minutes(1)))
struct HubRingTests {
  static func entry(_ number: Int, _ kind: HubEntry.Kind = .told) -> HubEntry {
    HubEntry(sequence: Int64(number), text: "\(number)", kind: kind)
  }

  @Test("readers take in order, each from its own place, and only what all have leaves")
  func order() {
    var ring = HubRing()
    ring.append((1...1_000).map { Self.entry($0) }, bytes: 1 << 20, messages: 1_000)
    let first = ring.take(from: 0, messages: 300, bytes: 1 << 20)
    #expect(first.entries.map(\.sequence) == (1...300).map { Int64($0) })
    #expect(first.next == 300)
    ring.release(before: 300)
    #expect(ring.first == 300)
    let rest = ring.take(from: 300, messages: 1_000, bytes: 1 << 20)
    #expect(rest.entries.map(\.sequence) == (301...1_000).map { Int64($0) })
    #expect(rest.missed == 0)
    ring.release(before: 1_000)
    #expect(ring.bytes == 0)
    #expect(ring.take(from: 1_000, messages: 1, bytes: 1).entries.isEmpty)
  }

  @Test("never holds more than its limits, and says how many a reader missed", arguments: [true, false])
  func limits(_ isThin: Bool) {
    var ring = HubRing()
    for number in 1...500 {
      ring.append([Self.entry(number, isThin ? .progress : .told)], bytes: 10_000, messages: 50)
      #expect(ring.bytes <= 10_000)
      #expect(ring.end - ring.first <= 50)
    }
    let taken = ring.take(from: 100, messages: 1_000, bytes: 1 << 20)
    #expect(taken.missed == 350)
    #expect(taken.hasLoss == !isThin)
    #expect(taken.entries.map(\.sequence) == (451...500).map { Int64($0) })
    #expect(!ring.holdsAll(after: 449, from: 100))
    #expect(ring.holdsAll(after: 450, from: 100))
    #expect(ring.holdsAll(after: 0, from: 450))
  }

  @Test("one large message is a page of its own")
  func large() {
    var ring = HubRing()
    ring.append(
      (1...3).map { HubEntry(sequence: Int64($0), text: String(repeating: "x", count: 9_000), kind: .told) },
      bytes: 1 << 20, messages: 10)
    #expect(ring.take(from: 0, messages: 100, bytes: 1_000).entries.count == 1)
  }
}

@Suite("One subscription", .timeLimit(.minutes(1)))
struct HubSubscriptionTests {
  private let view = HubView(HubWorld.person("ana"), groups: [])
  private let job = ID<Job>(high: 1, low: 1)
  private let never = Timestamp(microseconds: 0)

  private func line(_ number: Int, _ level: LogLevel = .info, _ path: String = "a", attempt: Int = 1)
    -> HubEntry
  {
    HubEntry(
      sequence: Int64(number), text: "\(number)",
      kind: .log(.init(level: level, path: ScalarString(path), attempt: attempt)))
  }

  @Test("a slow client is told how many lines it missed, and goes on")
  func thinned() throws {
    var subscription = HubSubscription(.logs(job), HubOptions(), namespace: "n", after: 10)
    var taken = HubRing.Taken(entries: [line(15), line(16)], next: 16)
    taken.missed = 4
    let outcome = subscription.take(taken, view, at: never)
    #expect(!outcome.isOver)
    #expect(outcome.messages.map(\.text).dropFirst() == ["15", "16"])
    let notice = try JSON(parsing: Array(try #require(outcome.messages.first).text.utf8))
    #expect(notice["type"] == "log")
    #expect(notice["payload"]?["metadata"] == ["thinned": 4, "resume_after": 10])
    #expect(subscription.cursor == 16)
  }

  @Test("a slow client that missed what may not be left out has to begin again, from where it was")
  func lagged() throws {
    var subscription = HubSubscription(.job(job), HubOptions(), namespace: "n", after: 10)
    var taken = HubRing.Taken(entries: [HubRingTests.entry(15)], next: 16)
    (taken.missed, taken.hasLoss) = (4, true)
    let outcome = subscription.take(taken, view, at: never)
    #expect(outcome.isOver)
    let notice = try JSON(parsing: Array(try #require(outcome.messages.first).text.utf8))
    #expect(outcome.messages.count == 1)
    #expect(notice["type"] == "lagged")
    #expect(notice["payload"] == ["channel": .string("job:\(job)"), "dropped": 4, "resume_after": 10])
  }

  @Test("only the lines that were asked for are told, and nothing twice")
  func filtered() {
    var options = HubOptions()
    (options.level, options.step, options.attempt) = (.warn, ScalarString("b"), 2)
    var subscription = HubSubscription(.logs(job), options, namespace: "n", after: 3)
    let entries = [
      line(3, .error, "b", attempt: 2), line(4, .info, "b", attempt: 2), line(5, .warn, "a", attempt: 2),
      line(6, .warn, "b", attempt: 1), line(7, .warn, "b", attempt: 2), line(7, .warn, "b", attempt: 2),
    ]
    #expect(subscription.take(entries, view).messages.map(\.text) == ["7"])
  }

  @Test("of all namespaces a client hears those that it may see, and of questions its own")
  func reach() {
    let view = HubView(HubWorld.person("bia", "sales", ["jobs:read"]), groups: ["compliance"])
    var subscription = HubSubscription(.global, HubOptions(), namespace: nil, after: 0)
    func entry(_ number: Int, _ namespace: String, _ kind: HubEntry.Kind = .told) -> HubEntry {
      HubEntry(sequence: Int64(number), text: "\(number)", kind: kind, namespace: namespace)
    }
    let entries = [
      entry(1, "sales"), entry(2, "sales_eu"), entry(3, "sales", .ask(assignees: [])),
      entry(4, "sales", .ask(assignees: ["user:bia"])), entry(5, "sales", .ask(assignees: ["user:ana"])),
      entry(6, "sales", .ask(assignees: ["group:compliance"])), entry(7, "hr", .ask(assignees: ["user:bia"])),
    ]
    #expect(subscription.take(entries, view).messages.map(\.text) == ["1", "4", "6"])
    var inbox = HubSubscription(.asks, HubOptions(), namespace: nil, after: 0)
    #expect(inbox.take(Array(entries[2...]), view).messages.map(\.text) == ["4", "6", "7"])
  }
}

import Model
import Synchronization
import Testing

@testable import Watchdog

@Suite("Alerts: whom they are told, and how often", .timeLimit(.minutes(1)))
struct AlertTests {
  private static let key = "heartbeat nas"

  /// A post with a heartbeat that is late.
  private func late(_ policy: AlertPolicy = AlertPolicy()) throws -> Post {
    let post = try Post()
    post.configuration.policy = policy
    try ping(post)
    return post
  }

  private func ping(_ post: Post, failed: Bool = false) throws {
    _ = try post.watcher.ping(
      "nas", .init(at: post.now, by: "local:ana", hasFailed: failed, message: nil, took: nil),
      every: .seconds(3_600), grace: .seconds(60))
  }

  private func open(_ post: Post) throws -> Alert {
    try #require(try post.watcher.alerts([.firing, .acknowledged], limit: 10).first)
  }

  @Test("a silence is told once, however often it is seen")
  func once() throws {
    let post = try late()
    #expect(post.look(after: .seconds(3_659)).isEmpty)
    #expect(post.look(after: .seconds(1)).told == ["firing \(Self.key) no-ping"])
    for _ in 0..<100 { #expect(post.look(after: .seconds(600)).isEmpty) }
    try ping(post)
    #expect(post.look().told == ["resolved \(Self.key) fine"])
  }

  @Test("that it is still so is no write")
  func quiet() throws {
    let post = try late()
    _ = post.look(after: .seconds(3_660))
    let writes = post.shelf.content.withLock(\.writes)
    for _ in 0..<10 { _ = post.look(after: .seconds(60)) }
    #expect(post.shelf.content.withLock(\.writes) == writes)
  }

  @Test("a ping that says it failed is told at once, and the next good one resolves it")
  func failure() throws {
    let post = try late()
    try ping(post, failed: true)
    #expect(post.look().told == ["firing \(Self.key) failed-ping"])
    try ping(post)
    #expect(post.look().told == ["resolved \(Self.key) fine"])
  }

  @Test("what comes and goes is the same alert: told twice, then held until it stays well")
  func flapping() throws {
    let post = try late(AlertPolicy(dedupe: .seconds(600)))
    var told: [String] = []
    for _ in 0..<20 {
      try ping(post, failed: true)
      told += post.look(after: .seconds(30)).told
      try ping(post)
      told += post.look(after: .seconds(30)).told
    }
    #expect(
      told == [
        "firing \(Self.key) failed-ping", "resolved \(Self.key) fine", "firing \(Self.key) failed-ping",
      ])
    #expect(try open(post).count == 20)
    #expect(post.look(after: .seconds(599)).isEmpty)
    #expect(post.look(after: .seconds(1)).told == ["resolved \(Self.key) fine"])
  }

  @Test("what comes back after the time is another alert")
  func another() throws {
    let post = try late(AlertPolicy(dedupe: .seconds(600)))
    try ping(post, failed: true)
    let first = post.look()
    try ping(post)
    _ = post.look()
    try ping(post, failed: true)
    let second = post.look(after: .seconds(601))
    #expect(second.told == ["firing \(Self.key) failed-ping"])
    #expect(first.first?.alert.id != second.first?.alert.id)
  }

  @Test("a mute holds the telling and not the watching; what still fires at its end is told")
  func mute() throws {
    let post = try late()
    _ = try post.watcher.mute(
      Mute(
        pattern: "heartbeat n*", by: "local:ana", reason: "moves", at: post.now,
        until: post.now + .seconds(7_200)))
    #expect(post.look(after: .seconds(3_660)).isEmpty)
    #expect(try open(post).state == .firing)
    #expect(post.look(after: .seconds(3_539)).isEmpty)
    #expect(post.look(after: .seconds(1)).told == ["firing \(Self.key) no-ping"])
  }

  @Test("what was muted from beginning to end is never told")
  func mutedWhole() throws {
    let post = try late()
    _ = try post.watcher.mute(
      Mute(pattern: "*", by: "local:ana", reason: "moves", at: post.now, until: post.now + .seconds(86_400)))
    #expect(post.look(after: .seconds(3_660)).isEmpty)
    try ping(post)
    #expect(post.look().isEmpty)
  }

  @Test("a mute that is ended by hand lets the next look tell")
  func unmute() throws {
    let post = try late()
    _ = try post.watcher.mute(
      Mute(
        pattern: Self.key, by: "local:ana", reason: "moves", at: post.now, until: post.now + .seconds(86_400))
    )
    #expect(post.look(after: .seconds(3_660)).isEmpty)
    _ = try post.watcher.unmute(Self.key)
    #expect(post.look().told == ["firing \(Self.key) no-ping"])
  }

  @Test("reminders come until somebody acknowledges")
  func reminders() throws {
    let post = try late(AlertPolicy(remind: .seconds(1_800)))
    #expect(post.look(after: .seconds(3_660)).told == ["firing \(Self.key) no-ping"])
    #expect(post.look(after: .seconds(1_799)).isEmpty)
    #expect(post.look(after: .seconds(1)).told == ["reminder \(Self.key) no-ping"])
    _ = try post.watcher.acknowledge(try open(post).id, by: "local:bia", note: "on it")
    for _ in 0..<10 { #expect(post.look(after: .seconds(1_800)).isEmpty) }
    #expect(post.shelf.content.withLock { $0.notices.map(\.notice.kind) }.contains(.acknowledged))
    try ping(post)
    #expect(post.look().told == ["resolved \(Self.key) fine"])
  }

  @Test("an alert that nobody acknowledges goes to the next people, each level once, over a restart")
  func escalation() throws {
    let post = try late(
      AlertPolicy(
        to: ["ops"],
        escalations: [
          .init(after: .seconds(3_600), to: ["boss"]), .init(after: .seconds(1_800), to: ["lead"]),
        ]))
    #expect(post.look(after: .seconds(3_660)).map(\.to) == [["ops"]])
    #expect(post.look(after: .seconds(1_799)).isEmpty)
    let lead = post.look(after: .seconds(1))
    #expect(lead.told == ["escalated \(Self.key) no-ping"])
    #expect(lead.map(\.to) == [["lead"]])
    try post.restart()
    #expect(post.look(after: .seconds(900)).isEmpty)
    #expect(post.look(after: .seconds(900)).map(\.to) == [["boss"]])
    try ping(post)
    #expect(post.look().map(\.to) == [["ops", "lead", "boss"]], "Whoever heard of it hears the end of it.")
  }

  @Test("an acknowledged alert is not escalated")
  func acknowledged() throws {
    let post = try late(AlertPolicy(escalations: [.init(after: .seconds(1_800), to: ["boss"])]))
    _ = post.look(after: .seconds(3_660))
    _ = try post.watcher.acknowledge(try open(post).id, by: "local:bia", note: nil)
    #expect(post.look(after: .seconds(86_400)).isEmpty)
  }

  @Test("the first route whose pattern names the alert decides whom it is told")
  func routes() throws {
    let post = try late(AlertPolicy(to: ["ops"]))
    post.configuration.routes = [
      .init(pattern: "demo/*", policy: AlertPolicy(to: ["demo"])),
      .init(pattern: "heartbeat *", policy: AlertPolicy(to: ["machines"])),
    ]
    post.pipeline(expect: ["success_every": "1h"])
    _ = post.look()
    let told = post.look(after: .seconds(3_660))
    #expect(told.map(\.alert.key) == ["demo/daily success_every", Self.key])
    #expect(told.map(\.to) == [["demo"], ["machines"]])
  }

  @Test("alerts, mutes and acknowledgements survive a restart, and nothing is told anew")
  func restart() throws {
    let post = try late()
    _ = post.look(after: .seconds(3_660))
    _ = try post.watcher.acknowledge(try open(post).id, by: "local:bia", note: "on it")
    try post.restart()
    #expect(post.look(after: .seconds(60)).isEmpty)
    #expect(try open(post).acknowledged?.note == "on it")
  }

  @Test("a full disk of the watcher holds no alert up; a ping that cannot be kept is not acknowledged")
  func fullDisk() throws {
    let post = try late()
    post.shelf.refuse(WatchFault("no room"))
    let round = post.round()
    #expect(round.notices.isEmpty)
    #expect(post.look(after: .seconds(3_660)).told == ["firing \(Self.key) no-ping"])
    #expect(!post.round().isWell)
    #expect(throws: Problem.self) { try ping(post) }
    post.shelf.refuse(nil)
    #expect(post.look().isEmpty)
    #expect(try open(post).finding.code == .noPing)
    try ping(post)
    #expect(post.look().told == ["resolved \(Self.key) fine"])
  }

  @Test(
    "patterns name keys",
    arguments: [
      ("demo/daily", "demo/daily success_every", true), ("demo/daily", "demo/daily2 success_every", false),
      ("demo/*", "demo/daily volume", true), ("*", "engine", true), ("engine", "engine", true),
      ("*volume", "demo/daily volume", true), ("demo/daily volume", "demo/daily success_every", false),
    ])
  func patterns(_ pattern: String, _ key: String, _ matches: Bool) {
    #expect(WatchPattern.matches(pattern, key) == matches)
  }
}

@Suite("Heartbeats and the node itself", .timeLimit(.minutes(1)))
struct SignsTests {
  @Test("what esteira.yaml names is expected from the start, and its word wins over a ping's")
  func configured() throws {
    let post = try Post()
    post.configuration.heartbeats = [.init(name: "nas", every: .seconds(60), grace: .zero)]
    #expect(post.look().isEmpty)
    _ = try post.watcher.ping(
      "nas", .init(at: post.now, by: "a", hasFailed: false, message: nil, took: nil), every: .seconds(86_400),
      grace: nil)
    #expect(post.look(after: .seconds(60)).told == ["firing heartbeat nas no-ping"])
    #expect(throws: Problem.self) { try post.watcher.forget("nas") }
    post.configuration.heartbeats = []
    #expect(post.look().told == ["resolved heartbeat nas fine"])
    #expect(try post.watcher.forget("nas").name == "nas")
  }

  @Test("a name that pings without an expectation is noted and never late")
  func noted() throws {
    let post = try Post()
    _ = try post.watcher.ping(
      "nas", .init(at: post.now, by: "a", hasFailed: false, message: nil, took: nil), every: nil, grace: nil)
    #expect(post.look(after: .seconds(86_400 * 365)).isEmpty)
    #expect(try post.watcher.standings().map(\.subject) == ["nas"])
  }

  @Test("names and numbers have bounds")
  func bounds() throws {
    let post = try Post()
    func ping(_ name: String, every: Duration? = nil, message: String? = nil) throws {
      _ = try post.watcher.ping(
        name, .init(at: post.now, by: "a", hasFailed: false, message: message, took: nil), every: every,
        grace: nil)
    }
    for name in ["", "-x", "a b", "á", String(repeating: "a", count: 129)] {
      #expect(throws: Problem.self) { try ping(name) }
    }
    #expect(throws: Problem.self) { try ping("a", every: .zero) }
    #expect(throws: Problem.self) { try ping("a", message: String(repeating: "x", count: 1_001)) }
    for number in 0..<Heartbeat.limit { try ping("beat-\(number)") }
    #expect(throws: Problem.self) { try ping("one-more") }
    try ping("beat-0")
  }

  @Test("an engine that answers no nudge for a minute is told of, and then that it is back")
  func silentEngine() throws {
    let engine = Patient()
    let post = try Post(engine: engine)
    for _ in 0..<4 { #expect(post.look(after: .seconds(15)).isEmpty) }
    engine.state.withLock { $0.answers = false }
    var told: [String] = []
    for _ in 0..<7 { told += post.look(after: .seconds(15)).told }
    #expect(told == ["firing engine engine-silent"])
    #expect(!post.round().isWell)
    engine.state.withLock { $0.answers = true }
    told = post.look(after: .seconds(15)).told + post.look(after: .seconds(15)).told
    #expect(told == ["resolved engine fine"])
  }

  @Test("a process that was stopped for an hour is no silent engine")
  func stoppedProcess() throws {
    let post = try Post(engine: Patient())
    _ = post.look()
    #expect(post.look(after: .seconds(3_600)).isEmpty)
    #expect(post.look(after: .seconds(3_600)).isEmpty)
  }

  @Test("a store that does not take what it is given, and evidence that cannot be read")
  func store() throws {
    let engine = Patient()
    let post = try Post(engine: engine)
    post.pipeline(expect: ["success_every": "1h"])
    _ = post.look()
    engine.state.withLock { $0.waits = "no room" }
    #expect(post.look(after: .seconds(15)).told == ["firing store store-waits"])
    engine.state.withLock { $0.waits = nil }
    #expect(post.look(after: .seconds(15)).told == ["resolved store fine"])
    post.ledger.write { $0.fault = WatchFault("gone") }
    post.advance(by: .seconds(3_600))
    #expect(post.look().told == ["firing store unreadable"], "What cannot be read is not called withdrawn.")
  }

  @Test("the outside watcher that cannot be told is told of here")
  func outside() throws {
    let post = try Post()
    post.configuration.ping = .init(url: "https://watch.example/secret", every: .seconds(60), egress: [])
    #expect(post.look().isEmpty)
    post.watcher.toldOutside(nil)
    post.watcher.toldOutside("HTTP 500")
    #expect(post.look(after: .seconds(179)).isEmpty)
    let told = post.look(after: .seconds(1))
    #expect(told.told == ["firing ping ping-unsent"])
    #expect(told.first?.text.english.contains("secret") == false)
    post.watcher.toldOutside(nil)
    #expect(post.look().told == ["resolved ping fine"])
  }
}

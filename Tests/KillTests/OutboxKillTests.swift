import Crypto
import Foundation
import Model
import Net
import Synchronization
import Testing

@Suite("Messages to a receiver while their server is killed", .serialized, .timeLimit(.minutes(5)))
struct OutboxKillTests {
  private static let secret = "whsec_" + Base64.encode(Array("a secret of twenty-four b".utf8))
  private static let types = ["esteira.job.created", "esteira.job.started", "esteira.job.failed"]

  @Test("each arrives at least once, signed, under one id, and in the order of its lane")
  func survives() async throws {
    let receiver = try HookReceiver(secret: Self.secret)
    let installation = try Installation()
    try setUp(installation, receiver)
    // Behind a sending, before and after the commits around it, and in the middle of everything.
    let moments = [
      "delivered:1", "delivered:2", "after-commit:4", "before-commit:5", "delivered:3", "after-commit:7",
    ]
    var jobs: [String] = []
    var struck = 0
    for moment in moments {
      let server = try installation.startServer(["ESTEIRA_TEST_CRASH": moment])
      for _ in 0..<3 where !server.hasDied() {
        let started = try installation.run(
          "job", "start", "demo/fails", "--idempotency-key", "k\(jobs.count)", "-o", "id")
        guard started.status == 0 else { break }
        jobs.append(started.output.trimmingCharacters(in: .whitespacesAndNewlines))
      }
      server.waitForDeath()
      if server.wasKilled { struck += 1 }
    }
    #expect(struck == moments.count)
    let server = try installation.startServer([:])
    defer { server.stop() }
    #expect(server.wasReady, "\(installation.complaint)")
    for job in jobs { _ = try installation.run("job", "watch", job, "-q") }
    let ids = try Set(installation.sql("SELECT id FROM job_executions"))
    await receiver.heard(ids.count * Self.types.count)
    try await receiver.quiet(installation)
    let taken = receiver.taken
    #expect(receiver.forged == 0 && !taken.isEmpty)
    for job in ids {
      let lane = taken.filter { $0.job == job }
      var order: [String] = []
      for message in lane where !order.contains(message.type) { order.append(message.type) }
      #expect(order == Self.types, "\(job)")
      // A repetition comes right behind its first: the lane waits for nobody else.
      for type in Self.types { #expect(Set(lane.filter { $0.type == type }.map(\.id)).count == 1) }
      let places = lane.map { Self.types.firstIndex(of: $0.type) ?? 0 }
      #expect(places == places.sorted(), "\(job): \(lane.map(\.type))")
    }
    #expect(taken.count > ids.count * Self.types.count, "No kill came between a sending and its commit.")
    #expect(try installation.sql("SELECT count(*) FROM outbox") == ["0"])
    #expect(try installation.sql("SELECT count(*) FROM dead_letters") == ["0"])
  }

  @Test("what a receiver does not take waits, is shown, and can be tested, disabled and enabled")
  func commands() async throws {
    let receiver = try HookReceiver(secret: Self.secret)
    let installation = try Installation()
    try setUp(installation, receiver)
    let server = try installation.startServer([:])
    defer { server.stop() }
    let test = try await apart { try installation.run("destination", "test", "ops", "-o", "json") }
    #expect(test.status == 0 && test.json?["outcome"] == "delivered" && test.json?["status"] == 200)
    receiver.answer(410)
    let refused = try await apart { try installation.run("destination", "test", "ops") }
    #expect(refused.status == 1 && refused.output.contains("gone"))
    _ = try installation.run("job", "start", "demo/fails", "--watch", "-q")
    await receiver.heard(1, of: Self.types[0])
    try await receiver.until { try installation.state("ops") == "disabled" }
    #expect(try installation.run("doctor").output.contains("destination ops is disabled"))
    #expect(try installation.run("destination", "ls").output.contains("disabled"))
    receiver.answer(200)
    #expect(try installation.run("destination", "enable", "ops").status == 0)
    await receiver.heard(1, of: Self.types[2])
    try await receiver.quiet(installation)
    let deliveries = try installation.run("destination", "deliveries", "ops", "-o", "json")
    let outcomes = deliveries.json?.array?.compactMap { $0["outcome"]?.string } ?? []
    #expect(outcomes == ["delivered", "delivered", "delivered", "gone", "gone", "delivered"])
    let id = try #require(deliveries.json?[0]?["id"]?.int)
    #expect(try installation.run("destination", "redeliver", "\(id)").status == 0)
    await receiver.heard(2, of: Self.types[2])
    #expect(receiver.forged == 0)
  }

  /// Waits for a command on a thread of its own: it waits for the receiver, whose answers need those that
  /// tests share.
  private func apart<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      Thread { continuation.resume(with: Result { try work() }) }.start()
    }
  }

  private func setUp(_ installation: Installation, _ receiver: HookReceiver) throws {
    try FileManager.default.createDirectory(
      atPath: installation.data, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    try """
    destinations:
      - name: ops
        namespace: demo
        kind: webhook
        connection: receiver
        path: /hooks
        events: [\(Self.types.joined(separator: ", "))]
    """.write(toFile: installation.data + "/esteira.yaml", atomically: true, encoding: .utf8)
    try installation.write("secret", Self.secret)
    try installation.write(
      "receiver.json",
      #"{"namespace": "demo", "name": "receiver", "kind": "http", "credential": "hook", "#
        + #""address": {"url": "\#(receiver.url)"}, "egress": {"allow": ["127.0.0.0/8"]}}"#)
    try installation.write(
      "fails.yaml",
      "apiVersion: esteira/v1\nid: fails\nnamespace: demo\nsteps:\n  one: {uses: fail, with: {message: no}}\n"
    )
    let server = try installation.startServer([:])
    defer { server.stop() }
    #expect(server.wasReady, "\(installation.complaint)")
    let secret = installation.place("secret")
    #expect(
      try installation.run("credential", "set", "demo/hook", "--type", "hmac", "--from-file", secret).status
        == 0)
    #expect(try installation.run("connection", "apply", installation.place("receiver.json")).status == 0)
    #expect(try installation.run("pipeline", "apply", installation.place("fails.yaml")).status == 0)
  }
}

extension Installation {
  fileprivate func state(_ destination: String) throws -> String? {
    try run("destination", "get", destination, "-o", "json").json?["state"]?.string
  }
}

/// A receiver of webhooks, which checks each signature as Standard Webhooks says.
private final class HookReceiver: Sendable {
  struct Message: Sendable {
    var id: String
    var type: String
    var job: String
  }

  fileprivate struct State {
    var taken: [Message] = []
    var forged = 0
    var status = 200
    var watchers: [(count: Int, type: String?, CheckedContinuation<Void, Never>)] = []
  }

  fileprivate final class Book: Sendable {
    let state = Mutex(State())

    func take(_ request: HTTPRequest, key: [UInt8]) -> Int {
      let (id, time) = (request.headers["webhook-id"] ?? "", request.headers["webhook-timestamp"] ?? "")
      let code = HMACSHA256.code(key: key, message: Array("\(id).\(time).".utf8) + request.body)
      let event = try? JSON(parsing: request.body)
      let isGenuine =
        request.headers["webhook-signature"] == "v1,\(Base64.encode(code))" && event?["id"]?.string == id
        && request.target == "/hooks" && !time.isEmpty
        && request.headers["content-type"]?.hasPrefix("application/cloudevents+json") == true
      let (status, ready) = state.withLock { state in
        if !isGenuine { state.forged += 1 }
        state.taken.append(
          Message(
            id: id, type: event?["type"]?.string ?? "", job: event?["data"]?["job"]?.string ?? ""))
        let watchers = state.watchers
        let counts = watchers.map { state.count(of: $0.type) }
        state.watchers = zip(watchers, counts).filter { $0.count > $1 }.map(\.0)
        return (state.status, zip(watchers, counts).filter { $0.count <= $1 }.map(\.0.2))
      }
      for watcher in ready { watcher.resume() }
      return status
    }
  }

  private let book = Book()
  private let server: HTTPServer
  var url: String { "http://127.0.0.1:\(server.port ?? 0)" }

  init(secret: String) throws {
    let key = try #require(Base64.decode(String(secret.dropFirst(6))))
    server = try HTTPServer(.tcp(IPAddress(v4: 0x7F00_0001), port: 0)) { [book] request in
      HTTPResponse(status: book.take(request, key: key))
    }
  }

  var taken: [Message] { book.state.withLock(\.taken) }
  var forged: Int { book.state.withLock(\.forged) }
  func answer(_ status: Int) { book.state.withLock { $0.status = status } }

  /// Returns once so many different messages have come, of this type or of all.
  func heard(_ count: Int, of type: String? = nil) async {
    await withCheckedContinuation { continuation in
      let isThere = book.state.withLock { state in
        if state.count(of: type) >= count { return true }
        state.watchers.append((count, type, continuation))
        return false
      }
      if isThere { continuation.resume() }
    }
  }

  /// Returns once nothing waits to leave.
  func quiet(_ installation: Installation) async throws {
    try await until { try installation.sql("SELECT count(*) FROM outbox") == ["0"] }
  }

  /// Each look is a process of its own, so this is no busy loop.
  func until(_ holds: () throws -> Bool) async throws {
    while try !holds() {
      try Task.checkCancellation()
      await Task.yield()
    }
  }
}

extension HookReceiver.State {
  /// With a type the tries count, without one the different messages.
  func count(of type: String?) -> Int {
    guard let type else { return Set(taken.map(\.id)).count }
    return taken.count { $0.type == type }
  }
}

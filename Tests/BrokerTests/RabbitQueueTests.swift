import Foundation
import Model
import Testing

@testable import Net

@Suite(
  "A queue of RabbitMQ", .enabled(if: RabbitServer.isThere, RabbitServer.absence), .serialized,
  .timeLimit(.minutes(5)))
struct RabbitQueueTests {
  /// Publishes numbers, each with a name of its own.
  private struct Sender {
    let place: BrokerPlace
    let loop: BrokerLoop
    let client: AMQPClient
    let queue: String

    init(_ server: RabbitServer, _ queue: String) async throws {
      (place, loop, self.queue) = (try .amqp(server.url), try BrokerLoop(), queue)
      client = AMQPClient(place, on: loop)
      _ = try await client.declare(.quorum(queue))
    }

    func send(_ numbers: Range<Int>) async throws {
      for number in numbers { try await send("{\"n\": \(number)}", id: "m\(number)") }
    }

    func send(_ text: String, id: String) async throws {
      var message = AMQPMessage(Array(text.utf8))
      (message.messageID, message.headers) = (
        id, ["kind": .text("test"), "deep": .table(["a": .array([.null])])]
      )
      while true {
        do throws(AMQPError) { return try await client.publish(message, routingKey: queue) } catch {
          // A broker that was killed comes back; a second copy has the same name.
          guard case .net = error else { throw error }
        }
      }
    }

    func depth(_ queue: String) async throws -> UInt32? { try await AMQPConnection.depth(queue, place, loop) }

    func close() async {
      await client.close()
      loop.stop()
    }
  }

  private func connect(_ station: Station, _ server: RabbitServer) throws {
    try station.start()
    try station.connect("broker", kind: "amqp", "{url: \(server.url)}")
  }

  @Test("starts a job for each message, in their order, and acknowledges it once it is durable")
  func takes() async throws {
    let (server, station) = (try RabbitServer.shared.get(), try Station())
    let sender = try await Sender(server, "work.takes")
    try connect(station, server)
    try await sender.send(0..<5)
    let pipeline = station.takingPipeline("queue: work.takes", more: "concurrency: {limit: 1}\n")
      .replacing(
        "inputs: {n: \"${{ trigger",
        with: "if: trigger.headers.kind == 'test' && trigger.headers.deep == "
          + "'{\"a\":[null]}'\n    inputs: {n: \"${{ trigger")
    try station.apply(pipeline)
    try station.wait("five") { $0.count >= 5 }
    try await sender.send(5..<8)
    try station.wait("eight") { $0.count >= 8 }
    #expect(try station.lines() == (0..<8).map(String.init))
    #expect(try station.jobs() == 8)
    station.stop()
    // What was taken and not acknowledged would be ready again.
    #expect(try await sender.depth("work.takes") == 0)
    await sender.close()
  }

  @Test(
    "loses no message and does none twice while its server is killed between the receipt and the commit",
    arguments: ["before-commit", "after-commit"])
  func killed(point: String) async throws {
    let (server, station) = (try RabbitServer.shared.get(), try Station())
    let queue = "work.\(point)"
    let sender = try await Sender(server, queue)
    try connect(station, server)
    try station.apply(station.quietPipeline("queue: \(queue), prefetch: 3"))
    station.stop()
    var next = 0
    for count in [2, 3, 4, 6, 9] {
      try await sender.send(next..<next + 4)
      next += 4
      _ = try station.start(["ESTEIRA_TEST_CRASH": "\(point):\(count)"])
      try station.waitForDeath(jobs: next)
    }
    try station.start()
    try station.expectEachOnce(0..<next)
    station.stop()
    #expect(try await sender.depth(queue) == 0)
    await sender.close()
  }

  @Test("loses nothing and does nothing twice while RabbitMQ is killed")
  func brokerKilled() async throws {
    let (server, station) = (try RabbitServer(), try Station())
    let sender = try await Sender(server, "work")
    try server.settle()
    try connect(station, server)
    try station.apply(station.takingPipeline("queue: work, prefetch: 2"))
    var next = 0
    for _ in 0..<2 {
      try await sender.send(next..<next + 10)
      next += 10
      try station.wait("some") { Set($0).count > next - 8 }
      server.kill()
      try station.wait(for: "a broken queue") {
        try station.esteira("trigger", "ls", "demo/take").contains("broken")
      }
      try server.start()
    }
    try station.expectEachOnce(0..<next)
    await sender.close()
  }

  @Test("is shared by two servers, and what one that died had in hand goes to the other")
  func secondConsumer() async throws {
    let (server, first, second) = (try RabbitServer.shared.get(), try Station(), try Station())
    let sender = try await Sender(server, "work.shared")
    for station in [first, second] {
      try connect(station, server)
      try station.apply(station.quietPipeline("queue: work.shared, prefetch: 2"))
    }
    var next = 0
    while try first.jobs() < 5 || second.jobs() < 5 {
      try await sender.send(next..<next + 4)
      next += 4
    }
    first.stop()
    second.freeze()
    try await sender.send(next..<next + 10)
    next += 10
    _ = try first.start(["ESTEIRA_TEST_CRASH": "before-commit:1"])
    try first.waitForDeath(jobs: -1)
    second.goOn()
    try first.start()
    try expectShared(first, second, 0..<next)
    await sender.close()
  }

  @Test("leaves the messages to the broker while the pipeline is paused, but for its prefetch")
  func paused() async throws {
    let (server, station) = (try RabbitServer.shared.get(), try Station())
    let sender = try await Sender(server, "work.paused")
    try connect(station, server)
    try station.apply(station.takingPipeline("queue: work.paused, prefetch: 2"))
    try station.esteira("pipeline", "pause", "demo/take", "--reason", "test")
    try station.wait(for: "a queue that is held") {
      try station.esteira("trigger", "ls", "demo/take").contains("waits: paused or full")
    }
    try await sender.send(0..<5)
    var ready = try await sender.depth("work.paused")
    let limit = ContinuousClock.now + .seconds(Station.patience)
    while ready ?? 0 > 3, ContinuousClock.now < limit { ready = try await sender.depth("work.paused") }
    #expect(ready == 3)
    #expect(try station.jobs() == 0)
    try station.esteira("pipeline", "resume", "demo/take")
    try station.expectEachOnce(0..<5)
    await sender.close()
  }

  @Test("gives what it cannot read to the dead letters, and to the broker's queue for them")
  func poison() async throws {
    let (server, station) = (try RabbitServer.shared.get(), try Station())
    let loop = try BrokerLoop()
    try connect(station, server)
    // Neither queue is there: both are made.
    try station.apply(station.takingPipeline("queue: work.poison, dead_letter: work.dead"))
    try station.wait(for: "a queue that is read") {
      try station.esteira("trigger", "ls", "demo/take").contains("is read")
    }
    let client = AMQPClient(try .amqp(server.url), on: loop)
    for (text, id) in [("no json", "a"), ("{\"n\": 7}", "b"), ("no json", "a")] {
      var message = AMQPMessage(Array(text.utf8))
      message.messageID = id
      try await client.publish(message, routingKey: "work.poison")
    }
    try station.wait("the good one") { $0 == ["7"] }
    try station.wait(for: "one letter that came twice") {
      try station.sql("SELECT tries FROM dead_letters") == ["2"]
    }
    let reader = AMQPConsumer(try .amqp(server.url), on: loop)
    try await reader.open(.quorum("work.dead"), prefetch: 10)
    var dead: [AMQPDelivery] = []
    let limit = ContinuousClock.now + .seconds(Station.patience)
    while dead.count < 2, ContinuousClock.now < limit { dead += try await reader.next(2, wait: .seconds(5)) }
    #expect(dead.map { String(decoding: $0.message.body, as: UTF8.self) } == ["no json", "no json"])
    await reader.close()
    await client.close()
    loop.stop()
  }
}

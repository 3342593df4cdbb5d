import Foundation
import Testing

@testable import Net

extension BrokerPlace {
  static func amqp(_ url: String) throws -> BrokerPlace {
    var place = try BrokerPlace(url, kind: .amqp)
    place.egress = .loopback
    return place
  }
}

extension AMQPConnection {
  /// How many messages are ready in the queue; nil where there is none.
  static func depth(_ queue: String, _ place: BrokerPlace, _ loop: BrokerLoop) async throws -> UInt32? {
    let connection = AMQPConnection(loop, AMQPLimits())
    try await connection.open(place, nil)
    defer { Task { await connection.close() } }
    return try await connection.depth(queue)
  }

  private func depth(_ queue: String) async throws -> UInt32? {
    let channel = try await openChannel()
    let codec = AMQPCodec()
    do throws(AMQPError) {
      let answer = try await ask(AMQPNumber.declare, codec.passive(queue), codec, on: channel) {
        if case .declared = $0 { true } else { false }
      }
      guard case .declared(_, let count) = answer else { return nil }
      return count
    } catch {
      if case .refused(404, _) = error { return nil }
      throw error
    }
  }
}

@Suite(
  "A client of RabbitMQ", .enabled(if: RabbitServer.isThere, RabbitServer.absence), .serialized,
  .timeLimit(.minutes(3)))
struct AMQPClientTests {
  private func error(_ body: () async throws(AMQPError) -> Void) async -> AMQPError? {
    do throws(AMQPError) { try await body() } catch { return error }
    return nil
  }

  private func message(_ text: String, id: String = UUID().uuidString) -> AMQPMessage {
    var message = AMQPMessage(Array(text.utf8))
    message.messageID = id
    return message
  }

  private func take(_ count: Int, _ consumer: AMQPConsumer) async throws -> [AMQPDelivery] {
    var found: [AMQPDelivery] = []
    while found.count < count { found += try await consumer.next(count - found.count, wait: .seconds(5)) }
    return found
  }

  @Test("brings a message with its properties and nested headers, confirmed")
  func properties() async throws {
    let (server, loop) = (try RabbitServer.shared.get(), try BrokerLoop())
    let place = try BrokerPlace.amqp(server.url)
    let (client, consumer) = (AMQPClient(place, on: loop), AMQPConsumer(place, on: loop))
    try await consumer.open(.quorum("props"), prefetch: 10)
    var sent = AMQPMessage([0, 255, 10])
    sent.headers = [
      "null": .null, "flag": .bool(true), "number": .int(-5), "part": .double(1.5), "text": .text("é"),
      "raw": .bytes([255, 0]), "time": .time(1_700_000_000),
      "list": .array([.int(1), .null, .array([.text("x")])]),
      "map": .table(["inner": .table(["deep": .array([.table(["a": .bool(false)])])])]),
    ]
    (sent.contentType, sent.contentEncoding) = ("application/json", "utf-8")
    (sent.correlationID, sent.replyTo, sent.messageID) = ("c", "r", "m")
    (sent.timestamp, sent.type, sent.appID) = (1_700_000_000, "t", "a")
    try await client.publish(sent, routingKey: "props")
    let got = try #require(try await take(1, consumer).first)
    #expect(got.message == sent)
    #expect((got.routingKey, got.exchange, got.isRedelivered) == ("props", "", false))
    try await consumer.acknowledge(got)
    // Larger than a frame.
    var large = message("")
    large.body = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    try await client.publish(large, routingKey: "props")
    let back = try #require(try await take(1, consumer).first)
    #expect(back.message.body == large.body)
    try await consumer.acknowledge(back)
    await consumer.close()
    await client.close()
    loop.stop()
  }

  @Test("confirms two thousand messages of as many tasks over one channel")
  func concurrent() async throws {
    let (server, loop) = (try RabbitServer.shared.get(), try BrokerLoop())
    let place = try BrokerPlace.amqp(server.url)
    let client = AMQPClient(place, on: loop)
    _ = try await client.declare(AMQPQueue("many"))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<2_000 {
        group.addTask {
          try await client.publish(message("\(number)"), routingKey: "many", timeout: .seconds(120))
        }
      }
      try await group.waitForAll()
    }
    #expect(try await AMQPConnection.depth("many", place, loop) == 2_000)
    let consumer = AMQPConsumer(place, on: loop)
    try await consumer.open(AMQPQueue("many"), prefetch: 500)
    var numbers = Set<String>()
    while numbers.count < 2_000 {
      for delivery in try await consumer.next(500, wait: .seconds(5)) {
        numbers.insert(String(decoding: delivery.message.body, as: UTF8.self))
        try await consumer.acknowledge(delivery)
      }
    }
    await consumer.close()
    await client.close()
    loop.stop()
  }

  @Test("says what no queue takes, what is not there and who may not, and goes on")
  func refusals() async throws {
    let (server, loop) = (try RabbitServer.shared.get(), try BrokerLoop())
    var place = try BrokerPlace.amqp(server.url)
    let client = AMQPClient(place, on: loop)
    _ = try await client.declare(AMQPQueue("there"))
    let lost = await error { () async throws(AMQPError) in
      try await client.publish(message("x"), routingKey: "no-such-queue")
    }
    guard case .unroutable(312, _)? = lost else { return #expect(Bool(false), "\(String(describing: lost))") }
    let absent = await error { () async throws(AMQPError) in
      try await client.publish(message("x"), exchange: "no-such-exchange", routingKey: "a")
    }
    guard case .refused(404, _)? = absent else {
      return #expect(Bool(false), "\(String(describing: absent))")
    }
    try await client.publish(message("y"), routingKey: "there")
    let other = await error { () async throws(AMQPError) in
      var queue = AMQPQueue("there")
      queue.arguments = ["x-expires": .int(1_000)]
      _ = try await client.declare(queue)
    }
    guard case .refused(406, _)? = other else { return #expect(Bool(false), "\(String(describing: other))") }
    try await client.publish(message("z"), routingKey: "there")
    await client.close()
    (place.username, place.password) = ("guest", "wrong")
    let stranger = AMQPClient(place, on: loop)
    let refused = await error { () async throws(AMQPError) in
      try await stranger.publish(message("x"), routingKey: "there")
    }
    guard case .refused(403, let text)? = refused else {
      return #expect(Bool(false), "\(String(describing: refused))")
    }
    #expect(!text.contains("wrong "))
    await stranger.close()
    loop.stop()
  }

  @Test("does not give up one message because another was, and goes on to the next address of a name")
  func cancelled() async throws {
    let (server, loop) = (try RabbitServer.shared.get(), try BrokerLoop())
    // Its first address may be one at which nobody listens.
    var place = try BrokerPlace("amqp://localhost:\(server.port)", kind: .amqp)
    place.egress = Egress(allow: [CIDR("127.0.0.0/8")!, CIDR("::1/128")!])
    let client = AMQPClient(place, on: loop)
    _ = try await client.declare(AMQPQueue("given-up"))
    let rounds = 200
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<rounds {
        let given = Task { try? await client.publish(message("given up"), routingKey: "given-up") }
        given.cancel()
        group.addTask { try await client.publish(message("\(number)"), routingKey: "given-up") }
      }
      try await group.waitForAll()
    }
    await client.close()
    loop.stop()
  }

  @Test("speaks TLS with a broker whose authority it is told, and with no other")
  func secure() async throws {
    let (server, loop) = (try RabbitServer.shared.get(), try BrokerLoop())
    var place = try BrokerPlace("amqps://localhost:\(server.tlsPort)", kind: .amqp)
    place.egress = Egress(allow: [CIDR("127.0.0.0/8")!, CIDR("::1/128")!])
    place.authorities = server.certificates.certificate
    let client = AMQPClient(place, on: loop)
    _ = try await client.declare(AMQPQueue("tls"))
    try await client.publish(message("over TLS"), routingKey: "tls")
    await client.close()
    place.authorities = nil
    let stranger = AMQPClient(place, on: loop)
    let refused = await error { () async throws(AMQPError) in
      try await stranger.publish(message("x"), routingKey: "tls")
    }
    guard case .net(.tls)? = refused else { return #expect(Bool(false), "\(String(describing: refused))") }
    await stranger.close()
    loop.stop()
  }

  @Test("leaves to the dead-letter queue what a quorum queue delivers too often")
  func deadLetters() async throws {
    let (server, loop) = (try RabbitServer.shared.get(), try BrokerLoop())
    let place = try BrokerPlace.amqp(server.url)
    let client = AMQPClient(place, on: loop)
    _ = try await client.declare(.quorum("graves"))
    let queue = AMQPQueue.quorum(
      "poisonous",
      [
        "x-delivery-limit": .int(2), "x-dead-letter-exchange": .text(""),
        "x-dead-letter-routing-key": .text("graves"),
      ])
    _ = try await client.declare(queue)
    try await client.publish(message("poison", id: "p1"), routingKey: "poisonous")
    for round in 0..<3 {
      let consumer = AMQPConsumer(place, on: loop)
      try await consumer.open(queue, prefetch: 1)
      let got = try #require(try await take(1, consumer).first)
      #expect(got.isRedelivered == (round > 0))
      await consumer.close()
    }
    let consumer = AMQPConsumer(place, on: loop)
    try await consumer.open(.quorum("graves"), prefetch: 1)
    let dead = try #require(try await take(1, consumer).first)
    #expect(dead.message.messageID == "p1")
    guard case .array(let deaths)? = dead.message.headers["x-death"], case .table(let death)? = deaths.first
    else {
      return #expect(Bool(false), "\(dead.message.headers)")
    }
    #expect(death["reason"] == .text("delivery_limit"))
    await consumer.close()
    await client.close()
    loop.stop()
  }

  @Test("notices a broker that is silent, and finds a killed one again with what was confirmed")
  func silentAndKilled() async throws {
    let (server, loop) = (try RabbitServer(), try BrokerLoop())
    let place = try BrokerPlace.amqp(server.url)
    var limits = AMQPLimits()
    limits.heartbeat = 1
    let consumer = AMQPConsumer(place, on: loop, limits: limits)
    try await consumer.open(.quorum("kept"), prefetch: 10)
    try server.settle()
    server.signal(SIGSTOP)
    let silent = await error { () async throws(AMQPError) in
      while true { _ = try await consumer.next(1, wait: .seconds(5)) }
    }
    #expect(silent == .net(.interrupted("\(NetError.timeout(.idle))")))
    // It takes connections and says nothing: whoever has half a second waits no longer.
    let patient = AMQPClient(place, on: loop)
    let unheard = await error { () async throws(AMQPError) in
      try await patient.publish(message("x"), routingKey: "kept", timeout: .milliseconds(500))
    }
    #expect(unheard == .net(.timeout(.connect)))
    await patient.close()
    server.signal(SIGCONT)
    await consumer.close()

    let client = AMQPClient(place, on: loop)
    for number in 0..<50 { try await client.publish(message("\(number)"), routingKey: "kept") }
    server.kill()
    let gone = await error { () async throws(AMQPError) in
      try await client.publish(message("no"), routingKey: "kept", timeout: .milliseconds(500))
    }
    #expect(gone != nil)
    try server.start()
    var isSent = false
    while !isSent {
      isSent =
        await error { () async throws(AMQPError) in
          try await client.publish(message("50"), routingKey: "kept")
        } == nil
    }
    let reader = AMQPConsumer(place, on: loop)
    try await reader.open(.quorum("kept"), prefetch: 100)
    let texts = try await take(51, reader).map { String(decoding: $0.message.body, as: UTF8.self) }
    #expect(texts == (0...50).map(String.init))
    await reader.close()
    await client.close()
    loop.stop()
  }
}

@Suite("What a broken RabbitMQ sends", .timeLimit(.minutes(1)))
struct AMQPFrameTests {
  @Test(
    "is an end of the connection, and never much memory",
    arguments: [
      Array("AMQP\0\0\u{9}\u{1}".utf8), [1, 0, 0, 255, 255, 255, 255], [1, 0, 0, 0, 0, 0, 0, 1],
      [9, 0, 0, 0, 0, 0, 0, 0xCE], Array("HTTP/1.1 400 \r\n\r\n".utf8),
    ] as [[UInt8]])
  func hostile(bytes: [UInt8]) {
    var frames = AMQPFrames(limit: AMQPConnection.frameLimit)
    #expect(throws: NetError.self) { try frames.feed(bytes) }
  }

  @Test("is the same frame in whichever pieces it comes")
  func pieces() throws {
    let expected = [
      AMQPFrame(kind: .method, channel: 1, payload: [1, 2, 3]),
      AMQPFrame(kind: .heartbeat, channel: 0, payload: []),
      AMQPFrame(kind: .body, channel: 513, payload: [0xCE]),
    ]
    let bytes = expected.flatMap(\.encoded)
    for size in 1...bytes.count {
      var (frames, found) = (AMQPFrames(limit: 1_000), [AMQPFrame]())
      for start in stride(from: 0, to: bytes.count, by: size) {
        found += try frames.feed(Array(bytes[start..<min(start + size, bytes.count)]))
      }
      #expect(found == expected)
    }
  }

  @Test("refuses tables that are nested too deeply, and methods and headers that are cut off")
  func nested() throws {
    var value = AMQPValue.int(1)
    for _ in 0..<100 { value = .table(["a": value]) }
    var message = AMQPMessage([])
    message.headers = ["a": value]
    let header = try AMQPCodec().header(message)
    #expect(throws: NetError.self) { _ = try AMQPCodec().properties(header) }
    for count in 0..<14 {
      #expect(throws: NetError.self) { _ = try AMQPCodec().properties(Array(header.prefix(count))) }
    }
    #expect(throws: NetError.self) { _ = try AMQPCodec().method([0, 10]) }
    #expect(try AMQPCodec().method([0, 60, 0, 60, 1]) == .other(AMQPNumber.deliver))
  }
}

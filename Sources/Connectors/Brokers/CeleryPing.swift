import Crypto
import Engine
import Model
import Net

/// Asks the workers of a Celery application whether they are there, as `celery inspect ping` does.
///
/// https://docs.celeryq.dev/en/v5.5.3/userguide/workers.html#ping
struct CeleryPing {
  /// Names of the workers that answered, in order; and how many heard, where the broker tells.
  struct Answer: Hashable {
    var workers: [String] = []
    var heard: Int?
  }

  let broker: BrokerPlace
  let loop: BrokerLoop
  private let ticket = Hex.encode(SecureRandom.bytes(16))
  private var queue: String { "esteira.ping.\(ticket)" }
  /// A worker that does not answer for so long is not well.
  private static let patience = Duration.seconds(3)
  private static let most = 1_000

  init(_ broker: BrokerPlace, on loop: BrokerLoop) { (self.broker, self.loop) = (broker, loop) }

  private var order: [UInt8] {
    let order: JSON = [
      "method": "ping", "arguments": [:], "destination": .null, "pattern": .null, "matcher": .null,
      "ticket": .string(ticket), "reply_to": ["exchange": "", "routing_key": .string(queue)],
    ]
    return order.serialized()
  }

  func ask() async throws(Failure) -> Answer {
    switch broker.kind {
    case .redis: try await askRedis()
    case .amqp: try await askAMQP()
    }
  }

  private func askRedis() async throws(Failure) -> Answer {
    let client = RedisClient(broker, on: loop)
    do throws(RedisError) {
      let answer = try await redisAnswer(client)
      await client.close()
      return answer
    } catch {
      await client.close()
      throw Failure(error, at: broker)
    }
  }

  private func redisAnswer(_ client: RedisClient) async throws(RedisError) -> Answer {
    let database = broker.path.flatMap { $0.isEmpty ? nil : $0 } ?? "0"
    let message = CeleryMessage.envelope(
      order, ["clock": 1, "expires": 0],
      [
        "delivery_mode": 2, "delivery_info": ["exchange": "celery.pidbox", "routing_key": ""],
        "priority": 0, "body_encoding": "base64", "delivery_tag": .string("ping-\(ticket)"),
      ])
    let heard = try await client.call(
      RedisCommand(words: [Array("PUBLISH".utf8), Array("/\(database).celery.pidbox".utf8), message]))
    var answer = Answer(heard: Int(heard.integer ?? 0))
    let end = ContinuousClock.now + Self.patience
    while answer.workers.count < min(answer.heard ?? 0, Self.most), ContinuousClock.now < end {
      let reply = try await client.call(RedisCommand("BRPOP", queue, "1"))
      guard let bytes = reply.array?.last?.bytes else { continue }
      answer.add(Self.body(ofEnvelope: bytes))
    }
    _ = try await client.call(RedisCommand("DEL", queue))
    answer.workers.sort()
    return answer
  }

  private static func body(ofEnvelope bytes: [UInt8]) -> [UInt8] {
    guard let envelope = try? JSON(parsing: bytes), let body = envelope["body"]?.string else { return [] }
    return Base64.decode(body) ?? []
  }

  private func askAMQP() async throws(Failure) -> Answer {
    let (client, consumer) = (AMQPClient(broker, on: loop), AMQPConsumer(broker, on: loop))
    let result: Result<Answer, AMQPError>
    do throws(AMQPError) { result = .success(try await answer(client, consumer)) } catch {
      result = .failure(error)
    }
    await consumer.close()
    await client.close()
    switch result {
    case .success(let answer): return answer
    // Nobody has ever made the exchange, or nobody listens to it now.
    case .failure(.unroutable), .failure(.refused(404, _)): return Answer()
    case .failure(let error): throw Failure(error, at: broker, isRepeatable: true)
    }
  }

  private func answer(_ client: AMQPClient, _ consumer: AMQPConsumer) async throws(AMQPError) -> Answer {
    var own = AMQPQueue(queue)
    (own.isDurable, own.isExclusive, own.deletesItself) = (false, true, true)
    try await consumer.open(own, prefetch: 100)
    var message = AMQPMessage(order)
    (message.contentType, message.contentEncoding) = ("application/json", "utf-8")
    (message.headers, message.isPersistent) = (["clock": .int(1), "expires": .int(0)], false)
    try await client.publish(message, exchange: "celery.pidbox", routingKey: "", timeout: Self.patience)
    var answer = Answer()
    let end = ContinuousClock.now + Self.patience
    while ContinuousClock.now < end, answer.workers.count < Self.most {
      let deliveries = try await consumer.next(100, wait: .seconds(1))
      // Those that are there answer at once, and nobody says how many there are.
      if deliveries.isEmpty, !answer.workers.isEmpty { break }
      for delivery in deliveries {
        answer.add(delivery.message.body)
        try await consumer.acknowledge(delivery)
      }
    }
    answer.workers.sort()
    return answer
  }
}

extension CeleryPing.Answer {
  /// `{"worker@host": {"ok": "pong"}}`.
  fileprivate mutating func add(_ body: [UInt8]) {
    guard let reply = try? JSON(parsing: body), let object = reply.object else { return }
    for member in object where member.value["ok"]?.string == "pong" { workers.append(member.key) }
  }

  var finding: CredentialProbe.Finding {
    let names = workers.prefix(10).joined(separator: ", ") + (workers.count > 10 ? ", …" : "")
    if workers.isEmpty {
      let note =
        (heard ?? 0) == 0
        ? "No worker listens: tasks would wait in their queue."
        : "\(heard ?? 0) workers listen and none answered: they are stuck."
      return .init(passed: false, note: note)
    }
    if let heard, heard > workers.count {
      return .init(passed: false, note: "\(workers.count) of \(heard) workers answered: \(names).")
    }
    return .init(passed: true, note: "\(workers.count) workers answered: \(names).")
  }
}

import Crypto
import Engine
import Model
import Net

/// A queue of RabbitMQ: what is taken is acknowledged by hand, and comes again after a connection that broke.
/// A queue that is not there is made, durable and replicated.
actor AMQPQueueSource: QueueSource {
  private let place: BrokerPlace
  private let loop: BrokerLoop
  private let queue: String
  private let deadLetter: String?
  private let prefetch: Int
  private var consumer: AMQPConsumer?
  private var inHand: [[UInt8]: AMQPDelivery] = [:]

  init(_ place: BrokerPlace, on loop: BrokerLoop, queue: String, spec: QueueTriggerSpec) {
    (self.place, self.loop, self.queue) = (place, loop, queue)
    (deadLetter, prefetch) = (spec.deadLetter, spec.prefetch)
  }

  func open() async throws(Failure) {
    let new = AMQPConsumer(place, on: loop)
    (consumer, inHand) = (new, [:])
    var main = AMQPQueue.quorum(queue)
    if let deadLetter {
      // What the broker itself gives up goes to the same place.
      main.arguments.append("x-dead-letter-exchange", .text(""))
      main.arguments.append("x-dead-letter-routing-key", .text(deadLetter))
    }
    do throws(AMQPError) {
      try await new.open(
        main, beside: deadLetter.map { [.quorum($0)] } ?? [], prefetch: UInt16(clamping: prefetch))
    } catch { throw Failure(error, at: place) }
  }

  func close() async {
    await consumer?.close()
    (consumer, inHand) = (nil, [:])
  }

  /// The connection's heartbeat says so.
  func beat() async throws(Failure) {}

  func receive(_ most: Int, wait: Duration) async throws(Failure) -> [Delivery] {
    guard let consumer else { return [] }
    let taken: [AMQPDelivery]
    do throws(AMQPError) { taken = try await consumer.next(most, wait: wait) } catch {
      throw Failure(error, at: place)
    }
    return taken.map { delivery in
      let reference = Array(String(delivery.tag).utf8)
      inHand[reference] = delivery
      return Delivery(message: message(delivery), reference: reference, raw: [delivery.message.body])
    }
  }

  func acknowledge(_ done: [Delivery], dead: [Delivery]) async throws(Failure) {
    guard let consumer else { return }
    do throws(AMQPError) {
      for delivery in dead {
        guard let deadLetter, let original = inHand[delivery.reference] else { continue }
        // Confirmed before it leaves its own queue.
        var copy = original.message
        copy.expiration = nil
        copy.messageID = copy.messageID ?? Hex.encode(SecureRandom.bytes(16))
        try await consumer.publish(copy, routingKey: deadLetter)
      }
      for delivery in done + dead {
        guard let original = inHand.removeValue(forKey: delivery.reference) else { continue }
        try await consumer.acknowledge(original)
      }
    } catch { throw Failure(error, at: place) }
  }

  /// What a message is known by is what its sender calls it. One without an id that comes again is another
  /// message.
  private func message(_ delivery: AMQPDelivery) -> QueuedMessage {
    let message = delivery.message
    let id = message.messageID.flatMap { $0.isEmpty ? nil : $0 }
    let key =
      id.map { "amqp id \(SHA256.hex(Array($0.utf8)))" } ?? "amqp \(Hex.encode(SecureRandom.bytes(16)))"
    var headers = AMQPJSON.texts(message.headers)
    for (name, value) in [
      ("message_id", message.messageID), ("correlation_id", message.correlationID),
      ("reply_to", message.replyTo), ("type", message.type), ("app_id", message.appID),
      ("content_type", message.contentType), ("exchange", delivery.exchange),
      ("routing_key", delivery.routingKey),
    ] {
      if let value, headers[name] == nil { headers[name] = .string(value) }
    }
    headers["redelivered"] = .string(delivery.isRedelivered ? "true" : "false")
    return QueuedMessage(key: key, body: .bytes(message.body), headers: headers)
  }
}

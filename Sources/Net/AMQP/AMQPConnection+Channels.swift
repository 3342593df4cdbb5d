import CRabbitMQ

/// How a queue is made where it is not there.
public struct AMQPQueue: Hashable, Sendable {
  public var name: String
  public var isDurable = true
  public var isExclusive = false
  public var deletesItself = false
  /// Such as `x-queue-type`.
  public var arguments = AMQPTable()

  public init(_ name: String) { self.name = name }

  /// Replicated where the broker has more nodes.
  public static func quorum(_ name: String, _ more: AMQPTable = AMQPTable()) -> AMQPQueue {
    var queue = AMQPQueue(name)
    queue.arguments = ["x-queue-type": .text("quorum")]
    queue.arguments.entries += more.entries
    return queue
  }
}

// What is asked of a channel.
extension AMQPConnection {
  func openChannel(
    delivered: (@Sendable (AMQPDelivery) -> Void)? = nil, ended: (@Sendable (AMQPError) -> Void)? = nil
  ) async throws(AMQPError) -> UInt16 {
    var number: UInt16 = 1
    while channels[number] != nil, number < 2_047 { number += 1 }
    guard channels[number] == nil else { throw .net(.resources("the connection has no further channel")) }
    channels[number] = Channel(delivered: delivered, ended: ended)
    do throws(AMQPError) {
      _ = try await ask(
        AMQPNumber.channelOpen, amqp_channel_open_t(out_of_band: amqp_bytes_t()), AMQPCodec(), on: number
      ) { $0 == .channelOpened }
    } catch {
      channels[number] = nil
      throw error
    }
    return number
  }

  /// Makes sure of the queue; a passive one must be there already. Gives its name.
  func declare(_ queue: AMQPQueue, isPassive: Bool, on channel: UInt16) async throws(AMQPError) -> String {
    let codec = AMQPCodec()
    let method = amqp_queue_declare_t(
      ticket: 0, queue: codec.bytes(queue.name), passive: isPassive ? 1 : 0, durable: queue.isDurable ? 1 : 0,
      exclusive: queue.isExclusive ? 1 : 0, auto_delete: queue.deletesItself ? 1 : 0, nowait: 0,
      arguments: codec.table(queue.arguments))
    let answer = try await ask(AMQPNumber.declare, method, codec, on: channel) {
      if case .declared = $0 { true } else { false }
    }
    guard case .declared(let name, _) = answer else { return queue.name }
    return name
  }

  /// From now on the channel's messages come, at most so many that are not acknowledged.
  func consume(_ queue: String, prefetch: UInt16, on channel: UInt16) async throws(AMQPError) {
    let codec = AMQPCodec()
    _ = try await ask(
      AMQPNumber.qos, amqp_basic_qos_t(prefetch_size: 0, prefetch_count: prefetch, global: 0), codec,
      on: channel
    ) { $0 == .prefetchSet }
    let method = amqp_basic_consume_t(
      ticket: 0, queue: codec.bytes(queue), consumer_tag: amqp_bytes_t(), no_local: 0, no_ack: 0,
      exclusive: 0,
      nowait: 0, arguments: amqp_table_t())
    _ = try await ask(AMQPNumber.consume, method, codec, on: channel) {
      if case .consuming = $0 { true } else { false }
    }
  }

  func acknowledge(_ tag: UInt64, on channel: UInt16) throws(AMQPError) {
    guard channels[channel] != nil else { throw .net(.interrupted("the channel is closed")) }
    try write(
      AMQPNumber.ack, amqp_basic_ack_t(delivery_tag: tag, multiple: 0), AMQPCodec(), on: channel)
  }

  /// From now on what is published on the channel is confirmed.
  func confirm(on channel: UInt16) async throws(AMQPError) {
    _ = try await ask(AMQPNumber.select, amqp_confirm_select_t(nowait: 0), AMQPCodec(), on: channel) {
      $0 == .confirmsOn
    }
  }

  /// Returns once the broker has taken the message: stored it, where it is persistent and its queue durable.
  /// The channel must confirm. A message that no queue takes is refused.
  func publish(
    _ message: AMQPMessage, exchange: String, routingKey: String, on channel: UInt16, timeout: Duration
  ) async throws(AMQPError) {
    guard let count = channels[channel]?.unconfirmed.count else {
      throw .net(.interrupted("the channel is closed"))
    }
    guard count < limits.unconfirmed else {
      throw .net(.resources("\(count) messages wait for their confirmation"))
    }
    let (method, header) = try encoded(message, exchange, routingKey)
    lastCall += 1
    let (call, tag, deadline) = (lastCall, channels[channel]?.lastTag ?? 0, ContinuousClock.now + timeout)
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { (continuation: CheckedContinuation<Result<Void, AMQPError>, Never>) in
        if Task.isCancelled { return continuation.resume(returning: .failure(.net(.cancelled))) }
        channels[channel]?.lastTag = tag + 1
        channels[channel]?.unconfirmed[tag + 1] = Unconfirmed(
          call: call, messageID: message.messageID ?? "", continuation: continuation, deadline: deadline)
        do throws(AMQPError) { try write(method, header, message.body, on: channel) } catch {
          // Where the connection broke, everybody has been told.
          channels[channel]?.unconfirmed.removeValue(forKey: tag + 1)?.continuation?
            .resume(returning: .failure(error))
          channels[channel]?.lastTag = tag
        }
        ring(by: deadline)
      }
    } onCancel: {
      Task { await forget(call, tag + 1, on: channel) }
    }
    try result.get()
  }

  private func encoded(
    _ message: AMQPMessage, _ exchange: String, _ routingKey: String
  ) throws(AMQPError) -> ([UInt8], [UInt8]) {
    let codec = AMQPCodec()
    guard message.body.count <= limits.messageBytes else { throw .net(.tooLarge(limit: limits.messageBytes)) }
    for name in [exchange, routingKey] where name.utf8.count > 255 {
      throw .net(.invalidRequest("a name at RabbitMQ has at most 255 bytes"))
    }
    let method = amqp_basic_publish_t(
      ticket: 0, exchange: codec.bytes(exchange), routing_key: codec.bytes(routingKey), mandatory: 1,
      immediate: 0)
    do throws(NetError) {
      return (try codec.method(AMQPNumber.publish, method), try codec.header(message))
    } catch { throw .net(error) }
  }

  private func forget(_ call: UInt64, _ tag: UInt64, on channel: UInt16) {
    guard channels[channel]?.unconfirmed[tag]?.call == call else { return }
    channels[channel]?.unconfirmed.removeValue(forKey: tag)?.continuation?
      .resume(returning: .failure(.net(.cancelled)))
  }
}

extension AMQPConnection {
  /// What the broker says of messages that it was given.
  func confirm(_ channel: UInt16, _ tag: UInt64, _ multiple: Bool, isTaken: Bool) {
    // No copy of all is held while they go one by one.
    let tags = multiple ? channels[channel]?.unconfirmed.keys.filter { $0 <= tag } ?? [] : [tag]
    for tag in tags {
      guard let unconfirmed = channels[channel]?.unconfirmed.removeValue(forKey: tag) else { continue }
      let result: Result<Void, AMQPError> =
        if let returned = unconfirmed.returned { .failure(returned) } else {
          isTaken ? .success(()) : .failure(.notTaken)
        }
      unconfirmed.continuation?.resume(returning: result)
    }
  }

  func isUsable(_ channel: UInt16) -> Bool { end == nil && channels[channel] != nil }

  func closeChannel(_ channel: UInt16) async {
    guard isUsable(channel) else { return }
    let codec = AMQPCodec()
    // What does not close goes with the connection.
    let method = amqp_channel_close_t(
      reply_code: 200, reply_text: amqp_bytes_t(), class_id: 0, method_id: 0)
    try? write(AMQPNumber.channelClose, method, codec, on: channel)
    _ = try? await expect(on: channel) { $0 == .channelCloseDone }
    end(channel, .net(.stopped))
  }
}

extension AMQPCodec {
  /// Asks for a queue as it is.
  func passive(_ queue: String) -> amqp_queue_declare_t {
    amqp_queue_declare_t(
      ticket: 0, queue: bytes(queue), passive: 1, durable: 0, exclusive: 0, auto_delete: 0, nowait: 0,
      arguments: amqp_table_t())
  }
}

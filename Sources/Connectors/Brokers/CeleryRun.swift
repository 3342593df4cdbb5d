import Engine
import Model
import Net

/// One attempt's task on its way.
struct CeleryRun: Sendable {
  /// What is known of whether the task was sent.
  enum Known { case unsent, sent, unknown }

  let attempt: Attempt
  let places: CeleryPlaces
  let message: CeleryMessage
  private let brokers: Brokers
  private let desk: ReplyDesk?
  private let loop: BrokerLoop

  private static let key = "celery-task-meta-"
  /// Two days: longer than a result is kept.
  private static let markerLife = "172800"
  private static let revokeLimit = Duration.seconds(5)

  init(_ attempt: Attempt, _ brokers: Brokers) throws(Failure) {
    let places = try CeleryPlaces(attempt.connection, attempt.credential)
    (self.attempt, self.brokers, self.places) = (attempt, brokers, places)
    do throws(NetError) {
      loop = try brokers.loop()
      if case .rpc(let place) = places.results { desk = try brokers.replies(place) } else { desk = nil }
    } catch { throw Failure(error, at: places.broker, isRepeatable: true) }
    message = try CeleryMessage(
      attempt, queue: places.queue, replyTo: desk?.queue ?? "esteira")
  }

  private var marker: String { "esteira:celery:\(message.id)" }

  // Sending.

  /// Sends the task; one that was sent before is not sent again, of which false tells.
  @discardableResult
  nonisolated(nonsending) func send() async throws(Failure) -> Bool {
    switch places.broker.kind {
    case .redis:
      // One that comes twice finds the mark of the first.
      let script = """
        if not redis.call('SET', KEYS[2], '1', 'NX', 'EX', ARGV[2]) then return 0 end
        redis.call('LPUSH', KEYS[1], ARGV[1])
        return 1
        """
      let words: [[UInt8]] =
        ["EVAL", script, "2", message.list, marker].map { Array($0.utf8) }
        + [message.redis, Array(Self.markerLife.utf8)]
      return try await ask(places.broker, RedisCommand(words: words)).integer == 1
    case .amqp:
      let sent = SentMarker(attempt)
      try sent.set(.sending)
      do throws(AMQPError) {
        let client = try amqp()
        do throws(AMQPError) {
          try await client.publish(message.amqp, routingKey: message.queue)
        } catch {
          // No worker has made its queue yet: it waits there for the first.
          guard case .unroutable = error else { throw error }
          _ = try await client.declare(AMQPQueue(message.queue))
          try await client.publish(message.amqp, routingKey: message.queue)
        }
      } catch { throw Failure(error, at: places.broker, isRepeatable: attempt.effect == .keyed) }
      try sent.set(.sent)
      return true
    }
  }

  /// Returns once it is known, or nobody can know it: a broker that cannot be reached is asked again.
  func known() async -> Known {
    guard places.broker.kind == .redis else {
      switch SentMarker(attempt).state {
      case .sent?: return .sent
      case .sending?: return .unknown
      case nil: return .unsent
      }
    }
    var pause = Duration.milliseconds(200)
    while !Task.isCancelled {
      if let reply = try? await ask(places.broker, RedisCommand("EXISTS", marker)) {
        return reply.integer == 1 ? .sent : .unsent
      }
      await loop.pause(until: .now + pause)
      pause = min(.seconds(5), pause * 2)
    }
    return .sent
  }

  /// Best effort: workers that do not hear of it go on.
  func revoke() async {
    let run = self
    await Task {
      switch run.places.broker.kind {
      case .redis:
        let channel = "/\(run.places.broker.path.flatMap { $0.isEmpty ? nil : $0 } ?? "0").celery.pidbox"
        let command = RedisCommand("PUBLISH", channel) + CeleryMessage.redisRevocation(of: run.message.id)
        _ = try? await run.brokers.redis(run.places.broker).call(command, timeout: Self.revokeLimit)
      case .amqp:
        var order = AMQPMessage(CeleryMessage.revocation(of: run.message.id))
        (order.contentType, order.contentEncoding) = ("application/json", "utf-8")
        order.messageID = "revoke-\(run.message.id)"
        // As kombu has it: for whoever listens now, and not for long.
        (order.headers, order.isPersistent) = (["clock": .int(1), "expires": .int(0)], false)
        do throws(AMQPError) {
          try await run.amqp().publish(
            order, exchange: "celery.pidbox", routingKey: "", timeout: Self.revokeLimit)
        } catch { run.attempt.services.log(.warn, "The workers were not told to stop the task: \(error)") }
      }
    }.value
  }

  // The result.

  /// Nil when the time is over or the task is cancelled.
  func result(sends: Bool, within limit: Duration?) async throws(Failure) -> CeleryResult? {
    try await BrokerStage(on: loop).perform { (_) async throws(Failure) in
      switch places.results {
      case .redis(let place): try await redisResult(place, sends, limit)
      case .rpc: try await rpcResult(sends, limit)
      }
    }
  }

  nonisolated(nonsending) private func redisResult(
    _ place: BrokerPlace, _ sends: Bool, _ limit: Duration?
  ) async throws(Failure) -> CeleryResult? {
    let subscriber: RedisSubscriber
    do throws(NetError) { subscriber = try brokers.subscriber(place) } catch {
      throw Failure(error, at: place, isRepeatable: true)
    }
    let key = Self.key + message.id
    return try await Waiting.first(of: await subscriber.listen(to: key), within: limit, on: loop) {
      (news, isSent) async throws(Failure) -> CeleryResult? in
      switch news {
      case .message(let bytes): return try Self.ended(bytes)
      case .broken(let error):
        if sends, !isSent { throw Failure(error, at: place) }
        attempt.services.log(.warn, "\(place): \(error) The result is waited for.")
        return nil
      case .listening:
        // Nothing was told of a task that has just left.
        if sends, !isSent, try await send() { return nil }
        // What was told before somebody listened stands there.
        guard let found = try? await ask(place, RedisCommand("GET", key)), let bytes = found.bytes else {
          return nil
        }
        return try Self.ended(bytes)
      }
    }
  }

  nonisolated(nonsending) private func rpcResult(_ sends: Bool, _ limit: Duration?) async throws(Failure)
    -> CeleryResult?
  {
    guard let desk else { return nil }
    let claimed = await desk.claim(message.id, at: places.broker)
    return try await Waiting.first(of: claimed, within: limit, on: loop) {
      (news, isSent) async throws(Failure) -> CeleryResult? in
      switch news {
      case .answer(let answer): return try Self.ended(answer.body)
      case .broken(let error):
        if sends, !isSent { throw Failure(error, at: places.broker) }
        attempt.services.log(.warn, "\(places.broker): \(error) The result is waited for.")
        return nil
      case .listening:
        if sends, !isSent { try await send() }
        return nil
      }
    }
  }

  private static func ended(_ bytes: [UInt8]) throws(Failure) -> CeleryResult? {
    let result = try CeleryResult(bytes)
    if case .pending = result { return nil }
    return result
  }

  private func amqp() throws(AMQPError) -> AMQPClient {
    do throws(NetError) { return try brokers.amqp(places.broker) } catch { throw .net(error) }
  }

  nonisolated(nonsending) private func ask(_ place: BrokerPlace, _ command: RedisCommand)
    async throws(Failure) -> RedisReply
  {
    do throws(RedisError) {
      let client: RedisClient
      do throws(NetError) { client = try brokers.redis(place) } catch { throw .net(error) }
      return try await client.call(command)
    } catch { throw Failure(error, at: place) }
  }
}

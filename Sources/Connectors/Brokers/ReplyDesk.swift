import Net

/// The queue of this node to which others answer, at one RabbitMQ. It outlives the node: an answer that comes
/// while no node runs waits there. One desk alone reads it: another would take answers that are not for it.
/// An answer is told to whoever has claimed its correlation id; it leaves the queue a while later, so that
/// one whose attempt died meanwhile comes again.
actor ReplyDesk {
  enum News: Sendable {
    /// From now on answers are heard.
    case listening
    case answer(AMQPMessage)
    /// The broker cannot be reached now; it is tried again.
    case broken(AMQPError)
  }

  private struct Held {
    var delivery: AMQPDelivery
    var until: ContinuousClock.Instant
  }

  nonisolated let queue: String
  nonisolated let loop: BrokerLoop
  /// As it was last asked for: a new password counts from the next connection on.
  private var place: BrokerPlace
  private var claims: [String: [UInt64: AsyncStream<News>.Continuation]] = [:]
  private var unclaimed: [String: [AMQPMessage]] = [:]
  private var held: [Held] = []
  private var isOpen = false
  private var isRunning = false
  private var lastID: UInt64 = 0

  /// An answer that was told leaves the queue after so long: by then its attempt's end is stored.
  private static let told = Duration.seconds(30)
  /// One that nobody waits for: a second one, or one that comes too late.
  private static let late = Duration.seconds(600)
  /// Answers in the queue that are not acknowledged.
  private static let most: UInt16 = 20_000
  private static let wait = Duration.seconds(1)
  /// The queue goes where no node has read it for so long.
  private static let expiry = 86_400_000
  private static let firstPause = Duration.milliseconds(200)
  private static let longestPause = Duration.seconds(15)

  init(_ place: BrokerPlace, on loop: BrokerLoop, queue: String) {
    (self.place, self.loop, self.queue) = (place, loop, queue)
  }

  /// Ends when nobody takes its elements any more.
  func claim(_ id: String, at place: BrokerPlace) -> AsyncStream<News> {
    self.place = place
    let (stream, continuation) = AsyncStream.makeStream(of: News.self, bufferingPolicy: .bufferingNewest(64))
    lastID += 1
    let number = lastID
    claims[id, default: [:]][number] = continuation
    loop.listens(1)
    continuation.onTermination = { [weak self] _ in
      guard let self else { return }
      Task { await self.leave(id, number) }
    }
    if isOpen { continuation.yield(.listening) }
    for message in unclaimed.removeValue(forKey: id) ?? [] { continuation.yield(.answer(message)) }
    if !isRunning {
      isRunning = true
      Task { await run() }
    }
    return stream
  }

  private func leave(_ id: String, _ number: UInt64) {
    if claims[id]?.removeValue(forKey: number) != nil { loop.listens(-1) }
    if claims[id]?.isEmpty ?? false { claims[id] = nil }
  }

  private var isIdle: Bool { claims.isEmpty && held.isEmpty }

  private func tell(_ news: News) {
    for claim in claims.values { for continuation in claim.values { continuation.yield(news) } }
  }

  private func run() async {
    var (failures, isStopped) = (0, false)
    while !isIdle {
      let consumer = AMQPConsumer(place, on: loop)
      do throws(AMQPError) {
        var own = AMQPQueue(queue)
        own.arguments = ["x-expires": .int(Int64(Self.expiry))]
        try await consumer.open(own, prefetch: Self.most)
        (isOpen, failures) = (true, 0)
        tell(.listening)
        try await hear(consumer)
      } catch {
        tell(.broken(error))
        failures += 1
        isStopped = error == .net(.stopped)
      }
      // What was not acknowledged comes again.
      (isOpen, held, unclaimed) = (false, [], [:])
      await consumer.close()
      if isIdle || isStopped { break }
      await loop.pause(until: .now + min(Self.longestPause, Self.firstPause * (1 << min(failures, 10))))
    }
    isRunning = false
  }

  private func hear(_ consumer: AMQPConsumer) async throws(AMQPError) {
    while !isIdle {
      for delivery in try await consumer.next(100, wait: Self.wait) { take(delivery) }
      let now = ContinuousClock.now
      for over in held where over.until <= now {
        if let id = over.delivery.message.correlationID { unclaimed[id] = nil }
        try await consumer.acknowledge(over.delivery)
      }
      held.removeAll { $0.until <= now }
    }
  }

  private func take(_ delivery: AMQPDelivery) {
    let id = delivery.message.correlationID ?? ""
    let listeners = claims[id] ?? [:]
    held.append(Held(delivery: delivery, until: .now + (listeners.isEmpty ? Self.late : Self.told)))
    if listeners.isEmpty { unclaimed[id, default: []].append(delivery.message) }
    for continuation in listeners.values { continuation.yield(.answer(delivery.message)) }
  }
}

/// Speaks to one RabbitMQ over one connection, which it opens when it is first needed and again when it
/// broke, after a pause that grows. A message is sent once: where its confirmation did not come the error
/// says whether the broker may have it.
public actor AMQPClient {
  private struct Open {
    var connection: AMQPConnection
    /// For what is published, by exchange: one that is not there closes its channel and no other's.
    var channels: [String: UInt16] = [:]
  }

  private let loop: BrokerLoop
  public nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
  private let place: BrokerPlace
  private let limits: AMQPLimits
  private var tls: TLSClient?
  private var open: Open?
  private var waiting: [UInt64: CheckedContinuation<Result<Open, AMQPError>, Never>] = [:]
  private var lastWaiting: UInt64 = 0
  private var isOpening = false
  private var failures = 0
  private var notBefore = ContinuousClock.now
  private var isClosed = false

  public init(_ place: BrokerPlace, on loop: BrokerLoop, limits: AMQPLimits = AMQPLimits()) {
    (self.place, self.loop, self.limits) = (place, loop, limits)
  }

  deinit {
    guard let open else { return }
    Task { await open.connection.close() }
  }

  /// Returns once the broker has taken the message; one that no queue takes is refused.
  public func publish(
    _ message: AMQPMessage, exchange: String = "", routingKey: String, timeout: Duration = .seconds(30)
  ) async throws(AMQPError) {
    let deadline = ContinuousClock.now + timeout
    let connection = try await opened(by: deadline).connection
    let channel = try await channel(for: exchange, connection)
    try await connection.publish(
      message, exchange: exchange, routingKey: routingKey, on: channel,
      timeout: ContinuousClock.now.duration(to: deadline))
  }

  private func channel(for exchange: String, _ connection: AMQPConnection) async throws(AMQPError) -> UInt16 {
    if let known = open?.channels[exchange], await connection.isUsable(known) { return known }
    let new = try await connection.openChannel()
    try await connection.confirm(on: new)
    // Somebody may have been faster.
    if let known = open?.channels[exchange], await connection.isUsable(known) {
      await connection.closeChannel(new)
      return known
    }
    if open?.connection === connection { open?.channels[exchange] = new }
    return new
  }

  /// Makes sure of a queue that this client needs.
  public func declare(_ queue: AMQPQueue) async throws(AMQPError) -> String {
    let open = try await opened(by: .now + limits.answer)
    // On a channel of its own: a refusal closes it, and not that of others' messages.
    let channel = try await open.connection.openChannel()
    let name = try await open.connection.declare(queue, isPassive: false, on: channel)
    await open.connection.closeChannel(channel)
    return name
  }

  /// Returns once the connection is open, or says why it is not.
  public func check() async throws(AMQPError) { _ = try await opened(by: .now + limits.answer) }

  /// What waits fails with `stopped`; later messages too.
  public func close() async {
    isClosed = true
    await open?.connection.close()
    open = nil
    for number in waiting.keys { answer(number, .failure(.net(.stopped))) }
  }

  /// Everybody waits for the same connection, each as long as it may itself: a broker that takes connections
  /// and says nothing holds nobody longer.
  private func opened(by deadline: ContinuousClock.Instant) async throws(AMQPError) -> Open {
    if isClosed { throw .net(.stopped) }
    if let open, await open.connection.isUsable(0) { return open }
    lastWaiting += 1
    let (number, loop) = (lastWaiting, loop)
    let limit = Task {
      await loop.pause(until: deadline)
      if !Task.isCancelled { answer(number, .failure(.net(.timeout(.connect)))) }
    }
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { (continuation: CheckedContinuation<Result<Open, AMQPError>, Never>) in
        if Task.isCancelled { return continuation.resume(returning: .failure(.net(.cancelled))) }
        waiting[number] = continuation
        if !isOpening {
          isOpening = true
          Task { await begin() }
        }
      }
    } onCancel: {
      Task { await answer(number, .failure(.net(.cancelled))) }
    }
    limit.cancel()
    return try result.get()
  }

  private func answer(_ number: UInt64, _ result: Result<Open, AMQPError>) {
    waiting.removeValue(forKey: number)?.resume(returning: result)
  }

  /// Opens once, and tells everybody who waits how that went.
  private func begin() async {
    let result: Result<Open, AMQPError>
    do throws(AMQPError) { result = .success(try await reopened()) } catch { result = .failure(error) }
    isOpening = false
    for number in waiting.keys.sorted() { answer(number, result) }
  }

  private func reopened() async throws(AMQPError) -> Open {
    if let open {
      if await open.connection.isUsable(0) { return open }
      await open.connection.close()
    }
    open = nil
    if notBefore > .now { await loop.pause(until: notBefore) }
    if isClosed { throw .net(.stopped) }
    do throws(AMQPError) {
      let connection = try await connect()
      if isClosed {
        await connection.close()
        throw .net(.stopped)
      }
      let new = Open(connection: connection)
      (open, failures) = (new, 0)
      return new
    } catch {
      failures += 1
      notBefore = .now + limits.pause(after: failures)
      throw error
    }
  }

  private func connect() async throws(AMQPError) -> AMQPConnection {
    do throws(NetError) { if tls == nil { tls = try place.tls() } } catch { throw .net(error) }
    let connection = AMQPConnection(loop, limits)
    try await connection.open(place, tls)
    return connection
  }
}

/// Reads one queue of RabbitMQ over a connection of its own, until it breaks; whoever needs it further makes
/// another.
public actor AMQPConsumer {
  private let loop: BrokerLoop
  public nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
  private let place: BrokerPlace
  private let limits: AMQPLimits
  private var connection: AMQPConnection?
  private var channel: UInt16 = 0
  private var publishing: UInt16?
  private var arrived: [AMQPDelivery] = []
  private var taker: CheckedContinuation<Void, Never>?
  /// Counts who waits: the time of one that has gone wakes no later one.
  private var lastTaker: UInt64 = 0
  private var end: AMQPError?

  public init(_ place: BrokerPlace, on loop: BrokerLoop, limits: AMQPLimits = AMQPLimits()) {
    (self.place, self.loop, self.limits) = (place, loop, limits)
  }

  /// Connects and begins to read. Queues that are not there are made; one that is there stays as it is.
  public func open(_ queue: AMQPQueue, beside others: [AMQPQueue] = [], prefetch: UInt16)
    async throws(AMQPError)
  {
    let tls: TLSClient?
    do throws(NetError) { tls = try place.tls() } catch { throw .net(error) }
    let connection = AMQPConnection(loop, limits)
    try await connection.open(place, tls)
    self.connection = connection
    for other in others + [queue] { try await make(sure: other, connection) }
    channel = try await connection.openChannel(
      delivered: { [weak self] delivery in self?.assumeIsolated { $0.take(delivery) } },
      ended: { [weak self] reason in self?.assumeIsolated { $0.stop(reason) } })
    try await connection.consume(queue.name, prefetch: prefetch, on: channel)
  }

  private func make(sure queue: AMQPQueue, _ connection: AMQPConnection) async throws(AMQPError) {
    // A refusal closes the channel.
    let channel = try await connection.openChannel()
    do throws(AMQPError) {
      _ = try await connection.declare(queue, isPassive: true, on: channel)
      return await connection.closeChannel(channel)
    } catch {
      guard case .refused(404, _) = error else { throw error }
    }
    let second = try await connection.openChannel()
    _ = try await connection.declare(queue, isPassive: false, on: second)
    await connection.closeChannel(second)
  }

  private func take(_ delivery: AMQPDelivery) {
    arrived.append(delivery)
    ring()
  }

  private func stop(_ reason: AMQPError) {
    if end == nil { end = reason }
    ring()
  }

  private func ring() {
    taker?.resume()
    taker = nil
  }

  /// The next messages, at most so many; none where none came in that time.
  public func next(_ most: Int, wait: Duration) async throws(AMQPError) -> [AMQPDelivery] {
    if arrived.isEmpty, end == nil {
      lastTaker += 1
      let (loop, number) = (loop, lastTaker)
      let limit = Task {
        await loop.pause(until: .now + wait)
        wake(number)
      }
      await withTaskCancellationHandler {
        await withCheckedContinuation { continuation in
          if Task.isCancelled { return continuation.resume() }
          taker = continuation
        }
      } onCancel: {
        Task { await wake(number) }
      }
      limit.cancel()
    }
    if Task.isCancelled { throw .net(.cancelled) }
    let taken = Array(arrived.prefix(most))
    arrived.removeFirst(taken.count)
    if taken.isEmpty, let end { throw end }
    return taken
  }

  private func wake(_ number: UInt64) { if number == lastTaker { ring() } }

  public func acknowledge(_ delivery: AMQPDelivery) async throws(AMQPError) {
    if let end { throw end }
    guard let connection else { throw .net(.stopped) }
    try await connection.acknowledge(delivery.tag, on: channel)
  }

  /// Publishes over the same connection, confirmed.
  public func publish(_ message: AMQPMessage, routingKey: String) async throws(AMQPError) {
    guard let connection else { throw .net(.stopped) }
    if publishing == nil {
      let new = try await connection.openChannel()
      try await connection.confirm(on: new)
      publishing = new
    }
    try await connection.publish(
      message, exchange: "", routingKey: routingKey, on: publishing ?? 0, timeout: limits.answer)
  }

  public func close() async {
    await connection?.close()
    connection = nil
    stop(.net(.stopped))
  }
}

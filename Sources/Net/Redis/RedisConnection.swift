/// One connection to Redis. Commands are answered in their order; several may be under way. It does not open
/// again: whoever needs another makes one.
actor RedisConnection: BrokerCaller {
  typealias Replies = Result<[RedisReply], RedisError>

  private struct Waiter {
    /// Replies that are still to come.
    var missing: Int
    var replies: [RedisReply] = []
    /// Nil: nobody waits any more, and what comes is thrown away.
    var continuation: CheckedContinuation<Replies, Never>?
    var deadline: ContinuousClock.Instant
  }

  let loop: BrokerLoop
  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
  private let limits: RedisLimits
  private var reader: RedisReader
  var socket: BrokerSocket?
  var opening: CheckedContinuation<NetError?, Never>?
  /// By their numbers, which grow in the order of the answers.
  private var waiters: [UInt64: Waiter] = [:]
  /// None has a number below it.
  private var oldest: UInt64 = 1
  private var waitingBytes = 0
  private var lastID: UInt64 = 0
  private(set) var end: NetError?
  var isOver: Bool { end != nil }
  /// Takes what comes without being asked for; once set no command but those of subscriptions is sent.
  private var pushed: (@Sendable ([RedisReply]) -> Void)?
  private var ended: (@Sendable (NetError) -> Void)?

  init(_ loop: BrokerLoop, _ limits: RedisLimits) throws(NetError) {
    (self.loop, self.limits) = (loop, limits)
    reader = try RedisReader(limit: limits.replyBytes)
  }

  /// Connects, greets, and shows who asks.
  func open(_ place: BrokerPlace, _ tls: TLSClient?) async throws(RedisError) {
    do throws(NetError) { try await connect(place, tls, within: limits.connect) } catch {
      close(error)
      throw .net(error)
    }
    do throws(RedisError) { try await greet(place) } catch {
      close(.interrupted("it was refused"))
      throw error
    }
  }

  private func greet(_ place: BrokerPlace) async throws(RedisError) {
    var commands: [RedisCommand] = []
    if let password = place.password {
      commands.append(
        place.username.map { RedisCommand("AUTH", $0, password) } ?? RedisCommand("AUTH", password))
    }
    if let path = place.path, !path.isEmpty, path != "0" { commands.append(RedisCommand("SELECT", path)) }
    commands.append(RedisCommand("PING"))
    for reply in try await send(commands, timeout: limits.connect) {
      if case .error(let text) = reply { throw RedisError(refusal: text) }
    }
  }

  /// The replies in order; a refusal of one is among them. A time-out ends the connection: whatever came
  /// later would answer another.
  func send(_ commands: [RedisCommand], timeout: Duration) async throws(RedisError) -> [RedisReply] {
    let size = commands.reduce(0) { $0 + $1.size }
    if let end { throw .net(.connect(host: "Redis", reason: "\(end)")) }
    guard let socket, socket.isOpen else { throw .net(.connect(host: "Redis", reason: "it is not open")) }
    guard waiters.count < limits.pending, socket.waiting + size <= limits.unsentBytes else {
      throw .net(.resources("\(waiters.count) commands wait for Redis already"))
    }
    lastID += 1
    let id = lastID
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { (continuation: CheckedContinuation<Replies, Never>) in
        if Task.isCancelled { return continuation.resume(returning: .failure(.net(.cancelled))) }
        waiters[id] = Waiter(missing: commands.count, continuation: continuation, deadline: .now + timeout)
        if let failure = socket.send(commands.flatMap(\.encoded)) { return close(failure) }
        setAlarm()
      }
    } onCancel: {
      Task { await forget(id) }
    }
    return try result.get()
  }

  /// From now on what comes goes to `pushed`; `ended` hears of the end, once.
  func subscribe(
    _ pushed: @escaping @Sendable ([RedisReply]) -> Void, ended: @escaping @Sendable (NetError) -> Void
  ) {
    if let end { return ended(end) }
    (self.pushed, self.ended) = (pushed, ended)
    socket?.setAlarm(nil)
  }

  /// A command of a subscription: its answer goes to `pushed`.
  func push(_ command: RedisCommand) {
    guard end == nil, let socket else { return }
    guard socket.waiting + command.size <= limits.unsentBytes else {
      return close(.resources("too much waits for Redis"))
    }
    if let failure = socket.send(command.encoded) { close(failure) }
  }

  private func forget(_ id: UInt64) {
    waiters[id]?.continuation?.resume(returning: .failure(.net(.cancelled)))
    waiters[id]?.continuation = nil
  }

  func close(_ reason: NetError = .stopped) {
    guard end == nil else { return }
    end = reason
    socket?.close()
    socket = nil
    endOpening(reason)
    let (waiting, ended) = (waiters.sorted { $0.key < $1.key }.map(\.value), ended)
    (waiters, self.ended, pushed) = ([:], nil, nil)
    for (place, waiter) in waiting.enumerated() {
      // The first was late itself; the others may be done or not.
      let isLate = reason == .timeout(.total) && place == 0
      waiter.continuation?.resume(
        returning: .failure(.net(isLate || reason == .stopped ? reason : .interrupted("\(reason)"))))
    }
    ended?(reason)
  }
}

// What the loop tells.
extension RedisConnection {
  func socketIsReady(_ events: UInt32) {
    guard let socket else { return }
    let progress = socket.handle(events)
    if progress.isOpened {
      socket.setAlarm(nil)
      endOpening(nil)
    }
    if !progress.bytes.isEmpty {
      do throws(NetError) {
        for reply in try reader.feed(progress.bytes) { take(reply) }
      } catch { return close(error) }
    }
    if let fault = progress.end { socketHasEnded(fault) }
  }

  func end(_ fault: NetError) { close(fault) }

  func timeIsOver() {
    if endOpening(.timeout(.connect)) { return }
    if let first = waiters[oldest], first.deadline <= .now { return close(.timeout(.total)) }
    setAlarm()
  }

  func loopIsOver() { close() }

  private func take(_ reply: RedisReply) {
    if let pushed {
      if case .array(let parts) = reply { pushed(parts) }
      if case .error(let text) = reply { close(.protocolError(text)) }
      return
    }
    waiters[oldest]?.replies.append(reply)
    waiters[oldest]?.missing -= 1
    guard let missing = waiters[oldest]?.missing else {
      return close(.protocolError("Redis answered what nobody asked"))
    }
    guard missing == 0, let waiter = waiters.removeValue(forKey: oldest) else { return }
    waiter.continuation?.resume(returning: .success(waiter.replies))
    setAlarm()
  }

  /// Answers come in order, so the oldest is the one that may be late.
  private func setAlarm() {
    // Who was cancelled before he asked left a gap.
    while waiters[oldest] == nil, oldest <= lastID { oldest += 1 }
    socket?.setAlarm(waiters[oldest]?.deadline)
  }
}

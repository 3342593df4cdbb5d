/// What a client of Redis keeps to.
public struct RedisLimits: Hashable, Sendable {
  /// Bytes of one reply.
  public var replyBytes = 16 << 20
  /// Commands that wait for their answers at once.
  public var pending = 10_000
  /// Bytes that the kernel has not taken.
  public var unsentBytes = 32 << 20
  public var connect = Duration.seconds(10)
  /// The pause before the next connection, doubled with each failure.
  public var firstPause = Duration.milliseconds(100)
  public var longestPause = Duration.seconds(15)

  public init() {}

  func pause(after failures: Int) -> Duration {
    min(longestPause, firstPause * (1 << min(max(failures - 1, 0), 16)))
  }
}

/// Speaks to one Redis server over one connection, which it opens when it is first needed and again when it
/// broke, after a pause that grows. A command is sent once: where its answer did not come it fails, and the
/// error says whether it may have been done.
public actor RedisClient {
  private let loop: BrokerLoop
  public nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
  private let place: BrokerPlace
  private let limits: RedisLimits
  private var tls: TLSClient?
  private var connection: RedisConnection?
  /// Those who wait for the connection that is being opened.
  private var waiting: [CheckedContinuation<Result<RedisConnection, RedisError>, Never>]?
  private var failures = 0
  private var notBefore = ContinuousClock.now
  private var isClosed = false

  public static let usualTimeout = Duration.seconds(30)

  public init(_ place: BrokerPlace, on loop: BrokerLoop, limits: RedisLimits = RedisLimits()) {
    (self.place, self.loop, self.limits) = (place, loop, limits)
  }

  deinit {
    guard let connection else { return }
    Task { await connection.close() }
  }

  /// A refusal is thrown.
  public func call(
    _ command: RedisCommand, timeout: Duration = usualTimeout
  ) async throws(RedisError) -> RedisReply {
    let reply = try await all([command], timeout: timeout).first ?? .null
    if case .error(let text) = reply { throw RedisError(refusal: text) }
    return reply
  }

  /// Sends the commands together; each has its reply, or its refusal.
  public func all(
    _ commands: [RedisCommand], timeout: Duration = usualTimeout
  ) async throws(RedisError) -> [RedisReply] {
    let deadline = ContinuousClock.now + timeout
    let connection = try await connected(by: deadline)
    return try await connection.send(commands, timeout: ContinuousClock.now.duration(to: deadline))
  }

  /// All of them or none. A refusal, also of one of them, is thrown; after one that Redis found only while it
  /// worked, the others are done.
  public func transaction(
    _ commands: [RedisCommand], timeout: Duration = usualTimeout
  ) async throws(RedisError) -> [RedisReply] {
    let replies = try await all(
      [RedisCommand("MULTI")] + commands + [RedisCommand("EXEC")], timeout: timeout)
    let results = replies.last?.array ?? []
    for case .error(let text) in replies.dropLast() + results { throw RedisError(refusal: text) }
    if case .error(let text)? = replies.last { throw RedisError(refusal: text) }
    return results
  }

  /// Returns once the connection is open, or says why it is not.
  public func check() async throws(RedisError) {
    _ = try await call(RedisCommand("PING"), timeout: limits.connect)
  }

  /// What waits fails with `stopped`; later commands too.
  public func close() async {
    isClosed = true
    await connection?.close()
    connection = nil
  }

  private func connected(by deadline: ContinuousClock.Instant) async throws(RedisError) -> RedisConnection {
    if isClosed { throw .net(.stopped) }
    if let connection, await connection.end == nil { return connection }
    if waiting != nil {
      return try await withCheckedContinuation { waiting?.append($0) }.get()
    }
    waiting = []
    let result: Result<RedisConnection, RedisError>
    do throws(RedisError) { result = .success(try await open(by: deadline)) } catch {
      result = .failure(error)
    }
    let others = waiting ?? []
    waiting = nil
    for other in others { other.resume(returning: result) }
    return try result.get()
  }

  private func open(by deadline: ContinuousClock.Instant) async throws(RedisError) -> RedisConnection {
    connection = nil
    if notBefore > .now {
      await loop.pause(until: min(notBefore, deadline))
      if Task.isCancelled { throw .net(.cancelled) }
      guard notBefore <= .now else { throw .net(.timeout(.connect)) }
    }
    do throws(RedisError) {
      let new = try await RedisClient.open(place, loop, limits, try secure())
      if isClosed {
        await new.close()
        throw .net(.stopped)
      }
      (connection, failures) = (new, 0)
      return new
    } catch {
      failures += 1
      notBefore = .now + limits.pause(after: failures)
      throw error
    }
  }

  /// Made once; nil without TLS.
  private func secure() throws(RedisError) -> TLSClient? {
    do throws(NetError) { if tls == nil { tls = try place.tls() } } catch { throw .net(error) }
    return tls
  }

  /// Not by way of the common threads, where whatever else has begun would come first.
  nonisolated(nonsending) static func open(
    _ place: BrokerPlace, _ loop: BrokerLoop, _ limits: RedisLimits, _ tls: TLSClient?
  ) async throws(RedisError) -> RedisConnection {
    let new: RedisConnection
    do throws(NetError) { new = try RedisConnection(loop, limits) } catch { throw .net(error) }
    try await new.open(place, tls)
    return new
  }
}

/// Hears what is published on channels of one Redis server, over one connection for all channels.
public actor RedisSubscriber {
  public enum News: Hashable, Sendable {
    /// From now on nothing that is published is missed; also after a connection that broke, when something
    /// may have been missed in between.
    case listening
    case message([UInt8])
    /// The server cannot be reached now; it is tried again.
    case broken(RedisError)
  }

  private struct Listener {
    var channel: [UInt8]
    var continuation: AsyncStream<News>.Continuation
  }

  private let loop: BrokerLoop
  public nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
  private let place: BrokerPlace
  private let limits: RedisLimits
  private var tls: TLSClient?
  private var listeners: [UInt64: Listener] = [:]
  private var byChannel: [[UInt8]: Set<UInt64>] = [:]
  private var lastID: UInt64 = 0
  private var connection: RedisConnection?
  private var isRunning = false
  private var isClosed = false

  /// News that a listener has not taken; of more the oldest are lost, which the next look at the key mends.
  public static let mostUntaken = 64

  public init(_ place: BrokerPlace, on loop: BrokerLoop, limits: RedisLimits = RedisLimits()) {
    (self.place, self.loop, self.limits) = (place, loop, limits)
  }

  deinit { loop.listens(-listeners.count) }

  /// Ends when nobody takes its elements any more.
  public func listen(to channel: String) -> AsyncStream<News> {
    let (stream, continuation) = AsyncStream.makeStream(
      of: News.self, bufferingPolicy: .bufferingNewest(Self.mostUntaken))
    if isClosed {
      continuation.finish()
      return stream
    }
    loop.listens(1)
    lastID += 1
    let (id, key) = (lastID, Array(channel.utf8))
    listeners[id] = Listener(channel: key, continuation: continuation)
    byChannel[key, default: []].insert(id)
    continuation.onTermination = { [weak self, loop] _ in
      loop.soon { [weak self] in self?.assumeIsolated { $0.leave(id) } }
    }
    if let connection {
      // Redis answers a second subscription too: that is how this listener hears that it is heard.
      connection.assumeIsolated { $0.push(RedisCommand("SUBSCRIBE") + key) }
    } else if !isRunning {
      isRunning = true
      Task { await run() }
    }
    return stream
  }

  public func close() async {
    isClosed = true
    for listener in listeners.values { listener.continuation.finish() }
    loop.listens(-listeners.count)
    (listeners, byChannel) = ([:], [:])
    await connection?.close()
  }

  private func leave(_ id: UInt64) {
    guard let listener = listeners.removeValue(forKey: id) else { return }
    loop.listens(-1)
    byChannel[listener.channel]?.remove(id)
    guard byChannel[listener.channel]?.isEmpty ?? false else { return }
    byChannel[listener.channel] = nil
    let isLast = listeners.isEmpty
    connection?.assumeIsolated { connection in
      connection.push(RedisCommand("UNSUBSCRIBE") + listener.channel)
      if isLast { connection.close() }
    }
  }

  /// One connection after the other, as long as somebody listens.
  private func run() async {
    var failures = 0
    while !listeners.isEmpty, !isClosed {
      do throws(RedisError) {
        let new = try await RedisClient.open(place, loop, limits, try secure())
        failures = 0
        // It was let go because nobody listened, and somebody does now.
        if await hear(new) == .stopped {
          connection = nil
          continue
        }
      } catch {
        for listener in listeners.values { listener.continuation.yield(.broken(error)) }
      }
      connection = nil
      guard !listeners.isEmpty, !isClosed else { break }
      failures += 1
      await loop.pause(until: .now + limits.pause(after: failures))
    }
    isRunning = false
  }

  private func secure() throws(RedisError) -> TLSClient? {
    do throws(NetError) { if tls == nil { tls = try place.tls() } } catch { throw .net(error) }
    return tls
  }

  /// Why the connection ended.
  private func hear(_ new: RedisConnection) async -> NetError {
    let (ends, end) = AsyncStream.makeStream(of: NetError.self)
    await new.subscribe(
      { [weak self] parts in self?.assumeIsolated { $0.take(parts) } },
      ended: {
        end.yield($0)
        end.finish()
      })
    connection = new
    if !byChannel.isEmpty { await new.push(RedisCommand(words: [Array("SUBSCRIBE".utf8)] + byChannel.keys)) }
    for await reason in ends {
      if reason != .stopped {
        for listener in listeners.values { listener.continuation.yield(.broken(.net(reason))) }
      }
      return reason
    }
    return .stopped
  }

  private func take(_ parts: [RedisReply]) {
    guard parts.count == 3, let kind = parts[0].string, let channel = parts[1].bytes else { return }
    for id in byChannel[channel] ?? [] {
      if kind == "subscribe" { listeners[id]?.continuation.yield(.listening) }
      if kind == "message", let body = parts[2].bytes { listeners[id]?.continuation.yield(.message(body)) }
    }
  }
}

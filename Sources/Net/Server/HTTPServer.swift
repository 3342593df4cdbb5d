import Synchronization

/// An HTTP/1.1 server: loops on threads of their own read and write; the handler runs on Swift's shared
/// threads, once for each request, in the order in which a connection asks.
///
/// It runs until `stop`. The handler's task is cancelled when its client leaves.
public final class HTTPServer: Sendable {
  public typealias Handler = @Sendable (HTTPRequest) async -> HTTPResponse

  /// What has happened since the start.
  public struct Counts: Hashable, Sendable {
    public var connections = 0
    public var requests = 0
    /// Requests that were answered by a refusal of the protocol, not by the handler.
    public var refused = 0
    /// Answers, streams and WebSockets cut off because their reader was too slow.
    public var droppedStreams = 0
    /// Connections closed, or answered 503, because there were too many.
    public var crowdedOut = 0
    /// Requests that became a WebSocket.
    public var webSockets = 0
    /// Connections that ended before their handshake was done.
    public var failedHandshakes = 0
  }

  /// The port of the first TCP address; nil where there is none.
  public let port: UInt16?
  private let shared: ServerShared
  private let links: [LoopLink]

  /// Listens and serves at once. Each loop has its own thread, and its own socket for each TCP address,
  /// between which the kernel spreads the connections; Unix sockets belong to the first loop.
  public convenience init(
    _ addresses: ListenAddress..., limits: HTTPLimits = HTTPLimits(), proxies: HTTPProxies = .none,
    loops: Int = 1, handler: @escaping Handler
  ) throws(NetError) {
    try self.init(addresses, limits: limits, proxies: proxies, loops: loops, handler: handler)
  }

  public init(
    _ addresses: [ListenAddress], limits: HTTPLimits = HTTPLimits(), proxies: HTTPProxies = .none,
    loops: Int = 1, handler: @escaping Handler
  ) throws(NetError) {
    let sets = try Listeners.open(addresses, loops: max(1, loops))
    let shared = ServerShared(limits: limits, proxies: proxies, handler: handler)
    let links = try sets.map { _ throws(NetError) in LoopLink(shared, mailbox: try Mailbox()) }
    (port, self.shared, self.links) = (sets[0].port, shared, links)
    let epolls = try sets.map { _ throws(NetError) in try Epoll() }
    let handovers = sets.map(Handover.init)
    do throws(NetError) {
      for index in links.indices { try Self.start(links[index], handovers[index], epolls[index]) }
    } catch {
      // Those that have started end themselves.
      for link in links { link.mailbox.post(.stop(deadline: .now)) }
      throw error
    }
  }

  public var counts: Counts { shared.counts.value }

  /// Takes no more connections, tells live streams and WebSockets, lets running requests end within the
  /// grace, then closes what is left and cancels its tasks. Returns when the last connection is closed.
  public func stop(grace: Duration) async {
    let deadline = ContinuousClock.now + grace
    for link in links { link.mailbox.post(.stop(deadline: deadline)) }
    for link in links { await link.ended.wait() }
  }

  private static func start(
    _ link: LoopLink, _ handover: Handover, _ epoll: Epoll
  ) throws(NetError) {
    try ServiceThread.start("esteira-http") {
      // Only the loop holds the listeners: its end closes them, before anybody hears that it has ended.
      guard let loop = handover.take().map({ ServerLoop(link, $0, epoll) }) else { return }
      loop.run()
      link.ended.finish()
    }
  }
}

/// Sockets on their way to the thread that closes them.
private final class Handover: Sendable {
  private let listeners: Mutex<Listeners?>

  init(_ listeners: Listeners) { self.listeners = Mutex(listeners) }

  func take() -> Listeners? {
    listeners.withLock { listeners in
      defer { listeners = nil }
      return listeners
    }
  }
}

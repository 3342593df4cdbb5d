import Synchronization

/// An HTTP/1.1 server: one loop on a thread of its own reads and writes; the handler runs on Swift's shared
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
    /// Streams cut off because their reader was too slow.
    public var droppedStreams = 0
    /// Connections closed, or answered 503, because there were too many.
    public var crowdedOut = 0
  }

  /// The port of the first TCP address; nil where there is none.
  public let port: UInt16?
  private let shared: ServerShared

  /// Listens and serves at once.
  public init(_ addresses: ListenAddress..., limits: HTTPLimits = HTTPLimits(), handler: @escaping Handler)
    throws(NetError)
  {
    let listeners = Listeners(try addresses.map { address throws(NetError) in try Listeners.Entry(address) })
    port = listeners.port
    shared = ServerShared(mailbox: try Mailbox(), limits: limits, handler: handler)
    let handover = Mutex<Listeners?>(listeners)
    let shared = shared
    let epoll = try Epoll()
    try ServiceThread.start("esteira-http") {
      guard let listeners = handover.withLock({ $0.take() }) else { return }
      ServerLoop(shared, listeners, epoll).run()
      shared.ended.finish()
    }
  }

  public var counts: Counts { shared.counts.withLock { $0 } }

  /// Takes no more connections, tells live streams, lets running requests end within the grace, then closes
  /// what is left and cancels its tasks. Returns when the last connection is closed.
  public func stop(grace: Duration) async {
    shared.mailbox.post(.stop(deadline: .now + grace))
    await shared.ended.wait()
  }
}

/// What the loop's thread and everybody else share.
final class ServerShared: Sendable {
  enum Message: Sendable {
    case respond(ConnectionID, HTTPResponse, StreamPipe?)
    case streamReady(ConnectionID)
    case stop(deadline: ContinuousClock.Instant)
  }

  let mailbox: Mailbox<Message>
  let limits: HTTPLimits
  let handler: HTTPServer.Handler
  let counts = Mutex(HTTPServer.Counts())
  let ended = Completion()

  init(mailbox: Mailbox<Message>, limits: HTTPLimits, handler: @escaping HTTPServer.Handler) {
    self.mailbox = mailbox
    self.limits = limits
    self.handler = handler
  }

  func count(_ change: (inout HTTPServer.Counts) -> Void) { counts.withLock { change(&$0) } }

  /// Runs the handler, then its stream. The task belongs to the connection, which cancels it.
  func start(_ request: HTTPRequest, on id: ConnectionID) -> Task<Void, Never> {
    Task {
      let response = await handler(request)
      guard case .stream(let stream) = response.body, request.method != "HEAD" else {
        mailbox.post(.respond(id, response, nil))
        return
      }
      let pipe = StreamPipe(kind: stream.kind, limit: limits.streamBuffer) { [mailbox] in
        mailbox.post(.streamReady(id))
      }
      mailbox.post(.respond(id, response, pipe))
      do {
        try await stream.produce(HTTPBodyWriter(pipe: pipe))
        pipe.end(.finished)
      } catch {
        pipe.end(.failed)
      }
    }
  }
}

/// Never used twice, so that a late message cannot reach another client.
struct ConnectionID: Hashable, Sendable {
  let token: UInt64
}

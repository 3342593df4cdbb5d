import Synchronization

/// Asks other servers over HTTP/1.1 and 2. Connections are kept and shared; each request names its own limits
/// and where it may go.
///
/// The address is checked after the name is resolved, before a socket opens, and again before each request
/// on a kept connection; redirects are followed here, one checked request at a time. TLS is always verified.
/// Nothing is read from the environment (proxies only where asked) or from netrc.
public final class CurlClient: Sendable {
  private let mailbox: Mailbox<CurlLoop.Message>
  private let ended = Completion()
  private let nextID = Atomic<UInt64>(0)
  private let userAgent: String
  private let usesEnvironmentProxy: Bool

  /// Bytes of a redirect's body that are read so that its connection can be used again.
  private static let redirectBody = 64 << 10

  /// With the environment's proxy the egress rules see the proxy's address, not the destination's.
  public init(version: String, usesEnvironmentProxy: Bool = false) throws(NetError) {
    userAgent = "Esteira/\(version)"
    self.usesEnvironmentProxy = usesEnvironmentProxy
    mailbox = try Mailbox()
    try ServiceThread.start("esteira-curl") { [mailbox, ended] in
      var failure = NetError.stopped
      do throws(NetError) {
        try CurlLoop(mailbox).run()
      } catch {
        failure = error
      }
      for message in mailbox.close() {
        if case .start(let order) = message { order.channel.end(failure) }
      }
      ended.finish()
    }
  }

  deinit { mailbox.post(.stop) }

  /// Returns the answer whatever its status. The body goes to `sink` where given, else to memory. When it
  /// throws, `sink` may have got a part. Cancelling the task ends the request at once. Where a redirect of a
  /// request that may change something leads nowhere, that is `interrupted`: its first hop has done its work.
  ///
  /// `head` sees status and headers of the answer at the end of all redirects before its body's first piece.
  public func perform(
    _ request: OutgoingRequest, into sink: BodySink? = nil, head: HeadSink? = nil
  ) async throws(NetError) -> IncomingResponse {
    var wasAnswered = false
    do throws(NetError) {
      return try await follow(request, head, into: sink, wasAnswered: &wasAnswered)
    } catch {
      let isRead = ["GET", "HEAD"].contains(request.method)
      guard wasAnswered, !isRead, error.isSurelyUnsent else { throw error }
      throw .interrupted("after a redirect: \(error)")
    }
  }

  /// Returns when the head of the answer is there; the body is read as it is asked for, and the other side
  /// waits meanwhile. A redirect is the answer.
  public func open(_ request: OutgoingRequest) async throws(NetError) -> IncomingStream {
    let exchange = start(request, try Hop(request), ContinuousClock.now + request.totalTimeout)
    let (status, headers) = try await exchange.head()
    return IncomingStream(status: status, headers: headers, exchange: exchange)
  }

  private func follow(
    _ request: OutgoingRequest, _ seeHead: HeadSink?, into sink: BodySink?, wasAnswered: inout Bool
  ) async throws(NetError) -> IncomingResponse {
    let deadline = ContinuousClock.now + request.totalTimeout
    var hop = try Hop(request)
    var redirects: [String] = []
    while true {
      let exchange = start(request, hop, deadline)
      let (status, headers) = try await exchange.head()
      wasAnswered = true
      let isFollowed = Redirect.isRedirect(status) && request.maxRedirects > 0
      guard isFollowed, let location = headers["location"] else {
        seeHead?(status, headers)
        let (body, size) = try await exchange.body(into: sink)
        return IncomingResponse(
          status: status, headers: headers, body: body, size: size, url: hop.url.text, redirects: redirects)
      }
      await exchange.discard(upTo: Self.redirectBody)
      guard redirects.count < request.maxRedirects else {
        throw .tooManyRedirects(limit: request.maxRedirects)
      }
      hop = try Redirect.next(hop, status, to: location)
      redirects.append(hop.url.text)
    }
  }

  /// Ends what runs with `stopped`, and returns when the thread has ended.
  public func stop() async {
    mailbox.post(.stop)
    await ended.wait()
  }

  private func start(_ request: OutgoingRequest, _ hop: Hop, _ deadline: ContinuousClock.Instant) -> Exchange
  {
    let channel = TransferChannel()
    let id = nextID.wrappingAdd(1, ordering: .relaxed).newValue
    let order = TransferOrder(
      id: id, request: request, hop: hop, timeLeft: ContinuousClock.now.duration(to: deadline),
      userAgent: userAgent, usesEnvironmentProxy: usesEnvironmentProxy, channel: channel)
    if order.timeLeft <= .zero {
      channel.end(.timeout(.total))
    } else if Task.isCancelled {
      channel.end(.cancelled)
    } else if !mailbox.post(.start(order)) {
      channel.end(.stopped)
    }
    return Exchange(id: id, channel: channel, mailbox: mailbox)
  }
}

/// An answer whose body is still coming. The transfer ends when this value is no longer used.
public final class IncomingStream: Sendable {
  public let status: Int
  public let headers: HTTPHeaders
  private let exchange: Exchange

  fileprivate init(status: Int, headers: HTTPHeaders, exchange: Exchange) {
    (self.status, self.headers, self.exchange) = (status, headers, exchange)
  }

  deinit { exchange.cancel() }

  /// The next bytes, or nil at the end. For one task at a time.
  public func next() async throws(NetError) -> [UInt8]? {
    while true {
      switch await exchange.next() {
      case .head: continue
      case .bytes(let bytes): return bytes
      case .end(let error):
        if let error { throw error }
        return nil
      }
    }
  }
}

/// The waiting side of one transfer.
private struct Exchange: Sendable {
  let id: UInt64
  let channel: TransferChannel
  let mailbox: Mailbox<CurlLoop.Message>

  func cancel() { mailbox.post(.cancel(id)) }

  func head() async throws(NetError) -> (Int, HTTPHeaders) {
    while true {
      switch await next() {
      case .head(let status, let headers): return (status, headers)
      case .bytes: continue
      case .end(let error): throw error ?? .protocolError("the answer has no head")
      }
    }
  }

  func body(into sink: BodySink?) async throws(NetError) -> ([UInt8], Int) {
    var body: [UInt8] = []
    var size = 0
    while true {
      switch await next() {
      case .head: continue
      case .bytes(let bytes):
        size += bytes.count
        guard let sink else {
          body += bytes
          continue
        }
        do {
          try await sink(bytes)
        } catch {
          cancel()
          throw Task.isCancelled ? .cancelled : .sink("\(error)")
        }
      case .end(let error):
        if let error { throw error }
        return (body, size)
      }
    }
  }

  /// An end of whatever kind is fine: nobody needs this body.
  func discard(upTo limit: Int) async {
    var left = limit
    while true {
      switch await next() {
      case .head: continue
      case .bytes(let bytes):
        left -= bytes.count
        if left < 0 { return cancel() }
      case .end: return
      }
    }
  }

  func next() async -> TransferChannel.Event {
    await withTaskCancellationHandler {
      await channel.next { mailbox.post(.resume(id)) }
    } onCancel: {
      channel.end(.cancelled)
      cancel()
    }
  }
}

import API
public import Access
public import Model

extension Hub {
  /// Serves one WebSocket until it is over. `principal`: by the cookie that came with it; nil or anonymous:
  /// the first message has to bring a ticket.
  public func serve(_ peer: HubPeer, as principal: Principal?, _ language: Language) async {
    let session = HubSession(self, language)
    if let principal { await session.signIn(principal) }
    await withTaskGroup(of: Bool.self) { group in
      group.addTask {
        while let text = await peer.receive() { await session.handle(text) }
        return true
      }
      group.addTask { [self] in
        await write(session, to: peer)
        return true
      }
      group.addTask { [self] in
        await pause(HubLimits.signIn)
        await session.mustBeSignedIn()
        return false
      }
      for await isOver in group where isOver { break }
      group.cancelAll()
    }
  }

  private func write(_ session: HubSession, to peer: HubPeer) async {
    var rings = session.sign.bell.rings.makeAsyncIterator()
    while !Task.isCancelled {
      switch await session.next() {
      case .send(let messages):
        for message in messages where !peer.trySend(message.text) {
          guard await peer.send(message.text) else { return }
        }
      case .wait: guard await rings.next() != nil else { return }
      case .over(let end):
        _ = peer.trySend(HubText.closing(end, after: HubLimits.reconnect + jitter(), at: now()))
        return peer.close(end.code, end.rawValue)
      }
    }
  }

  /// One channel as a stream that its reader pulls. It ends when the client may hear it no more.
  func stream(
    _ query: StreamQuery, last: String?, as principal: Principal, _ language: Language
  ) async throws(Problem) -> AsyncStream<StreamItem> {
    guard let options = HubOptions(query.json) else { throw .wrongStream }
    // An id that is none of ours is as good as none: a client may have got it elsewhere.
    let after = last.flatMap { Int64($0) } ?? query.after
    let session = HubSession(self, language)
    await session.signIn(principal)
    let request = HubRequest.Subscribe(
      channel: query.channel, after: after.map { max(0, $0) }, options: options)
    do throws(HubFault) { try await session.subscribe(request, nil) } catch { throw Problem(stream: error) }
    let stream = HubStream(session)
    return AsyncStream { await stream.next() }
  }
}

/// A session of one subscription, message by message.
actor HubStream {
  private let session: HubSession
  private var rings: AsyncStream<Void>.Iterator?
  /// The next one last.
  private var pending: [HubOut] = []
  private var last: Int64?

  init(_ session: HubSession) {
    self.session = session
    rings = session.sign.bell.rings.makeAsyncIterator()
  }

  func next() async -> StreamItem? {
    while !Task.isCancelled {
      if let message = pending.popLast() {
        last = message.sequence ?? last
        return StreamItem(id: last.map(String.init) ?? "", text: message.text)
      }
      switch await session.next() {
      case .send(let messages): pending = messages.reversed()
      case .wait:
        if await session.isIdle { return nil }
        // Taken out while it waits: an actor's own property cannot be changed across a suspension.
        guard var iterator = rings else { return nil }
        rings = nil
        let ring: Void? = await iterator.next(isolation: self)
        rings = iterator
        if ring == nil { return nil }
      case .over: return nil
      }
    }
    return nil
  }
}

extension Problem {
  fileprivate init(stream fault: HubFault) {
    switch fault {
    case .unknownChannel: self = Problem("unknown-channel", fault.text)
    case .notFound: self = Problem("no-channel", fault.text)
    case .notAvailable: self = Problem("channel-unavailable", fault.text)
    case .notAllowed: self = Problem("not-allowed", fault.text)
    case .unavailable: self = Problem("store-unavailable", fault.text)
    case .invalidMessage, .messageTooLarge, .unknownType, .signInFirst, .wrongTicket, .alreadySubscribed,
      .notSubscribed, .tooManySubscriptions:
      self = .wrongStream
    }
  }

  fileprivate static let wrongStream = Problem(
    "invalid-request",
    Bilingual(
      "`level` is debug, info, warn, error or none, and `attempt` a number from 1.",
      pt: "`level` é debug, info, warn, error ou none, e `attempt` um número a partir de 1."))
}

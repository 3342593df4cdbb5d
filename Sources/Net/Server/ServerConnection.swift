import CSystem
import Glibc

/// One client on the loop's thread: reads one request, has it handled, sends the answer, reads the next.
final class ServerConnection {
  enum Phase {
    /// The header of a proxy, then the TLS handshake.
    case opening
    /// Nothing of a request has come yet.
    case idle
    case readingHead(HeadScanner)
    case readingBody
    case handling(Task<Void, Never>)
    case streaming(ResponseStream)
    case webSocket(WebSocketSession)
    /// The last bytes go out, then the connection ends.
    case closing(lingers: Bool)
    /// Everything is said; what still comes in is thrown away so that the client can read the answer.
    case lingering
    case closed
  }

  let id: ConnectionID
  /// The other end of the socket, or whom a proxy named there.
  var peer: HTTPPeer
  unowned let loop: ServerLoop
  let output: Channel
  let parser: MessageParser
  var phase = Phase.opening
  /// When the phase has lasted too long; nil while the handler works.
  var deadline: ContinuousClock.Instant?
  /// What may be the header of a proxy; nil once that is known.
  var preface: [UInt8]?
  var input: [UInt8] = []
  /// Counts as one of that address's connections.
  var countedAddress: IPAddress?
  var isHead = false
  var keepsAlive = true
  private(set) var inputEnded = false
  /// How the body comes.
  var bodyPace: Pace?
  /// How the reader takes what the socket does not.
  var readerPace: (pace: Pace, seen: Int)?
  private var watched: UInt32 = 0

  init(
    _ id: ConnectionID, _ channel: Channel, _ peer: HTTPPeer, awaitsProxy: Bool, isBroken: Bool,
    loop: ServerLoop
  ) {
    (self.id, self.peer, self.loop, output) = (id, peer, loop, channel)
    parser = MessageParser(request: true, bodyLimit: loop.shared.limits.bodyBytes)
    preface = awaitsProxy ? [] : nil
    watched = EPOLLIN.rawValue | EPOLLRDHUP.rawValue
    if awaitsProxy || channel.tls != nil {
      deadline = loop.now + limits.handshake
    } else {
      phase = .idle
      deadline = loop.now + limits.idle
    }
    if isBroken || !loop.epoll.add(channel.socket, watched, id.token) { deadline = loop.now }
  }

  var limits: HTTPLimits { loop.shared.limits }

  var isIdle: Bool {
    guard case .idle = phase else { return false }
    return output.isSent
  }

  /// All idle connections have the same limit, so the earliest deadline idled longest; among those of one
  /// instant the oldest comes first.
  var idleOrder: (ContinuousClock.Instant, UInt64) { (deadline ?? .now, id.token) }

  func handle(events: UInt32) {
    if events & EPOLLOUT.rawValue != 0 { flush() }
    if events & (EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0, isWorking {
      close()
    } else if events & ~EPOLLOUT.rawValue != 0 {
      receive()
    }
    watch()
  }

  private var isWorking: Bool {
    switch phase {
    case .handling, .streaming, .webSocket, .closing: true
    case .opening, .idle, .readingHead, .readingBody, .lingering, .closed: false
    }
  }

  private var isClosed: Bool {
    if case .closed = phase { return true }
    return false
  }

  /// While an answer is under way, following requests are read ahead up to a bound and then left in the
  /// kernel, which slows the client down.
  private var readsMore: Bool {
    if inputEnded { return false }
    switch phase {
    case .closed: return false
    case .opening, .idle, .readingHead, .readingBody, .lingering: return true
    case .handling, .streaming, .closing: return input.count < limits.readAhead
    case .webSocket(let session):
      return !session.isReadEnded && !session.pipe.isPaused
        && output.waiting < limits.webSocket.unsent + limits.readAhead
    }
  }

  func receive() {
    while readsMore {
      let arrival = loop.withScratch { scratch in
        let (arrival, count) = output.receive(scratch)
        if count > 0 { take(UnsafeRawBufferPointer(rebasing: scratch[..<count])) }
        return arrival
      }
      switch arrival {
      case .bytes: if decrypt() { process() }
      case .ended: inputEnds()
      case .blocked: return
      case .broken: close()
      }
    }
  }

  /// Puts what came where it belongs; nothing else happens yet.
  private func take(_ bytes: UnsafeRawBufferPointer) {
    if preface != nil {
      preface?.append(contentsOf: bytes)
    } else if let tls = output.tls {
      tls.feed(bytes)
    } else if !isThrowingAway {
      input.append(contentsOf: bytes)
    }
  }

  /// False where the connection has ended by it.
  func decrypt() -> Bool {
    guard preface == nil, let tls = output.tls else { return true }
    var ignored: [UInt8] = []
    let reading = isThrowingAway ? tls.read(into: &ignored) : tls.read(into: &input)
    // The handshake, and what TLS has to say by itself.
    if tls.outputCount > 0 { flush() }
    switch reading {
    case .more: return !isClosed
    case .failed:
      close()
      return false
    case .ended:
      process()
      inputEnds()
      return false
    }
  }

  private var isThrowingAway: Bool {
    switch phase {
    case .closing, .lingering, .closed: true
    case .opening, .idle, .readingHead, .readingBody, .handling, .streaming, .webSocket: false
    }
  }

  /// A client may close its sending half and still wait for answers. On a live stream or a WebSocket the end
  /// means that it left.
  private func inputEnds() {
    inputEnded = true
    keepsAlive = false
    switch phase {
    case .handling, .closing: return
    case .streaming(let stream):
      if stream.isLive { close() }
    case .opening, .idle, .readingHead, .readingBody, .webSocket, .lingering, .closed: close()
    }
  }

  /// Sends what waits; with nothing left, goes on with what follows.
  func flush() {
    switch output.flush() {
    case .broken: close()
    case .blocked(let progress):
      if readerPace == nil {
        let taken = output.acknowledged
        readerPace = (Pace(since: loop.now, base: taken), taken)
      }
      if !isOpening, progress || deadline == nil { deadline = loop.now + limits.writeStall }
    case .empty:
      readerPace = nil
      outputEmptied()
    }
    watch()
  }

  private var isOpening: Bool {
    if case .opening = phase { return true }
    return false
  }

  private func outputEmptied() {
    switch phase {
    case .streaming, .webSocket:
      deadline = nil
      pump()
    case .handling:
      deadline = nil
    case .closing(let lingers): finishClosing(lingers)
    case .opening, .idle, .readingHead, .readingBody, .lingering, .closed: break
    }
  }

  private func finishClosing(_ lingers: Bool) {
    guard lingers, !inputEnded else {
      output.endSending()
      return close()
    }
    output.endSending()
    phase = .lingering
    input = []
    deadline = loop.now + limits.linger
    receive()
  }

  func close() {
    switch phase {
    case .closed: return
    case .handling(let task): task.cancel()
    case .streaming(let stream): stream.abandon()
    case .webSocket(let session): session.abandon()
    case .opening: loop.shared.counts.failedHandshakes.add()
    case .idle, .readingHead, .readingBody, .closing, .lingering: break
    }
    phase = .closed
    Glibc.close(output.socket)
    loop.forget(self)
  }

  func watch() {
    if isClosed { return }
    var wanted: UInt32 = 0
    if readsMore { wanted |= EPOLLIN.rawValue | EPOLLRDHUP.rawValue }
    if !output.isSent { wanted |= EPOLLOUT.rawValue }
    guard wanted != watched else { return }
    watched = wanted
    loop.epoll.change(output.socket, wanted, id.token)
  }
}

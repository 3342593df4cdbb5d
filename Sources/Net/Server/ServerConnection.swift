import CSystem
import Glibc

/// One client on the loop's thread: reads one request, has it handled, sends the answer, reads the next.
final class ServerConnection {
  enum Phase {
    /// Nothing of a request has come yet.
    case idle
    case readingHead(HeadScanner)
    case readingBody
    case handling(Task<Void, Never>)
    case streaming(ResponseStream)
    /// The last bytes go out, then the connection ends.
    case closing(lingers: Bool)
    /// Everything is said; what still comes in is thrown away so that the client can read the answer.
    case lingering
    case closed
  }

  let id: ConnectionID
  let socket: Int32
  let peer: HTTPPeer
  unowned let loop: ServerLoop
  let parser: MessageParser
  var phase = Phase.idle
  /// When the phase has lasted too long; nil while the handler works.
  var deadline: ContinuousClock.Instant?
  var input: [UInt8] = []
  var output = OutputBuffer()
  var isHead = false
  var keepsAlive = true
  private var inputEnded = false
  private var watched: UInt32 = 0

  init(_ id: ConnectionID, _ socket: Int32, _ peer: HTTPPeer, loop: ServerLoop) {
    self.id = id
    self.socket = socket
    self.peer = peer
    self.loop = loop
    parser = MessageParser(request: true, bodyLimit: loop.shared.limits.bodyBytes)
    deadline = loop.now + loop.shared.limits.idle
    watched = EPOLLIN.rawValue | EPOLLRDHUP.rawValue
    if !loop.epoll.add(socket, watched, id.token) { deadline = loop.now }
  }

  var limits: HTTPLimits { loop.shared.limits }

  var isIdle: Bool {
    guard case .idle = phase else { return false }
    return output.isEmpty
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
    case .handling, .streaming, .closing: true
    case .idle, .readingHead, .readingBody, .lingering, .closed: false
    }
  }

  private var isClosed: Bool {
    if case .closed = phase { return true }
    return false
  }

  /// While an answer is under way, following requests are read ahead up to a bound and then left in the
  /// kernel, which slows the client down.
  private var readsMore: Bool {
    switch phase {
    case .closed: false
    case .idle, .readingHead, .readingBody, .lingering: !inputEnded
    case .handling, .streaming, .closing: !inputEnded && input.count < limits.readAhead
    }
  }

  private func receive() {
    while readsMore {
      let count = loop.withScratch { scratch in
        let count = recv(socket, scratch.baseAddress, scratch.count, 0)
        if count > 0, !isThrowingAway { input.append(contentsOf: scratch[..<count]) }
        return count
      }
      if count > 0 {
        process()
      } else if count == 0 {
        inputEnds()
      } else if errno == EAGAIN {
        return
      } else if errno != EINTR {
        close()
      }
    }
  }

  private var isThrowingAway: Bool {
    switch phase {
    case .closing, .lingering, .closed: true
    case .idle, .readingHead, .readingBody, .handling, .streaming: false
    }
  }

  /// A client may close its sending half and still wait for answers. On a live stream the end means it left.
  private func inputEnds() {
    inputEnded = true
    keepsAlive = false
    switch phase {
    case .handling, .closing: return
    case .streaming(let stream):
      if stream.isLive { close() }
    case .idle, .readingHead, .readingBody, .lingering, .closed: close()
    }
  }

  /// Sends what waits; with nothing left, goes on with what follows.
  func flush() {
    switch output.flush(to: socket) {
    case .broken: close()
    case .blocked(let progress):
      if progress || deadline == nil { deadline = loop.now + limits.writeStall }
    case .empty: outputEmptied()
    }
    watch()
  }

  private func outputEmptied() {
    switch phase {
    case .streaming:
      deadline = nil
      pump()
    case .handling:
      deadline = nil
    case .closing(let lingers): finishClosing(lingers)
    case .idle, .readingHead, .readingBody, .lingering, .closed: break
    }
  }

  private func finishClosing(_ lingers: Bool) {
    guard lingers, !inputEnded else { return close() }
    shutdown(socket, Int32(SHUT_WR))
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
    case .idle, .readingHead, .readingBody, .closing, .lingering: break
    }
    phase = .closed
    Glibc.close(socket)
    loop.forget(id)
  }

  private func watch() {
    if isClosed { return }
    var wanted: UInt32 = 0
    if readsMore { wanted |= EPOLLIN.rawValue | EPOLLRDHUP.rawValue }
    if !output.isEmpty { wanted |= EPOLLOUT.rawValue }
    guard wanted != watched else { return }
    watched = wanted
    loop.epoll.change(socket, wanted, id.token)
  }
}

import CSystem
import Glibc

/// The socket of one connection to a broker, with TLS or without; used on the loop's thread alone.
final class BrokerSocket {
  /// What an event of the kernel, or a call, led to.
  struct Progress {
    /// The connection, and the handshake where there is one, have just been made.
    var isOpened = false
    var bytes: [UInt8] = []
    /// Nothing more comes or goes.
    var end: NetError?
  }

  private enum State { case connecting, greeting, open, closed }

  private let loop: BrokerLoop
  private let channel: Channel
  private let host: String
  private var token: UInt64?
  private var state = State.connecting
  private var watched: UInt32 = 0
  /// So much is read before the loop looks at others.
  private static let rounds = 16
  private static let piece = 64 << 10

  /// Begins to connect.
  init(
    _ loop: BrokerLoop, _ address: IPAddress, _ place: BrokerPlace, _ tls: TLSClient?,
    for member: any BrokerMember
  ) throws(NetError) {
    let name = SocketName.ip(address, place.port)
    let descriptor = esteira_stream_socket(name.family)
    guard descriptor >= 0 else { throw .resources(SystemError.text(errno, "make a socket")) }
    (self.loop, host) = (loop, place.host)
    var on: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, 4)
    setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &on, 4)
    var session: TLSSession?
    if let tls {
      session = TLSSession(tls, host: place.host)
      if session == nil {
        Glibc.close(descriptor)
        throw .tls(host: place.host, reason: "the name cannot be checked")
      }
    }
    channel = Channel(descriptor, session)
    guard name.withAddress({ connect(descriptor, $0, $1) }) == 0 || errno == EINPROGRESS else {
      let code = errno
      Glibc.close(descriptor)
      state = .closed
      throw .connect(host: place.authority, reason: SystemError.text(code, "connect"))
    }
    watched = EPOLLIN.rawValue | EPOLLOUT.rawValue
    token = loop.add(member, descriptor, watched)
    if token == nil {
      Glibc.close(descriptor)
      state = .closed
      throw .resources("the kernel watches no further socket")
    }
  }

  deinit { close() }

  var isOpen: Bool { state == .open }

  /// Bytes that the kernel has not taken.
  var waiting: Int { channel.waiting }

  func setAlarm(_ moment: ContinuousClock.Instant?) { if let token { loop.setAlarm(moment, token) } }

  func close() {
    guard state != .closed else { return }
    if state == .open {
      // The last words, such as a farewell; nobody waits for what does not leave now.
      _ = flush()
      channel.endSending()
    }
    state = .closed
    if let token { loop.remove(channel.socket, token) }
    Glibc.close(channel.socket)
  }

  /// An end where the socket is closed. The bytes leave at the end of the loop's turn, with whatever else is
  /// sent in it.
  func send(_ bytes: [UInt8]) -> NetError? {
    guard state == .open, let token else { return .interrupted("the connection is closed") }
    channel.append(bytes)
    loop.sendSoon(token)
    return nil
  }

  /// An end where the socket is broken.
  func sendWhatWaits() -> NetError? { state == .open ? flush() : nil }

  func handle(_ events: UInt32) -> Progress {
    var progress = Progress()
    if state == .connecting, let failure = connected() {
      progress.end = failure
      return progress
    }
    if state != .closed, events & (EPOLLIN.rawValue | EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0 {
      progress.end = read(into: &progress.bytes)
    }
    if state == .greeting, channel.tls?.isEstablished ?? true {
      state = .open
      progress.isOpened = true
    }
    if progress.end == nil { progress.end = flush() }
    return progress
  }

  private func connected() -> NetError? {
    var (code, length) = (Int32(0), socklen_t(4))
    getsockopt(channel.socket, SOL_SOCKET, SO_ERROR, &code, &length)
    if code != 0 { return .connect(host: host, reason: SystemError.text(code, "connect")) }
    guard SocketName.remote(of: channel.socket) != nil else { return nil }
    state = .greeting
    // With TLS the first words are ours.
    var none: [UInt8] = []
    if case .failed? = channel.tls?.read(into: &none) { return broken }
    return nil
  }

  private func read(into bytes: inout [UInt8]) -> NetError? {
    withUnsafeTemporaryAllocation(byteCount: Self.piece, alignment: 16) { scratch in
      for _ in 0..<Self.rounds {
        let (arrival, count) = channel.receive(scratch)
        switch arrival {
        case .blocked: return nil
        case .ended: return .interrupted("the other side closed it")
        case .broken: return .interrupted(SystemError.text(errno, "read"))
        case .bytes: break
        }
        let piece = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(scratch)[..<count])
        guard let tls = channel.tls else {
          bytes.append(contentsOf: piece)
          continue
        }
        tls.feed(piece)
        switch tls.read(into: &bytes) {
        case .more: break
        case .ended: return .interrupted("the other side closed it")
        case .failed: return broken
        }
      }
      return nil
    }
  }

  private var broken: NetError {
    guard let tls = channel.tls else { return .interrupted("the connection broke") }
    if let distrust = tls.distrust { return .tls(host: host, reason: distrust) }
    return tls.isEstablished
      ? .interrupted("TLS was broken") : .tls(host: host, reason: "the handshake was refused")
  }

  private func flush() -> NetError? {
    if state == .connecting || state == .closed { return nil }
    switch channel.flush() {
    case .broken: return .interrupted("the connection broke while sending")
    case .empty: watch(EPOLLIN.rawValue)
    case .blocked: watch(EPOLLIN.rawValue | EPOLLOUT.rawValue)
    }
    return nil
  }

  private func watch(_ events: UInt32) {
    guard let token, events != watched else { return }
    watched = events
    loop.change(channel.socket, events, token)
  }
}

extension BrokerPlace {
  /// Nil without TLS.
  func tls() throws(NetError) -> TLSClient? { isSecure ? try TLSClient(authorities: authorities) : nil }

  /// Where to connect, in this order: what the rules of egress permit.
  nonisolated(nonsending) func addresses(_ loop: BrokerLoop) async throws(NetError) -> [IPAddress] {
    let found = try await loop.addresses(of: host)
    let permitted = found.filter(egress.permits)
    if permitted.isEmpty, let first = found.first { throw .refusedAddress(address: first, host: host) }
    return permitted
  }
}

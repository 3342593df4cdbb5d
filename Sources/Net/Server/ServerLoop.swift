import CSystem
import Glibc

/// The loop: everything in here belongs to one thread, so no connection needs a lock.
final class ServerLoop {
  let link: LoopLink
  let epoll: Epoll
  private var listeners: Listeners?
  private var connections: [ConnectionID: ServerConnection] = [:]
  private var nextToken: UInt64 = firstConnection
  private var stopDeadline: ContinuousClock.Instant?
  private var nextSweep: ContinuousClock.Instant?
  private(set) var now = ContinuousClock.now
  /// One buffer for all reads: what is read is copied to its connection at once.
  private var scratch = [UInt8](repeating: 0, count: 64 << 10)
  private var date = (second: 0, text: "")
  /// Kept for the moment in which there is no other descriptor.
  private var spare = open("/dev/null", O_RDONLY | O_CLOEXEC)
  private var isAcceptingPaused = false

  private static let wakeToken: UInt64 = 0
  private static let firstListener: UInt64 = 1
  private static let firstConnection: UInt64 = 1_024

  init(_ link: LoopLink, _ listeners: Listeners, _ epoll: Epoll) {
    self.link = link
    self.listeners = listeners
    self.epoll = epoll
  }

  deinit { close(spare) }

  var shared: ServerShared { link.shared }

  var isStopping: Bool { stopDeadline != nil }

  func run() {
    epoll.add(link.mailbox.wake.descriptor, EPOLLIN.rawValue, Self.wakeToken)
    for (index, entry) in (listeners?.entries ?? []).enumerated() {
      epoll.add(entry.descriptor, EPOLLIN.rawValue, Self.firstListener + UInt64(index))
    }
    var events = [epoll_event](repeating: epoll_event(), count: Epoll.batch)
    while !isDone {
      let count = epoll.wait(untilNextSweep, &events)
      now = .now
      for index in 0..<count { handle(&events[index]) }
      sweepIfDue()
    }
    for connection in connections.values { connection.close() }
  }

  private var isDone: Bool {
    guard let stopDeadline else { return false }
    return connections.isEmpty || now >= stopDeadline
  }

  /// The date for the header, made once a second.
  func currentDate() -> String {
    let second = time(nil)
    if second != date.second { date = (second, HTTPDate.text(second)) }
    return date.text
  }

  func withScratch<Result>(_ body: (UnsafeMutableRawBufferPointer) -> Result) -> Result {
    scratch.withUnsafeMutableBytes(body)
  }

  func forget(_ connection: ServerConnection) {
    if connections.removeValue(forKey: connection.id) == nil { return }
    shared.open.add(-1)
    if let address = connection.countedAddress { shared.addresses?.leave(address) }
  }

  private func handle(_ event: inout epoll_event) {
    let token = esteira_epoll_token(&event)
    switch token {
    case Self.wakeToken:
      for message in link.mailbox.take() { handle(message) }
    case ..<Self.firstConnection:
      accept(Int(token - Self.firstListener))
    default:
      connections[ConnectionID(token: token)]?.handle(events: event.events)
    }
  }

  private func handle(_ message: LoopLink.Message) {
    switch message {
    case .respond(let id, let response, let pipe):
      guard let connection = connections[id] else {
        pipe?.close()
        return
      }
      connection.respond(response, pipe)
    case .upgrade(let id, let upgrade):
      guard let connection = connections[id] else { return upgrade.pipe.end() }
      connection.upgrade(upgrade)
    case .ready(let id):
      connections[id]?.pump()
    case .stop(let deadline):
      stop(deadline)
    }
  }

  private func stop(_ deadline: ContinuousClock.Instant) {
    stopDeadline = min(deadline, stopDeadline ?? deadline)
    for entry in listeners?.entries ?? [] { epoll.remove(entry.descriptor) }
    listeners = nil
    for connection in connections.values { connection.serverStops() }
  }
}

// Connections come.
extension ServerLoop {
  private func accept(_ index: Int) {
    while let listeners, listeners.entries.indices.contains(index) {
      let entry = listeners.entries[index]
      let descriptor = esteira_accept(entry.descriptor)
      guard descriptor >= 0 else {
        if errno == EINTR || errno == ECONNABORTED { continue }
        // Without descriptors a wait would come back at once: somebody has to make room.
        guard errno == EMFILE || errno == ENFILE else { return }
        if makeRoom() || refuseOne(entry.descriptor) { continue }
        return pauseAccepting()
      }
      guard let peer = Self.peer(of: descriptor, isUnix: entry.isUnix) else {
        close(descriptor)
        continue
      }
      admit(descriptor, peer, entry.tls)
    }
  }

  private func admit(_ descriptor: Int32, _ peer: HTTPPeer, _ certificate: TLSCertificate?) {
    guard shared.open.value < shared.limits.connections || makeRoom() else {
      if certificate == nil { Self.refuseCrowd(descriptor) }
      return crowdOut(descriptor)
    }
    let isProxy = shared.proxies.contain(peer)
    let counted = isProxy ? nil : peer.address
    if let counted, let addresses = shared.addresses, !addresses.enter(counted) {
      return crowdOut(descriptor)
    }
    let id = ConnectionID(token: nextToken)
    nextToken += 1
    shared.counts.connections.add()
    shared.open.add()
    let channel = Channel(descriptor, certificate.flatMap { TLSSession($0.context) })
    let connection = ServerConnection(
      id, channel, peer, awaitsProxy: isProxy, isBroken: certificate != nil && channel.tls == nil, loop: self)
    connection.countedAddress = counted
    connections[id] = connection
  }

  private func crowdOut(_ descriptor: Int32) {
    close(descriptor)
    shared.counts.crowdedOut.add()
  }

  private func makeRoom() -> Bool {
    let idle = connections.values.filter { $0.isIdle }.min { $0.idleOrder < $1.idleOrder }
    guard let idle else { return false }
    idle.close()
    shared.counts.crowdedOut.add()
    return true
  }

  /// Takes and closes one waiting connection by means of the spare descriptor.
  private func refuseOne(_ listener: Int32) -> Bool {
    if spare >= 0 { close(spare) }
    let descriptor = esteira_accept(listener)
    if descriptor >= 0 { crowdOut(descriptor) }
    spare = open("/dev/null", O_RDONLY | O_CLOEXEC)
    return descriptor >= 0
  }

  /// Till the next sweep, since a listener that nobody can serve would wake the loop without end.
  private func pauseAccepting() {
    isAcceptingPaused = true
    watchListeners(0)
  }

  private func watchListeners(_ events: UInt32) {
    for (index, entry) in (listeners?.entries ?? []).enumerated() {
      epoll.change(entry.descriptor, events, Self.firstListener + UInt64(index))
    }
  }

  private static func refuseCrowd(_ descriptor: Int32) {
    let text =
      "HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
    _ = Array(text.utf8).withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
  }

  private static func peer(of descriptor: Int32, isUnix: Bool) -> HTTPPeer? {
    if isUnix {
      var uid = uid_t()
      var pid = pid_t()
      return esteira_peer(descriptor, &uid, &pid) == 0 ? .local(uid: uid, pid: pid) : nil
    }
    var on: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, 4)
    return SocketName.remote(of: descriptor).map { .remote($0.address.mapped ?? $0.address, port: $0.port) }
  }
}

// Time passes.
extension ServerLoop {
  /// Deadlines are looked at in steps, so that an idle server does not wake at all and a busy one rarely.
  private var step: Duration {
    let limits = shared.limits
    let shortest = [
      limits.idle, limits.handshake, limits.headRead, limits.bodyRead, limits.rateGrace, limits.writeStall,
      limits.linger, limits.webSocket.ping, limits.webSocket.silence, limits.webSocket.close,
    ].min()
    return min(.seconds(1), max(.milliseconds(5), (shortest ?? .seconds(1)) / 4))
  }

  private var untilNextSweep: Duration? {
    if connections.isEmpty, !isAcceptingPaused { return nil }
    let sweep = nextSweep ?? now + step
    nextSweep = sweep
    return max(.zero, ContinuousClock.now.duration(to: min(sweep, stopDeadline ?? sweep)))
  }

  private func sweepIfDue() {
    guard let due = nextSweep, now >= due else { return }
    nextSweep = nil
    if isAcceptingPaused {
      isAcceptingPaused = false
      watchListeners(EPOLLIN.rawValue)
    }
    for connection in connections.values where connection.isOverdue(at: now) { connection.timeOut() }
  }
}

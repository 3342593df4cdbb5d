/// One WebSocket on the loop's thread.
final class WebSocketSession {
  let pipe: WebSocketPipe
  let codec: WebSocketCodec
  let task: Task<Void, Never>
  private let limits: WebSocketLimits
  private(set) var isCloseSent = false
  /// Nothing more is read: the client closed, or broke a rule.
  private(set) var isReadEnded = false
  private var lastHeard: ContinuousClock.Instant
  private var nextPing: ContinuousClock.Instant
  private var closeBy: ContinuousClock.Instant?

  init(
    _ pipe: WebSocketPipe, _ codec: WebSocketCodec, _ task: Task<Void, Never>, _ limits: WebSocketLimits,
    now: ContinuousClock.Instant
  ) {
    (self.pipe, self.codec, self.task, self.limits) = (pipe, codec, task, limits)
    lastHeard = now
    nextPing = now + limits.ping
  }

  /// Both sides have said their last.
  var isOver: Bool { isCloseSent && isReadEnded }

  func read(_ input: inout [UInt8], now: ContinuousClock.Instant) {
    guard !input.isEmpty else { return }
    lastHeard = now
    input.withUnsafeBytes { bytes in codec.read(bytes) { handle($0, now) } }
    input.removeAll(keepingCapacity: true)
  }

  private func handle(_ event: WebSocketCodec.Event, _ now: ContinuousClock.Instant) {
    switch event {
    case .message(let message): _ = pipe.put(message)
    case .ping(let bytes): if !isCloseSent { codec.writePong(bytes) }
    case .pong: break
    case .close(let close):
      isReadEnded = true
      pipe.endReading(close)
      sendClose(close, now)
    case .broken(let close):
      isReadEnded = true
      pipe.endReading(close)
      sendClose(close, now)
    }
  }

  /// Takes what the task has to say.
  func collect(now: ContinuousClock.Instant) {
    let outgoing = pipe.takeOutgoing()
    if isCloseSent { return }
    for message in outgoing.messages { codec.write(message) }
    if let close = outgoing.close { sendClose(close, now) }
  }

  private func sendClose(_ close: WebSocketClose?, _ now: ContinuousClock.Instant) {
    if isCloseSent { return }
    isCloseSent = true
    codec.writeClose(close)
    closeBy = now + limits.close
  }

  enum Tick { case wait, ping, gone }

  /// While the task does not receive, nothing is read, so that a silence proves nothing.
  func tick(now: ContinuousClock.Instant) -> Tick {
    if let closeBy, now >= closeBy { return .gone }
    if pipe.isPaused { lastHeard = now }
    if now >= lastHeard + limits.silence { return .gone }
    guard now >= nextPing, !isCloseSent else { return .wait }
    nextPing = now + limits.ping
    return .ping
  }

  func isDue(at now: ContinuousClock.Instant) -> Bool {
    now >= nextPing || now >= lastHeard + limits.silence || closeBy.map { now >= $0 } ?? false
  }

  func abandon() {
    // In this order: who is cancelled finds that it is over.
    pipe.end()
    task.cancel()
  }
}

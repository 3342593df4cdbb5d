import CRabbitMQ

/// What a client of RabbitMQ keeps to.
public struct AMQPLimits: Hashable, Sendable {
  /// Bytes of one message's body.
  public var messageBytes = 16 << 20
  /// Bytes that the kernel has not taken.
  public var unsentBytes = 32 << 20
  /// Messages that wait for their confirmation at once.
  public var unconfirmed = 10_000
  public var connect = Duration.seconds(10)
  public var answer = Duration.seconds(30)
  /// The longest silence that is asked for; the broker may ask for a shorter one.
  public var heartbeat: UInt16 = 30
  public var firstPause = Duration.milliseconds(200)
  public var longestPause = Duration.seconds(15)

  public init() {}

  func pause(after failures: Int) -> Duration {
    min(longestPause, firstPause * (1 << min(max(failures - 1, 0), 16)))
  }
}

/// One connection to RabbitMQ with its channels. It does not open again: whoever needs another makes one.
actor AMQPConnection: BrokerCaller {
  typealias Answer = Result<AMQPMethod, AMQPError>

  struct Waiting {
    var expected: (AMQPMethod) -> Bool
    var continuation: CheckedContinuation<Answer, Never>
    var deadline: ContinuousClock.Instant
  }

  struct Unconfirmed {
    /// Its call; a tag of the channel may have been another's before.
    var call: UInt64
    /// Its message comes back with this id where no queue takes it.
    var messageID: String
    var continuation: CheckedContinuation<Result<Void, AMQPError>, Never>?
    var returned: AMQPError?
    var deadline: ContinuousClock.Instant
  }

  /// A message whose body is still coming.
  struct Partial {
    var method: AMQPMethod
    var message: AMQPMessage?
    var missing: UInt64 = 0
  }

  struct Channel {
    var waiting: Waiting?
    var partial: Partial?
    var lastTag: UInt64 = 0
    var unconfirmed: [UInt64: Unconfirmed] = [:]
    var delivered: (@Sendable (AMQPDelivery) -> Void)?
    var ended: (@Sendable (AMQPError) -> Void)?
  }

  let loop: BrokerLoop
  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
  let limits: AMQPLimits
  var socket: BrokerSocket?
  var opening: CheckedContinuation<NetError?, Never>?
  private var frames = AMQPFrames(limit: AMQPConnection.frameLimit)
  private var frameMax = 4_096
  private var heartbeat = Duration.zero
  private var lastSent = ContinuousClock.now
  private var lastHeard = ContinuousClock.now
  /// When the loop rings next; never later than the first of all deadlines.
  private var alarm: ContinuousClock.Instant?
  var lastCall: UInt64 = 0
  /// Zero is the connection itself.
  var channels: [UInt16: Channel] = [0: Channel()]
  private(set) var end: AMQPError?
  var isOver: Bool { end != nil }

  static let frameLimit = 128 << 10
  private static let mostChannels: UInt16 = 2_047

  init(_ loop: BrokerLoop, _ limits: AMQPLimits) { (self.loop, self.limits) = (loop, limits) }

  func open(_ place: BrokerPlace, _ tls: TLSClient?) async throws(AMQPError) {
    do throws(NetError) { try await connect(place, tls, within: limits.connect) } catch {
      close(.net(error))
      throw .net(error)
    }
    do throws(AMQPError) { try await greet(place) } catch {
      // A wrong password is told with 403, since `authentication_failure_close` is asked for: a bare end is
      // that of a broker which dies just now.
      close(error)
      throw error
    }
    ring(by: nextBeat)
  }

  private func greet(_ place: BrokerPlace) async throws(AMQPError) {
    try write(Array("AMQP".utf8) + [0, 0, 9, 1])
    _ = try await expect(on: 0) { if case .start = $0 { true } else { false } }
    let codec = AMQPCodec()
    let (user, password) = (place.username ?? "guest", place.password ?? "guest")
    let capabilities: AMQPTable = [
      "consumer_cancel_notify": .bool(true), "connection.blocked": .bool(true),
      "authentication_failure_close": .bool(true), "basic.nack": .bool(true),
      "publisher_confirms": .bool(true),
    ]
    try write(
      AMQPNumber.startOk,
      amqp_connection_start_ok_t(
        client_properties: codec.table(["product": .text("Esteira"), "capabilities": .table(capabilities)]),
        mechanism: codec.bytes("PLAIN"), response: codec.bytes("\0\(user)\0\(password)"),
        locale: codec.bytes("en_US")), codec, on: 0)
    let tune = try await expect(on: 0) { if case .tune = $0 { true } else { false } }
    guard case .tune(let channels, let frame, let beat) = tune else { return }
    frameMax = min(Self.frameLimit, frame == 0 ? Self.frameLimit : Int(frame))
    let chosen = beat == 0 ? limits.heartbeat : min(beat, limits.heartbeat)
    try write(
      AMQPNumber.tuneOk,
      amqp_connection_tune_ok_t(
        channel_max: channels == 0 ? Self.mostChannels : min(channels, Self.mostChannels),
        frame_max: UInt32(frameMax), heartbeat: chosen), codec, on: 0)
    try write(
      AMQPNumber.open,
      amqp_connection_open_t(
        virtual_host: codec.bytes(place.path.flatMap { $0.isEmpty ? nil : $0 } ?? "/"),
        capabilities: amqp_bytes_t(), insist: 0), codec, on: 0)
    _ = try await expect(on: 0) { $0 == .opened }
    heartbeat = .seconds(chosen)
  }

  /// Sends a method whose answer is waited for; one at a time on each channel.
  func ask<Method>(
    _ number: UInt32, _ method: Method, _ codec: borrowing AMQPCodec, on channel: UInt16,
    _ expected: @escaping (AMQPMethod) -> Bool
  ) async throws(AMQPError) -> AMQPMethod {
    try write(number, method, codec, on: channel)
    return try await expect(on: channel, expected)
  }

  func expect(
    on channel: UInt16, _ expected: @escaping (AMQPMethod) -> Bool
  ) async throws(AMQPError) -> AMQPMethod {
    if let end { throw end }
    let deadline = ContinuousClock.now + limits.answer
    let answer = await withCheckedContinuation { (continuation: CheckedContinuation<Answer, Never>) in
      guard channels[channel] != nil, channels[channel]?.waiting == nil else {
        return continuation.resume(returning: .failure(.net(.interrupted("the channel is closed"))))
      }
      channels[channel]?.waiting = Waiting(
        expected: expected, continuation: continuation, deadline: deadline)
      ring(by: deadline)
    }
    return try answer.get()
  }

  func write<Method>(
    _ number: UInt32, _ method: Method, _ codec: borrowing AMQPCodec, on channel: UInt16
  ) throws(AMQPError) {
    let payload: [UInt8]
    do throws(NetError) { payload = try codec.method(number, method) } catch { throw .net(error) }
    try write(AMQPFrame(kind: .method, channel: channel, payload: payload).encoded)
  }

  /// A method with its content, in as many frames as it needs.
  func write(_ method: [UInt8], _ header: [UInt8], _ body: [UInt8], on channel: UInt16) throws(AMQPError) {
    var bytes = AMQPFrame(kind: .method, channel: channel, payload: method).encoded
    bytes += AMQPFrame(kind: .header, channel: channel, payload: header).encoded
    let room = frameMax - AMQPFrame.overhead
    guard header.count <= room else { throw .net(.invalidRequest("the headers of the message are too long")) }
    var rest = body[...]
    while !rest.isEmpty {
      let piece = rest.prefix(room)
      rest = rest.dropFirst(piece.count)
      bytes += AMQPFrame(kind: .body, channel: channel, payload: Array(piece)).encoded
    }
    try write(bytes)
  }

  private func write(_ bytes: [UInt8]) throws(AMQPError) {
    if let end { throw end }
    guard let socket else { throw .net(.interrupted("the connection is closed")) }
    guard socket.waiting + bytes.count <= limits.unsentBytes else {
      throw .net(.resources("too much waits for RabbitMQ"))
    }
    lastSent = .now
    if let failure = socket.send(bytes) {
      close(.net(failure))
      throw .net(failure)
    }
  }

  func close(_ reason: AMQPError = .net(.stopped)) {
    guard end == nil else { return }
    end = reason
    if reason == .net(.stopped), socket?.isOpen == true {
      // Without waiting for the answer: whatever was not acknowledged comes again.
      let codec = AMQPCodec()
      let method = amqp_connection_close_t(
        reply_code: 200, reply_text: amqp_bytes_t(), class_id: 0, method_id: 0)
      if let payload = try? codec.method(AMQPNumber.close, method) {
        _ = socket?.send(AMQPFrame(kind: .method, channel: 0, payload: payload).encoded)
      }
    }
    socket?.close()
    socket = nil
    endOpening(.interrupted("\(reason)"))
    for channel in channels.keys { end(channel, reason) }
  }

  /// Whoever waits on the channel hears why it ended.
  func end(_ number: UInt16, _ reason: AMQPError) {
    guard let channel = channels.removeValue(forKey: number) else { return }
    let broken: AMQPError =
      if case .net(let error) = reason, error != .stopped { .net(.interrupted("\(error)")) } else { reason }
    channel.waiting?.continuation.resume(returning: .failure(broken))
    for unconfirmed in channel.unconfirmed.values {
      // Unless it was refused, the broker may have taken it before.
      unconfirmed.continuation?.resume(returning: .failure(unconfirmed.returned ?? broken))
    }
    channel.ended?(broken)
  }
}

// What the loop tells.
extension AMQPConnection {
  func socketIsReady(_ events: UInt32) {
    guard let socket else { return }
    let progress = socket.handle(events)
    if progress.isOpened {
      socket.setAlarm(nil)
      endOpening(nil)
    }
    if !progress.bytes.isEmpty {
      lastHeard = .now
      do throws(NetError) {
        for frame in try frames.feed(progress.bytes) { try take(frame) }
      } catch { return close(.net(error)) }
    }
    if let fault = progress.end { socketHasEnded(fault) }
  }

  func end(_ fault: NetError) { close(.net(fault)) }

  func timeIsOver() {
    if endOpening(.timeout(.connect)) { return }
    alarm = nil
    let now = ContinuousClock.now
    if heartbeat > .zero {
      if now - lastHeard >= heartbeat * 2 { return close(.net(.timeout(.idle))) }
      if now - lastSent >= heartbeat / 2 {
        // What cannot be written has closed the connection.
        try? write(AMQPFrame(kind: .heartbeat, channel: 0, payload: []).encoded)
      }
    }
    for number in channels.keys {
      if let waiting = channels[number]?.waiting, waiting.deadline <= now {
        return close(.net(.timeout(.total)))
      }
      let late = (channels[number]?.unconfirmed ?? [:]).filter { $0.value.deadline <= now }.keys
      for tag in late {
        channels[number]?.unconfirmed.removeValue(forKey: tag)?.continuation?
          .resume(returning: .failure(.net(.timeout(.total))))
      }
    }
    for channel in channels.values {
      ring(by: channel.waiting?.deadline)
      ring(by: channel.unconfirmed.values.map(\.deadline).min())
    }
    ring(by: nextBeat)
  }

  func loopIsOver() { close() }

  /// When the broker must hear of us, or we of it.
  private var nextBeat: ContinuousClock.Instant? {
    heartbeat > .zero ? min(lastSent + heartbeat / 2, lastHeard + heartbeat * 2) : nil
  }

  /// The alarm rings no later than this. One that rings for somebody who has his answer does no harm.
  func ring(by moment: ContinuousClock.Instant?) {
    guard let moment, end == nil, alarm.map({ moment < $0 }) ?? true else { return }
    alarm = moment
    socket?.setAlarm(moment)
  }

  private func take(_ frame: AMQPFrame) throws(NetError) {
    switch frame.kind {
    case .heartbeat: break
    case .method: try take(try AMQPCodec().method(frame.payload), on: frame.channel)
    case .header:
      guard channels[frame.channel]?.partial != nil else { throw .protocolError("a header came unasked") }
      let (message, size) = try AMQPCodec().properties(frame.payload)
      guard size <= UInt64(limits.messageBytes) else { throw .tooLarge(limit: limits.messageBytes) }
      channels[frame.channel]?.partial?.message = message
      channels[frame.channel]?.partial?.missing = size
      if size == 0 { finish(frame.channel) }
    case .body:
      guard let partial = channels[frame.channel]?.partial, partial.message != nil,
        partial.missing >= UInt64(frame.payload.count)
      else { throw .protocolError("a body came unasked") }
      channels[frame.channel]?.partial?.message?.body += frame.payload
      channels[frame.channel]?.partial?.missing -= UInt64(frame.payload.count)
      if partial.missing == UInt64(frame.payload.count) { finish(frame.channel) }
    }
  }

  private func take(_ method: AMQPMethod, on channel: UInt16) throws(NetError) {
    switch method {
    case .closed(let code, let text):
      close(.refused(code: code, message: text))
    case .channelClosed(let code, let text):
      let codec = AMQPCodec()
      try? write(AMQPNumber.channelCloseOk, amqp_channel_close_ok_t(), codec, on: channel)
      end(channel, .refused(code: code, message: text))
    case .delivered, .returned: channels[channel]?.partial = Partial(method: method)
    case .acknowledged(let tag, let multiple): confirm(channel, tag, multiple, isTaken: true)
    case .refused(let tag, let multiple): confirm(channel, tag, multiple, isTaken: false)
    case .cancelled:
      channels[channel]?.ended?(.refused(code: 404, message: "the queue was deleted or moved"))
      channels[channel]?.ended = nil
    case .blocked, .unblocked: break
    case .start, .tune, .opened, .closeDone, .channelOpened, .channelCloseDone, .declared, .bound,
      .prefetchSet, .consuming, .cancelDone, .confirmsOn, .other:
      guard let waiting = channels[channel]?.waiting, waiting.expected(method) else {
        throw .protocolError("RabbitMQ said what nobody asked")
      }
      channels[channel]?.waiting = nil
      waiting.continuation.resume(returning: .success(method))
    }
  }

  private func finish(_ channel: UInt16) {
    guard let partial = channels[channel]?.partial, let message = partial.message else { return }
    channels[channel]?.partial = nil
    if case .delivered(let tag, let isRedelivered, let exchange, let key) = partial.method {
      channels[channel]?.delivered?(
        AMQPDelivery(
          message: message, tag: tag, isRedelivered: isRedelivered, exchange: exchange, routingKey: key))
    }
    if case .returned(let code, let text) = partial.method {
      // Its confirmation follows.
      let id = message.messageID ?? ""
      let same = channels[channel]?.unconfirmed.lazy.filter { entry in
        entry.value.returned == nil && entry.value.messageID.utf8.elementsEqual(id.utf8)
      }.map(\.key).min()
      guard let tag = same else { return }
      channels[channel]?.unconfirmed[tag]?.returned = .unroutable(code: code, message: text)
    }
  }
}

import CWslay

/// Frames of a WebSocket's server side, between buffers: wslay reads and writes them, this puts messages
/// together and keeps the rules that wslay leaves to its user. Used by one thread.
final class WebSocketCodec {
  enum Event: Hashable, Sendable {
    case message(WebSocketMessage)
    case ping([UInt8])
    case pong
    /// The other side closes; nothing that follows is read.
    case close(WebSocketClose?)
    /// The other side broke a rule and has to be told this code.
    case broken(WebSocketClose)
  }

  private enum Kind {
    case text, binary
  }

  private let limits: WebSocketLimits
  private let frames: UnsafeMutablePointer<wslay_frame_context_ptr?>
  private var input: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0)
  private var output: [UInt8] = []
  /// Of the frame that is being read: how much of it came, and the control frame's bytes.
  private var seen: UInt64 = 0
  private var control: [UInt8] = []
  /// Of the message that is being read.
  private var kind: Kind?
  private var message: [UInt8] = []
  private var fragments = 0

  init?(_ limits: WebSocketLimits) {
    self.limits = limits
    frames = .allocate(capacity: 1)
    frames.initialize(to: nil)
    var callbacks = wslay_frame_callbacks()
    callbacks.recv_callback = { buffer, count, _, owner in
      WebSocketCodec.of(owner).give(UnsafeMutableRawBufferPointer(start: buffer, count: count))
    }
    callbacks.send_callback = { bytes, count, _, owner in
      WebSocketCodec.of(owner).output.append(contentsOf: UnsafeBufferPointer(start: bytes, count: count))
      return count
    }
    // Only clients mask.
    callbacks.genmask_callback = { _, _, _ in -1 }
    guard wslay_frame_context_init(frames, &callbacks, Unmanaged.passUnretained(self).toOpaque()) == 0 else {
      return nil
    }
  }

  deinit {
    if let context = frames.pointee { wslay_frame_context_free(context) }
    frames.deallocate()
  }

  private static func of(_ owner: UnsafeMutableRawPointer?) -> WebSocketCodec {
    guard let owner else { preconditionFailure("The frames' owner must be set.") }
    return Unmanaged<WebSocketCodec>.fromOpaque(owner).takeUnretainedValue()
  }

  private func give(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
    let count = min(buffer.count, input.count)
    guard count > 0 else { return -1 }
    buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: input[..<count]))
    input = UnsafeRawBufferPointer(rebasing: input[count...])
    return count
  }
}

// What comes in.
extension WebSocketCodec {
  /// Reads all the bytes, until an event after which nothing follows.
  func read(_ bytes: UnsafeRawBufferPointer, _ body: (Event) -> Void) {
    input = bytes
    defer { input = UnsafeRawBufferPointer(start: nil, count: 0) }
    while true {
      var frame = wslay_frame_iocb()
      let count = wslay_frame_recv(frames.pointee, &frame)
      if count == Int(WSLAY_ERR_WANT_READ.rawValue) { return }
      guard count >= 0 else { return body(.broken(WebSocketClose(1002, "not a frame"))) }
      guard let event = take(frame) else { continue }
      body(event)
      switch event {
      case .close, .broken: return
      case .message, .ping, .pong: break
      }
    }
  }

  /// A piece of a frame.
  private func take(_ frame: wslay_frame_iocb) -> Event? {
    if seen == 0, let fault = begin(frame) { return .broken(fault) }
    let piece = UnsafeBufferPointer(start: frame.data, count: frame.data_length)
    seen += UInt64(frame.data_length)
    let isWhole = seen == frame.payload_length
    if isWhole { seen = 0 }
    if frame.opcode >> 3 == 1 {
      control.append(contentsOf: piece)
      return isWhole ? endControl(frame.opcode) : nil
    }
    message.append(contentsOf: piece)
    return isWhole && frame.fin == 1 ? endMessage() : nil
  }

  private func begin(_ frame: wslay_frame_iocb) -> WebSocketClose? {
    guard frame.rsv == 0 else { return WebSocketClose(1002, "a reserved bit is set") }
    guard frame.mask == 1 else { return WebSocketClose(1002, "a frame is not masked") }
    switch wslay_opcode(UInt32(frame.opcode)) {
    case WSLAY_TEXT_FRAME, WSLAY_BINARY_FRAME:
      guard kind == nil else { return WebSocketClose(1002, "a message within a message") }
      kind = frame.opcode == UInt8(WSLAY_TEXT_FRAME.rawValue) ? .text : .binary
    case WSLAY_CONTINUATION_FRAME:
      guard kind != nil else { return WebSocketClose(1002, "nothing is continued") }
    case WSLAY_CONNECTION_CLOSE, WSLAY_PING, WSLAY_PONG:
      control = []
      return nil
    default: return WebSocketClose(1002, "not a kind of frame")
    }
    fragments += 1
    guard UInt64(message.count) + frame.payload_length <= UInt64(limits.messageIn),
      fragments <= limits.fragments
    else { return WebSocketClose(1009, "the message is too large") }
    return nil
  }

  private func endMessage() -> Event {
    let (bytes, kind) = (message, kind)
    (message, self.kind, fragments) = ([], nil, 0)
    switch kind {
    case .text:
      guard let text = String(validating: bytes, as: UTF8.self) else {
        return .broken(WebSocketClose(1007, "the text is not UTF-8"))
      }
      return .message(.text(text))
    case .binary, nil: return .message(.binary(bytes))
    }
  }

  private func endControl(_ opcode: UInt8) -> Event {
    switch wslay_opcode(UInt32(opcode)) {
    case WSLAY_PING: return .ping(control)
    case WSLAY_PONG: return .pong
    default: break
    }
    if control.isEmpty { return .close(nil) }
    guard control.count >= 2 else { return .broken(WebSocketClose(1002, "half a code")) }
    let code = UInt16(control[0]) << 8 | UInt16(control[1])
    guard WebSocketClose.isSendable(code) else { return .broken(WebSocketClose(1002, "not a code")) }
    guard let reason = String(validating: control[2...], as: UTF8.self) else {
      return .broken(WebSocketClose(1007, "the reason is not UTF-8"))
    }
    return .close(WebSocketClose(code, reason))
  }
}

// What goes out.
extension WebSocketCodec {
  func write(_ message: WebSocketMessage) {
    switch message {
    case .text(var text): text.withUTF8 { write(WSLAY_TEXT_FRAME, $0) }
    case .binary(let bytes): bytes.withUnsafeBufferPointer { write(WSLAY_BINARY_FRAME, $0) }
    }
  }

  func writePing() { write(WSLAY_PING, UnsafeBufferPointer(start: nil, count: 0)) }

  func writePong(_ bytes: [UInt8]) { bytes.withUnsafeBufferPointer { write(WSLAY_PONG, $0) } }

  func writeClose(_ close: WebSocketClose?) {
    let bytes = close.map { [UInt8($0.code >> 8), UInt8($0.code & 255)] + Array($0.reason.utf8) } ?? []
    bytes.withUnsafeBufferPointer { write(WSLAY_CONNECTION_CLOSE, $0) }
  }

  func takeOutput() -> [UInt8] {
    defer { output = [] }
    return output
  }

  private func write(_ opcode: wslay_opcode, _ bytes: UnsafeBufferPointer<UInt8>) {
    var frame = wslay_frame_iocb()
    frame.fin = 1
    frame.opcode = UInt8(opcode.rawValue)
    frame.payload_length = UInt64(bytes.count)
    frame.data = bytes.baseAddress
    frame.data_length = bytes.count
    // Our own callback takes everything, so it cannot fail.
    wslay_frame_send(frames.pointee, &frame)
  }
}

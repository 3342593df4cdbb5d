import CLLHTTP

/// llhttp around one message at a time, a request or a response. It owns C memory and is used by one thread.
///
/// The head is fed whole, after `HeadScanner` has seen it; body bytes may come in any pieces.
final class MessageParser {
  enum Outcome: Equatable {
    /// Everything was used and the message goes on.
    case more
    /// The message ended after this many bytes.
    case complete(used: Int)
    case failed(Failure)
  }

  enum Failure: Equatable {
    case tooLarge, transferEncoding
    case malformed(String)
  }

  private(set) var isHeadComplete = false
  private(set) var isComplete = false
  private(set) var target: [UInt8] = []
  private(set) var headers = HTTPHeaders()
  private(set) var body: [UInt8] = []

  private let parser: UnsafeMutablePointer<llhttp_t>
  private let settings: UnsafeMutablePointer<llhttp_settings_t>
  private let bodyLimit: Int
  private let isRequest: Bool
  private var field: [UInt8] = []
  private var value: [UInt8] = []
  /// Bytes of the body so far.
  private(set) var received = 0
  private var framing = 0
  private var failure: Failure?
  /// The last four bytes of a chunked body.
  private var tail: UInt32 = 0
  private static let emptyLine: UInt32 = 0x0D0A_0D0A

  /// Bytes of chunk sizes and extensions that are borne beside `body`, plus 16 for each byte of it.
  private static let framingAllowance = 16 << 10

  init(request isRequest: Bool, bodyLimit: Int) {
    self.isRequest = isRequest
    self.bodyLimit = bodyLimit
    parser = .allocate(capacity: 1)
    settings = .allocate(capacity: 1)
    llhttp_settings_init(settings)
    llhttp_init(parser, isRequest ? HTTP_REQUEST : HTTP_RESPONSE, settings)
    setCallbacks()
    parser.pointee.data = Unmanaged.passUnretained(self).toOpaque()
  }

  deinit {
    parser.deallocate()
    settings.deallocate()
  }

  var method: String { String(cString: llhttp_method_name(llhttp_method_t(UInt32(parser.pointee.method)))) }
  var status: Int { Int(parser.pointee.status_code) }
  var version: (major: UInt8, minor: UInt8) { (parser.pointee.http_major, parser.pointee.http_minor) }
  var keepsAlive: Bool { llhttp_should_keep_alive(parser) != 0 }
  var isChunked: Bool { parser.pointee.flags & UInt16(F_CHUNKED.rawValue) != 0 }
  /// What Content-Length says; nil without one.
  var contentLength: UInt64? {
    parser.pointee.flags & UInt16(F_CONTENT_LENGTH.rawValue) != 0 ? headLength : nil
  }
  private var headLength: UInt64 = 0

  func reset() {
    llhttp_reset(parser)
    (isHeadComplete, isComplete, failure, headLength) = (false, false, nil, 0)
    (target, headers, body, field, value) = ([], HTTPHeaders(), [], [], [])
    (received, framing, tail) = (0, 0, 0)
  }

  func takeBody() -> [UInt8] {
    defer { body = [] }
    return body
  }

  func feed(_ bytes: UnsafeRawBufferPointer) -> Outcome {
    guard let base = bytes.baseAddress, !bytes.isEmpty else { return isComplete ? .complete(used: 0) : .more }
    let before = received
    let inBody = isHeadComplete
    let code = llhttp_execute(parser, base.assumingMemoryBound(to: CChar.self), bytes.count)
    if inBody { framing += bytes.count - (received - before) }
    if let failure { return .failed(failure) }
    if code == HPE_PAUSED || code == HPE_PAUSED_UPGRADE {
      let end = UnsafeRawPointer(llhttp_get_error_pos(parser))
      let used = end.map { base.distance(to: $0) } ?? bytes.count
      if inBody { remember(bytes[..<used]) }
      return endsAsItMust ? .complete(used: used) : .failed(.malformed("the last chunk does not end in CRLF"))
    }
    if inBody { remember(bytes[...]) }
    guard code == HPE_OK else { return .failed(Self.failure(code, parser)) }
    guard framing <= Self.framingAllowance + 16 * received else {
      return .failed(.malformed("chunks too small"))
    }
    return .more
  }

  private func remember(_ bytes: Slice<UnsafeRawBufferPointer>) {
    for byte in bytes.suffix(4) { tail = tail << 8 | UInt32(byte) }
  }

  /// llhttp takes an LF alone for the empty line after the last chunk, where others still read trailers.
  private var endsAsItMust: Bool { !isRequest || !isChunked || tail == Self.emptyLine }

  /// Tells the end of the connection, which ends a response without a length.
  func finish() -> Bool {
    if isComplete { return true }
    let code = llhttp_finish(parser)
    return (code == HPE_OK || code == HPE_PAUSED) && isComplete
  }

  private static func failure(_ code: llhttp_errno_t, _ parser: UnsafeMutablePointer<llhttp_t>) -> Failure {
    if code == HPE_INVALID_TRANSFER_ENCODING { return .transferEncoding }
    return .malformed(llhttp_get_error_reason(parser).map { String(cString: $0) } ?? "not HTTP")
  }

  private func setCallbacks() {
    settings.pointee.on_url = { MessageParser.of($0).append(\.target, $1, $2) }
    settings.pointee.on_header_field = { MessageParser.of($0).onField($1, $2) }
    settings.pointee.on_header_value = { MessageParser.of($0).append(\.value, $1, $2) }
    settings.pointee.on_header_value_complete = { MessageParser.of($0).endField() }
    settings.pointee.on_headers_complete = { MessageParser.of($0).endHead() }
    settings.pointee.on_chunk_header = { MessageParser.of($0).beginChunk() }
    settings.pointee.on_body = { MessageParser.of($0).onBody($1, $2) }
    settings.pointee.on_message_complete = {
      MessageParser.of($0).isComplete = true
      return Int32(HPE_PAUSED.rawValue)
    }
  }

  private static func of(_ parser: UnsafeMutablePointer<llhttp_t>?) -> MessageParser {
    guard let data = parser?.pointee.data else { preconditionFailure("The parser's owner must be set.") }
    return Unmanaged<MessageParser>.fromOpaque(data).takeUnretainedValue()
  }

  private func append(
    _ part: ReferenceWritableKeyPath<MessageParser, [UInt8]>, _ start: UnsafePointer<CChar>?, _ count: Int
  ) -> Int32 {
    self[keyPath: part].append(contentsOf: UnsafeRawBufferPointer(start: start, count: count))
    return 0
  }

  /// A field after the body is a trailer. Nobody here reads them, and a reader that ignores what another
  /// heeds is what smuggling lives on, so requests with trailers are refused.
  private func onField(_ start: UnsafePointer<CChar>?, _ count: Int) -> Int32 {
    if isHeadComplete {
      guard isRequest else { return 0 }
      return fail(.malformed("trailer fields are not accepted"))
    }
    return append(\.field, start, count)
  }

  private func endField() -> Int32 {
    if !isHeadComplete {
      headers.add(
        String(decoding: field, as: UTF8.self), HTTPText.trimmed(String(decoding: value, as: UTF8.self)))
    }
    field.removeAll(keepingCapacity: true)
    value.removeAll(keepingCapacity: true)
    return 0
  }

  private func endHead() -> Int32 {
    isHeadComplete = true
    headLength = parser.pointee.content_length
    return 0
  }

  /// A chunk that is too large is refused before it comes.
  private func beginChunk() -> Int32 {
    parser.pointee.content_length > UInt64(max(0, bodyLimit - received)) ? fail(.tooLarge) : 0
  }

  private func onBody(_ start: UnsafePointer<CChar>?, _ count: Int) -> Int32 {
    received += count
    guard received <= bodyLimit else { return fail(.tooLarge) }
    body.append(contentsOf: UnsafeRawBufferPointer(start: start, count: count))
    return 0
  }

  private func fail(_ failure: Failure) -> Int32 {
    self.failure = failure
    return -1
  }
}

/// Why a request is answered without being asked of the handler. The connection is closed after it.
struct RequestRefusal: Hashable, Sendable {
  let status: Int
  /// For the client's programmer; never the request's own bytes.
  let reason: String

  init(_ status: Int, _ reason: String) {
    self.status = status
    self.reason = reason
  }

  init(_ refusal: HeadScanner.Refusal) {
    switch refusal {
    case .bareCarriageReturn: self.init(400, "a CR without LF")
    case .bareLineFeed: self.init(400, "an LF without CR")
    case .folded: self.init(400, "a header line that begins with a space")
    case .control: self.init(400, "a control character in the head")
    case .lineTooLong: self.init(414, "the request line is too long")
    case .headTooLong: self.init(431, "the header fields are too long")
    case .tooManyFields: self.init(431, "too many header fields")
    }
  }

  init(_ failure: MessageParser.Failure) {
    switch failure {
    case .tooLarge: self.init(413, "the body is too large")
    case .transferEncoding: self.init(501, "that transfer encoding is not known here")
    case .malformed(let reason): self.init(400, reason)
    }
  }
}

/// The rules that llhttp leaves to its user.
enum RequestCheck {
  /// TRACE is known, so that it is refused as one that is not taken; nothing here sends a request back.
  static let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]

  /// Looks at the request line alone, so that an unknown method is told from a malformed request.
  static func refusalOfLine(_ head: UnsafeRawBufferPointer) -> RequestRefusal? {
    let line = head.prefix { $0 != 13 }
    let parts = line.split(separator: 32, omittingEmptySubsequences: false)
    guard parts.count == 3, !parts[0].isEmpty, parts[0].allSatisfy(HTTPText.isTokenByte) else {
      return RequestRefusal(400, "the request line is not METHOD TARGET VERSION")
    }
    let version = parts[2]
    guard version.elementsEqual("HTTP/1.1".utf8) || version.elementsEqual("HTTP/1.0".utf8) else {
      return version.starts(with: "HTTP/".utf8)
        ? RequestRefusal(505, "only HTTP/1.1 and 1.0") : RequestRefusal(400, "not an HTTP version")
    }
    guard methods.contains(where: { parts[0].elementsEqual($0.utf8) }) else {
      return RequestRefusal(501, "that method is not known here")
    }
    return refusalOfTarget(parts[1], isOptions: parts[0].elementsEqual("OPTIONS".utf8))
  }

  static func refusalOfHead(_ parser: MessageParser, bodyLimit: Int) -> RequestRefusal? {
    // As it is compiled, llhttp takes spaces within names.
    guard parser.headers.fields.allSatisfy({ HTTPText.isToken($0.name) }) else {
      return RequestRefusal(400, "a header name is not a word")
    }
    let hosts = parser.headers.all("host")
    let isOld = parser.version == (1, 0)
    guard hosts.count == 1 || (isOld && hosts.isEmpty) else {
      return RequestRefusal(400, hosts.isEmpty ? "no Host header" : "more than one Host header")
    }
    guard hosts.allSatisfy(isHost) else { return RequestRefusal(400, "the Host header is not a host") }
    let lengths = parser.headers.all("content-length")
    let encodings = parser.headers.all("transfer-encoding")
    if !encodings.isEmpty {
      guard lengths.isEmpty else { return RequestRefusal(400, "both Content-Length and Transfer-Encoding") }
      guard !isOld else { return RequestRefusal(400, "Transfer-Encoding in HTTP/1.0") }
      guard encodings.count == 1, encodings[0].lowercased() == "chunked" else {
        return RequestRefusal(501, "that transfer encoding is not known here")
      }
    }
    guard lengths.count <= 1 else { return RequestRefusal(400, "more than one Content-Length") }
    if let length = parser.contentLength, length > UInt64(bodyLimit) {
      return RequestRefusal(413, "the body is larger than \(bodyLimit) bytes")
    }
    let expectations = parser.headers.all("expect")
    guard expectations.isEmpty || (expectations.count == 1 && wantsContinue(parser.headers)) else {
      return RequestRefusal(417, "that expectation is not known here")
    }
    return nil
  }

  static func wantsContinue(_ headers: HTTPHeaders) -> Bool {
    headers["expect"]?.lowercased() == "100-continue"
  }

  /// Only a path of this server: a whole URL or a fragment would name a second place beside Host.
  private static func refusalOfTarget(
    _ target: Slice<UnsafeRawBufferPointer>, isOptions: Bool
  ) -> RequestRefusal? {
    if isOptions, target.elementsEqual("*".utf8) { return nil }
    guard target.first == UInt8(ascii: "/"),
      target.allSatisfy({ $0 > 32 && $0 < 127 && $0 != UInt8(ascii: "#") })
    else { return RequestRefusal(400, "the target is not a path") }
    return nil
  }

  private static func isHost(_ host: String) -> Bool {
    host.utf8.allSatisfy { byte in
      switch byte {
      case 48...57, 65...90, 97...122, 45, 46, 95, 58, 91, 93, 126, 37: true
      default: false
      }
    }
  }
}

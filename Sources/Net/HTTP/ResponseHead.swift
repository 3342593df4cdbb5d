/// The bytes before a response's body.
enum ResponseHead {
  enum Framing {
    case length(Int)
    case chunked
    /// HTTP/1.0 knows no chunks: the end of the connection is the end of the body.
    case untilClose
    case none
  }

  /// Nil when a header could break out of its line or belongs to the server.
  static func bytes(_ response: HTTPResponse, _ framing: Framing, close: Bool, date: String) -> [UInt8]? {
    guard (200...599).contains(response.status) else { return nil }
    var head: [UInt8] = []
    head.reserveCapacity(usual)
    head += "HTTP/1.1 \(response.status) \(reason(response.status))\r\n".utf8
    guard write(response.headers, to: &head) else { return nil }
    write("date", date, to: &head)
    if close { write("connection", "close", to: &head) }
    switch framing {
    case .length(let length): write("content-length", String(length), to: &head)
    case .chunked: write("transfer-encoding", "chunked", to: &head)
    case .untilClose, .none: break
    }
    head += "\r\n".utf8
    return head
  }

  /// Bytes of most heads, and room for some more.
  private static let usual = 640

  /// Of the answer that makes a WebSocket.
  static func upgrade(_ handshake: WebSocketHandshake, _ headers: HTTPHeaders, date: String) -> [UInt8]? {
    var head = Array("HTTP/1.1 101 Switching Protocols\r\n".utf8)
    guard write(headers, to: &head) else { return nil }
    write("date", date, to: &head)
    write("upgrade", "websocket", to: &head)
    write("connection", "Upgrade", to: &head)
    write("sec-websocket-accept", handshake.accept, to: &head)
    if let subprotocol = handshake.subprotocol { write("sec-websocket-protocol", subprotocol, to: &head) }
    head += "\r\n".utf8
    return head
  }

  /// False where one of them must not be sent.
  private static func write(_ headers: HTTPHeaders, to head: inout [UInt8]) -> Bool {
    for field in headers.fields {
      guard HTTPText.isToken(field.name), HTTPText.isFieldValue(field.value), !isOwn(field.name) else {
        return false
      }
      write(field.name, field.value, to: &head)
    }
    return true
  }

  private static func write(_ name: String, _ value: String, to head: inout [UInt8]) {
    head += name.utf8
    head += ": ".utf8
    head += value.utf8
    head += "\r\n".utf8
  }

  private static func isOwn(_ name: String) -> Bool {
    switch name {
    case "content-length", "transfer-encoding", "connection", "date": true
    case _: false
    }
  }

  static func reason(_ status: Int) -> String { reasons[status] ?? "Status" }

  private static let reasons: [Int: String] = [
    200: "OK", 201: "Created", 202: "Accepted", 204: "No Content", 206: "Partial Content",
    301: "Moved Permanently", 302: "Found", 303: "See Other", 304: "Not Modified", 307: "Temporary Redirect",
    308: "Permanent Redirect", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
    405: "Method Not Allowed", 406: "Not Acceptable", 408: "Request Timeout", 409: "Conflict", 410: "Gone",
    412: "Precondition Failed", 413: "Content Too Large", 414: "URI Too Long", 415: "Unsupported Media Type",
    416: "Range Not Satisfiable", 417: "Expectation Failed", 422: "Unprocessable Content",
    423: "Locked", 426: "Upgrade Required", 428: "Precondition Required", 429: "Too Many Requests",
    431: "Request Header Fields Too Large", 500: "Internal Server Error", 501: "Not Implemented",
    502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout", 505: "HTTP Version Not Supported",
  ]
}

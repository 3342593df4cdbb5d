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
    guard (200...599).contains(response.status), let fields = lines(response.headers) else { return nil }
    var text = "HTTP/1.1 \(response.status) \(reason(response.status))\r\n" + fields
    text += "date: \(date)\r\n"
    if close { text += "connection: close\r\n" }
    switch framing {
    case .length(let length): text += "content-length: \(length)\r\n"
    case .chunked: text += "transfer-encoding: chunked\r\n"
    case .untilClose, .none: break
    }
    return Array((text + "\r\n").utf8)
  }

  /// Of the answer that makes a WebSocket.
  static func upgrade(_ handshake: WebSocketHandshake, _ headers: HTTPHeaders, date: String) -> [UInt8]? {
    guard let fields = lines(headers) else { return nil }
    var text = "HTTP/1.1 101 Switching Protocols\r\n" + fields + "date: \(date)\r\n"
    text += "upgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: \(handshake.accept)\r\n"
    if let subprotocol = handshake.subprotocol { text += "sec-websocket-protocol: \(subprotocol)\r\n" }
    return Array((text + "\r\n").utf8)
  }

  private static func lines(_ headers: HTTPHeaders) -> String? {
    var text = ""
    for field in headers.fields {
      guard HTTPText.isToken(field.name), HTTPText.isFieldValue(field.value), !isOwn(field.name) else {
        return nil
      }
      text += "\(field.name): \(field.value)\r\n"
    }
    return text
  }

  private static func isOwn(_ name: String) -> Bool {
    ["content-length", "transfer-encoding", "connection", "date"].contains(name)
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

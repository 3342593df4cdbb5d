/// One request, complete with its body.
public struct HTTPRequest: Sendable {
  public var method: String
  /// As sent, always beginning with `/` (or `*` for OPTIONS): `path` and perhaps `?query`.
  public var target: String
  public var headers: HTTPHeaders
  public var body: [UInt8]
  /// The client: behind a proxy of ours the one that the proxy names (then with port 0 where it tells none).
  public var peer: HTTPPeer
  /// Whether the client's own connection is encrypted.
  public var isSecure: Bool

  public init(
    method: String, target: String, headers: HTTPHeaders = HTTPHeaders(), body: [UInt8] = [], peer: HTTPPeer,
    isSecure: Bool = false
  ) {
    self.method = method
    self.target = target
    self.headers = headers
    self.body = body
    self.peer = peer
    self.isSecure = isSecure
  }

  /// The part before `?`, still percent-encoded.
  public var path: String { String(decoding: target.utf8.prefix { $0 != UInt8(ascii: "?") }, as: UTF8.self) }

  /// The part after the first `?`, still percent-encoded; empty without one.
  public var query: String {
    guard let mark = target.utf8.firstIndex(of: UInt8(ascii: "?")) else { return "" }
    return String(target[target.utf8.index(after: mark)...])
  }

  /// The decoded parts of the path, for routing: `/a/b%20c` is `["a", "b c"]`, `/` is `[]`. Nil where two
  /// readers could see two paths: an empty part (also a final slash), `.` or `..`, a wrong `%`, and what
  /// decodes to a slash, a backslash, a control character or broken UTF-8.
  public var segments: [String]? {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.first == "" else { return nil }
    if parts.count == 2, parts[1] == "" { return [] }
    var segments: [String] = []
    for part in parts.dropFirst() {
      guard let text = PercentEncoding.decode(part), !text.isEmpty, text != ".", text != ".." else {
        return nil
      }
      guard text.utf8.allSatisfy({ $0 >= 32 && $0 != 127 && $0 != 47 && $0 != 92 }) else { return nil }
      segments.append(text)
    }
    return segments
  }

  /// The decoded pairs of the query, in order; nil where an escape is wrong.
  public var queryItems: [(name: String, value: String)]? { PercentEncoding.items(query) }
}

/// Who sent a request, as the kernel tells it, or a proxy of ours.
public enum HTTPPeer: Hashable, Sendable {
  /// The process that connected to the Unix socket.
  case local(uid: UInt32, pid: Int32)
  /// An IPv4 address is one also where it came through an IPv6 socket.
  case remote(IPAddress, port: UInt16)

  /// Nil for a process of this machine.
  public var address: IPAddress? {
    switch self {
    case .local: nil
    case .remote(let address, _): address
    }
  }
}

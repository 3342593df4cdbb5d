internal import Crypto
internal import Glibc

/// AWS Signature Version 4: proves who asks, in headers or in the URL itself. Pure.
///
/// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
struct SignatureV4: Sendable {
  struct Key: Sendable {
    var id: String
    var secret: String
    /// Of a key that is lent for a while.
    var token: String?
  }

  /// What is known of the body when the request is signed.
  enum Payload: Sendable, Hashable {
    case sha256(String)
    /// The body may be anything: for a URL that somebody else will use.
    case unsigned
    /// Each chunk carries a signature of its own.
    case chunks

    static let empty = Payload.sha256(SHA256.hex([]))

    var text: String {
      switch self {
      case .sha256(let hex): hex
      case .unsigned: "UNSIGNED-PAYLOAD"
      case .chunks: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
      }
    }
  }

  struct Request: Sendable {
    var method: String
    /// As it is meant: not escaped.
    var path: String
    /// Not escaped; in any order.
    var query: [(name: String, value: String)] = []
    /// All that is signed, `host` among them.
    var headers: [(name: String, value: String)]
    var payload: Payload
  }

  var key: Key
  var region: String
  var service = "s3"
  /// Since 1970.
  var seconds: Int64
  /// S3 alone takes a path as it is; every other service removes `.`, `..` and empty parts.
  var normalizesPath = false

  static let algorithm = "AWS4-HMAC-SHA256"

  /// The headers to add: the time, the token where the key has one, and the signature.
  func headers(for request: Request) -> [(name: String, value: String)] {
    var added = [(name: "x-amz-date", value: time)]
    if let token = key.token { added.append((name: "x-amz-security-token", value: token)) }
    var whole = request
    whole.headers += added
    let line =
      "\(Self.algorithm) Credential=\(key.id)/\(scope), SignedHeaders=\(Self.signedNames(whole)), "
      + "Signature=\(signature(of: whole))"
    return added + [(name: "authorization", value: line)]
  }

  /// The whole query of a URL that anybody may use for so many seconds.
  func query(for request: Request, expires: Int) -> [(name: String, value: String)] {
    var whole = request
    whole.query += [
      ("X-Amz-Algorithm", Self.algorithm), ("X-Amz-Credential", "\(key.id)/\(scope)"), ("X-Amz-Date", time),
      ("X-Amz-SignedHeaders", Self.signedNames(whole)), ("X-Amz-Expires", "\(expires)"),
    ]
    if let token = key.token { whole.query.append(("X-Amz-Security-Token", token)) }
    return whole.query + [("X-Amz-Signature", signature(of: whole))]
  }

  func signature(of request: Request) -> String { sign(text(of: canonical(request))) }

  func canonical(_ request: Request) -> String {
    let path = Self.escaped(normalizesPath ? Self.normalized(request.path) : request.path)
    let query = request.query.map { (PercentEncoding.encode($0.name), PercentEncoding.encode($0.value)) }
      .sorted { Self.precedes($0, $1) }.map { "\($0)=\($1)" }.joined(separator: "&")
    let headers = Self.grouped(request.headers).map { "\($0.name):\($0.value)\n" }.joined()
    return [request.method, path, query, headers, Self.signedNames(request), request.payload.text]
      .joined(separator: "\n")
  }

  /// The string to sign.
  func text(of canonical: String) -> String {
    [Self.algorithm, time, scope, SHA256.hex(Array(canonical.utf8))].joined(separator: "\n")
  }

  /// The signature of one chunk, which follows from that of the chunk before it, or of the request's head.
  func signature(ofChunk bytes: [UInt8], after previous: String) -> String {
    sign(
      [
        "\(Self.algorithm)-PAYLOAD", time, scope, previous, Payload.empty.text, SHA256.hex(bytes),
      ].joined(separator: "\n"))
  }

  /// A path as it stands in a URL and in what is signed: all but its slashes is escaped.
  static func escaped(_ path: String) -> String {
    path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
      .map { PercentEncoding.encode(Substring($0)) }.joined(separator: "/")
  }

  private func sign(_ text: String) -> String {
    let parts = [String(time.prefix(8)), region, service, "aws4_request"]
    let key = parts.reduce(Array("AWS4\(key.secret)".utf8)) { key, part in
      HMACSHA256.code(key: key, message: Array(part.utf8))
    }
    return Hex.encode(HMACSHA256.code(key: key, message: Array(text.utf8)))
  }

  private var scope: String { "\(time.prefix(8))/\(region)/\(service)/aws4_request" }

  /// Such as `20150830T123600Z`.
  private var time: String {
    var (time, parts) = (time_t(seconds), tm())
    gmtime_r(&time, &parts)
    func digits(_ value: Int32, _ width: Int = 2) -> String {
      let text = "\(value)"
      return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
    }
    let date = digits(parts.tm_year + 1900, 4) + digits(parts.tm_mon + 1) + digits(parts.tm_mday)
    return date + "T" + digits(parts.tm_hour) + digits(parts.tm_min) + digits(parts.tm_sec) + "Z"
  }

  private static func signedNames(_ request: Request) -> String {
    grouped(request.headers).map(\.name).joined(separator: ";")
  }

  /// By name; the values of one name in their order, without needless blanks.
  private static func grouped(_ headers: [(name: String, value: String)]) -> [(name: String, value: String)] {
    var groups: [(name: String, value: String)] = []
    for header in headers {
      let (name, value) = (header.name.lowercased(), Self.squeezed(header.value))
      if let place = groups.firstIndex(where: { $0.name.utf8.elementsEqual(name.utf8) }) {
        groups[place].value += ",\(value)"
      } else {
        groups.append((name, value))
      }
    }
    return groups.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }

  private static func squeezed(_ value: String) -> String {
    value.utf8.split(whereSeparator: { $0 == 32 || $0 == 9 }).map { String(Substring($0)) }
      .joined(separator: " ")
  }

  private static func precedes(_ left: (String, String), _ right: (String, String)) -> Bool {
    let isSame = left.0.utf8.elementsEqual(right.0.utf8)
    return isSame
      ? left.1.utf8.lexicographicallyPrecedes(right.1.utf8)
      : left.0.utf8.lexicographicallyPrecedes(right.0.utf8)
  }

  private static func normalized(_ path: String) -> String {
    var kept: [Substring] = []
    let parts = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    for part in parts.map({ Substring($0) }) where !part.isEmpty && part != "." {
      if part == ".." { _ = kept.popLast() } else { kept.append(part) }
    }
    let end = parts.last.map { Substring($0) } ?? ""
    let isFolder = end.isEmpty || end == "." || end == ".."
    return "/" + kept.joined(separator: "/") + (isFolder && !kept.isEmpty ? "/" : "")
  }
}

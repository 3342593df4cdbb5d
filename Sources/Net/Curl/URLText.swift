import CCurl

/// A web address in its normal form: http or https, a host, no user or password, no fragment.
public struct URLText: Hashable, Sendable {
  /// What is sent over the network; spaces and letters beyond ASCII are percent-encoded.
  public let text: String
  /// `http` or `https`.
  public let scheme: String
  /// In lower case; an IPv6 address keeps its brackets.
  public let host: String
  public let port: Int
  /// Percent-encoded, never empty.
  public let path: String
  /// Percent-encoded, without its `?`; never empty, since a `?` alone is not sent.
  public let query: String?

  /// Bytes of the longest URL.
  public static let longest = 8_192

  public init(_ text: String) throws(NetError) {
    try self.init(CurlURL(), text)
  }

  /// The address that a reference (`/path`, `?query`, a whole URL, …) means on this page.
  public func resolving(_ reference: String) throws(NetError) -> URLText {
    let url = try CurlURL()
    try url.set(text)
    return try URLText(url, reference)
  }

  /// Scheme, host and port: what a credential belongs to.
  public var origin: String { "\(scheme)://\(host):\(port)" }

  private init(_ url: consuming CurlURL, _ text: String) throws(NetError) {
    guard text.utf8.count <= Self.longest else {
      throw .invalidURL(String(text.prefix(64)) + "…", reason: "it has more than \(Self.longest) bytes")
    }
    guard !text.utf8.contains(where: { $0 < 32 || $0 == 127 }) else {
      throw .invalidURL(PercentEncoding.encode(text), reason: "it has a control character")
    }
    try url.set(text)
    guard let scheme = url.get(CURLUPART_SCHEME)?.lowercased(), scheme == "http" || scheme == "https" else {
      throw .invalidURL(text, reason: "only http and https are possible")
    }
    guard url.get(CURLUPART_USER) == nil, url.get(CURLUPART_PASSWORD) == nil else {
      throw .invalidURL("\(scheme)://…", reason: "a user or password does not belong in a URL")
    }
    guard let host = url.get(CURLUPART_HOST)?.lowercased(), !host.isEmpty, url.get(CURLUPART_ZONEID) == nil,
      let port = url.get(CURLUPART_PORT).flatMap({ Int($0) }), (1...65_535).contains(port)
    else { throw .invalidURL(text, reason: "it has no usable host or port") }
    url.clearFragment()
    guard let normal = url.get(CURLUPART_URL) else { throw .invalidURL(text, reason: "it is not a URL") }
    (self.text, self.scheme, self.host, self.port) = (normal, scheme, host, port)
    path = url.get(CURLUPART_PATH) ?? "/"
    query = url.get(CURLUPART_QUERY).flatMap { $0.isEmpty ? nil : $0 }
  }
}

/// A handle of libcurl's URL parser.
private struct CurlURL: ~Copyable {
  private let handle: OpaquePointer

  init() throws(NetError) {
    guard let handle = curl_url() else { throw .resources("no memory for a URL") }
    self.handle = handle
  }

  deinit { curl_url_cleanup(handle) }

  func set(_ text: String) throws(NetError) {
    let code = curl_url_set(handle, CURLUPART_URL, text, UInt32(CURLU_URLENCODE))
    guard code == CURLUE_OK else {
      // A password might stand in the text, so it is not shown when there may be one.
      let shown = text.utf8.contains(UInt8(ascii: "@")) ? "…" : text
      throw .invalidURL(shown, reason: String(cString: curl_url_strerror(code)))
    }
  }

  func clearFragment() { curl_url_set(handle, CURLUPART_FRAGMENT, nil, 0) }

  func get(_ part: CURLUPart) -> String? {
    var text: UnsafeMutablePointer<CChar>?
    let flags = part == CURLUPART_PORT ? UInt32(CURLU_DEFAULT_PORT) : 0
    guard curl_url_get(handle, part, &text, flags) == CURLUE_OK, let text else { return nil }
    defer { curl_free(text) }
    return String(cString: text)
  }
}

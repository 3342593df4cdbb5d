import CCurl

/// What the thread needs to begin a transfer.
struct TransferOrder: Sendable {
  let id: UInt64
  let request: OutgoingRequest
  let hop: Hop
  let timeLeft: Duration
  let userAgent: String
  let usesEnvironmentProxy: Bool
  let channel: TransferChannel
}

/// One exchange on libcurl's thread, and what its callbacks saw.
final class CurlTransfer {
  let order: TransferOrder
  private let handle: EasyHandle
  private var status = 0
  private var headers = HTTPHeaders()
  private var headBytes = 0
  private var received = 0
  private var isHeadDone = false
  /// The request is on its way, or about to be: from here on the other side may act on it.
  private var isSent = false
  private var refused: IPAddress?
  private var failure: NetError?
  private let upload: FileUpload?

  /// Bytes of all header lines of an answer together.
  static let headLimit = 256 << 10

  init(_ order: TransferOrder) throws(NetError) {
    self.order = order
    upload = try order.hop.file.map { file throws(NetError) in try FileUpload(file) }
    handle = try EasyHandle(order)
    try handle.prepare(order, Self.callbacks, owner: Unmanaged.passUnretained(self).toOpaque())
  }

  var pointer: UnsafeMutableRawPointer { handle.pointer }
  var channel: TransferChannel { order.channel }

  func resume() { handle.resume() }

  func end(_ code: CURLcode) { channel.end(code == CURLE_OK ? nil : error(code)) }

  private static var callbacks: CurlCallbacks {
    CurlCallbacks(
      header: { CurlTransfer.of($3).onHeader($0, $1 * $2) },
      body: { CurlTransfer.of($3).onBody($0, $1 * $2) },
      open: { owner, _, address in CurlTransfer.of(owner).onOpen(address) },
      before: { owner, remote, _, _, _ in CurlTransfer.of(owner).beforeSending(remote) },
      read: { CurlTransfer.of($3).onRead($0, $1 * $2) },
      seek: { CurlTransfer.of($0).onSeek($1, $2) })
  }

  private static func of(_ owner: UnsafeMutableRawPointer?) -> CurlTransfer {
    guard let owner else { preconditionFailure("A transfer's callbacks must have their owner.") }
    return Unmanaged<CurlTransfer>.fromOpaque(owner).takeUnretainedValue()
  }

  /// Called with each address that the name led to, before a socket is opened to it.
  private func onOpen(_ address: UnsafeMutablePointer<curl_sockaddr>?) -> curl_socket_t {
    guard let address, let start = esteira_curl_address(address),
      let ip = IPAddress(UnsafeRawPointer(start), length: Int(address.pointee.addrlen))
    else { return CurlTransfer.noSocket }
    guard order.request.egress.permits(ip) else {
      refused = ip
      return CurlTransfer.noSocket
    }
    return esteira_curl_socket(address)
  }

  private static let noSocket: curl_socket_t = -1

  /// Called before each request, also on a connection that an earlier request with other rules opened.
  private func beforeSending(_ remote: UnsafeMutablePointer<CChar>?) -> Int32 {
    let ip = remote.flatMap { IPAddress(String(cString: $0)) }
    guard let ip, order.request.egress.permits(ip) else {
      failure = .refusedAddress(address: ip ?? IPAddress(v6: 0), host: order.hop.url.host)
      return CURL_PREREQFUNC_ABORT
    }
    isSent = true
    return CURL_PREREQFUNC_OK
  }

  private func onHeader(_ bytes: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
    if isHeadDone { return count }
    headBytes += count
    guard headBytes <= Self.headLimit else {
      return fail(.protocolError("the answer's headers are too long"))
    }
    let all = UnsafeRawBufferPointer(start: bytes, count: count)
    let line = String(decoding: all.prefix { $0 != 10 && $0 != 13 }, as: UTF8.self)
    if line.utf8.starts(with: "HTTP/".utf8) {
      let words = line.split(separator: " ")
      (status, headers) = (words.count > 1 ? Int(words[1]) ?? 0 : 0, HTTPHeaders())
    } else if let colon = line.utf8.firstIndex(of: UInt8(ascii: ":")) {
      let value = line[line.utf8.index(after: colon)...]
      headers.add(HTTPText.trimmed(line[..<colon]), HTTPText.trimmed(value))
    } else if line.isEmpty, status >= 200 {
      return endHead() ? count : 0
    }
    return count
  }

  /// A length that is known to be too large ends the transfer before its first byte.
  private func endHead() -> Bool {
    isHeadDone = true
    let isPassedOver = Redirect.isRedirect(status) && headers["location"] != nil
    if order.hop.method != "HEAD", !isPassedOver, let length = headers["content-length"].flatMap({ Int($0) }),
      length > order.request.maxResponseBytes
    {
      failure = .tooLarge(limit: order.request.maxResponseBytes)
      return false
    }
    channel.putHead(status, headers)
    return true
  }

  private func onBody(_ bytes: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
    guard received + count <= order.request.maxResponseBytes else {
      return fail(.tooLarge(limit: order.request.maxResponseBytes))
    }
    guard channel.put(Array(UnsafeRawBufferPointer(start: bytes, count: count))) else {
      return Int(CURL_WRITEFUNC_PAUSE)
    }
    received += count
    return count
  }

  /// The next bytes of the file that is sent.
  private func onRead(_ space: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
    guard let upload, let space else { return 0 }
    if let read = upload.read(into: UnsafeMutableRawBufferPointer(start: space, count: count)) { return read }
    failure = .interrupted("the file that was sent cannot be read any more, or became shorter")
    return Int(CURL_READFUNC_ABORT)
  }

  /// libcurl goes back to the beginning where it sends the request again.
  private func onSeek(_ offset: curl_off_t, _ origin: Int32) -> Int32 {
    upload?.seek(to: Int64(offset), origin) == true ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL
  }

  /// Any other count than the given one ends the transfer.
  private func fail(_ error: NetError) -> Int {
    failure = error
    return 0
  }

  private func error(_ code: CURLcode) -> NetError {
    if let failure { return failure }
    let host = order.hop.url.host
    let text = handle.error.isEmpty ? String(cString: curl_easy_strerror(code)) : handle.error
    if !isSent, let refused, code == CURLE_COULDNT_CONNECT {
      return .refusedAddress(address: refused, host: host)
    }
    return CurlCode.error(code, order.hop.url, text, isSent: isSent)
  }
}

enum CurlCode {
  /// What one of libcurl's codes means to the caller. Some serve for the answer too: `unsupported protocol`
  /// also is an answer that is no HTTP.
  static func error(_ code: CURLcode, _ url: URLText, _ text: String, isSent: Bool) -> NetError {
    let error = meaning(code, url, text, isSent: isSent)
    return isSent && error.isSurelyUnsent ? .protocolError(text) : error
  }

  private static func meaning(_ code: CURLcode, _ url: URLText, _ text: String, isSent: Bool) -> NetError {
    let host = url.host
    switch code {
    case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: return .resolve(host: host)
    case CURLE_COULDNT_CONNECT: return .connect(host: host, reason: text)
    case CURLE_OPERATION_TIMEDOUT:
      guard isSent else { return .timeout(.connect) }
      return .timeout(text.hasPrefix("Operation too slow") ? .idle : .total)
    case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
      CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_CRL_BADFILE:
      return .tls(host: host, reason: text)
    case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL: return .invalidURL(url.text, reason: text)
    case CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING: return .protocolError(text)
    case CURLE_OUT_OF_MEMORY, CURLE_FAILED_INIT: return .resources(text)
    default: return isSent ? .interrupted(text) : .connect(host: host, reason: text)
    }
  }
}

import CCurl

/// One transfer's handle of libcurl, with what must live as long: its headers and its error text.
struct EasyHandle: ~Copyable {
  let pointer: UnsafeMutableRawPointer
  private let lines: UnsafeMutablePointer<curl_slist>?
  private let errorText: UnsafeMutablePointer<CChar>

  init(_ order: TransferOrder) throws(NetError) {
    guard let pointer = curl_easy_init() else { throw .resources("no memory for a transfer") }
    self.pointer = pointer
    errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
    errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    lines = Self.lines(order.hop, userAgent: order.userAgent)
  }

  deinit {
    curl_easy_cleanup(pointer)
    curl_slist_free_all(lines)
    errorText.deallocate()
  }

  /// `owner` gets the callbacks and must outlive the handle.
  func prepare(_ order: TransferOrder, _ callbacks: CurlCallbacks, owner: UnsafeMutableRawPointer)
    throws(NetError)
  {
    let code = esteira_curl_set_callbacks(
      pointer, owner, callbacks.header, callbacks.body, callbacks.open, callbacks.before)
    try Self.check(code)
    try Self.check(esteira_curl_set_upload(pointer, owner, callbacks.read, callbacks.seek))
    try Self.check(esteira_curl_set_pointer(pointer, CURLOPT_ERRORBUFFER, errorText))
    try Self.check(esteira_curl_set_pointer(pointer, CURLOPT_HTTPHEADER, lines))
    try setLimits(order)
    try setSecurity(order)
    try setMessage(order.hop)
  }

  var error: String { String(cString: errorText) }

  func resume() { curl_easy_pause(pointer, CURLPAUSE_CONT) }

  private func setLimits(_ order: TransferOrder) throws(NetError) {
    let request = order.request
    try set(CURLOPT_NOSIGNAL, 1)
    try set(CURLOPT_CONNECTTIMEOUT_MS, Self.milliseconds(request.connectTimeout))
    try set(CURLOPT_TIMEOUT_MS, Self.milliseconds(order.timeLeft))
    try set(CURLOPT_LOW_SPEED_LIMIT, 1)
    try set(CURLOPT_LOW_SPEED_TIME, Int(max(1, request.stall.components.seconds)))
    try set(CURLOPT_TCP_KEEPALIVE, 1)
    try set(CURLOPT_FOLLOWLOCATION, 0)
    // It resends on kept connections only.
    if request.isSentOnce { try set(CURLOPT_FRESH_CONNECT, 1) }
    if request.acceptsCompression { try set(CURLOPT_ACCEPT_ENCODING, "") }
  }

  private func setSecurity(_ order: TransferOrder) throws(NetError) {
    try set(CURLOPT_PROTOCOLS_STR, "http,https")
    try set(CURLOPT_SSL_VERIFYPEER, 1)
    try set(CURLOPT_SSL_VERIFYHOST, 2)
    try set(CURLOPT_NETRC, Int(CURL_NETRC_IGNORED.rawValue))
    if let certificates = order.request.certificates {
      try set(CURLOPT_CAINFO, certificates)
      try set(CURLOPT_CAPATH, nil)
    }
    // An empty text also switches off the proxies that the environment names.
    if !order.usesEnvironmentProxy { try set(CURLOPT_PROXY, "") }
  }

  private func setMessage(_ hop: Hop) throws(NetError) {
    try set(CURLOPT_URL, hop.url.text)
    try set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS))
    if let file = hop.file {
      try set(CURLOPT_UPLOAD, 1)
      try Self.check(esteira_curl_set_size(pointer, CURLOPT_INFILESIZE_LARGE, curl_off_t(file.size)))
    } else if let body = hop.body ?? (["POST", "PUT", "PATCH"].contains(hop.method) ? [] : nil) {
      try set(CURLOPT_POST, 1)
      try Self.check(esteira_curl_set_size(pointer, CURLOPT_POSTFIELDSIZE_LARGE, body.count))
      let code = (body.isEmpty ? [0] : body).withUnsafeBytes {
        esteira_curl_set_pointer(pointer, CURLOPT_COPYPOSTFIELDS, $0.baseAddress)
      }
      try Self.check(code)
    }
    if hop.method == "HEAD" {
      try set(CURLOPT_NOBODY, 1)
    } else {
      try set(CURLOPT_CUSTOMREQUEST, hop.method)
    }
  }

  private func set(_ option: CURLoption, _ value: Int) throws(NetError) {
    try Self.check(esteira_curl_set_long(pointer, option, value))
  }

  private func set(_ option: CURLoption, _ value: String?) throws(NetError) {
    try Self.check(esteira_curl_set_text(pointer, option, value))
  }

  private static func check(_ code: CURLcode) throws(NetError) {
    guard code == CURLE_OK else { throw .resources(String(cString: curl_easy_strerror(code))) }
  }

  private static func milliseconds(_ duration: Duration) -> Int {
    max(1, Int(clamping: duration.milliseconds))
  }

  private static func lines(_ hop: Hop, userAgent: String) -> UnsafeMutablePointer<curl_slist>? {
    // libcurl would wait for "100 Continue" before large bodies, and would call every body a form.
    var lines = ["Expect:"]
    if hop.headers["content-type"] == nil { lines.append("Content-Type:") }
    if hop.headers["user-agent"] == nil { lines.append("User-Agent: \(userAgent)") }
    if hop.headers["accept"] == nil { lines.append("Accept: */*") }
    // A name with a colon and nothing behind it would remove the header; a semicolon sends it empty.
    lines += hop.headers.fields.map { $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" }
    var list: UnsafeMutablePointer<curl_slist>?
    for line in lines { list = curl_slist_append(list, line) ?? list }
    return list
  }
}

struct CurlCallbacks {
  let header: esteira_curl_data
  let body: esteira_curl_data
  let open: esteira_curl_open
  let before: esteira_curl_before
  let read: esteira_curl_data
  let seek: esteira_curl_seek
}

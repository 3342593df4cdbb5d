internal import CCurl
internal import Glibc
import Synchronization

extension MailServer {
  /// Hands over one message. Returns when the server has said that it has it. Cancelling ends it within a
  /// second.
  public func send(_ message: MailMessage) async throws(MailFault) {
    let bytes: [UInt8]
    do throws(NetError) { bytes = try message.bytes() } catch { throw .network(error) }
    try await transfer(message, bytes)
  }

  /// Connects, becomes secure and signs in as for a message, and hands over none.
  public func check() async throws(MailFault) { try await transfer(nil, []) }

  private func transfer(_ message: MailMessage?, _ bytes: [UInt8]) async throws(MailFault) {
    let flag = MailTransfer.Flag()
    let result: Result<Void, MailFault> = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        do throws(NetError) {
          try ServiceThread.start("esteira-mail") {
            continuation.resume(returning: MailTransfer(self, bytes, flag).run(message))
          }
        } catch { continuation.resume(returning: .failure(.network(error))) }
      }
    } onCancel: {
      flag.isCancelled.store(true, ordering: .relaxed)
    }
    try result.get()
  }
}

/// One message on its way, on a thread and a connection of its own.
private final class MailTransfer {
  final class Flag: Sendable { let isCancelled = Atomic(false) }

  private let server: MailServer
  private let bytes: [UInt8]
  private let flag: Flag
  private var sent = 0
  /// All was handed to libcurl: from here on the server may have it.
  private var isOut = false
  private var refused: IPAddress?
  private var lastLine = ""
  private var isRefused = false

  init(_ server: MailServer, _ bytes: [UInt8], _ flag: Flag) {
    (self.server, self.bytes, self.flag) = (server, bytes, flag)
  }

  /// Nil: nothing is sent.
  func run(_ message: MailMessage?) -> Result<Void, MailFault> {
    guard let handle = curl_easy_init() else {
      return .failure(.network(.resources("no memory for a transfer")))
    }
    var recipients: UnsafeMutablePointer<curl_slist>?
    for address in message?.recipients ?? [] {
      recipients = curl_slist_append(recipients, "<\(address.mailbox)>")
    }
    defer {
      curl_easy_cleanup(handle)
      curl_slist_free_all(recipients)
    }
    do throws(MailFault) {
      try prepare(handle)
      if let message {
        try Self.check(esteira_curl_set_text(handle, CURLOPT_MAIL_FROM, "<\(message.from.mailbox)>"))
        try Self.check(esteira_curl_set_pointer(handle, CURLOPT_MAIL_RCPT, recipients))
        try Self.check(esteira_curl_set_long(handle, CURLOPT_UPLOAD, 1))
      } else {
        try Self.check(esteira_curl_set_long(handle, CURLOPT_CONNECT_ONLY, 1))
      }
      let code = curl_easy_perform(handle)
      if code == CURLE_OK { return .success(()) }
      throw fault(code, handle)
    } catch { return .failure(error) }
  }

  private func prepare(_ handle: UnsafeMutableRawPointer) throws(MailFault) {
    let owner = Unmanaged.passUnretained(self).toOpaque()
    let code = esteira_curl_set_callbacks(
      handle, owner, { MailTransfer.of($3).onLine($0, $1 * $2) },
      { _, size, count, _ in size * count },
      { owner, _, address in MailTransfer.of(owner).onOpen(address) }, { _, _, _, _, _ in CURL_PREREQFUNC_OK }
    )
    try Self.check(code)
    try Self.check(
      esteira_curl_set_upload(
        handle, owner, { MailTransfer.of($3).onRead($0, $1 * $2) }, { _, _, _ in CURL_SEEKFUNC_CANTSEEK }))
    try Self.check(
      esteira_curl_set_progress(
        handle, owner, { owner, _, _, _, _ in MailTransfer.of(owner).isCancelled ? 1 : 0 }))
    func set(_ option: CURLoption, _ value: Int) throws(MailFault) {
      try Self.check(esteira_curl_set_long(handle, option, value))
    }
    func set(_ option: CURLoption, _ value: String) throws(MailFault) {
      try Self.check(esteira_curl_set_text(handle, option, value))
    }
    let scheme = server.security == .tls ? "smtps" : "smtp"
    try set(CURLOPT_URL, "\(scheme)://\(server.host):\(server.port)")
    try set(CURLOPT_PROTOCOLS_STR, scheme)
    try set(CURLOPT_PROXY, "")
    try set(CURLOPT_NETRC, Int(CURL_NETRC_IGNORED.rawValue))
    try set(CURLOPT_NOSIGNAL, 1)
    try set(CURLOPT_CONNECTTIMEOUT, 15)
    try set(CURLOPT_TIMEOUT_MS, max(1, Int(clamping: server.timeout.milliseconds)))
    try set(CURLOPT_SSL_VERIFYPEER, 1)
    try set(CURLOPT_SSL_VERIFYHOST, 2)
    try set(
      CURLOPT_USE_SSL, server.security == .none ? Int(CURLUSESSL_NONE.rawValue) : Int(CURLUSESSL_ALL.rawValue)
    )
    if let certificates = server.certificates { try set(CURLOPT_CAINFO, certificates) }
    if let login = server.login {
      try set(CURLOPT_USERNAME, login.user)
      try set(CURLOPT_PASSWORD, login.password)
    }
  }

  private static func check(_ code: CURLcode) throws(MailFault) {
    guard code == CURLE_OK else { throw .network(.resources(String(cString: curl_easy_strerror(code)))) }
  }

  private static func of(_ owner: UnsafeMutableRawPointer?) -> MailTransfer {
    guard let owner else { preconditionFailure("A transfer's callbacks must have their owner.") }
    return Unmanaged<MailTransfer>.fromOpaque(owner).takeUnretainedValue()
  }

  private var isCancelled: Bool { flag.isCancelled.load(ordering: .relaxed) }

  private func onOpen(_ address: UnsafeMutablePointer<curl_sockaddr>?) -> curl_socket_t {
    guard let address, let start = esteira_curl_address(address),
      let ip = IPAddress(UnsafeRawPointer(start), length: Int(address.pointee.addrlen))
    else { return -1 }
    guard server.egress.permits(ip) else {
      refused = ip
      return -1
    }
    return esteira_curl_socket(address)
  }

  /// Each line that the server says.
  private func onLine(_ bytes: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
    let all = UnsafeRawBufferPointer(start: bytes, count: count)
    let line = String(decoding: all.filter { $0 >= 32 && $0 != 127 }.prefix(300), as: UTF8.self)
    // What it said no to, and not its goodbye.
    let isNo = line.hasPrefix("4") || line.hasPrefix("5")
    if isNo || !isRefused { (lastLine, isRefused) = (line, isNo) }
    return count
  }

  private func onRead(_ space: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
    let wanted = min(count, bytes.count - sent)
    guard let space, wanted > 0 else {
      isOut = true
      return 0
    }
    bytes.withUnsafeBytes { buffer in
      UnsafeMutableRawBufferPointer(start: space, count: wanted)
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[sent..<(sent + wanted)]))
    }
    sent += wanted
    return wanted
  }

  private func fault(_ code: CURLcode, _ handle: UnsafeMutableRawPointer) -> MailFault {
    var reply = 0
    esteira_curl_get_long(handle, CURLINFO_RESPONSE_CODE, &reply)
    let words = String(cString: curl_easy_strerror(code))
    switch code {
    case CURLE_LOGIN_DENIED: return .login(lastLine)
    case CURLE_USE_SSL_FAILED: return .insecure
    case _ where (530..<540).contains(reply): return .login(lastLine)
    case _ where reply >= 400: return .refused(reply: reply, text: lastLine)
    case CURLE_ABORTED_BY_CALLBACK: return isOut ? .unknown("it was cancelled") : .network(.cancelled)
    case _ where isOut: return .unknown(words)
    case CURLE_COULDNT_CONNECT:
      if let refused { return .network(.refusedAddress(address: refused, host: server.host)) }
      return .network(.connect(host: server.host, reason: words))
    case CURLE_COULDNT_RESOLVE_HOST: return .network(.resolve(host: server.host))
    case CURLE_OPERATION_TIMEDOUT: return .network(.timeout(.total))
    case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE:
      return .network(.tls(host: server.host, reason: words))
    case _: return .network(.interrupted(words))
    }
  }
}

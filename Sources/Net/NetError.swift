/// What went wrong on the way, named by what the caller may do about it.
public enum NetError: Error, Hashable, Sendable {
  /// The URL cannot be used at all: not a URL, another scheme than http and https, or with a password in it.
  case invalidURL(String, reason: String)
  /// A header, method or option that cannot be sent. The request was not sent.
  case invalidRequest(String)
  /// The name led to an address that egress rules refuse. Nothing was sent.
  case refusedAddress(address: IPAddress, host: String)
  /// The name has no address, or the resolver did not answer. Nothing was sent; a later try may succeed.
  case resolve(host: String)
  /// Nobody answered at that address. Nothing was sent; a later try may succeed.
  case connect(host: String, reason: String)
  /// The certificate or the handshake was refused. Nothing was sent; a retry will not help.
  case tls(host: String, reason: String)
  case timeout(Phase)
  /// The answer has more bytes than the caller allows.
  case tooLarge(limit: Int)
  case tooManyRedirects(limit: Int)
  /// A redirect led from https to http, or to something that is not a web address.
  case refusedRedirect(to: String, reason: String)
  /// The caller's task was cancelled. The other side may have seen the request.
  case cancelled
  /// The connection broke before the answer was whole. The other side may have done the work.
  case interrupted(String)
  /// The other side does not speak HTTP as it should.
  case protocolError(String)
  /// The place where the caller puts the body failed; the text is the caller's own.
  case sink(String)
  /// A server could not listen at that address.
  case listen(String, String)
  /// The system gave no thread, socket or memory.
  case resources(String)
  /// The client or server was stopped.
  case stopped

  public enum Phase: String, Hashable, Sendable {
    /// Name, connection and handshake: nothing was sent.
    case connect
    /// The whole exchange took too long: the other side may have done the work.
    case total
    /// The other side sent nothing, or too little, for too long.
    case idle
  }

  /// True where the other side surely has not seen the request that failed, so that even an effect that
  /// must happen once may be tried again.
  public var isSurelyUnsent: Bool {
    switch self {
    case .invalidURL, .invalidRequest, .refusedAddress, .resolve, .connect, .tls, .timeout(.connect),
      .listen, .resources, .refusedRedirect:
      true
    case .timeout, .tooLarge, .tooManyRedirects, .cancelled, .interrupted, .protocolError, .sink, .stopped:
      false
    }
  }
}

extension NetError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .invalidURL(let url, let reason): "The URL \(url) cannot be used: \(reason)."
    case .invalidRequest(let reason): "The request cannot be sent: \(reason)."
    case .refusedAddress(let address, let host):
      "\(host) is at \(address), which is not a public address; a connection may allow it with egress."
    case .resolve(let host): "The name \(host) could not be resolved."
    case .connect(let host, let reason): "No connection to \(host): \(reason)."
    case .tls(let host, let reason): "No secure connection to \(host): \(reason)."
    case .timeout(.connect): "The connection was not made in time."
    case .timeout(.total): "The answer was not whole in time."
    case .timeout(.idle): "The other side sent too little for too long."
    case .tooLarge(let limit): "The answer has more than \(limit) bytes."
    case .tooManyRedirects(let limit): "There were more than \(limit) redirects."
    case .refusedRedirect(let url, let reason): "The redirect to \(url) was not followed: \(reason)."
    case .cancelled: "The request was cancelled."
    case .interrupted(let reason): "The connection broke before the answer was whole: \(reason)."
    case .protocolError(let reason): "The other side broke the protocol: \(reason)."
    case .sink(let reason): "The body could not be stored: \(reason)."
    case .listen(let address, let reason): "No server at \(address): \(reason)."
    case .resources(let reason): "The system refused: \(reason)."
    case .stopped: "The client was stopped."
    }
  }
}

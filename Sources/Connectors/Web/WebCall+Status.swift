import Engine
import Model
import Net

extension WebCall {
  /// Which statuses are a success: those of `expect`, or 200 to 299.
  func isExpected(_ status: Int) -> Bool {
    guard let expected = attempt.with["expect"]?.array, !expected.isEmpty else {
      return (200...299).contains(status)
    }
    return expected.contains { $0.int == Int64(status) }
  }

  /// What a status that was not expected means for the step. `saying`: the service's own words for it.
  func check(_ response: IncomingResponse, saying: String? = nil) throws(Failure) {
    if isExpected(response.status) { return }
    let status = "\(response.status)\(Self.words[response.status].map { " \($0)" } ?? "")"
    let message = "\(shown) answered \(status)" + (saying.map { ": \($0.prefix(Self.longestSaying))" } ?? ".")
    let now = Int(attempt.services.now().microseconds / 1_000_000)
    let wait = response.headers["retry-after"].flatMap { RetryAfter.wait($0, now: now) }
    let errorClass: ErrorClass =
      switch response.status {
      case 429: .rateLimited
      case 408, 425, 500...599: .transient
      case 401, 403: .credential
      default: .data
      }
    throw Failure(errorClass, code: "http-status", message, retryAfter: wait)
  }

  private static let longestSaying = 500

  private static let words: [Int: String] = [
    301: "Moved Permanently", 302: "Found", 304: "Not Modified", 400: "Bad Request", 401: "Unauthorized",
    403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 408: "Request Timeout", 409: "Conflict",
    410: "Gone", 413: "Content Too Large", 415: "Unsupported Media Type", 422: "Unprocessable Content",
    429: "Too Many Requests", 500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable",
    504: "Gateway Timeout",
  ]
}

extension Failure {
  /// What a request without an answer means. What may have happened and must not happen twice is `lost`.
  init(_ error: NetError, of call: WebCall) {
    let text = "\(call.shown): \(error)"
    let isRepeatable = call.attempt.effect != .once || error.isSurelyUnsent
    switch error {
    case .cancelled:
      self.init(.cancelled, code: isRepeatable ? "confirmed" : "unknown", "The request was cancelled.")
    case .invalidURL, .invalidRequest: self.init(.data, code: "invalid-request", text)
    case .refusedAddress: self.init(.configuration, code: "egress-refused", text)
    case .tls: self.init(.configuration, code: "tls", text)
    case .refusedRedirect, .tooManyRedirects: self.init(.data, code: "redirect", text)
    case .tooLarge: self.init(.outputTooLarge, code: "answer-too-large", text)
    case .resolve, .connect: self.init(.transient, code: "unreachable", text)
    case .timeout where isRepeatable: self.init(.timeout, code: "http-timeout", text)
    case .listen, .resources: self.init(.transient, code: "interrupted", text)
    case .interrupted where isRepeatable, .protocolError where isRepeatable, .sink where isRepeatable,
      .stopped where isRepeatable:
      self.init(.transient, code: "interrupted", text)
    case .timeout, .interrupted, .protocolError, .sink, .stopped:
      self.init(.lost, code: "effect-unknown", "\(text) Whether it took effect is unknown.")
    }
  }
}

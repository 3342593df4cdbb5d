/// Why an S3 store did not do what it was asked.
public enum S3Fault: Error, Hashable, Sendable {
  case network(NetError)
  /// What the store says: its code is such as `NoSuchKey`, and may be empty where the answer has no body.
  case refused(status: Int, code: String, message: String, retryAfter: Duration?)
  /// Our clock is so many seconds before the store's, or behind it where that is negative.
  case clock(ahead: Int)
  case otherRegion(String)
  /// A put that asks for an empty place, to a store that would not look.
  case noConditionalPut
  /// The object became another one while it was read.
  case changed
  /// The answer is not one of S3.
  case unreadable(String)

  /// True where the same request may succeed a moment later, and does no harm.
  var isPassing: Bool {
    switch self {
    case .network(let error):
      switch error {
      case .resolve, .connect, .timeout, .interrupted, .protocolError, .resources: true
      case .invalidURL, .invalidRequest, .refusedAddress, .tls, .tooLarge, .tooManyRedirects,
        .refusedRedirect, .cancelled, .sink, .listen, .stopped:
        false
      }
    case .refused(let status, let code, _, _):
      status == 429 || (status >= 500 && status != 501 && status != 505)
        || ["RequestTimeout", "SlowDown", "InternalError", "OperationAborted"].contains(code)
    case .clock, .otherRegion, .noConditionalPut, .changed, .unreadable: false
    }
  }

  /// Nothing is there: a key, or the bucket itself.
  public var isAbsence: Bool {
    guard case .refused(let status, let code, _, _) = self else { return false }
    return status == 404 && code != "NoSuchUpload"
  }

  /// Something is there already, and the put asked that nothing be.
  public var isTaken: Bool {
    guard case .refused(let status, let code, _, _) = self else { return false }
    return status == 412 || (status == 409 && code == "ConditionalRequestConflict")
  }

  var retryAfter: Duration? {
    guard case .refused(_, _, _, let wait) = self else { return nil }
    return wait
  }
}

extension S3Fault: CustomStringConvertible {
  public var description: String {
    switch self {
    case .network(let error): return "\(error)"
    case .refused(let status, let code, let message, _):
      let words = [code, message].filter { !$0.isEmpty }.joined(separator: ": ")
      return "The store answered \(status)\(words.isEmpty ? "" : ", \(words)")."
    case .clock(let ahead):
      let way = ahead < 0 ? "behind" : "ahead of"
      return "The clock of this machine is \(abs(ahead)) s \(way) the store's, which refuses what is signed "
        + "so; set the clock, for example with chrony."
    case .otherRegion(let region):
      return "The bucket lies in another region\(region.isEmpty ? "" : ", \(region)"): set `region` of the "
        + "connection to it."
    case .noConditionalPut:
      return
        "The store cannot put only where nothing is; say `conditional_put: true` in the connection if it "
        + "can."
    case .changed: return "The object changed while it was read; try again."
    case .unreadable(let what): return "The answer is not one of S3: \(what)."
    }
  }
}

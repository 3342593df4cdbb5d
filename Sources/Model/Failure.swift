/// Why an attempt, a step or a job did not succeed; it decides what happens next.
///
/// `configuration`, `credential` and `data` are never retried unless the file names them.
public enum ErrorClass: String, Sendable, Hashable, CaseIterable {
  case transient, timeout
  case rateLimited = "rate_limited"
  case configuration, credential, data, expression
  case exhausted
  case outputTooLarge = "output_too_large"
  case cancelled, lost, `internal`, exit
  case circuitOpen = "circuit_open"
}

/// One failure, as expressions see it in `job.error` and people read it.
///
/// `message` is in English, the language of the records, and holds no secret.
public struct Failure: Error, Sendable, Hashable {
  public var errorClass: ErrorClass
  /// A stable word, such as `http-status`; empty where the class says all.
  public var code: String
  public var message: String
  /// The path of the step that failed first; empty until the engine has set it.
  public var step: String
  /// What the outside asked to wait, for `rateLimited` and `transient`.
  public var retryAfter: Duration?

  public init(
    _ errorClass: ErrorClass, code: String = "", _ message: String, step: String = "",
    retryAfter: Duration? = nil
  ) {
    (self.errorClass, self.code, self.message) = (errorClass, code, message)
    (self.step, self.retryAfter) = (step, retryAfter)
  }
}

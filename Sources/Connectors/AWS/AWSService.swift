import Engine
import Model
import Net

/// A service of Amazon, for one attempt: what its refusals mean.
///
/// https://docs.aws.amazon.com/athena/latest/APIReference/CommonErrors.html
struct AWSService: Sendable {
  let name: String
  private let client: AWSClient

  init(_ name: String, _ place: AWSPlace, _ curl: CurlClient, now: @escaping @Sendable () -> Timestamp) {
    self.name = name
    client = AWSClient(place, curl: curl, now: { now().microseconds / 1_000_000 })
  }

  /// The key of a credential of type `aws` or `s3`.
  static func key(
    _ credential: Credential?, of connection: Connection
  ) throws(Failure) -> (id: String, secret: String, token: String?) {
    guard let credential else {
      throw Failure(
        .credential, code: "unusable-credential",
        "The connection `\(connection.name)` has no credential; name one of the type aws.")
    }
    func value(_ name: String) throws(Failure) -> String {
      guard ["aws", "s3"].contains(credential.type), let secret = credential[name], !secret.reveal().isEmpty
      else { throw .incompleteCredential(credential.name, name) }
      return secret.reveal()
    }
    return (
      try value("access_key_id"), try value("secret_access_key"), credential["session_token"]?.reveal()
    )
  }

  func ask(_ action: String, _ body: JSON, timeout: Duration = .seconds(60)) async throws(Failure) -> JSON {
    let response: IncomingResponse
    do throws(NetError) {
      response = try await client.call(action, body.serialized(), timeout: timeout)
    } catch { throw Failure(error, ofAWS: "\(action) of \(name)") }
    let answer = try? JSON(parsing: response.body)
    if response.status == 200, let answer { return answer }
    throw Failure(answer, response.status, "\(action) of \(name)")
  }
}

extension Failure {
  private static let refusals: [(ErrorClass, [String])] = [
    (
      .rateLimited,
      [
        "TooManyRequestsException", "ThrottlingException", "Throttling", "RequestThrottled",
        "RequestLimitExceeded", "SlowDown", "KmsThrottled",
      ]
    ),
    (
      .credential,
      [
        "AccessDeniedException", "AccessDenied", "UnrecognizedClientException", "InvalidClientTokenId",
        "InvalidSignatureException", "SignatureDoesNotMatch", "ExpiredTokenException", "ExpiredToken",
        "MissingAuthenticationTokenException", "MissingAuthenticationToken", "IncompleteSignature",
        "NotAuthorized", "OptInRequired",
      ]
    ),
    (
      .transient,
      [
        "InternalServerException", "InternalFailure", "ServiceUnavailable", "RequestTimeout",
        "RequestExpired",
      ]
    ),
  ]

  /// `shown`: what was asked of whom.
  fileprivate init(_ answer: JSON?, _ status: Int, _ shown: String) {
    // Some services put a namespace before the word.
    let type = answer?["__type"]?.string?.split(separator: "#").last.map { String($0) } ?? ""
    let words = answer?["message"]?.string ?? answer?["Message"]?.string ?? ""
    let text = "\(shown) answered \(status) \(type.prefix(100)): \(words.prefix(500))"
    if let known = Self.refusals.first(where: { $0.1.contains(type) }) {
      self.init(known.0, code: "http-status", text)
      return
    }
    switch status {
    case 429: self.init(.rateLimited, code: "http-status", text)
    case 500...599, 408: self.init(.transient, code: "http-status", text)
    case 401, 403: self.init(.credential, code: "http-status", text)
    default: self.init(.data, code: "aws-refused", text)
    }
  }

  fileprivate init(_ error: NetError, ofAWS shown: String) {
    let text = "\(shown): \(error)"
    switch error {
    case .cancelled: self.init(.cancelled, code: "confirmed", "The request was cancelled.")
    case .invalidURL, .invalidRequest: self.init(.data, code: "invalid-request", text)
    case .refusedAddress: self.init(.configuration, code: "egress-refused", text)
    case .tls: self.init(.configuration, code: "tls", text)
    case .tooLarge: self.init(.outputTooLarge, code: "answer-too-large", text)
    case .timeout: self.init(.timeout, code: "http-timeout", text)
    case .resolve, .connect: self.init(.transient, code: "unreachable", text)
    case .refusedRedirect, .tooManyRedirects, .listen, .resources, .interrupted, .protocolError, .sink,
      .stopped:
      self.init(.transient, code: "interrupted", text)
    }
  }
}

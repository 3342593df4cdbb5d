public import Engine
public import Model
public import Net

/// A receiver of webhooks behind a connection of kind `http`: the connection says where it is and where one
/// may go, its credential signs.
public struct WebhookDestination: Destination {
  public struct Place: Sendable, Hashable {
    public var namespace: String
    public var connection: String
    /// Behind the connection's address.
    public var path: String?
    /// Signs in place of the connection's, in the same namespace.
    public var credential: String?
    public init(namespace: String, connection: String, path: String? = nil, credential: String? = nil) {
      (self.namespace, self.connection, self.path) = (namespace, connection, path)
      self.credential = credential
    }
  }

  private let place: Place
  private let client: CurlClient
  private let environment: AttemptEnvironment
  private let now: @Sendable () -> Timestamp

  /// From the name to the last byte of the answer.
  public static let timeout = Duration.seconds(30)

  public init(
    _ place: Place, client: CurlClient, environment: AttemptEnvironment,
    now: @escaping @Sendable () -> Timestamp
  ) {
    (self.place, self.client, self.environment, self.now) = (place, client, environment, now)
  }

  public func deliver(_ message: OutgoingMessage) async -> DeliveryOutcome {
    do throws(Failure) {
      let request = try await request(message)
      let response: IncomingResponse
      // What a receiver says beside its status is nobody's.
      do throws(NetError) { response = try await client.perform(request) { _ in } } catch {
        throw Failure(unanswered: error)
      }
      return outcome(of: response)
    } catch {
      return DeliveryOutcome(.retry(after: nil), code: error.code, message: error.message)
    }
  }

  /// Anything that stands in the way of it can be mended, so the message is tried again as planned.
  private func request(_ message: OutgoingMessage) async throws(Failure) -> OutgoingRequest {
    let connection = try await environment.connection(place.connection, place.namespace)
    guard connection.kind == "http", let base = connection.address["url"]?.string else {
      throw Failure(
        .configuration, code: "invalid-connection",
        "The connection `\(connection.name)` is not of kind http, or has no `url`.")
    }
    var credential: Credential?
    if let name = place.credential ?? connection.credential {
      credential = try await environment.credential(name, place.namespace)
    }
    let keys = try WebhookSigning.keys(credential, of: connection.name)
    let url = (base.hasSuffix("/") && place.path != nil ? String(base.dropLast()) : base) + (place.path ?? "")
    var request = OutgoingRequest(
      "POST", url, body: message.body, egress: try Egress(of: connection))
    request.totalTimeout = Self.timeout
    // A redirect could lead the signed message to somebody else.
    request.maxRedirects = 0
    request.headers.set("content-type", "\(message.mediaType); charset=utf-8")
    let seconds = now().microseconds / 1_000_000
    for header in WebhookSigning.headers(message.id, at: seconds, message.body, keys: keys) {
      request.headers.set(header.name, header.value)
    }
    return request
  }

  private func outcome(of response: IncomingResponse) -> DeliveryOutcome {
    let status = response.status
    switch status {
    case 200...299: return DeliveryOutcome(.delivered, status: status)
    case 410:
      return DeliveryOutcome(
        .gone, status: status, code: "http-status", message: "It answered 410: it wants nothing any more.")
    case 300...399:
      return DeliveryOutcome(
        .retry(after: nil), status: status, code: "redirect",
        message: "It answered \(status), and a signed message follows no redirect.")
    case _:
      let seconds = Int(now().microseconds / 1_000_000)
      let asked = response.headers["retry-after"].flatMap { RetryAfter.wait($0, now: seconds) }
      return DeliveryOutcome(
        .retry(after: asked), status: status, code: "http-status", message: "It answered \(status).")
    }
  }
}

extension Failure {
  /// Without the address, whose path may be a secret of its own.
  fileprivate init(unanswered error: NetError) {
    switch error {
    case .invalidURL, .invalidRequest:
      self.init(.configuration, code: "invalid-request", "The address of the connection cannot be used.")
    case .refusedAddress:
      self.init(.configuration, code: "egress-refused", "The connection does not allow that address.")
    case .tls: self.init(.configuration, code: "tls", "\(error)")
    case .timeout: self.init(.timeout, code: "http-timeout", "\(error)")
    case .resolve, .connect: self.init(.transient, code: "unreachable", "\(error)")
    case .tooLarge: self.init(.outputTooLarge, code: "answer-too-large", "\(error)")
    case .cancelled, .refusedRedirect, .tooManyRedirects, .listen, .resources, .interrupted, .protocolError,
      .sink, .stopped:
      self.init(.transient, code: "interrupted", "\(error)")
    }
  }
}

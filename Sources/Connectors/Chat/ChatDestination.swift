public import Engine
public import Model
public import Net

/// A channel of people who are told by Slack or Teams.
public struct ChatDestination: Destination {
  public enum Service: String, Sendable, Hashable { case slack, teams }

  public struct Place: Sendable, Hashable {
    public var namespace: String
    /// Of kind `http`, with the credential that the service wants.
    public var connection: String
    /// Of Slack: the id of the channel. Nil for Teams, whose address is that of a channel.
    public var channel: String?
    public init(namespace: String, connection: String, channel: String?) {
      (self.namespace, self.connection, self.channel) = (namespace, connection, channel)
    }
  }

  private let service: Service
  private let place: Place
  private let client: CurlClient
  private let environment: AttemptEnvironment
  private let now: @Sendable () -> Timestamp
  /// Of a text, in characters: what both services take in one message.
  private static let longest = 3_000

  public init(
    _ service: Service, _ place: Place, client: CurlClient, environment: AttemptEnvironment,
    now: @escaping @Sendable () -> Timestamp
  ) {
    (self.service, self.place, self.client) = (service, place, client)
    (self.environment, self.now) = (environment, now)
  }

  public func deliver(_ message: OutgoingMessage) async -> DeliveryOutcome {
    do throws(Failure) {
      let connection = try await environment.connection(place.connection, place.namespace)
      var credential: Credential?
      if let name = connection.credential {
        credential = try await environment.credential(name, place.namespace)
      }
      let attempt = CredentialProbe.attempt(with(message), connection, credential, now)
      switch service {
      case .slack: _ = try await SlackSend(client: client).execute(attempt)
      case .teams: _ = try await TeamsSend(client: client).execute(attempt)
      }
      return .delivered
    } catch {
      // Nobody knows whether a message went that no answer came to: better twice than never.
      return DeliveryOutcome(.retry(after: error.retryAfter), code: error.code, message: error.message)
    }
  }

  private func with(_ message: OutgoingMessage) -> JSON {
    let notice = MailNotice(message)
    let text = String(notice.text.prefix(Self.longest))
    switch service {
    case .slack:
      return ["channel": .string(place.channel ?? ""), "text": .string("*\(notice.subject)*\n\(text)")]
    case .teams: return ["title": .string(notice.subject), "text": .string(text)]
    }
  }
}

/// A mail server that takes messages (SMTP submission).
public struct MailServer: Sendable {
  public enum Security: String, Sendable, CaseIterable {
    /// A plain connection that becomes a secure one before anything is said, or nothing is sent.
    case starttls
    case tls
    /// For a server on the same machine or in a network of its own. No password goes over it.
    case none

    public var port: Int {
      switch self {
      case .starttls: 587
      case .tls: 465
      case .none: 25
      }
    }
  }

  public var host: String
  public var port: Int
  public var security: Security
  public var login: (user: String, password: String)?
  public var egress = Egress.publicOnly
  /// A file with the certificates to trust instead of the system's.
  public var certificates: String?
  /// Everything, from the name to the server's last word.
  public var timeout = Duration.seconds(120)

  /// Nil where the host is no name of one.
  public init?(host: String, port: Int? = nil, security: Security = .starttls) {
    let isName = host.utf8.allSatisfy {
      (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || [45, 46].contains($0)
    }
    guard (1...253).contains(host.utf8.count), isName, (1...65_535).contains(port ?? security.port) else {
      return nil
    }
    (self.host, self.port, self.security) = (host, port ?? security.port, security)
  }
}

/// Why a message was not taken.
public enum MailFault: Error, Hashable, Sendable {
  /// Nothing was taken: the server may be asked again.
  case network(NetError)
  /// The server's answer to it: 4xx may pass, 5xx does not.
  case refused(reply: Int, text: String)
  /// User or password are not taken.
  case login(String)
  /// The server offers no secure connection.
  case insecure
  /// The message was out, and no answer came: it may be on its way.
  case unknown(String)
}

extension MailFault: CustomStringConvertible {
  public var description: String {
    switch self {
    case .network(let error): "\(error)"
    case .refused(let reply, let text): "The mail server answered \(reply): \(text)."
    case .login(let text): "The mail server takes neither user nor password: \(text)."
    case .insecure: "The mail server offers no secure connection, so nothing was sent."
    case .unknown(let text): "The message was out when the connection ended: \(text)."
    }
  }
}

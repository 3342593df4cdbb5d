/// Where a PostgreSQL server is, and who asks it.
public struct PostgresPlace: Sendable, Hashable {
  public enum Security: String, Sendable, Hashable, CaseIterable {
    /// TLS, with the server's certificate and name checked.
    case verify
    /// TLS with whatever certificate the server has: nobody listens in, but it may be somebody else.
    case encrypt
    case none

    /// As libpq calls it (https://www.postgresql.org/docs/15/libpq-ssl.html).
    var mode: String {
      switch self {
      case .verify: "verify-full"
      case .encrypt: "require"
      case .none: "disable"
      }
    }
  }

  public static let usualPort: UInt16 = 5_432

  public var host: String
  public var port: UInt16
  public var database: String
  public var user: String
  public var password: String?
  public var security: Security
  /// A file of PEM certificates that are trusted in place of the system's.
  public var authorities: String?
  public var egress: Egress

  public init(
    host: String, port: UInt16 = usualPort, database: String, user: String, password: String? = nil,
    security: Security = .verify, authorities: String? = nil, egress: Egress = .publicOnly
  ) {
    (self.host, self.port, self.database, self.user) = (host, port, database, user)
    (self.password, self.security, self.authorities) = (password, security, authorities)
    self.egress = egress
  }
}

extension PostgresPlace: CustomStringConvertible {
  /// Without the password.
  public var description: String { "\(user)@\(host):\(port)/\(database)" }
}

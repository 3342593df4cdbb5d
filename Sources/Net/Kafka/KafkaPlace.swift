/// Where a Kafka cluster is, and who asks it.
public struct KafkaPlace: Sendable, Hashable {
  public enum Security: String, Sendable, Hashable, CaseIterable {
    /// TLS, with the brokers' certificates and names checked.
    case verify
    /// TLS with whatever certificate they have.
    case encrypt
    case none
  }

  public enum Login: String, Sendable, Hashable, CaseIterable {
    case plain
    case scram256 = "scram-sha-256"
    case scram512 = "scram-sha-512"
  }

  public var brokers: [String]
  public var security: Security
  public var login: Login
  public var user: String?
  public var password: String?
  /// A file of PEM certificates that are trusted in place of the system's.
  public var authorities: String?
  public var egress: Egress

  public init(
    brokers: [String], security: Security = .verify, login: Login = .scram512, user: String? = nil,
    password: String? = nil, authorities: String? = nil, egress: Egress = .publicOnly
  ) {
    (self.brokers, self.security, self.login) = (brokers, security, login)
    (self.user, self.password, self.authorities, self.egress) = (user, password, authorities, egress)
  }

  /// `host:port`, in letters that end no setting.
  public static func isBroker(_ text: String) -> Bool {
    guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")),
      let port = UInt16(text[text.index(after: colon)...]), port > 0, colon > text.startIndex
    else { return false }
    return text.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20) || "-._:[]".utf8.contains(byte)
    }
  }

  /// As librdkafka calls them (its CONFIGURATION.md).
  var settings: [(String, String)] {
    let scheme = "\(user == nil ? "" : "sasl_")\(security == .none ? "plaintext" : "ssl")"
    var settings = [
      ("bootstrap.servers", brokers.joined(separator: ",")), ("client.id", "esteira"),
      ("security.protocol", scheme), ("socket.keepalive.enable", "true"), ("log.connection.close", "false"),
    ]
    if security != .none {
      settings.append(("ssl.ca.location", authorities ?? "/etc/ssl/certs/ca-certificates.crt"))
      if security == .encrypt {
        settings += [
          ("enable.ssl.certificate.verification", "false"), ("ssl.endpoint.identification.algorithm", "none"),
        ]
      } else {
        settings.append(("ssl.endpoint.identification.algorithm", "https"))
      }
    }
    if let user {
      settings += [
        ("sasl.mechanism", login.rawValue.uppercased()), ("sasl.username", user),
        ("sasl.password", password ?? ""),
      ]
    }
    return settings
  }
}

extension KafkaPlace: CustomStringConvertible {
  /// Without the password.
  public var description: String { "kafka at \(brokers.joined(separator: ","))" }
}

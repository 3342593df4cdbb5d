import Engine
import Model
import Net

/// The Kafka cluster behind a connection of kind `kafka`.
enum KafkaAddress {
  static let kind = "kafka"
  private static let members = ["brokers", "security", "sasl", "ca_file"]
  private static let mostBrokers = 20

  /// Looks at connection and credential alone; nothing is asked.
  static func place(_ connection: Connection?, _ credential: Credential?) throws(Failure) -> KafkaPlace {
    guard let connection, connection.kind == kind else {
      throw Failure(
        .configuration, code: "invalid-connection",
        "The step needs a connection of kind `\(kind)`"
          + (connection.map { "; `\($0.name)` is of kind `\($0.kind)`." } ?? "."))
    }
    let address = connection.address
    let brokers = address["brokers"]?.array?.compactMap(\.string) ?? []
    let security =
      address["security"].map { $0.string.flatMap(KafkaPlace.Security.init(rawValue:)) } ?? .verify
    let login = address["sasl"].map { $0.string.flatMap(KafkaPlace.Login.init(rawValue:)) } ?? .scram512
    guard (1...mostBrokers).contains(brokers.count), brokers.count == address["brokers"]?.array?.count,
      brokers.allSatisfy(KafkaPlace.isBroker), let security, let login,
      address["ca_file"].map({ $0.string != nil }) ?? true,
      (address.object?.keys ?? []).allSatisfy({ members.contains($0) })
    else {
      throw Failure(
        .configuration, code: "invalid-connection",
        "The connection `\(connection.name)` needs an address such as {brokers: [\"kafka1:9092\"], security: "
          + "verify | encrypt | none, sasl: scram-sha-512 | scram-sha-256 | plain, ca_file: /etc/kafka.pem}."
      )
    }
    var place = KafkaPlace(
      brokers: brokers, security: security, login: login, authorities: address["ca_file"]?.string,
      egress: try Egress(of: connection))
    guard let credential else { return place }
    guard credential.type == "basic", let user = credential["username"], let secret = credential["password"]
    else {
      throw Failure(
        .credential, code: "unusable-credential",
        "The credential `\(credential.name)` has the type `\(credential.type)`; a broker takes basic.")
    }
    (place.user, place.password) = (user.reveal(), secret.reveal())
    return place
  }
}

extension Failure {
  init(_ fault: KafkaFault, at place: KafkaPlace) {
    let text = "\(place): \(fault.message)."
    switch fault.kind {
    case .library: self.init(.configuration, code: "kafka-library", "\(fault.message).")
    case .settings: self.init(.configuration, code: "invalid-connection", text)
    case .unreachable: self.init(.transient, code: "unreachable", text)
    case .egress: self.init(.configuration, code: "egress-refused", text)
    case .tls: self.init(.configuration, code: "tls", text)
    case .login, .denied: self.init(.credential, code: "kafka-refused", text)
    case .topic: self.init(.configuration, code: "kafka-refused", text)
    case .message: self.init(.data, code: "kafka-refused", text)
    case .timeout: self.init(.timeout, code: "broker-timeout", text)
    case .cancelled:
      self.init(
        .cancelled, code: "unknown", "It was cancelled; whether the message arrived before that is unknown.")
    case .interrupted: self.init(.transient, code: "interrupted", text)
    }
  }
}

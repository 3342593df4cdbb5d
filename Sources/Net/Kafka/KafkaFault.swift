internal import CKafka

/// Why Kafka did not do what it was asked.
public struct KafkaFault: Error, Hashable, Sendable {
  public enum Kind: Hashable, Sendable {
    /// librdkafka is not on this machine.
    case library
    case settings
    case unreachable
    /// A broker's address is one that the connection may not lead to.
    case egress
    case tls
    /// User or password are wrong.
    case login
    /// The user may not do this.
    case denied
    /// There is no such topic, or no such partition.
    case topic
    /// The message is refused for what it is.
    case message
    case timeout
    case cancelled
    /// It may go well another time.
    case interrupted
  }

  public var kind: Kind
  public var message: String

  public init(_ kind: Kind, _ message: String) { (self.kind, self.message) = (kind, message) }

  init(_ code: rd_kafka_resp_err_t, _ more: String? = nil) {
    let words = esteira_kafka().flatMap { $0.pointee.err2str(code) }
    let text = words.map { String(cString: $0) } ?? "error \(code.rawValue)"
    self.init(Self.kind(code), more.map { "\(text): \($0)" } ?? text)
  }

  private static func kind(_ code: rd_kafka_resp_err_t) -> Kind {
    switch code {
    case RD_KAFKA_RESP_ERR__AUTHENTICATION, RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED,
      RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM:
      .login
    case RD_KAFKA_RESP_ERR__SSL: .tls
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
      RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
      .denied
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,
      RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
      .topic
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, RD_KAFKA_RESP_ERR_INVALID_MSG,
      RD_KAFKA_RESP_ERR_INVALID_RECORD, RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
      .message
    case RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, RD_KAFKA_RESP_ERR__RESOLVE:
      .unreachable
    case RD_KAFKA_RESP_ERR__TIMED_OUT, RD_KAFKA_RESP_ERR__MSG_TIMED_OUT,
      RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
      .timeout
    case _: .interrupted
    }
  }
}

/// What takes messages that leave this node, such as a webhook's receiver.
///
/// It hands a message over once and says how that went. It does not retry, keep or order anything: who calls
/// it does. It returns within a limit of its own, and soon once its task is cancelled.
public protocol Destination: Sendable {
  func deliver(_ message: OutgoingMessage) async -> DeliveryOutcome
}

/// One message as it leaves: the same bytes under the same id at every try, so that a receiver can drop what
/// it has already.
public struct OutgoingMessage: Sendable, Hashable {
  /// Of the message, and not of the try.
  public var id: String
  /// Such as `esteira.job.failed`.
  public var type: String
  /// Whose connections and credentials count.
  public var namespace: String
  public var mediaType: String
  public var body: [UInt8]
  /// From 1.
  public var attempt: Int

  public init(
    id: String, type: String, namespace: String, mediaType: String = Self.cloudEvent, body: [UInt8],
    attempt: Int = 1
  ) {
    (self.id, self.type, self.namespace) = (id, type, namespace)
    (self.mediaType, self.body, self.attempt) = (mediaType, body, attempt)
  }

  /// Of a CloudEvent in structured mode.
  public static let cloudEvent = "application/cloudevents+json"
  /// Bytes of a body.
  public static let longest = 64 << 10
}

/// How one try went.
public struct DeliveryOutcome: Sendable, Hashable {
  public enum Verdict: Sendable, Hashable {
    case delivered
    /// It may succeed later. Where the receiver asked for a pause, that is `after`.
    case retry(after: Duration?)
    /// The receiver wants nothing any more (410): nothing is sent to it until a person says so.
    case gone
    /// This message will never be taken, however often it is sent.
    case refused
  }

  public var verdict: Verdict
  /// What the receiver answered; nil where there was no answer.
  public var status: Int?
  /// A stable word, such as `http-status`; empty where it was delivered.
  public var code: String
  /// A sentence without secrets; empty where it was delivered.
  public var message: String

  public init(_ verdict: Verdict, status: Int? = nil, code: String = "", message: String = "") {
    (self.verdict, self.status, self.code, self.message) = (verdict, status, code, message)
  }

  public static let delivered = DeliveryOutcome(.delivered)
}

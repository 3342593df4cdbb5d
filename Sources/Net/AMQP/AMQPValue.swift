/// A value of a header or argument.
public indirect enum AMQPValue: Hashable, Sendable {
  case null
  case bool(Bool)
  case int(Int64)
  case double(Double)
  case text(String)
  /// No UTF-8.
  case bytes([UInt8])
  /// Seconds since 1970.
  case time(UInt64)
  case array([AMQPValue])
  case table(AMQPTable)
}

/// Names and values in their order.
public struct AMQPTable: Hashable, Sendable, ExpressibleByDictionaryLiteral {
  public struct Entry: Hashable, Sendable {
    public var name: String
    public var value: AMQPValue
  }
  public var entries: [Entry] = []

  public init() {}
  public init(dictionaryLiteral elements: (String, AMQPValue)...) {
    entries = elements.map { Entry(name: $0.0, value: $0.1) }
  }

  public subscript(name: String) -> AMQPValue? {
    get { entries.first { $0.name.utf8.elementsEqual(name.utf8) }?.value }
    set {
      entries.removeAll { $0.name.utf8.elementsEqual(name.utf8) }
      if let newValue { entries.append(Entry(name: name, value: newValue)) }
    }
  }

  public mutating func append(_ name: String, _ value: AMQPValue) {
    entries.append(Entry(name: name, value: value))
  }

  public var isEmpty: Bool { entries.isEmpty }
}

/// A message with its properties; those that are nil are not sent.
public struct AMQPMessage: Hashable, Sendable {
  public var body: [UInt8]
  public var headers = AMQPTable()
  public var contentType: String?
  public var contentEncoding: String?
  public var isPersistent = true
  public var priority: UInt8?
  public var correlationID: String?
  public var replyTo: String?
  /// Milliseconds, as text.
  public var expiration: String?
  public var messageID: String?
  /// Seconds since 1970.
  public var timestamp: UInt64?
  public var type: String?
  public var appID: String?

  public init(_ body: [UInt8]) { self.body = body }
}

/// A message as the broker delivered it.
public struct AMQPDelivery: Hashable, Sendable {
  public var message: AMQPMessage
  public var tag: UInt64
  /// It was delivered before, and not acknowledged.
  public var isRedelivered: Bool
  public var exchange: String
  public var routingKey: String
}

/// Why something at a broker was not done.
public enum AMQPError: Error, Hashable, Sendable {
  case net(NetError)
  /// The broker closed the channel or the connection: its number, such as 404, and its sentence.
  case refused(code: UInt16, message: String)
  /// No queue takes a message of this exchange and routing key.
  case unroutable(code: UInt16, message: String)
  /// The broker did not take the message: a queue is full, or it failed.
  case notTaken

  /// True where the broker surely has not taken the message.
  public var isSurelyUnsent: Bool {
    switch self {
    case .net(let error): error.isSurelyUnsent
    // Of a channel: what it was about is missing or not allowed. A connection may end after it was taken.
    case .refused(let code, _): [311, 312, 313, 403, 404, 405, 406].contains(code)
    case .unroutable, .notTaken: true
    }
  }
}

extension AMQPError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .net(let error): "\(error)"
    case .refused(let code, let message): "RabbitMQ refused: \(code) \(message)"
    case .unroutable(let code, let message): "RabbitMQ returned the message: \(code) \(message)"
    case .notTaken: "RabbitMQ did not take the message."
    }
  }
}

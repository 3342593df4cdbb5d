public import Model

/// A queue of a broker that the server reads.
public struct QueueReaderItem: Wire, Hashable {
  public var namespace: String
  public var connection: String
  /// The name of the list, stream or queue.
  public var source: String
  /// `namespace/pipeline trigger` of all that read it together.
  public var triggers: [String]
  /// `connecting`, `reading`, `held` or `broken`.
  public var state: String
  /// Since the server started.
  public var received: Int
  public var stored: Int
  public var deadLetters: Int
  /// In a row, and what the last one was.
  public var failures: Int
  public var lastFailure: String?

  public init(
    namespace: String, connection: String, source: String, triggers: [String], state: String, received: Int,
    stored: Int, deadLetters: Int, failures: Int, lastFailure: String?
  ) {
    (self.namespace, self.connection, self.source) = (namespace, connection, source)
    (self.triggers, self.state, self.received) = (triggers, state, received)
    (self.stored, self.deadLetters) = (stored, deadLetters)
    (self.failures, self.lastFailure) = (failures, lastFailure)
  }

  public static let schema = Schema.object(
    [
      .init("namespace", .text), .init("connection", .text),
      .init("source", .text, "The name of the list, stream or queue."),
      .init("triggers", .list(of: .text), "`namespace/pipeline trigger` of all that read it together."),
      .init(
        "state", .words(["connecting", "reading", "held", "broken"]),
        "`held`: its triggers take nothing now; `broken`: the broker cannot be reached, or refuses."),
      .init("received", .count, "Messages, since the server started."),
      .init("stored", .count, "Of those: durable and acknowledged."),
      .init("dead_letters", .count, "Of those: nothing could be made of them."),
      .init("failures", .count, "In a row."), .optional("last_failure", .text),
    ], name: "QueueReaderItem")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (namespace, connection) = (try fields.text("namespace"), try fields.text("connection"))
    (source, triggers) = (try fields.text("source"), try fields.texts("triggers"))
    (state, received) = (try fields.text("state"), try fields.int("received"))
    (stored, deadLetters) = (try fields.int("stored"), try fields.int("dead_letters"))
    (failures, lastFailure) = (try fields.int("failures"), try fields.optionalText("last_failure"))
  }

  public var json: JSON {
    members([
      "namespace": namespace.wire, "connection": connection.wire, "source": source.wire,
      "triggers": .array(triggers.map { .string($0) }), "state": state.wire, "received": received.wire,
      "stored": stored.wire, "dead_letters": deadLetters.wire, "failures": failures.wire,
      "last_failure": lastFailure?.wire,
    ])
  }
}

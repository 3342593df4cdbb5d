public import Model

/// Endpoints about messages to waiting jobs.
public enum SignalCalls {
  public static let list = Endpoint<SignalsQuery, Page<SignalItem>>(
    .get, "/signals", .needs("signals", "read"),
    "Signals that came, newest first: those that wait for a job, were taken or have expired.")
  public static let send = Endpoint<SignalToInbox, SignalResult>(
    .post, "/signals/{namespace}/{name}", .needs("jobs", "signal"),
    "Gives a message to whoever waits for it, or keeps it for who comes.", success: [202],
    example: SignalToInbox(
      namespace: "demo", name: "approved", key: "order-17", payload: ["by": "ana"], keep: "24h"))
  public static let sendToJob = Endpoint<SignalToJob, SignalResult>(
    .post, "/jobs/{id}/signals/{name}", .needs("jobs", "signal"),
    "Gives a message to a wait of this job alone; nothing is kept.", success: [202])
}

public struct SignalsQuery: Wire {
  public var namespace: String?
  public var limit: Int?
  public init(namespace: String? = nil, limit: Int? = nil) {
    (self.namespace, self.limit) = (namespace, limit)
  }
  public static let schema = Schema.request(
    [
      .namespace,
      .limit(),
    ], name: "SignalsQuery")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    namespace = try fields.optionalText("namespace")
    limit = try fields.optionalInt("limit")
  }
  public var json: JSON { members(["namespace": namespace?.wire, "limit": limit?.wire]) }
}

public struct SignalToInbox: Wire {
  public var namespace: String
  public var name: String
  public var key: String
  public var payload: JSON
  /// A second signal with the same name and key of this kind is dropped and counted.
  public var idempotencyKey: String?
  /// How long it is kept, such as `24h`.
  public var keep: String?

  public init(
    namespace: String, name: String, key: String, payload: JSON, idempotencyKey: String? = nil,
    keep: String? = nil
  ) {
    (self.namespace, self.name, self.key, self.payload) = (namespace, name, key, payload)
    (self.idempotencyKey, self.keep) = (idempotencyKey, keep)
  }

  public static let schema = Schema.request(
    [
      .init("namespace", .text(1...Schema.Member.longestName).examples("demo")),
      .init("name", .text(1...Schema.Member.longestName).examples("approved")),
      .optional("key", .text(0...Schema.Member.longestName)),
      .optional("payload", .any),
      .idempotencyKey,
      .optional(
        "keep", .text(.duration).examples("24h"), "How long it is kept, 366d at most."),
    ], name: "SignalToInbox")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (namespace, name) = (try fields.text("namespace"), try fields.text("name"))
    (key, payload) = (try fields.optionalText("key") ?? "", fields.object["payload"] ?? .null)
    idempotencyKey = try fields.optionalText("idempotency_key")
    keep = try fields.optionalText("keep")
  }

  public var json: JSON {
    members([
      "namespace": namespace.wire, "name": name.wire, "key": key.wire, "payload": payload,
      "idempotency_key": idempotencyKey?.wire, "keep": keep?.wire,
    ])
  }
}

public struct SignalToJob: Wire {
  public var id: String
  public var name: String
  /// Nil: whatever key the wait has.
  public var key: String?
  public var payload: JSON
  public var idempotencyKey: String?

  public init(id: String, name: String, key: String?, payload: JSON, idempotencyKey: String? = nil) {
    (self.id, self.name, self.key, self.payload) = (id, name, key, payload)
    self.idempotencyKey = idempotencyKey
  }

  public static let schema = Schema.request(
    [
      .shortID,
      .init("name", .text(1...Schema.Member.longestName).examples("approved")),
      .optional("key", .text(0...Schema.Member.longestName), "Absent: whatever key the wait has."),
      .optional("payload", .any),
      .idempotencyKey,
    ], name: "SignalToJob")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, name, key) = (try fields.text("id"), try fields.text("name"), try fields.optionalText("key"))
    payload = fields.object["payload"] ?? .null
    idempotencyKey = try fields.optionalText("idempotency_key")
  }

  public var json: JSON {
    members([
      "id": id.wire, "name": name.wire, "key": key?.wire, "payload": payload,
      "idempotency_key": idempotencyKey?.wire,
    ])
  }
}

/// What became of a signal.
public struct SignalResult: Wire, Hashable {
  public var id: String
  /// The jobs that were given it.
  public var delivered: [String]
  /// Nobody waited for it: it lies in the inbox.
  public var isKept: Bool
  /// It had come before, and was dropped.
  public var isDuplicate: Bool

  public init(id: String, delivered: [String], isKept: Bool, isDuplicate: Bool) {
    (self.id, self.delivered, self.isKept, self.isDuplicate) = (id, delivered, isKept, isDuplicate)
  }

  public static let schema = Schema.object(
    [
      .init("id", .text),
      .init("delivered", .list(of: .text), "The jobs that were given it."),
      .init("kept", .flag, "Nobody waited for it: it lies in the inbox."),
      .init("duplicate", .flag, "It had come before, and was dropped."),
    ], name: "SignalResult")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    id = try fields.text("id")
    delivered = try fields.texts("delivered")
    (isKept, isDuplicate) = (try fields.flag("kept"), try fields.flag("duplicate"))
  }

  public var json: JSON {
    members([
      "id": id.wire, "delivered": .array(delivered.map { .string($0) }), "kept": .bool(isKept),
      "duplicate": .bool(isDuplicate),
    ])
  }
}

/// A signal in a list; what it carried stays sealed.
public struct SignalItem: Wire, Hashable {
  public var id: String
  public var namespace: String
  public var name: String
  public var key: String
  /// `waiting`, `taken` or `expired`.
  public var state: String
  public var messageID: String?
  public var source: String
  public var receivedAt: Timestamp
  public var expiresAt: Timestamp
  public var duplicates: Int

  public init(
    id: String, namespace: String, name: String, key: String, state: String, messageID: String?,
    source: String, receivedAt: Timestamp, expiresAt: Timestamp, duplicates: Int
  ) {
    (self.id, self.namespace, self.name, self.key) = (id, namespace, name, key)
    (self.state, self.messageID, self.source) = (state, messageID, source)
    (self.receivedAt, self.expiresAt, self.duplicates) = (receivedAt, expiresAt, duplicates)
  }

  public static let schema = Schema.object(
    [
      .init("id", .text),
      .init("namespace", .text),
      .init("name", .text),
      .init("key", .text),
      .init("state", .words(["waiting", "taken", "expired"])),
      .optional("message_id", .text),
      .init("source", .text),
      .init("received_at", .time),
      .init("expires_at", .time),
      .init("duplicates", .count),
    ], name: "SignalItem")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, namespace) = (try fields.text("id"), try fields.text("namespace"))
    (name, key, state) = (try fields.text("name"), try fields.text("key"), try fields.text("state"))
    (messageID, source) = (try fields.optionalText("message_id"), try fields.text("source"))
    receivedAt = try fields.time("received_at")
    expiresAt = try fields.time("expires_at")
    duplicates = try fields.optionalInt("duplicates") ?? 0
  }

  public var json: JSON {
    members([
      "id": id.wire, "namespace": namespace.wire, "name": name.wire, "key": key.wire, "state": state.wire,
      "message_id": messageID?.wire, "source": source.wire, "received_at": receivedAt.wire,
      "expires_at": expiresAt.wire, "duplicates": duplicates.wire,
    ])
  }
}

public import Model

/// Endpoints about messages to waiting jobs.
public enum SignalCalls {
  public static let list = Endpoint<SignalsQuery, Page<SignalItem>>(
    .get, "/signals", .needs("signals", "read"),
    "Signals that came, newest first: those that wait for a job, were taken or have expired.")
  public static let send = Endpoint<SignalToInbox, SignalResult>(
    .post, "/signals/{namespace}/{name}", .needs("jobs", "signal"),
    "Gives a message to whoever waits for it, or keeps it for who comes.", success: [202])
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
  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json)
    namespace = try fields.optionalText("namespace")
    limit = try fields.optionalInteger("limit").map(Int.init)
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

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json)
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

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json)
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

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json)
    id = try fields.text("id")
    delivered = try fields.list("delivered", of: JSON.self).compactMap(\.string)
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

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json)
    (id, namespace) = (try fields.text("id"), try fields.text("namespace"))
    (name, key, state) = (try fields.text("name"), try fields.text("key"), try fields.text("state"))
    (messageID, source) = (try fields.optionalText("message_id"), try fields.text("source"))
    receivedAt = try fields.time("received_at") ?? Timestamp(microseconds: 0)
    expiresAt = try fields.time("expires_at") ?? Timestamp(microseconds: 0)
    duplicates = Int(try fields.optionalInteger("duplicates") ?? 0)
  }

  public var json: JSON {
    members([
      "id": id.wire, "namespace": namespace.wire, "name": name.wire, "key": key.wire, "state": state.wire,
      "message_id": messageID?.wire, "source": source.wire, "received_at": receivedAt.wire,
      "expires_at": expiresAt.wire, "duplicates": duplicates.wire,
    ])
  }
}

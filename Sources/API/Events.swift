public import Model

/// Endpoints about the events that steps emit.
public enum EventCalls {
  public static let list = Endpoint<EmittedQuery, Page<EventItem>>(
    .get, "/events", .needs("events", "read"), "Events of a namespace behind a position, oldest first.")
  public static let follow = StreamEndpoint<EmittedQuery, EventItem>(
    "/events/stream", .needs("events", "read"), "Events as they are emitted.")
}

public struct EmittedQuery: Wire {
  public var namespace: String
  public var room: String?
  public var type: String?
  public var after: Int64
  public var limit: Int?

  public init(
    namespace: String, room: String? = nil, type: String? = nil, after: Int64 = 0, limit: Int? = nil
  ) {
    (self.namespace, self.room, self.type) = (namespace, room, type)
    (self.after, self.limit) = (after, limit)
  }

  public static let schema = Schema.request(
    [
      .init("namespace", .text(1...Schema.Member.longestName).examples("demo")),
      .optional("room", .text(0...Schema.Member.longestName)),
      .optional("type", .text(0...Schema.Member.longestName)),
      .optional("after", .integer(0...Int.max), "Only what lies behind this position."),
      .limit(),
    ], name: "EmittedQuery")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    namespace = try fields.text("namespace")
    (room, type) = (try fields.optionalText("room"), try fields.optionalText("type"))
    after = try fields.optionalInteger("after") ?? 0
    limit = try fields.optionalInt("limit")
  }

  public var json: JSON {
    members([
      "namespace": namespace.wire, "room": room?.wire, "type": type?.wire, "after": .int(after),
      "limit": limit?.wire,
    ])
  }
}

public struct EventItem: Wire, Hashable {
  public var position: Int64
  public var at: Timestamp
  public var type: String
  public var room: String
  public var job: String
  public var path: String
  public var data: JSON

  public init(
    position: Int64, at: Timestamp, type: String, room: String, job: String, path: String, data: JSON
  ) {
    (self.position, self.at, self.type, self.room) = (position, at, type, room)
    (self.job, self.path, self.data) = (job, path, data)
  }

  public static let schema = Schema.object(
    [
      .init("position", .integer),
      .init("at", .time),
      .init("type", .text),
      .init("room", .text),
      .init("job", .text),
      .init("path", .text),
      .init("data", .any),
    ], name: "EventItem")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    position = try fields.integer("position")
    at = try fields.time("at")
    (type, room) = (try fields.text("type"), try fields.text("room"))
    (job, path) = (try fields.text("job"), try fields.text("path"))
    data = try fields.json("data")
  }

  public var json: JSON {
    members([
      "position": .int(position), "at": at.wire, "type": type.wire, "room": room.wire, "job": job.wire,
      "path": path.wire, "data": data,
    ])
  }
}

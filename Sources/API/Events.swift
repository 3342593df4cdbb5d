public import Model

/// Endpoints about the events that steps emit.
public enum EventCalls {
  public static let list = Endpoint<EventListQuery, Page<EventItem>>(
    .get, "/events", .needs("events", "read"),
    "Events of a namespace behind a position, oldest first unless asked.")
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

/// Asks for a page of them.
public struct EventListQuery: Wire {
  public var events: EmittedQuery
  /// `position` (nil too) or `-position`.
  public var sort: String?
  public var cursor: String?

  public init(_ events: EmittedQuery, sort: String? = nil, cursor: String? = nil) {
    (self.events, self.sort, self.cursor) = (events, sort, cursor)
  }

  public static let schema = Schema.request(
    EmittedQuery.schema.members + [
      .optional(
        "sort", Schema.words(["position", "-position"]).with("default", "position"),
        "They are in the order in which they came; a `-` turns it round."), .cursor,
    ], name: "EventListQuery")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (sort, cursor) = (try fields.optionalText("sort"), try fields.optionalText("cursor"))
    var own = fields.object
    (own["sort"], own["cursor"]) = (nil, nil)
    events = try EmittedQuery(.object(own))
  }

  public var json: JSON {
    var object = events.json.object ?? JSONObject()
    object["sort"] = sort?.wire
    object["cursor"] = cursor?.wire
    return .object(object)
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

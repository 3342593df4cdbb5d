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

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json)
    namespace = try fields.text("namespace")
    (room, type) = (try fields.optionalText("room"), try fields.optionalText("type"))
    after = try fields.optionalInteger("after") ?? 0
    limit = try fields.optionalInteger("limit").map(Int.init)
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

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json)
    position = try fields.integer("position")
    at = try fields.time("at") ?? Timestamp(microseconds: 0)
    (type, room) = (try fields.text("type"), try fields.text("room"))
    (job, path) = (try fields.text("job"), try fields.text("path"))
    data = fields.object["data"] ?? .null
  }

  public var json: JSON {
    members([
      "position": .int(position), "at": at.wire, "type": type.wire, "room": room.wire, "job": job.wire,
      "path": path.wire, "data": data,
    ])
  }
}

public import Model

public struct WorkerItem: Wire, Hashable {
  public var id: String
  public var version: String
  /// `running`: nothing else can answer.
  public var state: String
  public var places: [PlaceItem]
  /// Those in namespaces that the caller sees.
  public var attempts: [RunningItem]

  public init(id: String, version: String, state: String, places: [PlaceItem], attempts: [RunningItem]) {
    (self.id, self.version, self.state) = (id, version, state)
    (self.places, self.attempts) = (places, attempts)
  }

  public static let schema = Schema.object(
    [
      .init("id", .text), .init("version", .text), .init("state", .words(["running"])),
      .init("places", .list(of: PlaceItem.schema)),
      .init("attempts", .list(of: RunningItem.schema), "Those in namespaces that the caller sees."),
    ], name: "WorkerItem")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, version, state) = (try fields.text("id"), try fields.text("version"), try fields.text("state"))
    places = try fields.list("places", of: PlaceItem.self)
    attempts = try fields.list("attempts", of: RunningItem.self)
  }

  public var json: JSON {
    members([
      "id": id.wire, "version": version.wire, "state": state.wire, "places": places.wire,
      "attempts": attempts.wire,
    ])
  }
}

/// Where attempts run, and how many of them can at once.
public struct PlaceItem: Wire, Hashable {
  /// `node` or `process`.
  public var place: String
  public var slots: Int
  /// Of all namespaces.
  public var used: Int
  public init(place: String, slots: Int, used: Int) {
    (self.place, self.slots, self.used) = (place, slots, used)
  }

  public static let schema = Schema.object(
    [.init("place", .words(["node", "process"])), .init("slots", .count), .init("used", .count)],
    name: "PlaceItem")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    place = try fields.text("place")
    (slots, used) = (try fields.int("slots"), try fields.int("used"))
  }

  public var json: JSON { members(["place": place.wire, "slots": slots.wire, "used": used.wire]) }
}

/// An attempt that runs.
public struct RunningItem: Wire, Hashable {
  public var job: String
  /// `namespace/name`.
  public var pipeline: String
  public var connector: String
  public var place: String
  public init(job: String, pipeline: String, connector: String, place: String) {
    (self.job, self.pipeline, self.connector, self.place) = (job, pipeline, connector, place)
  }

  public static let schema = Schema.object(
    [
      .init("job", .text), .init("pipeline", .text), .init("connector", .text),
      .init("place", .words(["node", "process"])),
    ], name: "RunningItem")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (job, pipeline) = (try fields.text("job"), try fields.text("pipeline"))
    (connector, place) = (try fields.text("connector"), try fields.text("place"))
  }

  public var json: JSON {
    members([
      "job": job.wire, "pipeline": pipeline.wire, "connector": connector.wire, "place": place.wire,
    ])
  }
}

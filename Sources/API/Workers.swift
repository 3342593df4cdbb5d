public import Model

/// Endpoints about who works: there is one node, which is also the one worker.
public enum WorkerCalls {
  public static let list = Endpoint<Nothing, Page<WorkerItem>>(
    .get, "/workers", .needs("workers", "read"), "The node that runs steps, and what it does now.")
  public static let get = Endpoint<WorkerPath, WorkerItem>(
    .get, "/workers/{id}", .needs("workers", "read"), "One worker.")
  public static let drain = Endpoint<DrainRequest, WorkerItem>(
    .post, "/workers/{id}/drain", .needs("workers", "drain"),
    "Begins nothing from now on: no attempt, no job of a trigger, no message. What runs ends.")
  public static let undrain = Endpoint<WorkerPath, WorkerItem>(
    .post, "/workers/{id}/undrain", .needs("workers", "drain"),
    "Begins again. A server that is started anew does so by itself.")
  public static let cluster = Endpoint<Nothing, ClusterItem>(
    .get, "/cluster", .needs("system", "read"), "The nodes of this installation, of which there is one.")
  public static let drainNode = Endpoint<DrainRequest, NodeItem>(
    .post, "/cluster/nodes/{id}/drain", .needs("system", "drain"),
    "Drains a node; of the one node it is the same as draining its worker.")
  public static let undrainNode = Endpoint<WorkerPath, NodeItem>(
    .post, "/cluster/nodes/{id}/undrain", .needs("system", "drain"), "Ends that.")
}

public struct DrainRequest: Wire, Hashable {
  public var id: String
  public var reason: String
  public init(id: String, reason: String) { (self.id, self.reason) = (id, reason) }

  public static let schema = Schema.request(
    [
      .init("id", .text(1...200)),
      .init("reason", .text(1...Schema.Member.longestNote), "For those who find it drained."),
    ], name: "DrainRequest")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, reason) = (try fields.text("id"), try fields.text("reason"))
  }

  public var json: JSON { members(["id": id.wire, "reason": reason.wire]) }
}

/// Who drained a node, why, and since when.
public struct DrainItem: Wire, Hashable {
  public var by: String
  public var reason: String
  public var since: Timestamp
  public init(by: String, reason: String, since: Timestamp) {
    (self.by, self.reason, self.since) = (by, reason, since)
  }

  public static let schema = Schema.object(
    [.init("by", .text), .init("reason", .text), .init("since", .time)], name: "DrainItem")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (by, reason, since) = (try fields.text("by"), try fields.text("reason"), try fields.time("since"))
  }

  public var json: JSON { members(["by": by.wire, "reason": reason.wire, "since": since.wire]) }
}

/// What a node and its worker are doing.
public enum WorkState: String, Sendable, Hashable, CaseIterable {
  case running
  /// It begins nothing, and something of it still runs.
  case draining
  /// It begins nothing, and nothing of it runs.
  case drained

  static let schema = Schema.words(
    allCases.map(\.rawValue)
  ).with(
    "description",
    "`draining`: it begins nothing, and attempts still run; `drained`: none does any more.")
}

public struct ClusterItem: Wire, Hashable {
  /// One: nodes do not share a store yet.
  public var nodes: [NodeItem]
  public init(nodes: [NodeItem]) { self.nodes = nodes }

  public static let schema = Schema.object(
    [.init("nodes", .list(of: NodeItem.schema), "One: nodes do not share a store yet.")],
    name: "ClusterItem")

  public init(_ json: JSON) throws(WireError) {
    nodes = try Fields(json, Self.schema).list("nodes", of: NodeItem.self)
  }

  public var json: JSON { members(["nodes": nodes.wire]) }
}

public struct NodeItem: Wire, Hashable {
  public var id: String
  public var version: String
  public var state: WorkState
  /// Attempts that run on it, of all namespaces.
  public var attempts: Int
  public var drain: DrainItem?

  public init(id: String, version: String, state: WorkState, attempts: Int, drain: DrainItem?) {
    (self.id, self.version, self.state) = (id, version, state)
    (self.attempts, self.drain) = (attempts, drain)
  }

  public static let schema = Schema.object(
    [
      .init("id", .text), .init("version", .text), .init("state", WorkState.schema),
      .init("attempts", .count, "That run on it, of all namespaces."), .optional("drain", DrainItem.schema),
    ], name: "NodeItem")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, version) = (try fields.text("id"), try fields.text("version"))
    // The schema takes no other word.
    state = WorkState(rawValue: try fields.text("state")) ?? .running
    (attempts, drain) = (
      try fields.int("attempts"), try fields.optionalValue("drain", of: DrainItem.self)
    )
  }

  public var json: JSON {
    members([
      "id": id.wire, "version": version.wire, "state": state.rawValue.wire, "attempts": attempts.wire,
      "drain": drain?.json,
    ])
  }
}

public struct WorkerPath: Wire, Hashable {
  public var id: String
  public init(id: String) { self.id = id }
  public static let schema = Schema.request([.init("id", .text(1...200))], name: "WorkerPath")
  public init(_ json: JSON) throws(WireError) { id = try Fields(json, Self.schema).text("id") }
  public var json: JSON { members(["id": id.wire]) }
}

public struct WorkerItem: Wire, Hashable {
  public var id: String
  public var version: String
  public var state: WorkState
  public var places: [PlaceItem]
  /// Those in namespaces that the caller sees.
  public var attempts: [RunningItem]
  public var drain: DrainItem?

  public init(
    id: String, version: String, state: WorkState, places: [PlaceItem], attempts: [RunningItem],
    drain: DrainItem? = nil
  ) {
    (self.id, self.version, self.state) = (id, version, state)
    (self.places, self.attempts, self.drain) = (places, attempts, drain)
  }

  public static let schema = Schema.object(
    [
      .init("id", .text), .init("version", .text), .init("state", WorkState.schema),
      .init("places", .list(of: PlaceItem.schema)),
      .init("attempts", .list(of: RunningItem.schema), "Those in namespaces that the caller sees."),
      .optional("drain", DrainItem.schema),
    ], name: "WorkerItem")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, version) = (try fields.text("id"), try fields.text("version"))
    // The schema takes no other word.
    state = WorkState(rawValue: try fields.text("state")) ?? .running
    drain = try fields.optionalValue("drain", of: DrainItem.self)
    places = try fields.list("places", of: PlaceItem.self)
    attempts = try fields.list("attempts", of: RunningItem.self)
  }

  public var json: JSON {
    members([
      "id": id.wire, "version": version.wire, "state": state.rawValue.wire, "places": places.wire,
      "attempts": attempts.wire, "drain": drain?.json,
    ])
  }
}

/// Where attempts run, and how many of them can at once.
public struct PlaceItem: Wire, Hashable {
  /// `node`, `process` or `outside`.
  public var place: String
  public var slots: Int
  /// Of all namespaces.
  public var used: Int
  public init(place: String, slots: Int, used: Int) {
    (self.place, self.slots, self.used) = (place, slots, used)
  }

  public static let schema = Schema.object(
    [.init("place", .words(["node", "process", "outside"])), .init("slots", .count), .init("used", .count)],
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
      .init("place", .words(["node", "process", "outside"])),
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

public import Model

/// Endpoints about what stays, whatever the rules of retention say.
public enum HoldCalls {
  public static let list = Endpoint<Nothing, Page<HoldItem>>(
    .get, "/holds", .needs("retention", "read"), "What is held, in the order in which it was.")
  public static let create = Endpoint<HoldRequest, MadeHold>(
    .post, "/holds", .needs("retention", "admin"),
    "Holds a job, all jobs of a pipeline, or a namespace: no rule of retention deletes it from then on.",
    success: [201], problems: [404])
  public static let delete = Endpoint<HoldPath, Nothing>(
    .delete, "/holds/{id}", .needs("retention", "admin"), "Releases what was held.")
}

/// One of the three, and why.
public struct HoldRequest: Wire, Hashable {
  public var namespace: String?
  /// `namespace~name`.
  public var pipeline: String?
  /// The id, or a beginning that only one has.
  public var job: String?
  public var reason: String
  public init(namespace: String? = nil, pipeline: String? = nil, job: String? = nil, reason: String) {
    (self.namespace, self.pipeline, self.job, self.reason) = (namespace, pipeline, job, reason)
  }

  private static let reason = Schema.Member("reason", .text(1...Schema.Member.longestNote))
  private static func one(_ name: String, _ schema: Schema, _ summary: String) -> Schema {
    .request([.init(name, schema, summary), reason])
  }

  public static let schema = Schema.oneOf(
    [
      one("namespace", .text(1...Schema.Member.longestName), "All that stands in it."),
      one("pipeline", Schema.text(.namespacedName).examples("demo~hello"), "All its jobs, also later ones."),
      one("job", .text(1...Schema.Member.longestName), "The id, or a beginning that only one has."),
    ], shared: [reason], name: "HoldRequest")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (namespace, pipeline) = (try fields.optionalText("namespace"), try fields.optionalText("pipeline"))
    (job, reason) = (try fields.optionalText("job"), try fields.text("reason"))
  }

  public var json: JSON {
    members([
      "namespace": namespace?.wire, "pipeline": pipeline?.wire, "job": job?.wire, "reason": reason.wire,
    ])
  }
}

public struct HoldPath: Wire, Hashable {
  public var id: String
  public init(id: String) { self.id = id }
  public static let schema = Schema.request([.shortID], name: "HoldPath")
  public init(_ json: JSON) throws(WireError) { id = try Fields(json, Self.schema).text("id") }
  public var json: JSON { members(["id": id.wire]) }
}

public struct HoldItem: Wire, Hashable {
  public var id: String
  public var namespace: String
  /// Its name in the namespace.
  public var pipeline: String?
  public var job: String?
  public var reason: String
  public var by: String
  public var at: Timestamp
  public init(
    id: String, namespace: String, pipeline: String?, job: String?, reason: String, by: String, at: Timestamp
  ) {
    (self.id, self.namespace, self.pipeline, self.job) = (id, namespace, pipeline, job)
    (self.reason, self.by, self.at) = (reason, by, at)
  }

  public static let schema = Schema.object(
    [
      .init("id", .text), .init("namespace", .text),
      .optional("pipeline", .text, "All its jobs are held."),
      .optional("job", .text, "It alone is held; with neither, all of the namespace."),
      .init("reason", .text), .init("by", .text), .init("at", .time),
    ], name: "HoldItem")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, namespace) = (try fields.text("id"), try fields.text("namespace"))
    (pipeline, job) = (try fields.optionalText("pipeline"), try fields.optionalText("job"))
    (reason, by, at) = (try fields.text("reason"), try fields.text("by"), try fields.time("at"))
  }

  public var json: JSON {
    members([
      "id": id.wire, "namespace": namespace.wire, "pipeline": pipeline?.wire, "job": job?.wire,
      "reason": reason.wire, "by": by.wire, "at": at.wire,
    ])
  }
}

/// A hold that counts from now on.
public struct MadeHold: Wire, Hashable, Located {
  public var item: HoldItem
  public init(item: HoldItem) { self.item = item }
  public static var schema: Schema { HoldItem.schema }
  public init(_ json: JSON) throws(WireError) { item = try HoldItem(json) }
  public var json: JSON { item.json }
  public var location: String? { "/api/v1/holds" }
}

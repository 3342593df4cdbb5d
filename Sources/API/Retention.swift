public import Model

/// Endpoints about how long things are kept.
public enum RetentionCalls {
  public static let show = Endpoint<Nothing, Page<RetentionItem>>(
    .get, "/retention", .needs("retention", "read"),
    "Each rule with what it would delete now and within thirty days.")
  public static let set = Endpoint<RetentionRequest, Nothing>(
    .put, "/retention", .needs("retention", "admin"), "Sets a rule, or takes it away.")
  public static let preview = Endpoint<PreviewedRule, RetentionItem>(
    .post, "/retention:preview", .needs("retention", "read"),
    "What a rule would delete now and within thirty days, without setting it.", audit: .nothing)
  public static let run = Endpoint<Nothing, Page<DeletionItem>>(
    .post, "/retention/run", .needs("retention", "admin"), "Deletes what the rules give up.")
  public static let deletions = Endpoint<ListQuery, Page<DeletionItem>>(
    .get, "/retention/deletions", .needs("retention", "read"), "The proofs of what was deleted, newest first."
  )
}

public struct RetentionRequest: Wire, Hashable {
  public var namespace: String
  /// `history`, `logs`, `artifacts`, `events` or `refusals`.
  public var retained: String
  /// Nil: for ever.
  public var days: Int?

  public init(namespace: String, retained: String, days: Int?) {
    (self.namespace, self.retained, self.days) = (namespace, retained, days)
  }

  static let classes = ["history", "logs", "artifacts", "events", "refusals"]
  public static let mostDays = 36_500

  public static let schema = Schema.request(
    [
      .init("namespace", .text(1...Schema.Member.longestName).examples("demo")),
      .init("class", .words(classes)),
      .optional("days", .integer(0...mostDays).orNull, "Absent or null: for ever."),
    ], name: "RetentionRequest")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (namespace, retained) = (try fields.text("namespace"), try fields.text("class"))
    days = try fields.optionalInt("days")
  }

  public var json: JSON {
    members(["namespace": namespace.wire, "class": retained.wire, "days": days?.wire])
  }
}

/// A rule that does not count.
public struct PreviewedRule: Wire, Hashable {
  public var namespace: String
  /// `history`, `logs`, `artifacts`, `events` or `refusals`.
  public var retained: String
  public var days: Int
  public init(namespace: String, retained: String, days: Int) {
    (self.namespace, self.retained, self.days) = (namespace, retained, days)
  }

  public static let schema = Schema.request(
    [
      .init("namespace", .text(1...Schema.Member.longestName).examples("demo")),
      .init("class", .words(RetentionRequest.classes)),
      .init("days", .integer(0...RetentionRequest.mostDays)),
    ], name: "PreviewedRule")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (namespace, retained) = (try fields.text("namespace"), try fields.text("class"))
    days = try fields.int("days")
  }
  public var json: JSON {
    members(["namespace": namespace.wire, "class": retained.wire, "days": days.wire])
  }
}

public struct RetentionItem: Wire, Hashable {
  public var namespace: String
  public var retained: String
  public var days: Int
  public var by: String
  public var at: Timestamp
  public var count: Int64
  public var bytes: Int64
  /// Within thirty days, what goes now included.
  public var soonCount: Int64
  public var soonBytes: Int64

  public init(
    namespace: String, retained: String, days: Int, by: String, at: Timestamp, count: Int64, bytes: Int64,
    soonCount: Int64, soonBytes: Int64
  ) {
    (self.namespace, self.retained, self.days, self.by) = (namespace, retained, days, by)
    (self.at, self.count, self.bytes) = (at, count, bytes)
    (self.soonCount, self.soonBytes) = (soonCount, soonBytes)
  }

  public static let schema = Schema.object(
    [
      .init("namespace", .text),
      .init("class", .words(RetentionRequest.classes)),
      .init("days", .count),
      .init("by", .text),
      .init("at", .time),
      .init("now_count", .count),
      .init("now_bytes", .count),
      .init("soon_count", .count, "Within thirty days, what goes now included."),
      .init("soon_bytes", .count),
    ], name: "RetentionItem")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (namespace, retained) = (try fields.text("namespace"), try fields.text("class"))
    (days, by) = (try fields.int("days"), try fields.text("by"))
    at = try fields.time("at")
    (count, bytes) = (try fields.integer("now_count"), try fields.integer("now_bytes"))
    (soonCount, soonBytes) = (try fields.integer("soon_count"), try fields.integer("soon_bytes"))
  }

  public var json: JSON {
    members([
      "namespace": namespace.wire, "class": retained.wire, "days": days.wire, "by": by.wire, "at": at.wire,
      "now_count": .int(count), "now_bytes": .int(bytes), "soon_count": .int(soonCount),
      "soon_bytes": .int(soonBytes),
    ])
  }
}

/// What one run deleted of one class.
public struct DeletionItem: Wire, Hashable {
  public var at: Timestamp
  public var namespace: String
  public var retained: String
  public var days: Int
  public var before: Timestamp
  public var count: Int64
  public var bytes: Int64
  public var by: String

  public init(
    at: Timestamp, namespace: String, retained: String, days: Int, before: Timestamp, count: Int64,
    bytes: Int64, by: String
  ) {
    (self.at, self.namespace, self.retained, self.days) = (at, namespace, retained, days)
    (self.before, self.count, self.bytes, self.by) = (before, count, bytes, by)
  }

  public static let schema = Schema.object(
    [
      .init("at", .time),
      .init("namespace", .text),
      .init("class", .words(RetentionRequest.classes)),
      .init("days", .count),
      .init("before", .time),
      .init("count", .count),
      .init("bytes", .count),
      .init("by", .text),
    ], name: "DeletionItem", "What one run deleted of one class.")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    at = try fields.time("at")
    (namespace, retained) = (try fields.text("namespace"), try fields.text("class"))
    days = try fields.int("days")
    before = try fields.time("before")
    (count, bytes, by) = (try fields.integer("count"), try fields.integer("bytes"), try fields.text("by"))
  }

  public var json: JSON {
    members([
      "at": at.wire, "namespace": namespace.wire, "class": retained.wire, "days": days.wire,
      "before": before.wire, "count": .int(count), "bytes": .int(bytes), "by": by.wire,
    ])
  }
}

public import Model

public struct PipelinesQuery: Wire {
  public var namespace: String?
  /// True: only those that take new jobs; false: only paused ones.
  public var isActive: Bool?
  /// Stands in the name or the title; ASCII letters are the same in capitals.
  public var text: String?
  public var labels: [LabelCondition]
  /// Such as `-updated_at`; nil: by name.
  public var sort: String?
  public var limit: Int?
  public var cursor: String?

  public init(
    namespace: String? = nil, isActive: Bool? = nil, text: String? = nil, labels: [LabelCondition] = [],
    sort: String? = nil, limit: Int? = nil, cursor: String? = nil
  ) {
    self.sort = sort
    (self.namespace, self.isActive, self.text, self.labels) = (namespace, isActive, text, labels)
    (self.limit, self.cursor) = (limit, cursor)
  }

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (namespace, text) = (try fields.optionalText("namespace"), try fields.optionalText("q"))
    isActive = fields.object["active"] == nil ? nil : try fields.flag("active")
    labels = try LabelCondition.list(try fields.optionalText("labels") ?? "")
    (limit, sort) = (try fields.optionalInt("limit"), try fields.optionalText("sort"))
    cursor = try fields.optionalText("cursor")
  }

  public var json: JSON {
    members([
      "namespace": namespace?.wire, "sort": sort?.wire, "active": isActive.map { .bool($0) }, "q": text?.wire,
      "labels": labels.isEmpty ? JSON?.none : LabelCondition.text(labels).wire, "limit": limit?.wire,
      "cursor": cursor?.wire,
    ])
  }

  public static let schema = Schema.request([
    .init("namespace", .text, required: false),
    .init("active", .flag, required: false, "Only those that take new jobs, or only paused ones."),
    .init("q", .text, required: false, "Stands in the name or the title."),
    .init("labels", .text(.labelConditions), required: false, "`team=x,env!=dev`: all must hold."),
    .sort(by: ["name", "created_at", "updated_at", "next_at"]),
    .limit(),
    .init("cursor", .text, required: false, "`next_cursor` of the page before."),
  ])
}

/// The newest job of a pipeline.
public struct LastJobItem: Wire, Hashable {
  public var id: String
  public var status: String
  public var createdAt: Timestamp
  public var completedAt: Timestamp?

  public init(id: String, status: String, createdAt: Timestamp, completedAt: Timestamp?) {
    (self.id, self.status, self.createdAt, self.completedAt) = (id, status, createdAt, completedAt)
  }

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, status) = (try fields.text("id"), try fields.text("status"))
    createdAt = try fields.time("created_at")
    completedAt = try fields.optionalTime("completed_at")
  }

  public var json: JSON {
    members([
      "id": id.wire, "status": status.wire, "created_at": createdAt.wire, "completed_at": completedAt?.wire,
    ])
  }

  public static let schema = Schema.object(
    [
      .init("id", .text), .init("status", .words(JobStatus.allCases.map(\.word))),
      .init("created_at", .time), .init("completed_at", .time, required: false),
    ], name: "LastJob")
}

public struct RevisionsQuery: Wire {
  /// `namespace~name`.
  public var id: String
  public var limit: Int?
  public var cursor: String?

  public init(id: String, limit: Int? = nil, cursor: String? = nil) {
    (self.id, self.limit, self.cursor) = (id, limit, cursor)
  }

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, cursor) = (try fields.text("id"), try fields.optionalText("cursor"))
    limit = try fields.optionalInt("limit")
  }

  public var json: JSON { members(["id": id.wire, "limit": limit?.wire, "cursor": cursor?.wire]) }

  public static let schema = Schema.request([
    .id, .limit(),
    .init("cursor", .text, required: false, "`next_cursor` of the page before."),
  ])
}

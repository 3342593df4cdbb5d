public import Model

/// What of a live job is to be different.
public struct UpdateJobRequest: Wire {
  public var id: String
  /// 0 to 9; nil: as it is.
  public var priority: Int?
  /// By name; one without a value is taken away. Labels that are not named stay.
  public var labels: [(name: String, value: String?)]

  public init(id: String, priority: Int? = nil, labels: [(name: String, value: String?)] = []) {
    (self.id, self.priority, self.labels) = (id, priority, labels)
  }

  /// Of one request; a job has no more of them either.
  public static let mostLabels = 64
  /// Characters of a label's value, as at the start of a job.
  public static let longestLabel = 256

  static let labels = Schema.map(of: .text(0...longestLabel).orNull, named: .labelName, most: mostLabels)

  static func wire(_ labels: [(name: String, value: String?)]) -> JSON? {
    if labels.isEmpty { return nil }
    return .object(JSONObject(labels.map { ($0.name, $0.value.map { JSON.string($0) } ?? JSON.null) }))
  }

  public static let schema = Schema.request(
    [
      .shortID,
      .optional(
        "priority", .integer(0...9), "It counts for what the job still queues for; 9 comes first."),
      .optional("labels", labels, "Labels that are not named stay; one whose value is null is taken away."),
    ], name: "UpdateJobRequest")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, priority) = (try fields.text("id"), try fields.optionalInt("priority"))
    labels = try fields.map("labels").map { (name: $0.key, value: $0.value.string) }
  }

  public var json: JSON {
    members(["id": id.wire, "priority": priority?.wire, "labels": Self.wire(labels)])
  }
}

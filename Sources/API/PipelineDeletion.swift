public import Model

public struct DeleteRequest: Wire {
  /// `namespace~name`.
  public var id: String
  /// What becomes of live jobs: `refuse` (nil too) leaves the pipeline where it has any, `drain` lets them
  /// end, `cancel` cancels them.
  public var jobs: String?

  /// Only says which jobs are live.
  public var isDryRun: Bool

  public init(id: String, jobs: String? = nil, isDryRun: Bool = false) {
    (self.id, self.jobs, self.isDryRun) = (id, jobs, isDryRun)
  }

  public static let schema = Schema.request(
    [
      .id,
      .optional(
        "jobs", .words(["refuse", "drain", "cancel"]).with("default", "refuse"), "What live jobs come to."),
      .optional("dry_run", .flag, "Only says which jobs are live."),
    ], name: "DeleteRequest")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, jobs) = (try fields.text("id"), try fields.optionalText("jobs"))
    isDryRun = try fields.flag("dry_run")
  }

  public var json: JSON { members(["id": id.wire, "jobs": jobs?.wire, "dry_run": isDryRun.wire]) }
}

/// A pipeline that was taken away, with the jobs that were live.
public struct DeletedPipeline: Wire, Hashable {
  public var id: String
  public var jobs: [String]

  public init(id: String, jobs: [String]) { (self.id, self.jobs) = (id, jobs) }

  public static let schema = Schema.object(
    [
      .init("id", .text),
      .init("jobs", .list(of: .text), "The jobs that were live."),
    ], name: "DeletedPipeline")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    id = try fields.text("id")
    jobs = try fields.texts("jobs")
  }

  public var json: JSON { members(["id": id.wire, "jobs": .array(jobs.map(\.wire))]) }
}

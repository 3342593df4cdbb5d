public import Model

/// Endpoints about what is held of persons. Who it is travels in the body alone: never in an address, a log,
/// the audit or a problem.
public enum PrivacyCalls {
  public static let search = Endpoint<SubjectQuery, SubjectPage>(
    .post, "/privacy/search", .needs("privacy", "read"),
    "The jobs that are about a person, oldest first, and how much there is besides.",
    example: SubjectQuery(namespace: "demo", subject: "123.456.789-09"))
  public static let export = BytesEndpoint<SubjectExport>(
    "/privacy/export", .needs("privacy", "export"),
    "A signed tar file with all that is held of these jobs, each as its own export.", audit: .change,
    method: .post,
    example: SubjectExport(SubjectQuery(namespace: "demo", subject: "123.456.789-09", limit: 20)))
  public static let erase = Endpoint<ErasureRequest, ErasureAnswer>(
    .post, "/privacy/erasures", .needs("privacy", "erase"),
    "Erases what is held about a person, or with dry_run counts it.", success: [200, 201],
    problems: [428],
    example: ErasureRequest(
      namespace: "demo", subject: "123.456.789-09", basis: "LGPD art. 18, VI", reason: "request 17",
      isDryRun: true))
  public static let erasures = Endpoint<ListQuery, Page<ErasureItem>>(
    .get, "/privacy/erasures", .needs("privacy", "read"), "What was erased, newest first; never of whom.")
  public static let register = Endpoint<ListQuery, Page<RegisterItem>>(
    .get, "/privacy/register", .needs("privacy", "read"),
    "The register of processing (LGPD art. 37): what each pipeline says of it, and its marked inputs.")
}

/// A person, and a page of what is held.
public struct SubjectQuery: Wire {
  /// How long an identifier may be.
  public static let longest = 1_024
  public var namespace: String
  public var subject: String
  public var limit: Int?
  public var cursor: String?

  public init(namespace: String, subject: String, limit: Int? = nil, cursor: String? = nil) {
    (self.namespace, self.subject, self.limit, self.cursor) = (namespace, subject, limit, cursor)
  }

  static let namespace = Schema.Member(
    "namespace", .text(1...Schema.Member.longestName).examples("demo"), "Where it is looked for.")
  static let subject = Schema.Member(
    "subject", .text(1...longest),
    "The identifier as it was given to a marked input, in any punctuation, case and composition.")

  static let cursor = Schema.Member.optional(
    "cursor", .text(1...Schema.Member.longestName), "Where the page before ended: its `next_cursor`.")

  public static let schema = Schema.request([namespace, subject, .limit(), cursor], name: "SubjectQuery")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (namespace, subject) = (try fields.text("namespace"), try fields.text("subject"))
    (limit, cursor) = (try fields.optionalInt("limit"), try fields.optionalText("cursor"))
  }

  public var json: JSON {
    members([
      "namespace": namespace.wire, "subject": subject.wire, "limit": limit?.wire, "cursor": cursor?.wire,
    ])
  }
}

/// A person, and a part of what is given out.
public struct SubjectExport: Wire {
  /// Jobs of one file.
  public static let mostJobs = 100
  public static let usualJobs = 20

  public var query: SubjectQuery
  public init(_ query: SubjectQuery) { self.query = query }

  public static let schema = Schema.request(
    [
      SubjectQuery.namespace, SubjectQuery.subject, .limit(1...mostJobs, usual: usualJobs),
      SubjectQuery.cursor,
    ], name: "SubjectExport")

  public init(_ json: JSON) throws(WireError) {
    _ = try Fields(json, Self.schema)
    query = try SubjectQuery(json)
  }

  public var json: JSON { query.json }
}

/// How much is held about a person, by what it is.
public struct SubjectCountsItem: Wire, Hashable {
  public var counts: [String: Int]
  public init(_ counts: [String: Int]) { self.counts = counts }

  public static let names = [
    "jobs", "live", "held", "asks", "dead_letters", "messages", "events", "signals", "artifacts",
  ]

  private static let told = [
    "live": "Of the jobs, those that have not ended.",
    "held": "Of the jobs, those that a legal hold keeps.",
    "messages": "That wait for a destination, or were delivered to one.",
    "events": "That steps emitted.", "signals": "That jobs were given.",
  ]

  public static let schema = Schema.object(
    names.map { .init($0, .count, told[$0]) }, name: "SubjectCounts")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    counts = [:]
    for name in Self.names { counts[name] = try fields.int(name) }
  }

  public var json: JSON {
    .object(JSONObject(Self.names.map { ($0, .int(Int64(counts[$0] ?? 0))) }))
  }

  public subscript(name: String) -> Int { counts[name] ?? 0 }
}

/// A job that is about a person.
public struct SubjectJobItem: Wire, Hashable {
  public var id: String
  public var pipeline: String
  public var status: String
  public var createdAt: Timestamp
  /// Empty where only the job that called it, or that it repeats, is about the person.
  public var inputs: [String]
  public var isHeld: Bool

  public init(
    id: String, pipeline: String, status: String, createdAt: Timestamp, inputs: [String], isHeld: Bool
  ) {
    (self.id, self.pipeline, self.status, self.createdAt) = (id, pipeline, status, createdAt)
    (self.inputs, self.isHeld) = (inputs, isHeld)
  }

  public static let schema = Schema.object(
    [
      .init("id", .text), .init("pipeline", .text, "`namespace/name`."), .init("status", .text),
      .init("created_at", .time),
      .init(
        "inputs", .list(of: .text),
        "Those that name the person. None: only the job that called it, or that it repeats, does."),
      .init("held", .flag, "A legal hold keeps it."),
    ], name: "SubjectJob")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, pipeline) = (try fields.text("id"), try fields.text("pipeline"))
    (status, createdAt) = (try fields.text("status"), try fields.time("created_at"))
    (inputs, isHeld) = (try fields.texts("inputs"), try fields.flag("held"))
  }

  public var json: JSON {
    members([
      "id": id.wire, "pipeline": pipeline.wire, "status": status.wire, "created_at": createdAt.wire,
      "inputs": .array(inputs.map(\.wire)), "held": .bool(isHeld),
    ])
  }
}

public struct SubjectPage: Wire, Hashable {
  public var items: [SubjectJobItem]
  /// Of all, not of this page.
  public var counts: SubjectCountsItem
  public var nextCursor: String?

  public init(items: [SubjectJobItem], counts: SubjectCountsItem, nextCursor: String?) {
    (self.items, self.counts, self.nextCursor) = (items, counts, nextCursor)
  }

  public static let schema = Schema.object(
    [
      .init("items", .list(of: SubjectJobItem.schema)),
      .init("counts", SubjectCountsItem.schema, "Of all jobs, not of this page."),
      .init("next_cursor", Schema.text.orNull, "Given back as `cursor`; null on the last page."),
    ], name: "SubjectPage")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    items = try fields.list("items", of: SubjectJobItem.self)
    counts = try fields.value("counts", of: SubjectCountsItem.self)
    nextCursor = try fields.optionalText("next_cursor")
  }

  public var json: JSON {
    members(["items": items.wire, "counts": counts.json, "next_cursor": nextCursor?.wire ?? .null])
  }
}

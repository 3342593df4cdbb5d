public import Model

extension JobCalls {
  public static let bulk = Endpoint<BulkRequest, BulkAnswer>(
    .post, "/jobs:bulk", .needs("jobs", "read"),
    "Does the same to many jobs: first with dry_run, which counts them, then with that count as "
      + "`expected`. Each job asks for the permission of the verb in its own namespace.",
    success: [200, 202])
}

public enum OperationCalls {
  public static let get = Endpoint<OperationPath, OperationItem>(
    .get, "/operations/{id}", .signedIn,
    "How far long work is. Only who began it sees it, for as long as the server remembers it."
  )
}

/// What is done to many jobs.
public enum BulkVerb: String, Sendable, Hashable, CaseIterable {
  case cancel, retry, kill, rerun

  /// The permission that each job asks for.
  public var permission: Permission {
    switch self {
    case .cancel: .needs("jobs", "cancel")
    case .retry: .needs("jobs", "retry")
    case .kill: .needs("jobs", "kill")
    case .rerun: .needs("pipelines", "execute")
    }
  }
}

public struct BulkRequest: Wire {
  public var verb: BulkVerb
  /// A search such as `status:failed pipeline:vendas*`; nil where ids are given.
  public var filter: String?
  public var namespace: String?
  public var ids: [String]
  /// More jobs than this are refused.
  public var limit: Int
  /// For cancel and kill; a kill needs one.
  public var reason: String
  /// What the dry run counted. Other than that, nothing is done.
  public var expected: Int?
  public var isDryRun: Bool

  public static let usualLimit = 1_000
  public static let mostJobs = 10_000

  public init(
    verb: BulkVerb, filter: String? = nil, namespace: String? = nil, ids: [String] = [],
    limit: Int = usualLimit, reason: String = "", expected: Int? = nil, isDryRun: Bool = false
  ) {
    (self.verb, self.filter, self.namespace, self.ids) = (verb, filter, namespace, ids)
    (self.limit, self.reason, self.expected, self.isDryRun) = (limit, reason, expected, isDryRun)
  }

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    // The schema takes no other word.
    verb = BulkVerb(rawValue: try fields.text("verb")) ?? .cancel
    filter = try fields.optionalText("filter")
    (namespace, reason) = (try fields.optionalText("namespace"), try fields.optionalText("reason") ?? "")
    ids = try fields.texts("ids")
    limit = try fields.optionalInt("limit") ?? Self.usualLimit
    expected = try fields.optionalInt("expected")
    isDryRun = try fields.flag("dry_run")
  }

  /// What no schema says: one of the two, and not both.
  public var namesJobsOnce: Bool { (filter == nil) != ids.isEmpty }

  public var json: JSON {
    members([
      "verb": verb.rawValue.wire, "filter": filter?.wire, "namespace": namespace?.wire,
      "ids": ids.isEmpty ? JSON?.none : .array(ids.map(\.wire)), "limit": limit.wire,
      "reason": reason.isEmpty ? JSON?.none : reason.wire, "expected": expected?.wire,
      "dry_run": isDryRun.wire,
    ])
  }

  public static let schema = Schema.request(
    [
      .init("verb", .words(BulkVerb.allCases.map(\.rawValue))),
      .init(
        "filter", .text(0...2_000), required: false, "A search such as `status:failed pipeline:vendas*`."),
      .init("namespace", .text, required: false, "Only of this one."),
      .init("ids", .list(of: .text, most: mostJobs), required: false, "In place of a filter."),
      .init(
        "limit", .integer(1...mostJobs), required: false,
        "1 to 10,000; more jobs than this are refused. 1,000 if absent."),
      .init("reason", .text, required: false, "For cancel and kill; a kill needs one."),
      .init(
        "expected", .count, required: false, "What the dry run counted; without a dry run it is needed."),
      .init("dry_run", .flag, required: false, "Only counts."),
    ], name: "BulkRequest")
}

/// The count of a dry run, or the operation that has begun.
public struct BulkAnswer: Wire, Hashable, Located {
  public var count: Int
  /// The first of them.
  public var ids: [String]
  /// Nil: a dry run.
  public var operation: String?

  public init(count: Int, ids: [String], operation: String?) {
    (self.count, self.ids, self.operation) = (count, ids, operation)
  }

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (count, operation) = (try fields.int("count"), try fields.optionalText("operation"))
    ids = try fields.texts("ids")
  }

  public var json: JSON {
    members(["count": count.wire, "ids": .array(ids.map(\.wire)), "operation": operation?.wire])
  }

  public var location: String? { operation.map { "/api/v1/operations/\($0)" } }

  public static let schema = Schema.object(
    [
      .init("count", .integer), .init("ids", .list(of: .text), "The first of them."),
      .init("operation", .text, required: false, "Absent: a dry run."),
    ], name: "BulkAnswer")
}

public struct OperationPath: Wire {
  public var id: String
  /// Of the outcomes, from 0.
  public var cursor: String?
  public var limit: Int?

  public init(id: String, cursor: String? = nil, limit: Int? = nil) {
    (self.id, self.cursor, self.limit) = (id, cursor, limit)
  }

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, cursor) = (try fields.text("id"), try fields.optionalText("cursor"))
    limit = try fields.optionalInt("limit")
  }

  public var json: JSON { members(["id": id.wire, "cursor": cursor?.wire, "limit": limit?.wire]) }

  public static let schema = Schema.request([
    .init("id", .text), .init("cursor", .text, required: false, "`next_cursor` of the page before."),
    .limit(),
  ])
}

/// Long work, on many jobs or on a backup, and what came of each.
public struct OperationItem: Wire, Hashable {
  static let verbs = BulkVerb.allCases.map(\.rawValue) + ["backup", "verify_backup"]

  public var id: String
  public var verb: String
  /// `running` or `done`.
  public var state: String
  public var count: Int
  public var done: Int
  public var refused: Int
  public var startedAt: Timestamp
  public var endedAt: Timestamp?
  /// Those of this page, in the order in which they were done.
  public var items: [Outcome]
  public var nextCursor: String?

  public struct Outcome: Wire, Hashable {
    /// Empty where the work is on no job.
    public var job: String
    /// `done` or `refused`.
    public var outcome: String
    /// Why it was refused; names a page of `docs/errors/`.
    public var code: String?
    public var message: String?
    /// The job that a rerun made.
    public var newJob: String?
    /// The backup that was made or checked, and what is wrong with it.
    public var backup: String?
    public var faults: [String]

    public init(
      job: String = "", outcome: String = "done", code: String? = nil, message: String? = nil,
      newJob: String? = nil, backup: String? = nil, faults: [String] = []
    ) {
      (self.job, self.outcome, self.code) = (job, outcome, code)
      (self.message, self.newJob) = (message, newJob)
      (self.backup, self.faults) = (backup, faults)
    }

    public init(_ json: JSON) throws(WireError) {
      let fields = try Fields(json, Self.schema)
      (job, outcome) = (try fields.optionalText("job") ?? "", try fields.text("outcome"))
      (backup, faults) = (try fields.optionalText("backup"), try fields.texts("faults"))
      (code, message) = (try fields.optionalText("code"), try fields.optionalText("message"))
      newJob = try fields.optionalText("new_job")
    }

    public var json: JSON {
      members([
        "job": job.isEmpty ? JSON?.none : job.wire, "backup": backup?.wire, "outcome": outcome.wire,
        "code": code?.wire, "message": message?.wire,
        "new_job": newJob?.wire, "faults": faults.isEmpty ? JSON?.none : .array(faults.map(\.wire)),
      ])
    }

    public static let schema = Schema.object(
      [
        .optional("job", .text), .optional("backup", .text, "That was made or checked."),
        .init("outcome", .words(["done", "refused"])),
        .init("code", .text, required: false, "Why it was refused; names a page."),
        .init("message", .text, required: false),
        .init("new_job", .text, required: false, "The job that a rerun made."),
        .optional("faults", .list(of: .text), "What is wrong with the backup."),
      ], name: "OperationOutcome")
  }

  public init(
    id: String, verb: String, state: String, count: Int, done: Int, refused: Int, startedAt: Timestamp,
    endedAt: Timestamp?, items: [Outcome], nextCursor: String?
  ) {
    (self.id, self.verb, self.state, self.count) = (id, verb, state, count)
    (self.done, self.refused, self.startedAt, self.endedAt) = (done, refused, startedAt, endedAt)
    (self.items, self.nextCursor) = (items, nextCursor)
  }

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, verb, state) = (try fields.text("id"), try fields.text("verb"), try fields.text("state"))
    (count, done) = (try fields.int("count"), try fields.int("done"))
    refused = try fields.int("refused")
    startedAt = try fields.time("started_at")
    endedAt = try fields.optionalTime("ended_at")
    items = try fields.list("items", of: Outcome.self)
    nextCursor = try fields.optionalText("next_cursor")
  }

  public var json: JSON {
    members([
      "id": id.wire, "verb": verb.wire, "state": state.wire, "count": count.wire, "done": done.wire,
      "refused": refused.wire, "started_at": startedAt.wire, "ended_at": endedAt?.wire, "items": items.wire,
      "next_cursor": nextCursor?.wire,
    ])
  }

  public static let schema = Schema.object(
    [
      .init("id", .text), .init("verb", .words(verbs)),
      .init("state", .words(["running", "done"])), .init("count", .integer), .init("done", .integer),
      .init("refused", .integer), .init("started_at", .time), .init("ended_at", .time, required: false),
      .init("items", .list(of: Outcome.schema)), .init("next_cursor", .text, required: false),
    ], name: "Operation")
}

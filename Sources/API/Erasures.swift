public import Model

/// Who is to be erased, and why.
public struct ErasureRequest: Wire {
  public var namespace: String
  public var subject: String
  /// Such as `LGPD art. 18, VI`.
  public var basis: String
  public var reason: String
  /// The jobs that the dry run counted. Other than that, nothing is done.
  public var expected: Int?
  public var isDryRun: Bool

  public init(
    namespace: String, subject: String, basis: String, reason: String, expected: Int? = nil,
    isDryRun: Bool = false
  ) {
    (self.namespace, self.subject, self.basis, self.reason) = (namespace, subject, basis, reason)
    (self.expected, self.isDryRun) = (expected, isDryRun)
  }

  public static let schema = Schema.request(
    [
      SubjectQuery.namespace, SubjectQuery.subject,
      .init(
        "basis", Schema.text(1...Schema.Member.longestNote).examples("LGPD art. 18, VI"),
        "What allows or demands it. It is kept, and must not name the person."),
      .init("reason", .text(1...Schema.Member.longestNote), "It is kept, and must not name the person."),
      .optional(
        "expected", .count, "The jobs that the dry run counted; without a dry run it is needed."),
      .optional("dry_run", .flag, "Only counts."),
    ], name: "ErasureRequest")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (namespace, subject) = (try fields.text("namespace"), try fields.text("subject"))
    (basis, reason) = (try fields.text("basis"), try fields.text("reason"))
    (expected, isDryRun) = (try fields.optionalInt("expected"), try fields.flag("dry_run"))
  }

  public var json: JSON {
    members([
      "namespace": namespace.wire, "subject": subject.wire, "basis": basis.wire, "reason": reason.wire,
      "expected": expected?.wire, "dry_run": isDryRun.wire,
    ])
  }
}

/// What would be erased, or was.
public struct ErasureAnswer: Wire, Hashable {
  /// Of jobs that nothing holds, and of what belongs to them; `held`: those that stay.
  public var counts: SubjectCountsItem
  /// Nil of a dry run, and where there was nothing.
  public var erasure: ErasureItem?
  /// There are more jobs than one erasure takes: call again for the rest.
  public var isCut: Bool

  public init(counts: SubjectCountsItem, erasure: ErasureItem? = nil, isCut: Bool = false) {
    (self.counts, self.erasure, self.isCut) = (counts, erasure, isCut)
  }

  public static let schema = Schema.object(
    [
      .init(
        "counts", SubjectCountsItem.schema,
        "Of jobs that nothing holds, and of what belongs to them; `held` says how many stay."),
      .optional("erasure", ErasureItem.schema, "Absent of a dry run, and where there was nothing."),
      .init("cut", .flag, "There are more jobs than one erasure takes: call again for the rest."),
    ], name: "ErasureAnswer")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    counts = try fields.value("counts", of: SubjectCountsItem.self)
    erasure = try fields.optionalValue("erasure", of: ErasureItem.self)
    isCut = try fields.flag("cut")
  }

  public var json: JSON {
    members(["counts": counts.json, "erasure": erasure?.json, "cut": .bool(isCut)])
  }
}

/// That something was erased.
public struct ErasureItem: Wire, Hashable {
  public var id: String
  public var namespace: String
  /// The beginning of the HMAC of the identifier.
  public var subjectHMAC: String
  public var basis: String
  public var reason: String
  public var by: String
  public var at: Timestamp
  /// Nil while files wait for a job that may need them.
  public var doneAt: Timestamp?
  public var counts: SubjectCountsItem

  public init(
    id: String, namespace: String, subjectHMAC: String, basis: String, reason: String, by: String,
    at: Timestamp,
    doneAt: Timestamp?, counts: SubjectCountsItem
  ) {
    (self.id, self.namespace, self.subjectHMAC, self.basis) = (id, namespace, subjectHMAC, basis)
    (self.reason, self.by, self.at, self.doneAt) = (reason, by, at, doneAt)
    self.counts = counts
  }

  public static let schema = Schema.object(
    [
      .init("id", .text), .init("namespace", .text),
      .init("subject_hmac", .text, "The beginning of the HMAC of the identifier, as the audit has it."),
      .init("basis", .text), .init("reason", .text), .init("by", .text), .init("at", .time),
      .optional("done_at", .time, "Absent while files wait for a job that may need them."),
      .init("counts", SubjectCountsItem.schema),
    ], name: "ErasureItem")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, namespace) = (try fields.text("id"), try fields.text("namespace"))
    (subjectHMAC, basis) = (try fields.text("subject_hmac"), try fields.text("basis"))
    (reason, by) = (try fields.text("reason"), try fields.text("by"))
    (at, doneAt) = (try fields.time("at"), try fields.optionalTime("done_at"))
    counts = try fields.value("counts", of: SubjectCountsItem.self)
  }

  public var json: JSON {
    members([
      "id": id.wire, "namespace": namespace.wire, "subject_hmac": subjectHMAC.wire, "basis": basis.wire,
      "reason": reason.wire, "by": by.wire, "at": at.wire, "done_at": doneAt?.wire, "counts": counts.json,
    ])
  }
}

extension ErasureAnswer: Located {
  public var location: String? { erasure.map { _ in "/api/v1/privacy/erasures" } }
}

/// What a pipeline does with data about persons, as its newest revision says it.
public struct RegisterItem: Wire, Hashable {
  public var pipeline: String
  public var revision: Int
  public var title: String
  public var purpose: String?
  public var legalBasis: String?
  public var data: [String]
  public var contact: String?
  public var retention: String?
  /// How long the rule of its namespace keeps ended jobs; nil: for ever.
  public var keptDays: Int?
  /// That are marked `x-personal-data`, themselves or in a part.
  public var inputs: [String]

  public init(pipeline: String, revision: Int, title: String, inputs: [String]) {
    (self.pipeline, self.revision, self.title, self.inputs) = (pipeline, revision, title, inputs)
    data = []
  }

  public static let schema = Schema.object(
    [
      .init("pipeline", .text, "`namespace/name`."), .init("revision", .revision), .init("title", .text),
      .optional(
        "purpose", .text, "With `legal_basis`, `data`, `contact` and `retention`: `privacy:` of the file."),
      .optional("legal_basis", .text), .init("data", .list(of: .text)), .optional("contact", .text),
      .optional("retention", .text),
      .optional(
        "kept_days", .count, "How long the rule of its namespace keeps ended jobs. Absent: for ever."),
      .init(
        "inputs", .list(of: .text), "That are marked `x-personal-data`, themselves or in a part."),
    ], name: "RegisterItem")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (pipeline, revision) = (try fields.text("pipeline"), try fields.int("revision"))
    (title, purpose) = (try fields.text("title"), try fields.optionalText("purpose"))
    (legalBasis, data) = (try fields.optionalText("legal_basis"), try fields.texts("data"))
    (contact, retention) = (try fields.optionalText("contact"), try fields.optionalText("retention"))
    (keptDays, inputs) = (try fields.optionalInt("kept_days"), try fields.texts("inputs"))
  }

  public var json: JSON {
    members([
      "pipeline": pipeline.wire, "revision": revision.wire, "title": title.wire, "purpose": purpose?.wire,
      "legal_basis": legalBasis?.wire, "data": .array(data.map(\.wire)), "contact": contact?.wire,
      "retention": retention?.wire, "kept_days": keptDays?.wire, "inputs": .array(inputs.map(\.wire)),
    ])
  }
}

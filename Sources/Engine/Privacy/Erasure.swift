internal import Crypto
public import Model

/// That what is held about a person was erased, and the way to do it again where an older backup brings it
/// back. It holds no plain identifier.
public struct Erasure: Sendable, Hashable {
  /// Jobs of one erasure; of a person with more, the oldest go first and the rest with the next one.
  public static let mostJobs = 10_000

  public var id: ID<Erasure>
  public var namespace: String
  public var subject: SubjectMark
  /// Whose rows are gone.
  public var jobs: [ID<Job>]
  /// SHA-256 of files that are still to go, once no job needs them.
  public var artifacts: [String]
  /// Why it may or must be erased, such as `LGPD art. 18, VI`.
  public var basis: String
  public var reason: String
  public var by: String
  public var at: Timestamp
  /// Nil while something of it is still to go.
  public var doneAt: Timestamp?
  public var counts: SubjectCounts

  public init(
    id: ID<Erasure>, namespace: String, subject: SubjectMark, jobs: [ID<Job>], artifacts: [String],
    basis: String, reason: String, by: String, at: Timestamp, doneAt: Timestamp? = nil,
    counts: SubjectCounts = SubjectCounts()
  ) {
    (self.id, self.namespace, self.subject, self.jobs) = (id, namespace, subject, jobs)
    (self.artifacts, self.basis, self.reason) = (artifacts, basis, reason)
    (self.by, self.at, self.doneAt, self.counts) = (by, at, doneAt, counts)
  }

  /// As it stands in the file beside the store.
  public var json: JSON {
    [
      "id": .string(id.description), "namespace": .string(namespace),
      "subject_hmac": .string(Hex.encode(subject.bytes)),
      "jobs": .array(jobs.map { .string($0.description) }), "basis": .string(basis),
      "reason": .string(reason), "by": .string(by), "at": .string(at.rfc3339), "counts": counts.json,
    ]
  }

  /// Nil where it is none.
  public init?(_ json: JSON) {
    guard let id = json["id"]?.string.flatMap({ ID<Erasure>($0) }), let namespace = json["namespace"]?.string,
      let subject = json["subject_hmac"]?.string.flatMap({ Hex.decode($0) }),
      let names = json["jobs"]?.array, let basis = json["basis"]?.string,
      let reason = json["reason"]?.string, let actor = json["by"]?.string,
      let at = json["at"]?.string.flatMap({ Timestamp(rfc3339: $0) })
    else { return nil }
    let jobs = names.compactMap { $0.string.flatMap { ID<Job>($0) } }
    if jobs.count != names.count { return nil }
    self.init(
      id: id, namespace: namespace, subject: SubjectMark(subject), jobs: jobs, artifacts: [], basis: basis,
      reason: reason, by: actor, at: at, counts: SubjectCounts(json["counts"] ?? .null))
  }
}

/// How much is held about a person, by what it is.
public struct SubjectCounts: Sendable, Hashable {
  public var jobs = 0
  /// Of them, those that have not ended.
  public var live = 0
  /// Of them, those that a legal hold keeps.
  public var held = 0
  public var asks = 0
  public var deadLetters = 0
  /// Messages about them that wait for a destination, or were delivered.
  public var messages = 0
  public var events = 0
  public var signals = 0
  public var artifacts = 0

  public init() {}

  private static var members: [(String, WritableKeyPath<SubjectCounts, Int>)] {
    [
      ("jobs", \.jobs), ("live", \.live), ("held", \.held), ("asks", \.asks),
      ("dead_letters", \.deadLetters), ("messages", \.messages), ("events", \.events),
      ("signals", \.signals), ("artifacts", \.artifacts),
    ]
  }

  public var json: JSON {
    .object(JSONObject(Self.members.map { ($0.0, .int(Int64(self[keyPath: $0.1]))) }))
  }

  /// What is not there is none.
  public init(_ json: JSON) {
    for (name, path) in Self.members { self[keyPath: path] = Int(clamping: json[name]?.int ?? 0) }
  }
}

/// A job that is about a person.
public struct SubjectJob: Sendable, Hashable {
  public var number: JobNumber
  public var id: ID<Job>
  /// The inputs that say so; empty where only the job that called it, or that it repeats, does.
  public var inputs: [String]
  public var isLive: Bool
  public var isHeld: Bool
  public init(number: JobNumber, id: ID<Job>, inputs: [String], isLive: Bool, isHeld: Bool) {
    (self.number, self.id, self.inputs) = (number, id, inputs)
    (self.isLive, self.isHeld) = (isLive, isHeld)
  }
}

/// What is read of persons.
public protocol PrivacyReader: Sendable {
  /// The wrapped key under which identifiers of the namespace are indexed; nil where nobody was.
  func subjectKey(_ namespace: String) throws(StoreError) -> [UInt8]?
  /// In the order of their numbers, which is that in which they were made.
  func jobs(
    about subject: SubjectMark, in namespace: String, after job: JobNumber, limit: Int
  ) throws(StoreError) -> [SubjectJob]
  /// `erasable`: only of jobs that nothing holds.
  func counts(
    of subject: SubjectMark, in namespace: String, erasable: Bool
  ) throws(StoreError) -> SubjectCounts
  /// Newest first; `before` is the id that the last page ended with.
  func erasures(
    in namespace: String?, before: ID<Erasure>?, limit: Int
  ) throws(StoreError) -> [Erasure]
  /// Of which something is still to go.
  func openErasures() throws(StoreError) -> [Erasure]
}

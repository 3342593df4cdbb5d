public import Model

/// A message, signal, job, step or delivery that ran out, kept for a person.
public struct DeadLetterRow: Sendable, Hashable {
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    /// What a trigger was given and nothing could be made of.
    case message
    /// A signal that no job took in time.
    case signal
    /// A job that a trigger started and that failed for good.
    case job
    /// A step that took its process with it more often than its crash budget allows (S5).
    case step
    /// A message that its destination did not take (S32).
    case delivery
  }

  public enum State: UInt8, Sendable, Hashable, CaseIterable {
    case open
    case replayed
    case discarded
  }

  /// A number of this store; 0 before it is stored.
  public var id: Int64
  public var namespace: String
  public var kind: Kind
  /// Such as `message <id>`: what runs out again under the same key is the same letter.
  public var key: String
  public var pipeline: PipelineName?
  public var job: ID<Job>?
  /// Where it comes from: the members differ by the kind.
  public var source: JSON
  /// Those with the same fingerprint failed in the same way.
  public var fingerprint: String
  public var error: JSON
  /// Sealed under the namespace's key, bound to where it came from; nil for a job, which has its own. Empty
  /// in lists.
  public var body: [UInt8]?
  /// What a person put in place of it, sealed. Empty in lists.
  public var edited: [UInt8]?
  public var firstAt: Timestamp
  public var lastAt: Timestamp
  /// How often it ran out.
  public var tries: Int
  public var state: State
  public var handledBy: String?
  public var handledAt: Timestamp?
  /// Why it was discarded.
  public var note: String?
  /// What a replayed one led to: `{outcome, jobs?, signal?}`; nil as long as it waits before its trigger.
  public var became: JSON?

  public init(
    id: Int64 = 0, at: Timestamp, namespace: String, kind: Kind, key: String, pipeline: PipelineName? = nil,
    job: ID<Job>? = nil, source: JSON, fingerprint: String, error: JSON, body: [UInt8]? = nil
  ) {
    (self.id, self.namespace, self.kind, self.key) = (id, namespace, kind, key)
    (self.pipeline, self.job, self.source, self.fingerprint) = (pipeline, job, source, fingerprint)
    (self.error, self.body, firstAt, lastAt) = (error, body, at, at)
    (tries, state) = (1, .open)
  }

  /// The newest that were handled are kept in each namespace, at least so many; open ones are never deleted.
  public static let handledKept = 10_000
}

/// A change of the dead letters. None can break a rule of uniqueness.
public enum DeadLetterChange: Sendable {
  /// New. Where one with its key is there, that one is open again, takes the newer error and time, and counts
  /// one more try; its body and what a person put in place of it stay.
  case bury(DeadLetterRow, with: JobNumber?)
  /// An open one is replayed or discarded; a row of what was done stays beside it.
  case handle(DeadLetterHandling, with: JobNumber?)
  /// What a replayed one has led to.
  case became(Int64, JSON, with: JobNumber?)

  /// Whose rows it goes with.
  public var job: JobNumber? {
    switch self {
    case .bury(_, with: let job), .handle(_, with: let job), .became(_, _, with: let job): job
    }
  }
}

public struct DeadLetterHandling: Sendable, Hashable {
  public var letter: Int64
  public var namespace: String
  /// `replayed` or `discarded`.
  public var state: DeadLetterRow.State
  public var by: String
  public var at: Timestamp
  public var note: String?
  /// Sealed; nil leaves what is there.
  public var edited: [UInt8]?
  public var became: JSON?
  public init(
    letter: Int64, namespace: String, state: DeadLetterRow.State, by: String, at: Timestamp,
    note: String? = nil, edited: [UInt8]? = nil, became: JSON? = nil
  ) {
    (self.letter, self.namespace, self.state, self.by, self.at) = (letter, namespace, state, by, at)
    (self.note, self.edited, self.became) = (note, edited, became)
  }

  /// The acts that it is, in order.
  public var acts: [DeadLetterAct] {
    let act = DeadLetterAct(at: at, by: by, act: state == .discarded ? .discarded : .replayed, note: note)
    if edited == nil { return [act] }
    return [DeadLetterAct(at: at, by: by, act: .edited, note: nil), act]
  }
}

/// What a person did with a letter. Such rows are only added.
public struct DeadLetterAct: Sendable, Hashable {
  public enum Act: String, Sendable, Hashable, CaseIterable {
    case edited
    case replayed
    case discarded
  }
  public var at: Timestamp
  public var by: String
  public var act: Act
  public var note: String?
  public init(at: Timestamp, by: String, act: Act, note: String?) {
    (self.at, self.by, self.act, self.note) = (at, by, act, note)
  }
}

/// Which letters a reader wants.
public struct DeadLetterFilter: Sendable, Hashable {
  public var namespace: String?
  public var state: DeadLetterRow.State?
  public var kind: DeadLetterRow.Kind?
  public var pipeline: PipelineName?
  public var fingerprint: String?
  /// Those that failed last come last.
  public var isOldestFirst = false
  public init(
    namespace: String? = nil, state: DeadLetterRow.State? = nil, kind: DeadLetterRow.Kind? = nil,
    pipeline: PipelineName? = nil, fingerprint: String? = nil
  ) {
    (self.namespace, self.state, self.kind) = (namespace, state, kind)
    (self.pipeline, self.fingerprint) = (pipeline, fingerprint)
  }
}

/// The place of a letter in a list: where the next page goes on.
public struct DeadLetterPlace: Sendable, Hashable {
  public var lastAt: Timestamp
  public var id: Int64
  public init(lastAt: Timestamp, id: Int64) { (self.lastAt, self.id) = (lastAt, id) }
}

/// The letters of a namespace that failed in the same way.
public struct DeadLetterGroup: Sendable, Hashable {
  public var namespace: String
  public var kind: DeadLetterRow.Kind
  public var fingerprint: String
  public var count: Int
  /// Of all of them together.
  public var tries: Int
  public var firstAt: Timestamp
  public var lastAt: Timestamp
  /// The newest of them, and its error.
  public var example: Int64
  public var error: JSON
  public init(
    namespace: String, kind: DeadLetterRow.Kind, fingerprint: String, count: Int, tries: Int,
    firstAt: Timestamp, lastAt: Timestamp, example: Int64, error: JSON
  ) {
    (self.namespace, self.kind, self.fingerprint, self.count) = (namespace, kind, fingerprint, count)
    (self.tries, self.firstAt, self.lastAt) = (tries, firstAt, lastAt)
    (self.example, self.error) = (example, error)
  }
}

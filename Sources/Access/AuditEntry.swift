public import Model

/// One row of the audit: who did what to which thing, from where, and how it was before and after.
public struct AuditEntry: Sendable, Hashable {
  public enum Outcome: String, Sendable, Hashable, CaseIterable {
    /// Written before the change. Where no other row names it, the process died on the way: the change may
    /// have happened.
    case intent
    case done
    /// Not allowed, or a wrong password.
    case refused
    /// Allowed, and did not work out.
    case failed
    /// Something sensitive was read.
    case read
  }

  /// Over all namespaces; it only grows.
  public var sequence: Int64
  public var at: Timestamp
  public var actor: Actor
  public var act: AuditAct
  public var outcome: Outcome
  public var origin: Origin
  /// Of the intent whose outcome this is.
  public var of: Int64?
  /// The hash of the row before it in the same namespace; of the first row, 32 zeros.
  public var previous: [UInt8]
  /// Over all of the above.
  public var hash: [UInt8]

  /// Who, as it was known then: an account may be gone when the row is read.
  public struct Actor: Sendable, Hashable {
    /// `local person service anonymous server`.
    public var kind: String
    public var id: String
    public var name: String
    /// The session or token: `session:<id>`.
    public var credential: String?

    public init(kind: String, id: String, name: String, credential: String? = nil) {
      (self.kind, self.id, self.name, self.credential) = (kind, id, name, credential)
    }

    public init(_ principal: Principal) {
      self.init(
        kind: principal.kind.rawValue, id: principal.id, name: principal.actor,
        credential: principal.credential)
    }

    public static let server = Actor(kind: "server", id: "", name: "server")
  }

  public init(
    sequence: Int64, at: Timestamp, actor: Actor, act: AuditAct, outcome: Outcome, origin: Origin,
    of: Int64? = nil, previous: [UInt8], hash: [UInt8]
  ) {
    (self.sequence, self.at, self.actor, self.act, self.outcome) = (sequence, at, actor, act, outcome)
    (self.origin, self.of, self.previous, self.hash) = (origin, of, previous, hash)
  }

  /// In UTC: `2026-11-26`.
  public var day: String { AuditHead.day(at) }
}

/// What was done, or tried.
public struct AuditAct: Sendable, Hashable {
  /// What is longer than this is replaced by its size and its sum.
  public static let longestValue = 65_536

  /// "" where the thing belongs to none.
  public var namespace: String
  /// A permission or an act of signing in: `pipelines:update`, `auth:sign-in`.
  public var action: String
  public var resourceType: String
  public var resourceID: String
  /// Masked by whoever makes the act: what is here is kept for ever.
  public var before: JSON?
  public var after: JSON?

  public init(
    _ action: String, namespace: String = "", resourceType: String, resourceID: String,
    before: JSON? = nil, after: JSON? = nil
  ) {
    (self.action, self.namespace) = (action, namespace)
    (self.resourceType, self.resourceID) = (resourceType, resourceID)
    (self.before, self.after) = (before, after)
  }
}

/// Which rows are wanted. All that is given has to hold.
public struct AuditQuery: Sendable, Hashable {
  public static let mostRows = 200

  public var reach = Reach.everywhere
  public var namespace: String?
  /// The id of an account, or its name at the time of the act; of `local` the Unix user.
  public var actor: String?
  /// A whole action, or one that ends in `:` for all of its resource.
  public var action: String?
  public var resourceType: String?
  public var resourceID: String?
  public var outcome: AuditEntry.Outcome?
  /// Only intents that no other row names.
  public var isUnfinished = false
  public var since: Timestamp?
  /// Not itself.
  public var until: Timestamp?
  /// The sequence that the last page ended with.
  public var before: Int64?
  public var isOldestFirst = false
  public var limit = 50

  public init() {}

  private func isBehind(_ entry: AuditEntry) -> Bool {
    guard let before else { return true }
    return isOldestFirst ? entry.sequence > before : entry.sequence < before
  }

  /// Without the question whether an intent was finished, which needs the other rows.
  public func matches(_ entry: AuditEntry) -> Bool {
    // What belongs to no namespace needs the right to all.
    guard reach.contains(entry.act.namespace) && (reach == .everywhere || !entry.act.namespace.isEmpty)
    else { return false }
    return Self.holds(namespace, entry.act.namespace)
      && (Self.holds(actor, entry.actor.id) || Self.holds(actor, entry.actor.name))
      && (action.map { Self.isAction($0, of: entry.act.action) } ?? true)
      && Self.holds(resourceType, entry.act.resourceType) && Self.holds(resourceID, entry.act.resourceID)
      && (outcome.map { $0 == entry.outcome } ?? true) && (since.map { entry.at >= $0 } ?? true)
      && (until.map { entry.at < $0 } ?? true) && isBehind(entry)
  }

  private static func holds(_ wanted: String?, _ given: String) -> Bool {
    wanted.map { ScalarString($0) == ScalarString(given) } ?? true
  }

  private static func isAction(_ wanted: String, of given: String) -> Bool {
    wanted.hasSuffix(":")
      ? given.utf8.starts(with: wanted.utf8) : ScalarString(wanted) == ScalarString(given)
  }
}

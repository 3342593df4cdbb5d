public import Model

/// What accounts and the audit ask of a database. There are two: a file and memory, with one suite over both.
///
/// Calls block; the service makes them on a thread that may wait. One process writes.
public protocol AccessStore: Sendable {
  func load() throws(AccessFault) -> AccessRecords
  /// Where the chains of the audit stand.
  func loadChains() throws(AccessFault) -> AuditChains
  /// All or nothing, and durable when it returns.
  func commit(_ transaction: AccessTransaction) throws(AccessFault)

  /// Newest first, at most `query.limit`.
  func audit(_ query: AuditQuery) throws(AccessFault) -> [AuditEntry]
  /// All of them in their order, from the one after `sequence` on: for checking and for export.
  func audit(after sequence: Int64, limit: Int) throws(AccessFault) -> [AuditEntry]
  /// By day, then namespace; at most `limit`, from the day after `day` on where it is given.
  func auditHeads(since day: String?) throws(AccessFault) -> [AuditHead]
}

/// Why a store did not do it: a sentence for whoever runs the server.
public struct AccessFault: Error, Sendable, Hashable {
  public enum Kind: Sendable, Hashable {
    /// What was asked did not happen; the store can be asked again.
    case refused
    /// There is no room. It can be asked again once there is.
    case full
    /// Nobody knows any more what is in it: the process must end and read it anew.
    case broken
  }

  public var message: String
  public var kind: Kind
  public init(_ message: String, _ kind: Kind = .refused) { (self.message, self.kind) = (message, kind) }
}

/// What one commit writes: changes in their order, rows of the audit, and the heads that follow from them.
public struct AccessTransaction: Sendable, Hashable {
  public var changes: [AccessChange]
  public var entries: [AuditEntry]
  /// Each replaces the one of its namespace and day.
  public var heads: [AuditHead]

  public init(changes: [AccessChange] = [], entries: [AuditEntry] = [], heads: [AuditHead] = []) {
    (self.changes, self.entries, self.heads) = (changes, entries, heads)
  }
}

public enum AccessChange: Sendable, Hashable {
  case account(Account)
  /// With its sessions, tokens, memberships and bindings.
  case removeAccount(ID<Account>)
  case group(Group)
  /// With its bindings.
  case removeGroup(ID<Group>)
  case role(CustomRole)
  case removeRole(String)
  case bind(RoleBinding)
  case unbind(RoleBinding.Key)
  case session(Session)
  case removeSession(ID<Session>)
  case token(APIToken)
  case removeToken(ID<APIToken>)
  /// A sealed key of the service.
  case secret(name: String, sealed: [UInt8])
}

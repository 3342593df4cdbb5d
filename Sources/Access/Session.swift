public import Model

/// One sign-in, and all tokens that follow from it: a family. Each refresh makes the next generation, and
/// only the newest may refresh. An older one that comes back was stolen, or its thief was faster: the family
/// ends.
///
/// There is no grace for a refresh that is sent twice at once. Whoever stole a token could use the grace as
/// well, and the theft would be seen a generation later, or never. What a client pays: where an answer is
/// lost on its way, it signs in again.
public struct Session: Sendable, Hashable {
  /// The oldest session of an account ends when one more begins.
  public static let mostOfAccount = 50

  public var id: ID<Session>
  public var account: ID<Account>
  /// SHA-256 of the refresh token that is valid now.
  public var refreshHash: [UInt8]
  public var generation: Int64
  public var createdAt: Timestamp
  /// Of the refresh token; it moves with each refresh.
  public var expiresAt: Timestamp
  public var lastSeenAt: Timestamp
  public var address: String
  public var userAgent: String
  /// How it was signed in: `password`, `password+totp`, `password+recovery`, `oidc`.
  public var method: String

  public init(
    id: ID<Session>, account: ID<Account>, refreshHash: [UInt8], generation: Int64, createdAt: Timestamp,
    expiresAt: Timestamp, origin: Origin, method: String
  ) {
    (self.id, self.account, self.refreshHash, self.generation) = (id, account, refreshHash, generation)
    (self.createdAt, self.expiresAt, lastSeenAt) = (createdAt, expiresAt, createdAt)
    (address, userAgent, self.method) = (origin.address, origin.userAgent, method)
  }

  public var credential: String { "session:\(id)" }
}

/// What a program signs in with, shown once and kept as its hash.
public struct APIToken: Sendable, Hashable {
  public static let prefix = "est_"
  /// What a list may show of it.
  public static let shownCharacters = 12
  public static let mostOfAccount = 100
  public static let longestName = 100

  public var id: ID<APIToken>
  public var account: ID<Account>
  public var name: String
  /// The first characters, so that a person can tell their tokens apart.
  public var shown: String
  /// SHA-256 of the whole token, which is random.
  public var hash: [UInt8]
  /// Nothing is given by these: they narrow what the account may do.
  public var scopes: Permissions
  /// Names, or `*`.
  public var namespaces: [String]
  public var createdAt: Timestamp
  public var createdBy: String
  public var expiresAt: Timestamp
  /// To the minute; what a crash forgets is at most the last few.
  public var lastUsedAt: Timestamp?

  public init(
    id: ID<APIToken>, account: ID<Account>, name: String, shown: String, hash: [UInt8], scopes: Permissions,
    namespaces: [String], createdAt: Timestamp, createdBy: String, expiresAt: Timestamp
  ) {
    (self.id, self.account, self.name, self.shown, self.hash) = (id, account, name, shown, hash)
    (self.scopes, self.namespaces) = (scopes, namespaces)
    (self.createdAt, self.createdBy, self.expiresAt) = (createdAt, createdBy, expiresAt)
  }

  public var credential: String { "token:\(id)" }
  var ceiling: [Grant] { namespaces.map { Grant(namespace: $0, permissions: scopes) } }
}

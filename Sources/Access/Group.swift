public import Model

/// Accounts that get the same roles.
public struct Group: Sendable, Hashable {
  public static let limit = 1_000
  public static let mostMembers = 5_000

  public var id: ID<Group>
  /// As a name of an account.
  public var name: String
  public var members: Set<ID<Account>>
  public var createdAt: Timestamp

  public init(id: ID<Group>, name: String, members: Set<ID<Account>> = [], createdAt: Timestamp) {
    (self.id, self.name, self.members, self.createdAt) = (id, name, members, createdAt)
  }
}

/// A role beside the three that are there.
public struct CustomRole: Sendable, Hashable {
  public static let limit = 200
  public static let mostPermissions = 200

  /// As a name of an account; none of `admin`, `operator`, `viewer`.
  public var name: String
  public var permissions: Permissions

  public init(name: String, permissions: Permissions) {
    (self.name, self.permissions) = (name, permissions)
  }
}

/// Who has which role, where.
public struct RoleBinding: Sendable, Hashable {
  public static let limit = 50_000

  public enum Subject: Sendable, Hashable {
    case account(ID<Account>)
    case group(ID<Group>)

    /// `account:<id>`, `group:<id>`.
    public var text: String {
      switch self {
      case .account(let id): "account:\(id)"
      case .group(let id): "group:\(id)"
      }
    }

    public init?(_ text: String) {
      let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
      switch parts.first {
      case "account" where parts.count == 2:
        guard let id = ID<Account>(parts[1]) else { return nil }
        self = .account(id)
      case "group" where parts.count == 2:
        guard let id = ID<Group>(parts[1]) else { return nil }
        self = .group(id)
      case .some, .none: return nil
      }
    }
  }

  /// What makes it one and the same.
  public struct Key: Sendable, Hashable {
    public var subject: Subject
    public var role: String
    /// A name, or `*` for all and for what belongs to none.
    public var namespace: String

    public init(subject: Subject, role: String, namespace: String) {
      (self.subject, self.role, self.namespace) = (subject, role, namespace)
    }

    /// Names have no space, so it can stand between.
    public var text: String { "\(subject.text) \(role) \(namespace)" }
  }

  public var key: Key
  public var grantedBy: String
  public var grantedAt: Timestamp

  public init(key: Key, grantedBy: String, grantedAt: Timestamp) {
    (self.key, self.grantedBy, self.grantedAt) = (key, grantedBy, grantedAt)
  }
}

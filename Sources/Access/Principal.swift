/// Who acts, and what they may do.
///
/// A principal is made once for a request, from a session, a token or the socket's peer, and is asked from
/// then on. What roles change is seen by the next request; long streams ask for a new one.
public struct Principal: Sendable, Hashable {
  public enum Kind: String, Sendable, Hashable {
    /// The owner of the data folder behind its socket.
    case local
    case person
    /// An account of a program: it has tokens and no password.
    case service
    /// Nobody signed in. It may call what is open to everyone.
    case anonymous
  }

  public var kind: Kind
  /// Of the account; of `local` the Unix user.
  public var id: String
  /// As histories name them: `ana`, `local:ana`.
  public var actor: String
  public var grants: [Grant]
  /// What a token narrows the grants to; nil: nothing is taken away.
  public var ceiling: [Grant]?
  /// The session or token they came by, for revocation and the audit.
  public var credential: String?

  public init(
    kind: Kind, id: String, actor: String, grants: [Grant], ceiling: [Grant]? = nil, credential: String? = nil
  ) {
    (self.kind, self.id, self.actor, self.grants) = (kind, id, actor, grants)
    (self.ceiling, self.credential) = (ceiling, credential)
  }

  /// The folder's owner may do everything: they could read the files anyway.
  public static func local(_ actor: String) -> Principal {
    Principal(kind: .local, id: actor, actor: actor, grants: [.everything])
  }

  public static let anonymous = Principal(kind: .anonymous, id: "", actor: "anonymous", grants: [])

  /// Whether a thing of that namespace may be acted on; nil: one that belongs to no namespace, such as a
  /// user.
  public func may(_ verb: String, _ resource: String, in namespace: String?) -> Bool {
    grants.contains { $0.allows(verb, resource, in: namespace) }
      && (ceiling.map { $0.contains { $0.allows(verb, resource, in: namespace) } } ?? true)
  }

  /// Whether anything at all may be done there. To whom nothing may, the namespace does not exist.
  public func sees(_ namespace: String) -> Bool {
    let isThere = { (grant: Grant) in
      !grant.permissions.words.isEmpty
        && (grant.namespace == "*" || grant.namespace.utf8.elementsEqual(namespace.utf8))
    }
    return grants.contains(where: isThere) && (ceiling.map { $0.contains(where: isThere) } ?? true)
  }

  /// The namespaces in which the resource may be acted on so, for lists.
  public func reach(_ verb: String, _ resource: String) -> Reach {
    let granted = Reach(grants, verb, resource)
    guard let ceiling else { return granted }
    return granted.intersection(Reach(ceiling, verb, resource))
  }
}

/// Permissions in one namespace, or in all.
public struct Grant: Sendable, Hashable {
  /// A name, or `*` for all namespaces and for what belongs to none. There are no other patterns, so that
  /// `sales` never means `sales_eu`.
  public var namespace: String
  public var permissions: Permissions

  public init(namespace: String, permissions: Permissions) {
    (self.namespace, self.permissions) = (namespace, permissions)
  }

  public static let everything = Grant(namespace: "*", permissions: .all)

  func allows(_ verb: String, _ resource: String, in namespace: String?) -> Bool {
    guard self.namespace == "*" || namespace.map({ $0.utf8.elementsEqual(self.namespace.utf8) }) == true
    else { return false }
    return permissions.contains(verb, resource)
  }
}

/// A set of `resource:verb`, where either half may be `*`.
public struct Permissions: Sendable, Hashable {
  public private(set) var words: [String]

  /// Nil where a word is not `resource:verb` of small letters and `_`, or `*` for a half. Sorted, each once.
  public init?(_ words: [String]) {
    guard words.allSatisfy(Self.isPermission) else { return nil }
    self.words = Set(words).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  private init(trusted words: [String]) { self.words = words }

  public static let all = Permissions(trusted: ["*:*"])
  public static let none = Permissions(trusted: [])

  public func contains(_ verb: String, _ resource: String) -> Bool {
    words.contains { word in
      guard let colon = word.utf8.firstIndex(of: UInt8(ascii: ":")) else { return false }
      return Self.half(word.utf8[..<colon], allows: resource)
        && Self.half(word.utf8[word.utf8.index(after: colon)...], allows: verb)
    }
  }

  private static func half(_ half: Substring.UTF8View, allows wanted: String) -> Bool {
    half.elementsEqual("*".utf8) || half.elementsEqual(wanted.utf8)
  }

  public func union(_ other: Permissions) -> Permissions {
    Permissions(
      trusted: Set(words + other.words).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
  }

  private static func isPermission(_ word: String) -> Bool {
    let halves = word.split(separator: ":", omittingEmptySubsequences: false)
    return halves.count == 2
      && halves.allSatisfy { half in
        half == "*"
          || (!half.isEmpty && half.utf8.allSatisfy { (97...122).contains($0) || $0 == UInt8(ascii: "_") })
      }
  }
}

/// Where something may be done.
public enum Reach: Sendable, Hashable {
  case everywhere
  /// In these namespaces only; sorted, perhaps none.
  case only([String])

  init(_ grants: [Grant], _ verb: String, _ resource: String) {
    if grants.contains(where: { $0.namespace == "*" && $0.permissions.contains(verb, resource) }) {
      self = .everywhere
    } else {
      let matching = grants.filter { $0.permissions.contains(verb, resource) }
      self = .only(Set(matching.map(\.namespace)).sorted())
    }
  }

  func intersection(_ other: Reach) -> Reach {
    switch (self, other) {
    case (.everywhere, let reach), (let reach, .everywhere): reach
    case (.only(let mine), .only(let theirs)): .only(mine.filter(Set(theirs).contains))
    }
  }

  public func contains(_ namespace: String) -> Bool {
    switch self {
    case .everywhere: true
    case .only(let names): names.contains(namespace)
    }
  }
}

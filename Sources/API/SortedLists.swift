public import Model

/// By what a list can be sorted, besides its name.
public protocol SortWords: Sendable {
  /// Of the query.
  static var name: String { get }
  static var words: [String] { get }
  /// Whether it can be asked for those of one namespace.
  static var haveNamespace: Bool { get }
}

public enum CredentialWords: SortWords {
  public static let name = "CredentialsQuery"
  public static let words = ["name", "created_at", "expires_at", "last_used_at"]
  public static let haveNamespace = true
}

public enum ConnectionWords: SortWords {
  public static let name = "ConnectionsQuery"
  public static let words = ["name"]
  public static let haveNamespace = true
}

public enum UserWords: SortWords {
  public static let name = "UsersQuery"
  public static let words = ["name", "created_at", "last_sign_in_at"]
  public static let haveNamespace = false
}

public typealias CredentialsQuery = SortedQuery<CredentialWords>
public typealias ConnectionsQuery = SortedQuery<ConnectionWords>
public typealias UsersQuery = SortedQuery<UserWords>

/// Asks for a page of a list in an order.
public struct SortedQuery<Words: SortWords>: Wire {
  public var namespace: String?
  /// One of the words, with a `-` before it the other way round; nil: by the first.
  public var sort: String?
  public var limit: Int?
  public var cursor: String?

  public init(namespace: String? = nil, sort: String? = nil, limit: Int? = nil, cursor: String? = nil) {
    (self.namespace, self.sort, self.limit, self.cursor) = (namespace, sort, limit, cursor)
  }

  public static var schema: Schema {
    let place: [Schema.Member] = Words.haveNamespace ? [.namespace] : []
    return .request(place + [.sort(by: Words.words), .limit(), .cursor], name: Words.name)
  }

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (namespace, sort) = (try fields.optionalText("namespace"), try fields.optionalText("sort"))
    (limit, cursor) = (try fields.optionalInt("limit"), try fields.optionalText("cursor"))
  }

  public var json: JSON {
    members([
      "namespace": namespace?.wire, "sort": sort?.wire, "limit": limit?.wire, "cursor": cursor?.wire,
    ])
  }
}

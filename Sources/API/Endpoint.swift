/// What everyone needs to know of an endpoint without calling it: the routes, the command line and the
/// OpenAPI document are made from it.
public struct Shape: Sendable, Hashable {
  public enum Method: String, Sendable, Hashable, CaseIterable {
    case get = "GET"
    case post = "POST"
    case put = "PUT"
    case delete = "DELETE"

    /// Whether members of the input that the path does not name go into the query.
    public var hasQuery: Bool {
      switch self {
      case .get, .delete: true
      case .post, .put: false
      }
    }
  }

  public let method: Method
  /// Such as `/api/v1/jobs/{id}`; a `{name}` is one percent-encoded segment.
  public let path: String
  public let permission: Permission
  public let summary: String
}

/// What a caller must be allowed to do: `resource:verb`, asked within the namespace of the object.
public enum Permission: Sendable, Hashable, CustomStringConvertible {
  case open
  case needs(_ resource: String, _ verb: String)

  public var description: String {
    switch self {
    case .open: "none"
    case .needs(let resource, let verb): "\(resource):\(verb)"
    }
  }
}

/// A call that takes one JSON object and answers one JSON value.
///
/// The input is one object everywhere: its members that the path names travel in the path, of GET and DELETE
/// the others in the query, else they are the body.
public struct Endpoint<Input: Wire, Output: Wire>: Sendable {
  public let shape: Shape
  public init(_ method: Shape.Method, _ path: String, _ permission: Permission, _ summary: String) {
    shape = Shape(method: method, path: "/api/v1" + path, permission: permission, summary: summary)
  }
}

/// A call that answers server-sent events, one `Element` each, until what it watches has ended.
public struct StreamEndpoint<Input: Wire, Element: Wire>: Sendable {
  public let shape: Shape
  public init(_ path: String, _ permission: Permission, _ summary: String) {
    shape = Shape(method: .get, path: "/api/v1" + path, permission: permission, summary: summary)
  }
}

/// A call that answers bytes of any media type.
public struct BytesEndpoint<Input: Wire>: Sendable {
  public let shape: Shape
  public init(_ path: String, _ permission: Permission, _ summary: String) {
    shape = Shape(method: .get, path: "/api/v1" + path, permission: permission, summary: summary)
  }
}

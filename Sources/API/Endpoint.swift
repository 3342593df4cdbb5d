public import Model

/// What everyone needs to know of an endpoint without calling it: the routes, the command line and the
/// OpenAPI document are made from it.
public struct Shape: Sendable, Hashable {
  public enum Method: String, Sendable, Hashable, CaseIterable {
    case get = "GET"
    case post = "POST"
    case put = "PUT"
    case patch = "PATCH"
    case delete = "DELETE"

    /// Whether members of the input that the path does not name go into the query.
    public var hasQuery: Bool {
      switch self {
      case .get, .delete: true
      case .post, .put, .patch: false
      }
    }
  }

  /// What the audit keeps of a call.
  public enum Audit: Sendable, Hashable {
    /// Nothing: a read of what is not sensitive.
    case nothing
    /// That it was read, and by whom.
    case read
    /// An intent before it happens, and what came of it.
    case change
  }

  /// What an answer carries.
  public enum Output: Sendable, Hashable {
    case json(Schema)
    /// Server-sent events of this shape.
    case events(Schema)
    /// Bytes of this media type; `*/*`: the answer says which.
    case bytes(String)
  }

  public let method: Method
  /// Such as `/api/v1/jobs/{id}`; a `{name}` is one percent-encoded segment.
  public let path: String
  public let permission: Permission
  public let summary: String
  /// Of the whole input, wherever its members travel.
  public let input: Schema
  public let output: Output
  /// The statuses of an answer that is no problem.
  public let success: [Int]
  public let audit: Audit
  /// A definition: a change names the version that it is of, in `If-Match`.
  public let needsPrecondition: Bool
  /// Statuses of problems that only this endpoint answers.
  public let problems: [Int]
  /// An input that shows what is meant.
  public let example: JSON?
  /// Of a body that is taken as the bytes that came: at most so many. Nil: it holds members of the input.
  public var rawBodyLimit: Int?
  /// Whether `?dry_run=true` checks and shows the change, and stores nothing.
  public var takesDryRun = false
}

/// What a caller must be allowed to do: `resource:verb`, asked within the namespace of the object.
public enum Permission: Sendable, Hashable, CustomStringConvertible {
  /// Nobody has to sign in.
  case open
  /// Whoever signed in, about their own things.
  case signedIn
  case needs(_ resource: String, _ verb: String)

  public var description: String {
    switch self {
    case .open: "none"
    case .signedIn: "signed in"
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

  /// Unless `audit` says otherwise, GET leaves nothing in the audit and everything else is a change.
  /// `precondition`: without `If-Match` it answers 428, with a stale one 412. `success`: nil is 200, and 204
  /// of a deletion after which there is nothing to say.
  public init(
    _ method: Shape.Method, _ path: String, _ permission: Permission, _ summary: String,
    success: [Int]? = nil, audit: Shape.Audit? = nil, precondition: Bool = false, problems: [Int] = [],
    dryRun: Bool = false, example: Input? = nil
  ) {
    var shape = Shape(
      method: method, path: "/api/v1" + path, permission: permission, summary: summary,
      input: Input.schema, output: .json(Output.schema),
      success: success ?? (method == .delete && Output.self == Nothing.self ? [204] : [200]),
      audit: audit ?? (method == .get ? .nothing : .change), needsPrecondition: precondition,
      problems: problems, example: example?.json)
    shape.takesDryRun = dryRun
    self.shape = shape
  }
}

/// A call that answers server-sent events, one `Element` each, until what it watches has ended.
public struct StreamEndpoint<Input: Wire, Element: Wire>: Sendable {
  public let shape: Shape
  public init(
    _ path: String, _ permission: Permission, _ summary: String, audit: Shape.Audit = .nothing,
    example: Input? = nil
  ) {
    shape = Shape(
      method: .get, path: "/api/v1" + path, permission: permission, summary: summary,
      input: Input.schema, output: .events(Element.schema), success: [200], audit: audit,
      needsPrecondition: false, problems: [], example: example?.json)
  }
}

/// A call that answers bytes of any media type.
public struct BytesEndpoint<Input: Wire>: Sendable {
  public let shape: Shape
  public init(
    _ path: String, _ permission: Permission, _ summary: String, type: String = "*/*",
    success: [Int] = [200], audit: Shape.Audit = .nothing, method: Shape.Method = .get,
    problems: [Int] = [], example: Input? = nil
  ) {
    shape = Shape(
      method: method, path: "/api/v1" + path, permission: permission, summary: summary,
      input: Input.schema, output: .bytes(type), success: success, audit: audit,
      needsPrecondition: false, problems: problems, example: example?.json)
  }
}

/// A call whose body is taken as the bytes that came, such as one that is signed. Its input is what the path
/// names; the query and the header fields are the request's.
public struct RawEndpoint<Input: Wire, Output: Wire>: Sendable {
  public let shape: Shape
  public init(
    _ path: String, _ permission: Permission, _ summary: String, limit: Int, success: [Int] = [200],
    audit: Shape.Audit = .change
  ) {
    shape = Shape(
      method: .post, path: "/api/v1" + path, permission: permission, summary: summary,
      input: Input.schema, output: .json(Output.schema), success: success, audit: audit,
      needsPrecondition: false, problems: [], example: nil, rawBodyLimit: limit)
  }
}

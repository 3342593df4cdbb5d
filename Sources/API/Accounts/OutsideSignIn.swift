public import Model

/// Sign-in through another system (OpenID Connect). A person's browser calls these, and nothing else does:
/// they answer redirects and pages.
public enum OutsideSignInCalls {
  public static let start = BytesEndpoint<OutsideStartQuery>(
    "/auth/oidc/start", .open, "Leads a browser to the system where people sign in.",
    type: "text/html", success: [302], problems: [404, 503])
  public static let callback = BytesEndpoint<OutsideReturnQuery>(
    "/auth/oidc/callback", .open,
    "Where that system sends the browser back to. Sets the cookies of a session; problems are pages, too.",
    type: "text/html", problems: [401, 403, 404, 503])
}

public struct OutsideStartQuery: Wire, Hashable {
  /// A page of this server; nil: none.
  public var returnTo: String?
  public init(returnTo: String? = nil) { self.returnTo = returnTo }
  public init(_ json: JSON) throws(WireError) {
    returnTo = try Fields(json, Self.schema).optionalText("return_to")
  }
  public var json: JSON { members(["return_to": returnTo?.wire]) }
  public static let schema = Schema.request(
    [.optional("return_to", .text(.localPath), "A page of this server that is shown after the sign-in.")],
    name: "OutsideStart")
}

/// What the other system puts into the query. It may add members that nobody here knows.
public struct OutsideReturnQuery: Wire, Hashable {
  public var code: String?
  public var state: String?
  public var issuer: String?
  /// Why there is no code.
  public var error: String?

  public init(code: String? = nil, state: String? = nil, issuer: String? = nil, error: String? = nil) {
    (self.code, self.state, self.issuer, self.error) = (code, state, issuer, error)
  }

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (code, state) = (try fields.optionalText("code"), try fields.optionalText("state"))
    (issuer, error) = (try fields.optionalText("iss"), try fields.optionalText("error"))
  }

  public var json: JSON {
    members(["code": code?.wire, "state": state?.wire, "iss": issuer?.wire, "error": error?.wire])
  }

  public static let schema = Schema.object(
    [
      .optional("code", .text(1...4_096)), .optional("state", .text(1...200)),
      .optional("iss", .text(1...500)), .optional("error", .text(1...200)),
    ], name: "OutsideReturn")
}

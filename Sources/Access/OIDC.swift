internal import Crypto
public import Model

/// Sign-in through another system that speaks OpenID Connect: the authorisation code flow with PKCE.
public struct OIDCSettings: Sendable {
  /// Who gets an account here at the first sign-in.
  public enum Accounts: String, Sendable, Hashable, CaseIterable {
    /// Nobody: an admin makes the account with the subject first.
    case known
    /// Whoever a rule gives something.
    case mapped
    /// Whoever can sign in there.
    case all
  }

  public static let usualScopes = ["openid", "profile", "email"]

  /// As its discovery document and its tokens spell it, to the letter.
  public var issuer: String
  public var clientID: String
  /// Asked at each sign-in, so that a new one counts at once. Nil for a client without one, which PKCE alone
  /// protects.
  public var clientSecret: @Sendable () throws(Problem) -> String?
  /// Our callback, as it is registered there.
  public var redirectURL: String
  public var scopes = usualScopes
  public var accounts = Accounts.known
  public var rules: [OIDCRule] = []

  public init(
    issuer: String, clientID: String, redirectURL: String,
    clientSecret: @escaping @Sendable () throws(Problem) -> String? = { () throws(Problem) in nil }
  ) {
    (self.issuer, self.clientID, self.clientSecret) = (issuer, clientID, clientSecret)
    self.redirectURL = redirectURL
  }

  /// Whether secrets may be sent there: it is encrypted, or does not leave this machine.
  public static func isSafe(_ url: String) -> Bool { OIDCProvider.isSafe(url) }

  var discoveryURL: String {
    (issuer.hasSuffix("/") ? String(issuer.dropLast()) : issuer) + "/.well-known/openid-configuration"
  }
}

/// What an ID token says, once it has been believed.
struct OIDCClaims: Sendable, Hashable {
  var issuer: String
  var subject: String
  var name: String?
  var email: String?
  /// Those that hold for what the token says.
  var rules: [OIDCRule] = []

  /// How far the clocks of two machines may be apart.
  static let leeway: Int64 = 60
  /// OIDC allows no longer subject.
  static let longestSubject = 255

  /// Checks as section 3.1.3.7 of OpenID Connect Core asks. Nil whatever is wrong.
  static func check(
    _ token: String, keys: JWKS, settings: OIDCSettings, nonce: String, at now: Int64
  ) -> OIDCClaims? {
    guard let payload = keys.payload(of: token), let json = try? JSON(parsing: payload),
      let issuer = json["iss"]?.string, issuer.utf8.elementsEqual(settings.issuer.utf8),
      isFor(settings.clientID, json), let subject = json["sub"]?.string, !subject.isEmpty,
      subject.utf8.count <= longestSubject, let expires = json["exp"]?.int, now < expires &+ leeway,
      let issued = json["iat"]?.int, issued <= now + leeway,
      isBegun(json["nbf"], at: now),
      let given = json["nonce"]?.string, constantTimeEqual(Array(given.utf8), Array(nonce.utf8))
    else { return nil }
    return OIDCClaims(
      issuer: issuer, subject: subject, name: json["preferred_username"]?.string,
      email: json["email_verified"]?.bool == true ? json["email"]?.string : nil,
      rules: settings.rules.filter { $0.holds(for: json) })
  }

  private static func isBegun(_ moment: JSON?, at now: Int64) -> Bool {
    guard let moment else { return true }
    return moment.int.map { $0 <= now + leeway } ?? false
  }

  /// Only for us: a token that others may use as well could have been given to one of them.
  private static func isFor(_ client: String, _ json: JSON) -> Bool {
    let audience = json["aud"].map { $0.array?.compactMap(\.string) ?? [$0.string].compactMap { $0 } } ?? []
    let isPresenter = json["azp"].map { $0.string?.utf8.elementsEqual(client.utf8) ?? false } ?? true
    return audience.count == 1 && audience[0].utf8.elementsEqual(client.utf8) && isPresenter
  }

  /// With a space between, which no issuer has.
  var account: String { "\(issuer) \(subject)" }
}

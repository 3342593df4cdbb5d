internal import Crypto
public import Model

/// Sign-in through another system that speaks OpenID Connect: the authorisation code flow with PKCE.
public struct OIDCSettings: Sendable, Hashable {
  /// As its discovery document and its tokens spell it, to the letter.
  public var issuer: String
  public var clientID: String
  /// Nil for a client without one, which PKCE alone protects.
  public var clientSecret: String?
  /// Our callback, as it is registered there.
  public var redirectURL: String
  public var scopes = ["openid", "profile", "email"]
  /// Whether whoever can sign in there gets an account here, without a role. Otherwise an admin makes the
  /// account with the subject first.
  public var createsAccounts = false

  public init(issuer: String, clientID: String, clientSecret: String? = nil, redirectURL: String) {
    (self.issuer, self.clientID, self.clientSecret) = (issuer, clientID, clientSecret)
    self.redirectURL = redirectURL
  }

  var discoveryURL: String {
    (issuer.hasSuffix("/") ? String(issuer.dropLast()) : issuer) + "/.well-known/openid-configuration"
  }
}

/// A request that the service cannot make itself. Whoever makes it follows no redirect, and bounds time and
/// bytes.
public struct OIDCRequest: Sendable, Hashable {
  public static let longestAnswer = 1 << 20

  public var url: String
  /// A form to post; nil: GET.
  public var form: String?
  /// `Authorization`, where there is one.
  public var authorization: String?
}

/// Gives the body of a 200, and throws for anything else.
public typealias OIDCFetch = @Sendable (OIDCRequest) async throws(Problem) -> [UInt8]

/// What the other system says about itself, and its keys.
struct OIDCProvider: Sendable, Hashable {
  static let lifetime = Duration.seconds(3_600)
  /// How soon unknown keys are asked for again: a made-up key id must not make a request each time.
  static let soonest = Duration.seconds(30)

  var authorizationEndpoint: String
  var tokenEndpoint: String
  var keysURL: String
  var keys: JWKS
  var fetchedAt: Timestamp

  /// Nil where it is not one of that issuer, or an address is not HTTPS (or of this machine).
  static func endpoints(
    _ bytes: [UInt8], issuer: String
  ) -> (authorization: String, token: String, keys: String)? {
    guard let json = try? JSON(parsing: bytes),
      let named = json["issuer"]?.string, named.utf8.elementsEqual(issuer.utf8),
      let authorization = json["authorization_endpoint"]?.string,
      let token = json["token_endpoint"]?.string, let keys = json["jwks_uri"]?.string,
      [authorization, token, keys].allSatisfy(isSafe)
    else { return nil }
    return (authorization, token, keys)
  }

  static func isSafe(_ url: String) -> Bool {
    let local = [
      "http://127.0.0.1:", "http://127.0.0.1/", "http://localhost:", "http://localhost/", "http://[::1]",
    ]
    return (url.hasPrefix("https://") || local.contains(where: url.hasPrefix))
      && url.utf8.allSatisfy { (33...126).contains($0) }
  }
}

/// What an ID token says, once it has been believed.
struct OIDCClaims: Sendable, Hashable {
  var issuer: String
  var subject: String
  var name: String?
  var email: String?

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
      email: json["email_verified"]?.bool == true ? json["email"]?.string : nil)
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

/// `application/x-www-form-urlencoded`, as queries and forms are written.
enum FormText {
  static func encode(_ pairs: [(String, String)]) -> String {
    pairs.map { "\(escape($0.0))=\(escape($0.1))" }.joined(separator: "&")
  }

  static func escape(_ text: String) -> String {
    var escaped: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        escaped.append(byte)
      default: escaped += Array("%\(Hex.encode([byte]).uppercased())".utf8)
      }
    }
    return String(decoding: escaped, as: UTF8.self)
  }
}

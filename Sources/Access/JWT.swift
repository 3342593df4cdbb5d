internal import Crypto
internal import Model

/// Tokens that this server signs and nobody else reads: HS256 and nothing else.
///
/// The algorithm is a constant of this file and no choice of the token. A header may have `alg`, `typ` and
/// `kid`; whatever else there is (`jku`, `jwk`, `x5u`, `crit`) would ask to believe the token about how it is
/// to be checked, so it is refused. A member that occurs twice is refused by the reader of JSON.
enum JWT {
  struct Claims: Sendable, Hashable {
    var issuer: String
    var audience: String
    var subject: String
    var session: String
    var issuedAt: Int64
    var notBefore: Int64
    var expiresAt: Int64
    /// Of this token.
    var id: String
  }

  /// Two at most: the one that signs, and the one before it, until its tokens have expired.
  struct Keys: Sendable, Hashable {
    struct Key: Sendable, Hashable {
      var id: String
      var secret: SymmetricKey
    }

    var current: Key
    var previous: Key?

    /// Compares ids as bytes; an unknown one is nil, never a default.
    func secret(of id: String) -> SymmetricKey? {
      for key in [current] + (previous.map { [$0] } ?? []) where key.id.utf8.elementsEqual(id.utf8) {
        return key.secret
      }
      return nil
    }
  }

  static let algorithm = "HS256"

  static func sign(_ claims: Claims, with keys: Keys) -> String {
    let header: JSON = ["alg": .string(algorithm), "typ": "JWT", "kid": .string(keys.current.id)]
    return CompactJWS.sign(
      header: header.serialized(), payload: claims.json.serialized(), key: keys.current.secret.reveal())
  }

  /// Nil whatever is wrong: whoever sends a bad token is not told why.
  static func verify(
    _ text: String, with keys: Keys, issuer: String, audience: String, at now: Int64
  ) -> Claims? {
    guard let payload = payload(of: text, with: keys), let json = try? JSON(parsing: payload),
      let claims = Claims(json), claims.issuer.utf8.elementsEqual(issuer.utf8),
      claims.audience.utf8.elementsEqual(audience.utf8), claims.notBefore <= now, now < claims.expiresAt
    else { return nil }
    return claims
  }

  /// What was signed, whatever it is.
  static func payload(of text: String, with keys: Keys) -> [UInt8]? {
    guard let token = CompactJWS(text), let header = try? JSON(parsing: token.header).object,
      header.keys.allSatisfy({ ["alg", "typ", "kid"].contains($0) }),
      let named = header["alg"]?.string, named.utf8.elementsEqual(algorithm.utf8),
      let id = header["kid"]?.string, let secret = keys.secret(of: id),
      token.isSigned(with: secret.reveal())
    else { return nil }
    return token.payload
  }
}

extension JWT.Claims {
  fileprivate var json: JSON {
    [
      "iss": .string(issuer), "aud": .string(audience), "sub": .string(subject), "sid": .string(session),
      "iat": .int(issuedAt), "nbf": .int(notBefore), "exp": .int(expiresAt), "jti": .string(id),
    ]
  }

  /// All of them have to be there.
  fileprivate init?(_ json: JSON) {
    guard let issuer = json["iss"]?.string, let audience = json["aud"]?.string,
      let subject = json["sub"]?.string, let session = json["sid"]?.string, let issued = json["iat"]?.int,
      let before = json["nbf"]?.int, let expires = json["exp"]?.int, let id = json["jti"]?.string
    else { return nil }
    self.init(
      issuer: issuer, audience: audience, subject: subject, session: session, issuedAt: issued,
      notBefore: before, expiresAt: expires, id: id)
  }
}

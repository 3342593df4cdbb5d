internal import Crypto
internal import Model

/// The keys with which another sign-in signs its tokens, as it publishes them (RFC 7517).
///
/// Only RSA with RS256 and P-256 with ES256 are taken. A key says which algorithm it is for; a token that
/// names another is refused, so that nobody makes an HS256 token with a public key as its secret.
public struct JWKS: Sendable, Hashable {
  public static let mostKeys = 100

  struct Key: Sendable, Hashable {
    var id: String?
    var algorithm: String
    var key: PublicKey
  }

  var keys: [Key]

  /// Nil where it is no key set. Keys that are not for signing, of other kinds, or broken are left out: a key
  /// that we do not know is no reason to refuse those that we do.
  public init?(parsing bytes: [UInt8]) {
    guard let list = try? JSON(parsing: bytes)["keys"]?.array, list.count <= Self.mostKeys else { return nil }
    keys = list.compactMap(Key.init)
  }

  /// What was signed with one of the keys; nil where none of them did, or where the header is not one that
  /// can be trusted.
  func payload(of text: String) -> [UInt8]? {
    guard let token = CompactJWS(text), let header = try? JSON(parsing: token.header).object,
      header.keys.allSatisfy({ !Self.refused.contains($0) }), let algorithm = header["alg"]?.string
    else { return nil }
    let id = header["kid"]
    if let id, id.string == nil { return nil }
    let fitting = keys.filter { key in
      key.algorithm.utf8.elementsEqual(algorithm.utf8)
        && (id?.string.map { wanted in key.id.map { $0.utf8.elementsEqual(wanted.utf8) } ?? false } ?? true)
    }
    // Without an id there must be no choice.
    guard fitting.count == 1 || id != nil else { return nil }
    return fitting.contains { token.isSigned(with: $0.key) } ? token.payload : nil
  }

  /// They would have the token say how it is to be checked.
  private static let refused = ["jku", "jwk", "x5u", "x5c", "crit", "b64"]
}

extension JWKS.Key {
  fileprivate init?(_ json: JSON) {
    if let use = json["use"], use.string != "sig" { return nil }
    if let operations = json["key_ops"], operations.array?.contains("verify") != true { return nil }
    func number(_ name: String) -> [UInt8]? { json[name]?.string.flatMap { Base64URL.decode($0) } }
    let (made, wanted): (PublicKey?, String)
    switch json["kty"]?.string {
    case "RSA":
      guard let modulus = number("n"), let exponent = number("e") else { return nil }
      (made, wanted) = (PublicKey.rsa(checking: modulus, exponent), "RS256")
    case "EC":
      guard json["crv"]?.string == "P-256", let x = number("x"), let y = number("y") else { return nil }
      (made, wanted) = (PublicKey.p256(checking: x, y), "ES256")
    case .some, .none: return nil
    }
    if let algorithm = json["alg"], algorithm.string != wanted { return nil }
    guard let made else { return nil }
    self.init(id: json["kid"]?.string, algorithm: wanted, key: made)
  }
}

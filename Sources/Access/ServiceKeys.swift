internal import Crypto
internal import Model

/// The keys of the service itself, which lie sealed in the store.
struct ServiceKeys: Sendable {
  /// Sign access tokens.
  var tokens: JWT.Keys
  /// Marks refresh tokens as ours, so that a made-up one cannot end somebody's session.
  var refresh: SymmetricKey
  /// Signs the heads of the audit.
  var audit: Ed25519.PrivateKey

  enum Name: String, CaseIterable {
    case tokens = "access tokens"
    case refresh = "refresh tokens"
    case audit = "audit heads"

    var place: String { ServiceKeys.place(of: rawValue) }
  }

  static func place(of name: String) -> String { "access \(name)" }

  /// Opens what is there and makes what is missing; the changes are what has to be stored.
  static func open(
    _ secrets: [String: [UInt8]], _ environment: AccessEnvironment
  ) throws(Problem) -> (keys: ServiceKeys, changes: [AccessChange]) {
    var changes: [AccessChange] = []
    func secret(_ name: Name, _ make: () -> [UInt8]) throws(Problem) -> [UInt8] {
      if let sealed = secrets[name.rawValue] {
        do { return try environment.open(sealed, name.place) } catch { throw .accessKey(name.rawValue) }
      }
      let made = make()
      changes.append(.secret(name: name.rawValue, sealed: environment.seal(made, name.place)))
      return made
    }
    func random() -> [UInt8] { environment.random(SymmetricKey.byteCount) }
    let stored = try secret(.tokens) { encode(JWT.Keys(current: newKey(environment))) }
    guard let tokens = decode(stored), let refresh = SymmetricKey(try secret(.refresh, random)),
      let audit = Ed25519.PrivateKey(try secret(.audit, random))
    else { throw .accessKey(Name.tokens.rawValue) }
    return (ServiceKeys(tokens: tokens, refresh: refresh, audit: audit), changes)
  }

  /// A new key signs from now on; the one before is still believed.
  static func rotated(_ keys: JWT.Keys, _ environment: AccessEnvironment) -> (JWT.Keys, AccessChange) {
    let next = JWT.Keys(current: newKey(environment), previous: keys.current)
    let sealed = environment.seal(encode(next), Name.tokens.place)
    return (next, .secret(name: Name.tokens.rawValue, sealed: sealed))
  }

  private static func newKey(_ environment: AccessEnvironment) -> JWT.Keys.Key {
    guard let secret = SymmetricKey(environment.random(SymmetricKey.byteCount)) else {
      preconditionFailure("Chance gives as many bytes as it is asked for.")
    }
    return JWT.Keys.Key(id: Hex.encode(environment.random(8)), secret: secret)
  }

  private static func encode(_ keys: JWT.Keys) -> [UInt8] {
    let all = [keys.current] + (keys.previous.map { [$0] } ?? [])
    let json = all.map { key -> JSON in
      ["id": .string(key.id), "secret": .string(Base64URL.encode(key.secret.reveal()))]
    }
    return JSON.array(json).serialized()
  }

  private static func decode(_ bytes: [UInt8]) -> JWT.Keys? {
    let keys = (try? JSON(parsing: bytes))?.array?.compactMap { json -> JWT.Keys.Key? in
      guard let id = json["id"]?.string,
        let secret = json["secret"]?.string.flatMap({ Base64URL.decode($0) }).flatMap({ SymmetricKey($0) })
      else { return nil }
      return JWT.Keys.Key(id: id, secret: secret)
    }
    guard let first = keys?.first else { return nil }
    return JWT.Keys(current: first, previous: keys?.dropFirst().first)
  }
}

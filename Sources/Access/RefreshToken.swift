internal import Crypto
internal import Model

/// `esr_<session>.<generation>.<secret>.<mark>`: what a client exchanges for new tokens.
///
/// The secret is random, and the store has its hash only. The mark shows that this server made the token for
/// this session: so an old token is told from an invented one, and who knows the id of a session, as its list
/// shows it, cannot end it by sending rubbish.
struct RefreshToken: Sendable, Hashable {
  var session: ID<Session>
  var generation: Int64
  private var secret: [UInt8]
  private var mark: [UInt8]

  static let prefix = "esr_"
  private static let secretSize = 32

  init(session: ID<Session>, generation: Int64, secret: [UInt8], key: SymmetricKey) {
    (self.session, self.generation, self.secret) = (session, generation, secret)
    mark = Self.mark(session, generation, secret, key)
  }

  /// Nil for what this server did not make.
  init?(_ text: String, key: SymmetricKey) {
    guard text.utf8.count < 300, text.hasPrefix(Self.prefix) else { return nil }
    let parts = text.utf8.dropFirst(Self.prefix.utf8.count)
      .split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }
    guard parts.count == 4, let session = ID<Session>(parts[0]), let generation = Int64(parts[1]),
      let secret = Base64URL.decode(parts[2]), secret.count == Self.secretSize,
      let mark = Base64URL.decode(parts[3])
    else { return nil }
    self.init(session: session, generation: generation, secret: secret, key: key)
    guard constantTimeEqual(mark, self.mark) else { return nil }
  }

  static func make(
    for session: ID<Session>, generation: Int64, _ keys: ServiceKeys, _ environment: AccessEnvironment
  ) -> RefreshToken {
    RefreshToken(
      session: session, generation: generation, secret: environment.random(secretSize), key: keys.refresh)
  }

  var text: String {
    "\(Self.prefix)\(session).\(generation).\(Base64URL.encode(secret)).\(Base64URL.encode(mark))"
  }

  var hash: [UInt8] { SHA256.digest(Array("\(session).\(generation).".utf8) + secret) }

  private static func mark(
    _ session: ID<Session>, _ generation: Int64, _ secret: [UInt8], _ key: SymmetricKey
  ) -> [UInt8] {
    let message = Array("esteira.refresh.1 \(session) \(generation) ".utf8) + secret
    return Array(HMACSHA256.code(key: key.reveal(), message: message).prefix(16))
  }
}

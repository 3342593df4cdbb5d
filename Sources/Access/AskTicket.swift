internal import Crypto
public import Model
internal import Synchronization

/// What lets one person answer one question once, without an account here: an application that is signed in
/// gives it to its own user.
///
/// It is signed and not stored. That it was used is seen from the answers of the question.
public struct AskTicket: Sendable, Hashable {
  /// So that a ticket is told from other secrets, also by programs that look for leaked ones.
  public static let prefix = "esteira_ask_"
  public static let lifetimes: ClosedRange<Duration> = .seconds(60) ... .seconds(7 * 86_400)
  static let longest = 2_000

  /// The whole id of the question.
  public var ask: String
  public var namespace: String
  /// Who may answer with it.
  public var person: String
  /// Who gave it, as histories name them.
  public var issuer: String
  public var issuedAt: Timestamp
  public var expiresAt: Timestamp
}

extension AccessService {
  /// A ticket of the principal, which may be asked for whoever they may answer for.
  public func askTicket(
    for ask: String, in namespace: String, person: String, lifetime: Duration, by principal: Principal
  ) throws(Problem) -> (text: String, ticket: AskTicket) {
    guard AskTicket.lifetimes.contains(lifetime) else { throw .askTicketLifetime(lifetime) }
    let now = environment.now()
    let ticket = AskTicket(
      ask: ask, namespace: namespace, person: person, issuer: principal.actor, issuedAt: now,
      expiresAt: now + lifetime)
    let content: JSON = [
      "ask": .string(ask), "namespace": .string(namespace), "person": .string(person),
      "issuer": .string(principal.actor), "kind": .string(principal.kind.rawValue),
      "id": .string(principal.id), "credential": principal.credential.map { .string($0) } ?? .null,
      "issued": .int(now.microseconds), "expires": .int(ticket.expiresAt.microseconds),
      "nonce": .string(Base64URL.encode(environment.random(16))),
    ]
    let bytes = content.serialized()
    let text = Base64URL.encode(bytes) + "." + Base64URL.encode(askTicketCode(bytes))
    return ("\(AskTicket.prefix)\(text)", ticket)
  }

  /// What the ticket says. Throws where it is none of ours, is over, or whoever gave it may give none now.
  public func redeem(askTicket text: String) throws(Problem) -> AskTicket {
    let parts = text.dropFirst(AskTicket.prefix.count).split(separator: ".")
    guard text.hasPrefix(AskTicket.prefix), text.utf8.count <= AskTicket.longest, parts.count == 2,
      let bytes = Base64URL.decode(parts[0]), let code = Base64URL.decode(parts[1]),
      constantTimeEqual(code, askTicketCode(bytes)), let content = try? JSON(parsing: bytes),
      let ticket = AskTicket(content), ticket.expiresAt > environment.now(),
      isEntitled(content, in: ticket.namespace)
    else { throw .noAskTicket }
    return ticket
  }

  /// Whoever was disabled or lost the right since has given nothing any more.
  private func isEntitled(_ content: JSON, in namespace: String) -> Bool {
    guard let kind = content["kind"]?.string.flatMap(Principal.Kind.init(rawValue:)) else { return false }
    if kind == .local { return true }
    let issuer = Principal(
      kind: kind, id: content["id"]?.string ?? "", actor: content["issuer"]?.string ?? "", grants: [],
      credential: content["credential"]?.string)
    return current(issuer)?.may("delegate", "asks", in: namespace) ?? false
  }

  private func askTicketCode(_ bytes: [UInt8]) -> [UInt8] {
    let secret = keys.withLock { $0.refresh }.reveal()
    let key = HKDF.sha256(key: secret, salt: [], info: Array("tickets of questions".utf8), count: 32)
    return HMACSHA256.code(key: key, message: bytes)
  }
}

extension AskTicket {
  fileprivate init?(_ json: JSON) {
    guard let ask = json["ask"]?.string, let namespace = json["namespace"]?.string,
      let person = json["person"]?.string, let issuer = json["issuer"]?.string,
      let issued = json["issued"]?.int, let expires = json["expires"]?.int
    else { return nil }
    self.init(
      ask: ask, namespace: namespace, person: person, issuer: issuer,
      issuedAt: Timestamp(microseconds: issued), expiresAt: Timestamp(microseconds: expires))
  }
}

extension Problem {
  /// One answer for all that is wrong with a ticket: whoever made it up learns nothing.
  public static let noAskTicket = Problem(
    "no-ticket",
    Bilingual(
      "There is no such ticket, or it was used, or it is over.",
      pt: "Não existe esse tíquete, ou ele já foi usado, ou acabou."),
    remedy: Bilingual(
      "Ask the application that gave it for another one.", pt: "Peça outro ao aplicativo que o deu."))

  static func askTicketLifetime(_ lifetime: Duration) -> Problem {
    Problem(
      "unusable-request",
      Bilingual(
        "A ticket lasts from 1m to 7d, not \(lifetime.text).",
        pt: "Um tíquete dura de 1m a 7d, não \(lifetime.text)."))
  }
}

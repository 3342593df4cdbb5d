internal import Crypto
public import Model
internal import Synchronization

/// A request that its sender may send twice, and wants done once.
public struct KeyedRequest: Sendable, Hashable {
  /// Of the header, as it was sent.
  public var key: String
  /// Keys of different principals have nothing to do with each other.
  public var principal: String
  /// Method and path.
  public var route: String
  /// Over all that was sent.
  public var content: [UInt8]

  public init(key: String, principal: String, route: String, content: [UInt8]) {
    (self.key, self.principal, self.route, self.content) = (key, principal, route, content)
  }
}

/// An answer that is given again.
public struct KeptAnswer: Sendable, Hashable {
  public var status: Int
  public var contentType: String
  public var entityTag: String?
  public var location: String?
  /// Nil: it held what is shown only once.
  public var body: [UInt8]?

  public init(status: Int, contentType: String, entityTag: String?, location: String?, body: [UInt8]?) {
    (self.status, self.contentType) = (status, contentType)
    (self.entityTag, self.location, self.body) = (entityTag, location, body)
  }

  /// Larger ones are not kept.
  public static let longestBody = 64 << 10
}

/// A row of the answers that are kept.
public struct KeptRow: Sendable, Hashable {
  public var route: String
  /// A hash of what was sent.
  public var digest: [UInt8]
  public var answer: KeptAnswer
  public var at: Timestamp

  public init(route: String, digest: [UInt8], answer: KeptAnswer, at: Timestamp) {
    (self.route, self.digest, self.answer, self.at) = (route, digest, answer, at)
  }
}

/// Where answers are kept.
public struct KeptAnswers: Sendable {
  /// The row of a principal's key, however old.
  public var find: @Sendable (_ principal: String, _ key: String) async throws(Problem) -> KeptRow?
  /// Durable when it returns. Rows from before `oldest` may go.
  public var keep:
    @Sendable (_ principal: String, _ key: String, KeptRow, _ oldest: Timestamp) async throws(Problem) -> Void

  public init(
    find: @escaping @Sendable (String, String) async throws(Problem) -> KeptRow?,
    keep: @escaping @Sendable (String, String, KeptRow, Timestamp) async throws(Problem) -> Void
  ) { (self.find, self.keep) = (find, keep) }

  /// At most so many rows.
  public static let most = 100_000
}

/// Remembers what was answered to a key, so that a request that is sent again is not done again.
///
/// What is in flight is known to this process alone: after a crash such a key is free, since nobody knows
/// how far its request came.
public final class IdempotencyKeys: Sendable {
  public enum Reservation: Sendable, Hashable {
    /// The request may be done; `settle` or `release` has to follow.
    case mine
    case answered(KeptAnswer)
  }

  private struct Name: Hashable {
    var principal: ScalarString
    var key: ScalarString
  }

  private let answers: KeptAnswers
  private let now: @Sendable () -> Timestamp
  private let hash: @Sendable ([UInt8]) -> [UInt8]
  private let inFlight = Mutex<[Name: (route: String, digest: [UInt8])]>([:])

  /// How long an answer is kept.
  public static let lifetime = Duration.seconds(86_400)
  /// At a time.
  public static let mostInFlight = 10_000
  /// Of a key, in bytes of printable ASCII.
  public static let longestKey = 255

  /// `hash`: over what was sent, which may hold secrets; with a key, nobody can try out what it was.
  public init(
    _ answers: KeptAnswers, now: @escaping @Sendable () -> Timestamp,
    hash: @escaping @Sendable ([UInt8]) -> [UInt8] = IdempotencyKeys.sha256
  ) { (self.answers, self.now, self.hash) = (answers, now, hash) }

  /// Throws where the key was used for another request, or the same one has not been answered yet.
  public func reserve(_ request: KeyedRequest) async throws(Problem) -> Reservation {
    guard (1...Self.longestKey).contains(request.key.utf8.count),
      request.key.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
    else { throw Self.wrongKey }
    let (name, digest) = (Self.name(of: request), hash(request.content))
    // Reserved before the look, so that of two at once one finds the other.
    let other = inFlight.withLock { inFlight -> Result<(route: String, digest: [UInt8])?, Problem> in
      if let other = inFlight[name] { return .success(other) }
      guard inFlight.count < Self.mostInFlight else { return .failure(Self.tooMany) }
      inFlight[name] = (request.route, digest)
      return .success(nil)
    }
    if let other = try other.get() {
      throw Self.isSame(request.route, digest, other.route, other.digest) ? Self.notYet : Self.mismatch
    }
    let row: KeptRow?
    do throws(Problem) {
      row = try await answers.find(request.principal, request.key)
    } catch {
      release(request)
      throw error
    }
    guard let row, row.at + Self.lifetime > now() else { return .mine }
    release(request)
    guard Self.isSame(request.route, digest, row.route, row.digest) else { throw Self.mismatch }
    return .answered(row.answer)
  }

  /// The request was done. Its answer is durable when this returns; where it cannot be, the key is free.
  public func settle(_ request: KeyedRequest, _ answer: KeptAnswer) async {
    let at = now()
    let row = KeptRow(route: request.route, digest: hash(request.content), answer: answer, at: at)
    do throws(Problem) {
      try await answers.keep(request.principal, request.key, row, at + (.zero - Self.lifetime))
    } catch {
      // What was done is done, and its sender has to hear of it: only a repetition is not recognised.
    }
    release(request)
  }

  /// The request was not done, or its answer is none that can be kept.
  public func release(_ request: KeyedRequest) {
    inFlight.withLock { $0[Self.name(of: request)] = nil }
  }

  public static func sha256(_ bytes: [UInt8]) -> [UInt8] {
    var hash = SHA256()
    hash.update(bytes)
    return hash.finish()
  }

  private static func name(of request: KeyedRequest) -> Name {
    Name(principal: ScalarString(request.principal), key: ScalarString(request.key))
  }

  private static func isSame(
    _ route: String, _ digest: [UInt8], _ otherRoute: String, _ otherDigest: [UInt8]
  ) -> Bool { ScalarString(route) == ScalarString(otherRoute) && digest == otherDigest }
}

extension IdempotencyKeys {
  private static let wrongKey = Problem(
    "invalid-request",
    Bilingual(
      "Idempotency-Key is 1 to \(longestKey) printable ASCII characters without spaces.",
      pt: "Idempotency-Key tem de 1 a \(longestKey) caracteres ASCII imprimíveis, sem espaços."))

  private static let mismatch = Problem(
    "idempotency-mismatch",
    Bilingual(
      "This Idempotency-Key was used for another request.",
      pt: "Esta Idempotency-Key já foi usada em outro pedido."),
    remedy: Bilingual(
      "Give each request a key of its own, and send it again unchanged.",
      pt: "Dê a cada pedido uma chave própria, e reenvie-o sem mudanças."))

  private static let notYet = Problem(
    "idempotency-in-flight",
    Bilingual(
      "The request with this Idempotency-Key has not been answered yet.",
      pt: "O pedido com esta Idempotency-Key ainda não foi respondido."),
    remedy: Bilingual("Send it again in a moment.", pt: "Reenvie-o daqui a pouco."))

  private static let tooMany = Problem(
    "node-full",
    Bilingual(
      "\(mostInFlight) requests with a key are under way.",
      pt: "Há \(mostInFlight) pedidos com chave em andamento."),
    remedy: Bilingual("Send it again in a moment.", pt: "Reenvie-o daqui a pouco."))
}

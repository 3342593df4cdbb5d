import API
import Access
import Model
import Net

/// Says who sent a request: the owner of the folder by the socket's peer, others by a token or a cookie.
struct Doorkeeper: Sendable {
  /// The uid that the data folder belongs to, and its name in histories.
  var owner: UInt32
  var actor: String
  /// Nil: nobody signs in here.
  var access: AccessService?
  var origins: OwnOrigins
  /// Whoever asks from there reads measures without a token.
  var scrapers: [CIDR] = []

  /// `path`: of the endpoint that is meant. `isOpen`: nobody has to sign in for it. A token that has ended
  /// stops nobody there: many a client sends the last one along when it signs in anew.
  func principal(
    of request: HTTPRequest, to path: String, _ cookies: [String: String], isOpen: Bool
  ) throws(Problem) -> Principal {
    switch request.peer {
    case .local(let uid, _):
      guard uid == owner else { throw Self.notOwner }
      return .local(actor)
    case .remote: break
    }
    // Its signature is the sign-in, and may stand where our tokens would.
    if request.path.hasPrefix(HookCalls.prefix) { return .anonymous }
    if let header = request.headers["authorization"] {
      do { return try bearer(header) } catch {
        guard isOpen else { throw error }
        return .anonymous
      }
    }
    if path == MetricsCalls.exposition.shape.path, let address = request.peer.address,
      scrapers.contains(where: { $0.contains(address) })
    {
      return .scraper
    }
    guard let token = cookies[SignInCookies.accessName] else { return .anonymous }
    // A cookie is sent by browsers without anybody's wish, so a change needs to come from our own pages.
    if !["GET", "HEAD"].contains(request.method), !origins.sent(request) { throw Self.foreignOrigin }
    // What has ended is as if it were not there: whoever renews it must not be stopped by it.
    guard let access, let principal = try? access.principal(accessToken: token) else { return .anonymous }
    return principal
  }

  private func bearer(_ header: String) throws(Problem) -> Principal {
    let parts = header.split(separator: " ", omittingEmptySubsequences: false)
    guard parts.count == 2, parts[0].lowercased() == "bearer", !parts[1].isEmpty, let access else {
      throw Gate.notSignedIn
    }
    return try access.principal(bearer: String(parts[1]))
  }

  /// Who got a password from somebody else has to choose their own first.
  func mayGoOn(_ principal: Principal, _ path: String) throws(Problem) {
    guard principal.kind == .person, let access, try access.me(principal).mustChangePassword else { return }
    let isOwnThing = ["/api/v1/me", "/api/v1/auth/"].contains { path.hasPrefix($0) }
    guard isOwnThing else { throw Self.passwordFirst }
  }

  private static let notOwner = Problem(
    "not-allowed",
    Bilingual(
      "Only the owner of the data folder may use this socket.",
      pt: "Só o dono da pasta de dados pode usar este socket."))

  static let foreignOrigin = Problem(
    "foreign-origin",
    Bilingual(
      "The request comes from a page of another site.", pt: "O pedido vem de uma página de outro site."),
    remedy: Bilingual(
      "Call it from the server's own address, or with a token instead of the cookie.",
      pt: "Chame pelo endereço do próprio servidor, ou com um token no lugar do cookie."))

  private static let passwordFirst = Problem(
    "password-change-required",
    Bilingual(
      "The password was given by somebody else and has to be changed first.",
      pt: "A senha foi dada por outra pessoa e precisa ser trocada antes."),
    remedy: Bilingual(
      "Change it with `esteira login --change-password`.", pt: "Troque com `esteira login --change-password`."
    ))
}

/// The addresses under which this server is known to browsers.
public struct OwnOrigins: Sendable {
  /// Such as `https://esteira.example.org`; nil: whatever host the request names.
  private let publicURL: String?

  public init(publicURL: String? = nil) { self.publicURL = publicURL.map { $0.lowercased() } }

  /// Whether one of our own pages sent the request. A browser names the origin of every change, and of every
  /// WebSocket.
  func sent(_ request: HTTPRequest) -> Bool {
    guard let origin = request.headers["origin"]?.lowercased(), origin != "null" else { return false }
    if let site = request.headers["sec-fetch-site"], site == "cross-site" { return false }
    if let publicURL { return origin.utf8.elementsEqual(publicURL.utf8) }
    guard let host = request.headers["host"]?.lowercased() else { return false }
    return ["http://\(host)", "https://\(host)"].contains { $0.utf8.elementsEqual(origin.utf8) }
  }
}

extension Principal {
  /// Reads measures, and nothing else.
  fileprivate static let scraper = Principal(
    kind: .service, id: "scraper", actor: "scraper",
    grants: [Grant(namespace: "*", permissions: Permissions(["metrics:read"]) ?? .none)])
}

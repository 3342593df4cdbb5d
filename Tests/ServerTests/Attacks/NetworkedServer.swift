import API
import Access
import Crypto
import Model
import Net
import Stores
import Synchronization
import Testing

@testable import Server

/// A server as the network sees it: its edge, and accounts of every role that are signed in.
struct NetworkedServer {
  let server: TestServer
  let access: AccessService
  let edge: HTTPEdge
  private let world: HubWorld
  /// Access tokens by the name of the role; `none` has no role.
  private(set) var tokens: [String: String] = [:]

  static let address = IPAddress("192.0.2.7") ?? IPAddress(v4: 0)
  static let host = "esteira.example"
  private static let here = Origin(address: "192.0.2.1")
  static let password = "correct horse staple"
  private static let moment = Timestamp(microseconds: 1_790_000_000_000_000)

  init() async throws {
    server = try TestServer()
    let key = MasterKey(SymmetricKey.generate())
    var policy = SignInPolicy()
    policy.passwordIterations = 10
    access = try await AccessService.open(
      store: MemoryAccessStore(), policy: policy,
      environment: AccessEnvironment(
        now: { Self.moment }, seal: { key.seal($0, place: $1) },
        open: { (sealed, place) throws(UnsealError) in try key.open(sealed, place: place) },
        hashing: BlockingThreads(count: 1), storing: BlockingThreads(count: 1)))
    var backend = server.backend
    backend.access = access
    world = HubWorld(HubSources(server.node, server.backend, logs: nil))
    edge = HTTPEdge(
      Router(backend), owner: 1_000, actor: "local:ana", access: access, hub: world.hub,
      version: "test",
      // Each call is a second after the one before, so that no limit of speed is in the way.
      now: Steps(from: Self.moment).next, newRequestID: { "r" })
    try await signIn()
  }

  private mutating func signIn() async throws {
    let first = try #require(try await access.makeFirstAdmin(from: .server))
    let session = try await token("admin", first.password)
    try await access.changePassword(
      old: first.password, new: Self.password, by: access.principal(accessToken: session), from: Self.here)
    tokens["admin"] = session
    let admin = try access.principal(accessToken: session)
    for role in ["operator", "viewer", "none"] {
      let made = try await access.createAccount(AccountDraft(name: role), by: admin, from: Self.here)
      if role != "none" {
        let key = RoleBinding.Key(subject: .account(made.account.id), role: role, namespace: "*")
        _ = try await access.bind(key, by: admin, from: Self.here)
      }
      let given = try #require(made.password)
      let principal = try access.principal(accessToken: try await token(role, given))
      try await access.changePassword(old: given, new: Self.password, by: principal, from: Self.here)
      tokens[role] = try await token(role, Self.password)
    }
  }

  private func token(_ name: String, _ password: String) async throws -> String {
    let answer = try await access.signIn(
      name: name, password: password, from: Origin(address: "10.0.0.1 \(name)"))
    guard case .signedIn(let tokens) = answer else { throw Problem("test", Bilingual("No.", pt: "Não.")) }
    return tokens.access
  }

  /// `as`: a role's name; nil: nobody signed in.
  func ask(
    _ method: String, _ target: String, as role: String? = nil, _ more: [(String, String)] = [],
    body: [UInt8] = []
  ) async -> HTTPResponse {
    var headers = HTTPHeaders([("host", Self.host)] + more)
    if let role, let token = tokens[role] { headers.add("authorization", "Bearer \(token)") }
    return await edge.answer(
      HTTPRequest(
        method: method, target: target, headers: headers, body: body,
        peer: .remote(Self.address, port: 4_000)))
  }

  /// As a browser asks, with the cookie of a sign-in.
  func browse(
    _ method: String, _ target: String, as role: String, _ more: [(String, String)] = [], body: [UInt8] = []
  ) async -> HTTPResponse {
    let cookie = "\(SignInCookies.accessName)=\(tokens[role] ?? "")"
    return await ask(method, target, [("cookie", cookie)] + more, body: body)
  }
}

/// A clock that goes on by itself.
final class Steps: Sendable {
  private let moment: Mutex<Timestamp>
  init(from start: Timestamp) { moment = Mutex(start) }
  var next: @Sendable () -> Timestamp {
    {
      self.moment.withLock { moment in
        moment = moment + .seconds(1)
        return moment
      }
    }
  }
}

extension HTTPResponse {
  var text: String {
    guard case .bytes(let bytes) = body else { return "" }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The code of a problem; nil of any other answer.
  var code: String? { (try? JSON(parsing: text))?["code"]?.string }
}

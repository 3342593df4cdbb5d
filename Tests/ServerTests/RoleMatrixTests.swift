import API
import Access
import Crypto
import Model
import Stores
import Testing

@testable import Server

/// Every role against every endpoint, made from the router's own list. `docs/api.md` shows it as a table.
@Suite("Roles and endpoints", .timeLimit(.minutes(2)))
struct RoleMatrixTests {
  private static let anonymous = Principal(kind: .anonymous, id: "", actor: "anonymous", grants: [])

  private static func person(_ permissions: Permissions) -> Principal {
    Principal(
      kind: .person, id: "vera", actor: "vera", grants: [Grant(namespace: "*", permissions: permissions)])
  }

  /// The path with its parameters filled: of things that do not exist.
  private static func request(_ shape: Shape) -> APIRequest {
    let parts = shape.path.split(separator: "/", omittingEmptySubsequences: false).map { part in
      part.first == "{" ? "demo~nothing" : String(part)
    }
    return APIRequest(shape.method, parts.joined(separator: "/"))
  }

  private func router() async throws -> Router {
    var backend = try TestServer().backend
    let access = try await TestAccess.service()
    (backend.access, backend.audit) = (access, access.audit)
    return Router(backend)
  }

  @Test("who is not signed in is let in to nothing but what anybody may ask")
  func nobody() async throws {
    let router = try await router()
    for shape in EndpointCatalog.shapes {
      let answer = await router.handle(Self.request(shape), as: Self.anonymous)
      let called = "\(shape.method) \(shape.path)"
      if shape.permission == .open {
        #expect(answer.status != 403, "\(called)")
      } else {
        #expect(try answer.status == 401 && code(of: answer) == "not-signed-in", "\(called)")
      }
    }
  }

  @Test(
    "each built-in role may what its permissions say, and is refused all else before anything is read",
    arguments: [false, true])
  func roles(operatorsMayRetry: Bool) async throws {
    let router = try await router()
    for role in BuiltInRole.allCases {
      let permissions = role.permissions(operatorsMayRetry: operatorsMayRetry)
      let principal = Self.person(permissions)
      for shape in router.routes.map(\.shape) {
        guard case .needs(let resource, let verb) = shape.permission else { continue }
        let answer = await router.handle(Self.request(shape), as: principal)
        let may = permissions.contains(verb, resource)
        let refused = try answer.status == 403 && code(of: answer) == "not-allowed"
        #expect(refused != may, "\(role) \(shape.method) \(shape.path): \(answer.status)")
      }
    }
  }

  @Test("where operators may retry, that is retries and dead letters, and nothing of the other roles")
  func retrying() {
    for role in BuiltInRole.allCases {
      let more = Set(role.permissions(operatorsMayRetry: true).words).subtracting(role.permissions.words)
      #expect(more == (role == .operator ? ["jobs:retry", "deadletters:replay"] : []))
    }
  }

  @Test("a role that reads and may one thing more is let in to the endpoints of both alone")
  func single() async throws {
    let router = try await router()
    let shapes = router.routes.map(\.shape)
    for permission in Set(shapes.map(\.permission)) {
      guard case .needs(let resource, _) = permission else { continue }
      let granted = [permission.description, "\(resource):read"]
      let principal = Self.person(try #require(Permissions(granted)))
      for shape in shapes {
        guard case .needs = shape.permission else { continue }
        let answer = await router.handle(Self.request(shape), as: principal)
        let refused = try answer.status == 403 && code(of: answer) == "not-allowed"
        #expect(
          refused != granted.contains(shape.permission.description),
          "\(permission) \(shape.method) \(shape.path)")
      }
    }
  }

  @Test("no role has a permission that no endpoint asks for")
  func asked() async throws {
    let asked = Set(EndpointCatalog.shapes.map(\.permission.description))
    for role in [BuiltInRole.operator, .viewer] {
      let words = role.permissions(operatorsMayRetry: true).words
      #expect(words.filter { !asked.contains($0) } == [], "\(role)")
    }
  }

  @Test(
    "a permission that no endpoint asks for is refused by name, since it would allow nothing",
    arguments: [
      ("jobs:raed", "There are: jobs:cancel, "), ("jbos:read", "Write resource:verb"),
      ("jobs", "There are: jobs:cancel, "),
      ("jobs:*", nil), ("*:read", nil), ("*:*", nil), ("asks:delegate", nil),
    ] as [(String, String?)])
  func known(word: String, remedy: String?) async throws {
    let router = try await router()
    let role = JSON.object(["permissions": ["alerts:read", .string(word)]])
    let answer = await router.handle(
      APIRequest(.put, "/api/v1/roles/night", body: Array(role.text.utf8)), as: Self.person(.all))
    #expect((answer.status == 200) == (remedy == nil))
    let token = JSON.object([
      "name": "ci", "scopes": [.string(word)], "namespaces": ["demo"], "expires_at": "1970-01-02T00:00:00Z",
    ])
    let refused = await router.handle(
      APIRequest(.post, "/api/v1/tokens", body: Array(token.text.utf8)), as: Self.person(.all))
    for answer in remedy == nil ? [] : [answer, refused] {
      #expect(try code(of: answer) == "invalid-permission")
      guard case .bytes(let bytes) = answer.body else { continue }
      let said = try JSON(parsing: bytes)
      #expect(said["detail"]?.string?.contains("\"\(word)\"") == true)
      #expect(said["remedy"]?.string?.hasPrefix(remedy ?? "") == true, "\(said["remedy"]?.text ?? "")")
    }
  }

  private func code(of answer: APIResponse) throws -> String? {
    guard case .bytes(let bytes) = answer.body, answer.status >= 400 else { return nil }
    return try JSON(parsing: bytes)["code"]?.string
  }
}

/// Accounts in memory.
enum TestAccess {
  static func service() async throws -> AccessService {
    let master = MasterKey(SymmetricKey.generate())
    let environment = AccessEnvironment(
      now: { Timestamp(microseconds: 0) }, seal: { master.seal($0, place: $1) },
      open: { (sealed, place) throws(UnsealError) in try master.open(sealed, place: place) },
      hashing: BlockingThreads(count: 1), storing: BlockingThreads(count: 1))
    return try await AccessService.open(store: MemoryAccessStore(), environment: environment)
  }
}

import API
import Access
import Crypto
import Model
import Net
import Stores
import Testing

@testable import Server

/// The routes by themselves. That a sign-in comes to its end is shown with a real provider in ProgramTests.
@Suite("Routes of sign-in through another system", .timeLimit(.minutes(1)))
struct OutsideSignInRouteTests {
  private static let issuer = "https://id.example.org"

  private func router(_ isSetUp: Bool = true) async throws -> Router {
    let key = MasterKey(SymmetricKey.generate())
    let environment = AccessEnvironment(
      now: { Timestamp(microseconds: 1_790_000_000_000_000) }, seal: { key.seal($0, place: $1) },
      open: { (sealed, place) throws(UnsealError) in try key.open(sealed, place: place) },
      hashing: BlockingThreads(count: 1), storing: BlockingThreads(count: 1))
    let settings = OIDCSettings(
      issuer: Self.issuer, clientID: "esteira",
      redirectURL: "https://esteira.example.org/api/v1/auth/oidc/callback")
    let access = try await AccessService.open(
      store: MemoryAccessStore(), environment: environment, oidc: isSetUp ? settings : nil)
    return Router(OutsideSignInRoutes(access: access, fetch: Self.fetch).routes)
  }

  private static let fetch: OIDCFetch = { (request) async throws(Problem) in
    let document: JSON = [
      "issuer": .string(issuer), "authorization_endpoint": .string(issuer + "/authorize"),
      "token_endpoint": .string(issuer + "/token"), "jwks_uri": .string(issuer + "/keys"),
    ]
    switch request.url {
    case issuer + "/keys": return Array(#"{"keys":[]}"#.utf8)
    case issuer + "/token": return try request.body(400, Array(#"{"error":"invalid_grant"}"#.utf8))
    case _: return document.serialized()
    }
  }

  private func get(
    _ router: Router, _ path: String, _ query: [(name: String, value: String)] = [], accept: String? = nil,
    cookie: String? = nil, language: Language = .english
  ) async -> (response: APIResponse, body: String) {
    var request = APIRequest(.get, "/api/v1/auth/oidc/" + path, query: query, language: language)
    request.accept = accept
    request.cookies = cookie.map { ["__Secure-esteira-oidc": $0] } ?? [:]
    request.origin = RequestOrigin(address: "192.0.2.1")
    let response = await router.handle(request, as: .anonymous)
    guard case .bytes(let bytes) = response.body else { return (response, "") }
    return (response, String(decoding: bytes, as: UTF8.self))
  }

  private func begin(_ router: Router) async throws -> (state: String, cookie: String) {
    let response = await get(router, "start").response
    let location = try #require(response.location)
    let state = try #require(location.firstMatch(of: /[?&]state=([^&]+)/)?.output.1)
    let cookie = try #require(response.headers.first { $0.name == "set-cookie" }?.value)
    return (String(state), String(cookie.dropFirst("__Secure-esteira-oidc=".count).prefix { $0 != ";" }))
  }

  @Test("The start leads away, and leaves a cookie that only the callback gets")
  func start() async throws {
    let response = await get(try router(), "start").response
    #expect(response.status == 302)
    #expect(response.location?.hasPrefix("https://id.example.org/authorize?response_type=code&") == true)
    let cookie = response.headers.first { $0.name == "set-cookie" }?.value ?? ""
    #expect(
      cookie.hasSuffix("; Path=/api/v1/auth/oidc; HttpOnly; Secure; SameSite=Lax; Max-Age=600"), "\(cookie)")
    let secret = cookie.dropFirst("__Secure-esteira-oidc=".count).prefix { $0 != ";" }
    #expect(secret.count == 43 && response.location?.contains(secret) == false)
  }

  @Test(
    "It leads back to no other site",
    arguments: [
      "//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "", "/a b",
    ])
  func returnTo(path: String) async throws {
    let answer = await get(try router(), "start", [("return_to", path)])
    #expect(answer.response.status == 400 && answer.body.contains("/return_to"))
  }

  @Test(
    "What does not belong to a sign-in of this browser is refused: as a page for a browser, else a problem")
  func refused() async throws {
    let router = try await router()
    let (begun, other) = (try await begin(router), try await begin(router))
    func call(_ query: [(name: String, value: String)], _ cookie: String?) async -> (Int, String) {
      let answer = await get(router, "callback", query, accept: "text/html,*/*;q=0.8", cookie: cookie)
      return (answer.response.status, answer.body)
    }
    let state = ("state", begun.state)
    let tries: [([(name: String, value: String)], String?)] = [
      ([], nil), ([("code", "c"), ("state", "made-up")], begun.cookie),
      ([("code", "c"), state], other.cookie),
      // The try before it took the state.
      ([("code", "c"), state], begun.cookie), ([("code", "c"), ("state", other.state)], nil),
    ]
    for (query, cookie) in tries {
      let (status, body) = await call(query, cookie)
      #expect(status == 401 && body.contains("<code>oidc-failed</code>"), "\(query): \(body)")
    }
    let fresh = try await begin(router)
    let problem = await get(
      router, "callback", [("code", "c"), ("state", fresh.state), ("session_state", "new to us")],
      cookie: fresh.cookie, language: .portuguese)
    #expect(problem.response.contentType == "application/problem+json" && problem.response.status == 401)
    #expect(problem.body.contains("oidc-failed") && problem.body.contains("A entrada pelo outro sistema"))
    #expect(problem.response.headers.isEmpty)
  }

  @Test("What comes from outside stands in a page as text")
  func escaped() {
    let problem = Problem("x", Bilingual("<script>\"&", pt: ""), remedy: Bilingual("<b>", pt: ""))
    let page = SignInPages.problem(problem, .english)
    #expect(page.contains("&lt;script&gt;&quot;&amp;") && page.contains("&lt;b&gt;"))
    #expect(!page.contains("<script>") && !page.contains("<b>"))
    #expect(
      SignInPages.signedIn(as: "a", goOnAt: "/\"><script>", .english).contains("url=/&quot;&gt;&lt;script"))
  }

  @Test("Without a setup there is nothing")
  func off() async throws {
    let router = try await router(false)
    #expect(await get(router, "start").response.status == 404)
    #expect(await get(router, "callback").response.status == 404)
  }
}

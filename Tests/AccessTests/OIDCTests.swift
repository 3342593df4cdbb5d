import Access
import Crypto
import Model
import Testing

@Suite("Signing in through another system", .timeLimit(.minutes(1)))
struct OIDCTests {
  private static let issuer = "https://id.example.org/realm"

  private func settings(createsAccounts: Bool = true) -> OIDCSettings {
    var settings = OIDCSettings(
      issuer: Self.issuer, clientID: "esteira & co",
      redirectURL: "https://esteira.example.org/api/v1/auth/oidc/callback"
    ) { () throws(Problem) in "s:e/c" }
    settings.accounts = createsAccounts ? .all : .known
    return settings
  }

  private func world(createsAccounts: Bool = true) async throws -> World {
    try await World.open(oidc: settings(createsAccounts: createsAccounts))
  }

  private func finish(
    _ world: World, _ provider: Provider, _ start: OIDCStart, state: String? = nil, secret: String? = nil,
    issuer: String? = nil
  ) async throws -> Tokens {
    let back = OIDCReturn(
      code: "c-1", state: try state ?? #require(provider.query(start.url)["state"]), issuer: issuer,
      browserSecret: secret ?? start.browserSecret)
    return try await world.service.finishOIDC(back, from: World.elsewhere, fetch: provider.fetch).tokens
  }

  @Test("The whole way: an address with PKCE, a code, a token that is checked, an account without a role")
  func good() async throws {
    let (world, provider) = (try await world(), try Provider(Self.issuer))
    let start = try await world.service.startOIDC(from: World.elsewhere, fetch: provider.fetch)
    let query = provider.query(start.url)
    #expect(start.url.hasPrefix("\(Self.issuer)/authorize?response_type=code&client_id=esteira%20%26%20co&"))
    #expect(query["code_challenge_method"] == "S256" && query["scope"] == "openid profile email")
    provider.answers(nonce: query["nonce"], at: world.clock.now)
    let tokens = try await finish(world, provider, start, issuer: Self.issuer)
    #expect(tokens.account.name == "maria" && tokens.account.password == nil)
    #expect(tokens.account.oidcSubject == "\(Self.issuer) subject-1")
    #expect(try !world.service.principal(accessToken: tokens.access).may("read", "jobs", in: "sales"))
    let form = provider.form
    let verifier = try #require(form["code_verifier"])
    #expect(Base64URL.encode(SHA256.digest(Array(verifier.utf8))) == query["code_challenge"])
    #expect(form["code"] == "c-1" && form["redirect_uri"] == query["redirect_uri"])
    let basic = Base64.encode(Array("esteira%20%26%20co:s%3Ae%2Fc".utf8))
    #expect(provider.authorization == "Basic \(basic)")
    #expect(!start.url.contains(verifier))
    // Once more: the same account.
    let again = try await world.service.startOIDC(from: World.elsewhere, fetch: provider.fetch)
    provider.answers(nonce: provider.query(again.url)["nonce"], at: world.clock.now)
    #expect(try await finish(world, provider, again).account.id == tokens.account.id)
  }

  @Test("A state works once, in the browser that began it, and in time")
  func states() async throws {
    let (world, provider) = (try await world(), try Provider(Self.issuer))
    func start() async throws -> OIDCStart {
      let start = try await world.service.startOIDC(from: World.elsewhere, fetch: provider.fetch)
      provider.answers(nonce: provider.query(start.url)["nonce"], at: world.clock.now)
      return start
    }
    let used = try await start()
    _ = try await finish(world, provider, used)
    let (first, second, third) = (try await start(), try await start(), try await start())
    let late = try await start()
    let codes = [
      await code { _ = try await finish(world, provider, used) },
      await code { _ = try await finish(world, provider, first, state: "made-up") },
      await code { _ = try await finish(world, provider, second, secret: first.browserSecret) },
      // The state was used up by the try before.
      await code { _ = try await finish(world, provider, second) },
      await code { _ = try await finish(world, provider, third, issuer: "https://evil") },
    ]
    world.clock.advance(.seconds(600))
    #expect(codes == Array(repeating: "oidc-failed", count: 5))
    #expect(await code { _ = try await finish(world, provider, late) } == "oidc-failed")
  }

  @Test(
    "A token that says something else is refused",
    arguments: [
      ("iss", "https://id.example.org/realm/"), ("iss", "https://id.example.org"), ("aud", "other"),
      ("aud", ["esteira & co", "other"]), ("aud", []), ("aud", nil), ("azp", "other"), ("exp", 1),
      ("exp", nil),
      ("exp", "x"), ("iat", 9_999_999_999), ("iat", nil), ("nbf", 9_999_999_999), ("nbf", "x"),
      ("nonce", "x"),
      ("nonce", nil), ("sub", ""), ("sub", nil), ("sub", 7), ("iss", nil),
      ("sub", .string(String(repeating: "s", count: 256))),
    ] as [(String, JSON?)])
  func claims(name: String, value: JSON?) async throws {
    let (world, provider) = (try await world(), try Provider(Self.issuer))
    let start = try await world.service.startOIDC(from: World.elsewhere, fetch: provider.fetch)
    provider.answers(nonce: provider.query(start.url)["nonce"], at: world.clock.now) { $0[name] = value }
    #expect(await code { _ = try await finish(world, provider, start) } == "oidc-failed")
  }

  @Test("One client as a list, with itself as the presenter, is us alone")
  func listed() async throws {
    let (world, provider) = (try await world(), try Provider(Self.issuer))
    let start = try await world.service.startOIDC(from: World.elsewhere, fetch: provider.fetch)
    provider.answers(nonce: provider.query(start.url)["nonce"], at: world.clock.now) {
      $0["aud"] = ["esteira & co"]
      $0["azp"] = "esteira & co"
    }
    _ = try await finish(world, provider, start)
  }

  @Test(
    "A token whose header would have us check it otherwise is refused",
    arguments: [
      #"{"alg":"none"}"#, #"{"alg":"HS256","kid":"one"}"#, #"{"alg":"ES256","kid":"one"}"#,
      #"{"alg":"RS512","kid":"one"}"#, #"{"alg":"RS256","kid":"two"}"#, #"{"alg":"RS256","kid":1}"#,
      #"{"alg":"RS256","kid":"one","jku":"https://evil"}"#, #"{"alg":"RS256","kid":"one","crit":["x"]}"#,
      #"{"alg":"RS256","kid":"one","jwk":{}}"#, #"{"alg":"RS256","alg":"none","kid":"one"}"#,
    ])
  func headers(header: String) async throws {
    let (world, provider) = (try await world(), try Provider(Self.issuer))
    let start = try await world.service.startOIDC(from: World.elsewhere, fetch: provider.fetch)
    provider.answers(nonce: provider.query(start.url)["nonce"], at: world.clock.now, header: header)
    #expect(await code { _ = try await finish(world, provider, start) } == "oidc-failed")
  }

  @Test("HS256 with the public key as its secret is refused")
  func confusion() async throws {
    let (world, provider) = (try await world(), try Provider(Self.issuer))
    let start = try await world.service.startOIDC(from: World.elsewhere, fetch: provider.fetch)
    for secret in [Array(provider.publicPEM.utf8), provider.modulus, Array(provider.keySet.text.utf8)] {
      provider.answers(
        nonce: provider.query(start.url)["nonce"], at: world.clock.now,
        header: #"{"alg":"HS256","kid":"one"}"#, secret: secret)
      #expect(await code { _ = try await finish(world, provider, start) } == "oidc-failed")
    }
  }

  @Test("Changed keys are fetched once more, and not each time that rubbish comes")
  func rotation() async throws {
    let (world, provider) = (try await world(), try Provider(Self.issuer))
    let first = try await world.service.startOIDC(from: World.elsewhere, fetch: provider.fetch)
    provider.rename(to: "next")
    provider.answers(
      nonce: provider.query(first.url)["nonce"], at: world.clock.now, header: #"{"alg":"RS256","kid":"next"}"#
    )
    #expect(await code { _ = try await finish(world, provider, first) } == "oidc-failed")
    #expect(provider.keyFetches == 1)
    world.clock.advance(.seconds(31))
    let second = try await world.service.startOIDC(from: World.elsewhere, fetch: provider.fetch)
    provider.answers(
      nonce: provider.query(second.url)["nonce"], at: world.clock.now,
      header: #"{"alg":"RS256","kid":"next"}"#)
    _ = try await finish(world, provider, second)
    #expect(provider.keyFetches == 2)
  }

  @Test("Whoever is not known gets no account where none are made, and an equal address is no proof")
  func unknown() async throws {
    let (world, provider) = (try await world(createsAccounts: false), try Provider(Self.issuer))
    let maria = try await world.service.createAccount(
      AccountDraft(name: "maria", email: "maria@example.org"), by: world.admin, from: World.here)
    func signIn() async -> String? {
      await code {
        let start = try await world.service.startOIDC(from: World.elsewhere, fetch: provider.fetch)
        provider.answers(nonce: provider.query(start.url)["nonce"], at: world.clock.now)
        _ = try await finish(world, provider, start)
      }
    }
    #expect(await signIn() == "oidc-unknown")
    _ = try await world.service.updateAccount(
      maria.account.id, AccountPatch(oidcSubject: "\(Self.issuer) subject-1"), by: world.admin,
      from: World.here)
    #expect(await signIn() == nil)
    _ = try await world.service.updateAccount(
      maria.account.id, AccountPatch(state: .disabled), by: world.admin, from: World.here)
    #expect(await signIn() == "oidc-failed")
  }

  @Test(
    "A system that is not the configured one, or not safe, is not asked further",
    arguments: [
      ("issuer", "https://id.example.org"), ("token_endpoint", "http://id.example.org/token"),
      ("jwks_uri", "file:///etc/passwd"), ("authorization_endpoint", "javascript:alert(1)"),
      ("authorization_endpoint", "https://x/\r\nSet-Cookie: a=b"), ("token_endpoint", nil),
      ("jwks_uri", "http://127.0.0.1.evil.org/"),
    ] as [(String, JSON?)])
  func discovery(name: String, value: JSON?) async throws {
    let (world, provider) = (try await world(), try Provider(Self.issuer))
    provider.discovery { $0[name] = value }
    #expect(
      await code { _ = try await world.service.startOIDC(from: World.elsewhere, fetch: provider.fetch) }
        == "oidc-unavailable")
  }

  @Test("Where it is not set up there is no such sign-in")
  func off() async throws {
    let (world, provider) = (try await World.open(), try Provider(Self.issuer))
    #expect(
      await code { _ = try await world.service.startOIDC(from: World.elsewhere, fetch: provider.fetch) }
        == "oidc-off")
  }
}

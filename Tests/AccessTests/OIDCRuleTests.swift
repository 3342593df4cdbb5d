import Access
import Model
import Testing

@Suite("What another system's word gives", .timeLimit(.minutes(1)))
struct OIDCRuleTests {
  private static let issuer = "https://id.example.org/realm"
  private static let rules = [
    OIDCRule(claim: "groups", value: "ops", gift: .role("operator", namespace: "sales")),
    OIDCRule(claim: "groups", value: "ops", gift: .group("operators")),
    OIDCRule(claim: "realm.roles", value: "boss", gift: .role("admin", namespace: "*")),
    OIDCRule(claim: "https://example.org/level", value: "gold", gift: .role("viewer", namespace: "gold")),
    OIDCRule(claim: "groups", value: "ghosts", gift: .role("never-made", namespace: "*")),
  ]

  private func world(_ accounts: OIDCSettings.Accounts = .all) async throws -> (World, Provider) {
    var settings = OIDCSettings(
      issuer: Self.issuer, clientID: "esteira & co",
      redirectURL: "https://esteira.example.org/api/v1/auth/oidc/callback")
    (settings.accounts, settings.rules) = (accounts, Self.rules)
    return (try await World.open(oidc: settings), try Provider(Self.issuer))
  }

  private func signIn(
    _ world: World, _ provider: Provider, from origin: Origin = World.elsewhere,
    _ change: (inout JSONObject) -> Void
  ) async throws -> OIDCSignIn {
    let start = try await world.service.startOIDC(returnTo: "/x", from: origin, fetch: provider.fetch)
    let query = provider.query(start.url)
    provider.answers(nonce: query["nonce"], at: world.clock.now, change)
    return try await world.service.finishOIDC(
      OIDCReturn(code: "c", state: #require(query["state"]), browserSecret: start.browserSecret),
      from: origin, fetch: provider.fetch)
  }

  private func roles(_ world: World, of account: Account) throws -> [String] {
    try world.service.bindings(of: .account(account.id), by: world.admin).map {
      "\($0.key.role) \($0.key.namespace)"
    }
  }

  private func members(_ world: World) throws -> [String: Int] {
    Dictionary(
      uniqueKeysWithValues: try world.service.groups(by: world.admin).map { ($0.name, $0.members.count) })
  }

  @Test("Rules that hold give roles and groups, those that hold no longer take them back")
  func comesAndGoes() async throws {
    let (world, provider) = try await world()
    let first = try await signIn(world, provider) {
      $0["groups"] = ["ops", "ghosts"]
      $0["realm"] = ["roles": ["boss"]]
      $0["https://example.org/level"] = "gold"
    }
    #expect(first.returnTo == "/x")
    let account = first.tokens.account
    #expect(try roles(world, of: account) == ["admin *", "operator sales", "viewer gold"])
    #expect(try members(world) == ["operators": 1])
    let principal = try world.service.principal(accessToken: first.tokens.access)
    #expect(principal.may("cancel", "jobs", in: "sales"))
    _ = try await signIn(world, provider) { $0["groups"] = "ops" }
    #expect(try roles(world, of: account) == ["operator sales"] && members(world) == ["operators": 1])
    // The session before it is one of the same account.
    #expect(try !world.service.principal(accessToken: first.tokens.access).may("read", "users", in: nil))
    _ = try await signIn(world, provider) { _ in }
    #expect(try roles(world, of: account) == [] && members(world) == ["operators": 0])
    let rows = try await world.rows("auth:oidc-rules")
    #expect(
      rows.count == 3 && rows[0].act.after == ["changes": ["-group operators", "-role operator sales"]])
  }

  @Test("What an admin gave stays, also where a rule could have given it")
  func given() async throws {
    let (world, provider) = try await world()
    let account = try await signIn(world, provider) { _ in }.tokens.account
    try await world.bind(account.id, "operator", "sales")
    try await world.bind(account.id, "viewer", "other")
    _ = try await signIn(world, provider) { $0["groups"] = ["ops"] }
    _ = try await signIn(world, provider) { _ in }
    #expect(try roles(world, of: account) == ["operator sales", "viewer other"])
  }

  @Test(
    "Only to the letter, and only of text",
    arguments: ["Ops", "op", "ops ", 1, true, [["ops"]], nil] as [JSON?])
  func letters(value: JSON?) async throws {
    let (world, provider) = try await world()
    let account = try await signIn(world, provider) { $0["groups"] = value }.tokens.account
    #expect(try roles(world, of: account) == [])
  }

  @Test("Accounts are made for whom a rule gives something, where it is so set up")
  func mapped() async throws {
    let (world, provider) = try await world(.mapped)
    #expect(
      await code { _ = try await signIn(world, provider) { $0["groups"] = ["none"] } } == "oidc-unknown")
    #expect(try world.service.accounts(by: world.admin).count == 1)
    _ = try await signIn(world, provider) { $0["groups"] = ["ops"] }
    // Known by now: whoever is known may come in without a right.
    _ = try await signIn(world, provider) { _ in }
    #expect(try world.service.accounts(by: world.admin).count == 2)
  }

  @Test("What fails leaves a row, and too much of it from one address is slowed down")
  func failures() async throws {
    let (world, provider) = try await world(.known)
    func tryIt(_ origin: Origin) async -> String? {
      await code { _ = try await signIn(world, provider, from: origin) { _ in } }
    }
    var codes: [String?] = []
    for _ in 0..<21 { codes.append(await tryIt(World.elsewhere)) }
    #expect(codes == Array(repeating: "oidc-unknown", count: 20) + ["sign-in-locked"])
    #expect(await tryIt(World.here) == "oidc-unknown")
    let rows = try await world.rows("auth:oidc")
    #expect(rows.count == 21 && rows.allSatisfy { $0.outcome == .refused && $0.actor.kind == "anonymous" })
    world.clock.advance(.seconds(31))
    #expect(await tryIt(World.elsewhere) == "oidc-unknown")
  }

  @Test("One address cannot take the room of all others")
  func room() async throws {
    let (world, provider) = try await world()
    func start(_ origin: Origin) async -> String? {
      await code { _ = try await world.service.startOIDC(from: origin, fetch: provider.fetch) }
    }
    for _ in 0..<200 { #expect(await start(World.elsewhere) == nil) }
    #expect(await start(World.elsewhere) == "access-busy")
    #expect(await start(World.here) == nil)
    world.clock.advance(.seconds(600))
    #expect(await start(World.elsewhere) == nil)
  }

  @Test("Answers that are no 200: a code that is not valid is the caller's, all else the operator's")
  func answers() throws {
    let post = OIDCRequest(url: "https://x/token", form: "code=1")
    #expect(try post.body(200, [1]) == [1])
    func code(_ status: Int, _ text: String, _ request: OIDCRequest = post) -> String? {
      do throws(Problem) { _ = try request.body(status, Array(text.utf8)) } catch { return error.code }
      return nil
    }
    #expect(code(400, #"{"error":"invalid_grant"}"#) == "oidc-failed")
    #expect(code(401, #"{"error":"invalid_client"}"#) == "oidc-unavailable")
    #expect(
      code(400, #"{"error":"invalid_grant"}"#, OIDCRequest(url: "https://x/keys")) == "oidc-unavailable")
    #expect(code(302, "") == "oidc-unavailable" && code(500, "<html>") == "oidc-unavailable")
  }

  @Test("A failure of the other system stands for a few seconds: nobody is made to ask it without end")
  func quiet() async throws {
    let (world, provider) = try await world()
    provider.discovery { $0["issuer"] = "https://other" }
    func start() async -> String? {
      await code { _ = try await world.service.startOIDC(from: World.here, fetch: provider.fetch) }
    }
    #expect(await start() == "oidc-unavailable")
    provider.discovery { $0["issuer"] = .string(Self.issuer) }
    #expect(await start() == "oidc-unavailable")
    world.clock.advance(.seconds(5))
    #expect(await start() == nil)
  }
}

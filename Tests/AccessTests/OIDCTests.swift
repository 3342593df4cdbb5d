import Access
import Crypto
import Foundation
import Model
import Synchronization
import Testing

@Suite("Signing in through another system", .timeLimit(.minutes(1)))
struct OIDCTests {
  private static let issuer = "https://id.example.org/realm"

  private func settings(createsAccounts: Bool = true) -> OIDCSettings {
    var settings = OIDCSettings(
      issuer: Self.issuer, clientID: "esteira & co", clientSecret: "s:e/c",
      redirectURL: "https://esteira.example.org/api/v1/auth/oidc/callback")
    settings.createsAccounts = createsAccounts
    return settings
  }

  private func world(createsAccounts: Bool = true) async throws -> World {
    try await World.open(oidc: settings(createsAccounts: createsAccounts))
  }

  private func finish(
    _ world: World, _ provider: Provider, _ start: OIDCStart, state: String? = nil, secret: String? = nil,
    issuer: String? = nil
  ) async throws -> Tokens {
    try await world.service.finishOIDC(
      code: "c-1", state: state ?? #require(provider.query(start.url)["state"]), issuer: issuer,
      browserSecret: secret ?? start.browserSecret, from: World.elsewhere, fetch: provider.fetch)
  }

  @Test("The whole way: an address with PKCE, a code, a token that is checked, an account without a role")
  func good() async throws {
    let (world, provider) = (try await world(), try Provider(Self.issuer))
    let start = try await world.service.startOIDC(fetch: provider.fetch)
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
    let again = try await world.service.startOIDC(fetch: provider.fetch)
    provider.answers(nonce: provider.query(again.url)["nonce"], at: world.clock.now)
    #expect(try await finish(world, provider, again).account.id == tokens.account.id)
  }

  @Test("A state works once, in the browser that began it, and in time")
  func states() async throws {
    let (world, provider) = (try await world(), try Provider(Self.issuer))
    func start() async throws -> OIDCStart {
      let start = try await world.service.startOIDC(fetch: provider.fetch)
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
    let start = try await world.service.startOIDC(fetch: provider.fetch)
    provider.answers(nonce: provider.query(start.url)["nonce"], at: world.clock.now) { $0[name] = value }
    #expect(await code { _ = try await finish(world, provider, start) } == "oidc-failed")
  }

  @Test("One client as a list, with itself as the presenter, is us alone")
  func listed() async throws {
    let (world, provider) = (try await world(), try Provider(Self.issuer))
    let start = try await world.service.startOIDC(fetch: provider.fetch)
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
    let start = try await world.service.startOIDC(fetch: provider.fetch)
    provider.answers(nonce: provider.query(start.url)["nonce"], at: world.clock.now, header: header)
    #expect(await code { _ = try await finish(world, provider, start) } == "oidc-failed")
  }

  @Test("HS256 with the public key as its secret is refused")
  func confusion() async throws {
    let (world, provider) = (try await world(), try Provider(Self.issuer))
    let start = try await world.service.startOIDC(fetch: provider.fetch)
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
    let first = try await world.service.startOIDC(fetch: provider.fetch)
    provider.rename(to: "next")
    provider.answers(
      nonce: provider.query(first.url)["nonce"], at: world.clock.now, header: #"{"alg":"RS256","kid":"next"}"#
    )
    #expect(await code { _ = try await finish(world, provider, first) } == "oidc-failed")
    #expect(provider.keyFetches == 1)
    world.clock.advance(.seconds(31))
    let second = try await world.service.startOIDC(fetch: provider.fetch)
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
        let start = try await world.service.startOIDC(fetch: provider.fetch)
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
    #expect(await code { _ = try await world.service.startOIDC(fetch: provider.fetch) } == "oidc-unavailable")
  }

  @Test("Where it is not set up there is no such sign-in")
  func off() async throws {
    let (world, provider) = (try await World.open(), try Provider(Self.issuer))
    #expect(await code { _ = try await world.service.startOIDC(fetch: provider.fetch) } == "oidc-off")
  }
}

/// The other system, with a key that OpenSSL's program made.
private final class Provider: Sendable {
  private struct State {
    var discovery: JSONObject
    var keyID = "one"
    var token = ""
    var keyFetches = 0
    var lastForm = ""
    var lastAuthorization: String?
  }

  private let issuer: String
  private let folder: ScratchFolder
  private let state: Mutex<State>
  let modulus: [UInt8]
  let publicPEM: String

  init(_ issuer: String) throws {
    self.issuer = issuer
    folder = try ScratchFolder()
    try Self.openssl(["genrsa", "-out", folder.path + "/key.pem", "2048"])
    try Self.openssl(["rsa", "-in", folder.path + "/key.pem", "-pubout", "-out", folder.path + "/public.pem"])
    let text = try Self.openssl(["rsa", "-in", folder.path + "/key.pem", "-noout", "-modulus"])
    let digits = String(decoding: text, as: UTF8.self).drop { $0 != "=" }.dropFirst().prefix { $0.isHexDigit }
    modulus = try #require(Hex.decode(String(digits)))
    publicPEM = try String(contentsOfFile: folder.path + "/public.pem", encoding: .utf8)
    state = Mutex(
      State(
        discovery: [
          "issuer": .string(issuer), "authorization_endpoint": .string(issuer + "/authorize"),
          "token_endpoint": .string(issuer + "/token"), "jwks_uri": .string(issuer + "/keys"),
        ]))
  }

  var form: [String: String] { query("?" + state.withLock { $0.lastForm }) }
  var authorization: String? { state.withLock { $0.lastAuthorization } }
  var keyFetches: Int { state.withLock { $0.keyFetches } }
  var keySet: JSON {
    let key: JSON = [
      "kty": "RSA", "kid": .string(state.withLock { $0.keyID }), "use": "sig", "alg": "RS256",
      "n": .string(Base64URL.encode(modulus)), "e": "AQAB",
    ]
    return ["keys": [["kty": "oct", "k": "AAAA"], key, ["kty": "OKP", "crv": "Ed25519"]]]
  }

  func rename(to id: String) { state.withLock { $0.keyID = id } }
  func discovery(_ change: (inout JSONObject) -> Void) { state.withLock { change(&$0.discovery) } }

  /// What its token endpoint gives from now on.
  func answers(
    nonce: String?, at now: Timestamp, header: String = #"{"alg":"RS256","kid":"one","typ":"JWT"}"#,
    secret: [UInt8]? = nil, _ change: (inout JSONObject) -> Void = { _ in }
  ) {
    var claims: JSONObject = [
      "iss": .string(issuer), "sub": "subject-1", "aud": "esteira & co", "iat": .int(now.wholeSeconds),
      "exp": .int(now.wholeSeconds + 300), "nonce": nonce.map { JSON.string($0) } ?? .null,
      "preferred_username": "Maria", "email": "maria@example.org", "email_verified": true,
    ]
    change(&claims)
    let payload = JSON.object(claims).serialized()
    if let secret {
      let token = CompactJWS.sign(header: Array(header.utf8), payload: payload, key: secret)
      state.withLock { $0.token = token }
      return
    }
    let signed = "\(Base64URL.encode(Array(header.utf8))).\(Base64URL.encode(payload))"
    let file = folder.path + "/signed"
    do {
      try Data(signed.utf8).write(to: URL(filePath: file))
      let signature = try Self.openssl(["dgst", "-sha256", "-sign", folder.path + "/key.pem", file])
      state.withLock { $0.token = "\(signed).\(Base64URL.encode(signature))" }
    } catch { Issue.record("\(error)") }
  }

  var fetch: OIDCFetch {
    { (request: OIDCRequest) async throws(Problem) -> [UInt8] in
      switch request.url {
      case self.issuer + "/.well-known/openid-configuration":
        return self.state.withLock { JSON.object($0.discovery).serialized() }
      case self.issuer + "/keys":
        self.state.withLock { $0.keyFetches += 1 }
        return self.keySet.serialized()
      case self.issuer + "/token":
        return self.state.withLock { state in
          (state.lastForm, state.lastAuthorization) = (request.form ?? "", request.authorization)
          let answer: JSON = ["access_token": "x", "id_token": .string(state.token)]
          return answer.serialized()
        }
      default:
        throw Problem("unexpected", Bilingual(request.url, pt: request.url))
      }
    }
  }

  func query(_ url: String) -> [String: String] {
    var found: [String: String] = [:]
    for item in URLComponents(string: url)?.queryItems ?? [] { found[item.name] = item.value }
    return found
  }

  @discardableResult
  private static func openssl(_ arguments: [String]) throws -> [UInt8] {
    let (process, output) = (Process(), Pipe())
    process.executableURL = URL(filePath: "/usr/bin/openssl")
    process.arguments = arguments
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw Unexpected() }
    return Array(data)
  }
}

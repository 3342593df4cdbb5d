import Crypto
import Foundation
import Model
import Testing

@testable import Access

@Suite("Access tokens are believed for what was signed and nothing else", .timeLimit(.minutes(1)))
struct JWTTests {
  private static let now: Int64 = 1_790_000_000
  private static let keys = JWT.Keys(current: key("k2", 2), previous: key("k1", 1))
  private static let rightClaims: JSON = [
    "iss": "esteira", "aud": "esteira", "sub": "u", "sid": "s", "iat": .int(now), "nbf": .int(now),
    "exp": .int(now + 900), "jti": "j",
  ]

  private static func key(_ id: String, _ byte: UInt8) -> JWT.Keys.Key {
    JWT.Keys.Key(id: id, secret: SymmetricKey([UInt8](repeating: byte, count: 32)) ?? .generate())
  }

  private func token(
    _ header: String = #"{"alg":"HS256","kid":"k2"}"#, _ claims: String? = nil, secret: [UInt8]? = nil
  ) -> String {
    CompactJWS.sign(
      header: Array(header.utf8), payload: Array((claims ?? Self.rightClaims.text).utf8),
      key: secret ?? Self.keys.current.secret.reveal())
  }

  private func isBelieved(_ text: String, at moment: Int64 = now) -> Bool {
    JWT.verify(text, with: Self.keys, issuer: "esteira", audience: "esteira", at: moment) != nil
  }

  @Test("What the server signs it believes, with the key before the newest too")
  func good() throws {
    #expect(isBelieved(token()))
    let old = CompactJWS.sign(
      header: Array(#"{"alg":"HS256","typ":"JWT","kid":"k1"}"#.utf8), payload: Self.rightClaims.serialized(),
      key: try #require(Self.keys.previous).secret.reveal())
    #expect(isBelieved(old))
  }

  @Test(
    "A header that asks for another check is refused, though it is signed with the right key",
    arguments: [
      #"{"alg":"none","kid":"k2"}"#, #"{"alg":"None","kid":"k2"}"#, #"{"alg":"hs256","kid":"k2"}"#,
      #"{"alg":"HS256 ","kid":"k2"}"#, #"{"alg":"HS384","kid":"k2"}"#, #"{"alg":"HS512","kid":"k2"}"#,
      #"{"alg":"RS256","kid":"k2"}"#, #"{"alg":"ES256","kid":"k2"}"#, #"{"alg":["HS256"],"kid":"k2"}"#,
      #"{"alg":"HS256","alg":"none","kid":"k2"}"#, #"{"alg":"none","alg":"HS256","kid":"k2"}"#,
      #"{"alg":"HS256","kid":"k2","kid":"k1"}"#, #"{"kid":"k2"}"#, #"{"alg":"HS256"}"#,
      #"{"alg":"HS256","kid":null}"#, #"{"alg":"HS256","kid":"k1"}"#, #"{"alg":"HS256","kid":"k3"}"#,
      #"{"alg":"HS256","kid":"../../dev/null"}"#, #"{"alg":"HS256","kid":"k2' OR 1"}"#,
      #"{"alg":"HS256","kid":"k2","jku":"https://evil"}"#,
      #"{"alg":"HS256","kid":"k2","x5u":"https://evil"}"#,
      #"{"alg":"HS256","kid":"k2","jwk":{"kty":"oct","k":"AAAA"}}"#, #"{"alg":"HS256","kid":"k2","x5c":[]}"#,
      #"{"alg":"HS256","kid":"k2","crit":["exp"]}"#, #"{"alg":"HS256","kid":"k2","b64":false}"#,
      #"[]"#, #""HS256""#, "", #"{"alg":"HS256","kid":"k2"} x"#, "{\"\u{FEFF}alg\":\"HS256\",\"kid\":\"k2\"}",
    ])
  func headers(header: String) { #expect(!isBelieved(token(header))) }

  @Test(
    "A token without one of its claims, or with a wrong one, is refused",
    arguments: ["iss", "aud", "sub", "sid", "iat", "nbf", "exp", "jti"])
  func claims(name: String) throws {
    for value in [nil, .null, ["esteira"], 1.5, "x", .int(Self.now + 901), .int(Self.now - 901)] as [JSON?] {
      var claims = try #require(Self.rightClaims.object)
      if claims[name] == value { continue }
      claims[name] = value
      let free = ["sub", "sid", "jti"].contains(name) && value == "x"
      let early = ["iat", "nbf"].contains(name) && value == .int(Self.now - 901)
      let anyTime = name == "iat" && value == .int(Self.now + 901)
      let late = name == "exp" && value == .int(Self.now + 901)
      #expect(
        isBelieved(token(#"{"alg":"HS256","kid":"k2"}"#, JSON.object(claims).text))
          == (free || early || late || anyTime), "\(name) \(String(describing: value))")
    }
  }

  @Test("A claim that occurs twice is refused")
  func duplicates() {
    let twice = String(Self.rightClaims.text.dropLast()) + #","exp":9999999999}"#
    #expect(!isBelieved(token(#"{"alg":"HS256","kid":"k2"}"#, twice)))
  }

  @Test("It is valid from its beginning to its end, to the second")
  func times() {
    let text = token()
    #expect(!isBelieved(text, at: Self.now - 1) && isBelieved(text, at: Self.now + 899))
    #expect(!isBelieved(text, at: Self.now + 900))
  }

  @Test("Another spelling of the same token is refused")
  func spelling() throws {
    let text = token()
    let parts = text.split(separator: ".").map(String.init)
    let signature = try #require(Base64URL.decode(parts[2]))
    var spellings = [
      text + "=", text + ".", "." + text, text + "\n", " " + text, text.replacing(".", with: ".."),
      "\(parts[0]).\(parts[1]).", "\(parts[0]).\(parts[1])", "..", "", text.uppercased(),
      "\(parts[0]).\(parts[1]).\(Hex.encode(signature))", "\(parts[0])=.\(parts[1]).\(parts[2])",
    ]
    // 32 bytes are 43 letters, of whose last the two lowest bits say nothing.
    let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    let last = try #require(text.last)
    let place = try #require(letters.firstIndex(of: last))
    for other in 1...3 { spellings.append(String(text.dropLast()) + String(letters[place ^ other])) }
    for spelling in spellings { #expect(!isBelieved(spelling), "\(spelling)") }
  }

  @Test("Any changed byte of it makes it void")
  func bits() {
    let text = Array(token().utf8)
    for place in text.indices {
      var changed = text
      changed[place] = changed[place] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
      #expect(!isBelieved(String(decoding: changed, as: UTF8.self)))
    }
  }

  @Test("Tokens of another installation, or for another reader, are void")
  func others() {
    #expect(
      JWT.verify(token(), with: Self.keys, issuer: "esteira2", audience: "esteira", at: Self.now) == nil)
    #expect(JWT.verify(token(), with: Self.keys, issuer: "esteira", audience: "esteir", at: Self.now) == nil)
  }

  @Test(
    "After a rotation the newest key signs; tokens of the one before hold, and of the one before that do not")
  func rotation() async throws {
    let world = try await World.open()
    let first = try await world.person("ana").tokens
    let service = world.service
    try await service.rotateTokenKey(by: world.admin, from: World.here)
    _ = try service.principal(accessToken: first.access)
    let second = try await service.refresh(first.refresh, from: World.here)
    try await service.rotateTokenKey(by: world.admin, from: World.here)
    _ = try service.principal(accessToken: second.access)
    #expect(await code { _ = try service.principal(accessToken: first.access) } == "not-signed-in")
    let again = try await AccessService.open(
      store: world.store, policy: World.policy, environment: world.environment)
    _ = try again.principal(accessToken: second.access)
  }

  @Test("The service's keys lie sealed, and another master key is refused at the start")
  func sealed() async throws {
    let world = try await World.open()
    let secrets = try world.store.load().secrets
    #expect(Set(secrets.keys) == ["access tokens", "refresh tokens", "audit heads"])
    let other = World.environment(ManualTime(), seed: 9)
    #expect(
      await code {
        _ = try await AccessService.open(store: world.store, policy: World.policy, environment: other)
      }
        == "access-key")
  }
}

/// The vectors of Wycheproof, read from beside the repository where they are present.
private enum Vectors {
  static let groups: [JSON]? = {
    var folder = URL(filePath: #filePath).deletingLastPathComponent()
    while folder.path != "/",
      !FileManager.default.fileExists(atPath: folder.appending(path: "Package.swift").path)
    {
      folder = folder.deletingLastPathComponent()
    }
    let file = folder.deletingLastPathComponent()
      .appending(path: "shared/data/wycheproof/json_web_crypto_test.json")
    guard let data = try? Data(contentsOf: file) else { return nil }  // Absent: the test is skipped.
    return try? JSON(parsing: Array(data))["testGroups"]?.array
  }()
}

@Suite("Signed tokens agree with Wycheproof", .timeLimit(.minutes(1)))
struct JWSVectorTests {
  @Test(
    "every case of signatures with HS256, RS256 and ES256",
    .enabled(if: Vectors.groups != nil, "../shared/data/wycheproof is absent"))
  func vectors() throws {
    var applied: [String: Int] = [:]
    for group in try #require(Vectors.groups) {
      for test in group["tests"]?.array ?? [] {
        guard let text = test["jws"]?.string, let kind = group["comment"]?.string else { continue }
        let isValid = Self.isValid(text, group)
        let number = test["tcId"]?.int ?? 0
        #expect(isValid == (test["result"] == "valid"), "case \(number) \(test["comment"]?.string ?? "")")
        applied[kind, default: 0] += 1
      }
    }
    #expect(applied.values.reduce(0, +) == 48)
  }

  private static func isValid(_ text: String, _ group: JSON) -> Bool {
    let own = group["private"]
    let all = own?["keys"]?.array ?? [own].compactMap { $0 }
    let symmetric = all.filter { $0["kty"] == "oct" }
    // What serves both kinds could be made to take one for the other: we have no such set at all.
    if symmetric.count == all.count {
      return all.contains { key in
        guard key["alg"] == "HS256", let id = key["kid"]?.string,
          let secret = key["k"]?.string.flatMap({ Base64URL.decode($0) }).flatMap({ SymmetricKey($0) })
        else { return false }
        let keys = JWT.Keys(current: JWT.Keys.Key(id: id, secret: secret))
        return JWT.payload(of: text, with: keys) != nil
      }
    }
    let published = group["public"] ?? own ?? .null
    let set: JSON = ["keys": .array(published["keys"]?.array ?? [published])]
    return JWKS(parsing: set.serialized())?.payload(of: text) != nil
  }
}

import Access
import Crypto
import Foundation
import Model
import Synchronization
import Testing

/// The other system, with a key that OpenSSL's program made.
final class Provider: Sendable {
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

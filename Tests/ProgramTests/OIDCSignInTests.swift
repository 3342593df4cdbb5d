import Foundation
import Testing

/// The whole way, with a real provider and the real program: nothing of either is replaced.
@Suite(
  "Signing in through another system", .serialized, .timeLimit(.minutes(3)),
  .enabled(if: Provider.isInstalled, "Canaille cannot be installed here: this needs python3-venv and pip."))
struct OIDCSignInTests {
  @Test("A person comes in by the other system, with the role that its groups give, and as the cookie says")
  func whole() throws {
    let (provider, place) = (try Provider(), try Place())
    defer { place.clean() }
    try serve(place, provider, accounts: "mapped")
    let browser = try Browser(place, "maria")
    let start = try browser.get(provider.start + "?return_to=/docs?tag=jobs")
    #expect(start.status == 302 && start.location.hasPrefix("\(provider.issuer)/oauth/authorize?"))
    let cookie = start.headers.first { $0.hasPrefix("set-cookie: __Secure-esteira-oidc=") } ?? ""
    for word in ["HttpOnly", "Secure", "SameSite=Lax", "Max-Age=600", "Path=/api/v1/auth/oidc"] {
      #expect(cookie.contains(word))
    }
    let callback = try browser.signIn(as: "maria", at: start.location, provider)
    #expect(callback.hasPrefix("\(provider.own)/api/v1/auth/oidc/callback?code="))
    let page = try browser.get(callback)
    #expect(page.status == 200 && page.body.contains("Signed in as maria"), "\(page)")
    #expect(page.body.contains(#"content="0; url=/docs?tag=jobs""#))
    let session = page.headers.first { $0.hasPrefix("set-cookie: __Host-esteira=") } ?? ""
    #expect(session.contains("SameSite=Strict") && session.contains("HttpOnly"))

    let me = try browser.get("\(provider.own)/api/v1/me").body
    #expect(me.contains(#""name":"maria""#) && me.contains(#""kind":"person""#), "\(me)")
    #expect(me.contains("jobs:cancel") && me.contains("maria@example.org") == false, "\(me)")
    #expect(try place.esteira("group ls -o id").out.isEmpty == false)
    try refusals(of: callback, browser, place, provider)
  }

  /// What worked once works no more, and in no other browser.
  private func refusals(of callback: String, _ browser: Browser, _ place: Place, _ provider: Provider) throws
  {
    let again = try browser.get(callback)
    #expect(again.status == 401 && again.body.contains("<code>oidc-failed</code>"), "\(again)")
    let thief = try Browser(place, "thief")
    let begun = try browser.get(provider.start)
    let fresh = try browser.get(begun.location).location
    #expect(fresh.hasPrefix("\(provider.own)/api/v1/auth/oidc/callback?code="), "\(fresh)")
    #expect(try thief.get(fresh).status == 401)
    let asked = try thief.get(fresh, accept: "application/json")
    #expect(asked.status == 401 && asked.body.contains(#""code":"oidc-failed""#))
    let audit = try place.esteira("audit ls -o jsonl").out.split(separator: "\n")
    func rows(_ action: String, _ outcome: String) -> Int {
      audit.count { $0.contains(#""action":"\#(action)""#) && $0.contains(#""outcome":"\#(outcome)""#) }
    }
    #expect(rows("auth:sign-in", "done") == 1 && rows("auth:oidc", "refused") == 3, "\(audit)")
    #expect(rows("auth:oidc-rules", "done") == 1 && rows("users:create", "done") >= 1)
  }

  @Test("Whom no rule gives anything is not let in, and a refusal there is one here")
  func unknown() throws {
    let (provider, place) = (try Provider(), try Place())
    defer { place.clean() }
    try serve(place, provider, accounts: "mapped")
    let browser = try Browser(place, "joao")
    let callback = try browser.signIn(as: "joao", at: browser.get(provider.start).location, provider)
    let page = try browser.get(callback, language: "pt-BR")
    #expect(page.status == 403 && page.body.contains("<code>oidc-unknown</code>"))
    #expect(page.body.contains(#"<html lang="pt-BR">"#) && page.body.contains("Ninguém aqui"))
    #expect(try place.esteira("user ls -o id").out.split(separator: "\n").count == 1)
    let state = try #require(Browser.query(browser.get(provider.start).location)["state"])
    let refused = try browser.get(
      "\(provider.own)/api/v1/auth/oidc/callback?error=access_denied&state=\(state)&foo=bar")
    #expect(refused.status == 401 && refused.body.contains("oidc-failed"))
  }

  @Test("The secret is read at each sign-in, and a wrong one is the operator's to mend")
  func secret() throws {
    let (provider, place) = (try Provider(), try Place())
    defer { place.clean() }
    try serve(place, provider, accounts: "all")
    func signIn(_ name: String) throws -> Browser.Page {
      let browser = try Browser(place, name)
      return try browser.get(browser.signIn(as: "joao", at: browser.get(provider.start).location, provider))
    }
    let right = try signIn("first")
    #expect(right.body.contains("Signed in as joao"), "\(right)")
    // Last: a code that is not exchanged stays in the store of this provider, which may then take it for the
    // client's next.
    try place.write("secret", "wrong\n")
    let wrong = try signIn("second")
    #expect(wrong.status == 503 && wrong.body.contains("invalid_client"), "\(wrong)")
  }

  @Test("A server does not start with a secret that others can read, or with half of a setup")
  func checked() throws {
    let (provider, place) = (try Provider(), try Place())
    defer { place.clean() }
    try setUp(place, provider, accounts: "all")
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o644], ofItemAtPath: place.folder.appending(path: "secret").path)
    let open = try place.esteira("server --background")
    #expect(open.code != 0 && open.errors.contains("others can read it"), "\(open)")
    let shown = try place.esteira("config check")
    #expect(shown.code == 2 && shown.errors.contains("esteira.yaml:7:"), "\(shown)")
    try place.write("data/esteira.yaml", "server: {oidc: {issuer: https://id.example.org, client_id: x}}")
    #expect(try place.esteira("server --background").errors.contains("public_url"))
  }

  private func serve(_ place: Place, _ provider: Provider, accounts: String) throws {
    try setUp(place, provider, accounts: accounts)
    let answer = try place.esteira("server --background --listen 127.0.0.1:\(provider.ownPort)")
    try #require(answer.code == 0, "\(answer)")
  }

  private func setUp(_ place: Place, _ provider: Provider, accounts: String) throws {
    let secret = place.folder.appending(path: "secret").path
    try place.write("secret", Provider.secret + "\n")
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: secret)
    let data = place.folder.appending(path: "data")
    try FileManager.default.createDirectory(
      at: data, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    try place.write(
      "data/esteira.yaml",
      """
      server:
        public_url: \(provider.own)
        oidc:
          issuer: \(provider.issuer)
          client_id: esteira
          client_secret:
            file: \(secret)
          scopes: [openid, profile, email, groups]
          accounts: \(accounts)
          rules:
            - {claim: groups, value: ops, role: operator}
            - {claim: groups, value: ops, group: operators}
          egress: {allow: [127.0.0.0/8]}

      """)
  }
}

import API
import Net
import Testing

@testable import Server

/// A browser sends its cookies along with what a page of another site asks for (ASVS V3.3.2, V3.4.2, V4.4.2).
@Suite("Attacks from pages of other sites", .timeLimit(.minutes(1)))
struct OriginAttackTests {
  static let foreign: [[(String, String)]] =
    [
      "https://evil.example", "null", "", "https://esteira.example.evil.example",
      "https://esteira.example:81",
      "https://xesteira.example", "https://esteira.example/", "https://esteira.example@evil.example",
      "file://", "https://esteira.example, https://evil.example", "chrome-extension://x",
      "https://esteira.example.", "https://ESTEIRA.example\u{301}",
    ].map { [("origin", $0)] }
    + [
      [], [("referer", "https://esteira.example/")],
      [("origin", "https://esteira.example"), ("sec-fetch-site", "cross-site")],
      [("origin", "https://evil.example"), ("x-forwarded-host", "evil.example")],
    ]

  @Test("with a valid cookie change nothing: no method but GET and HEAD is taken", arguments: foreign)
  func changes(_ headers: [(String, String)]) async throws {
    let world = try await NetworkedServer()
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
      let answer = await world.browse(method, "/api/v1/me", as: "admin", headers, body: Array("{}".utf8))
      #expect(answer.status == 403 && answer.code == "foreign-origin", "\(method) \(headers)")
    }
    let own = [("origin", "https://\(NetworkedServer.host)")]
    let taken = await world.browse("PATCH", "/api/v1/me", as: "admin", own, body: Array("{}".utf8))
    #expect(taken.status == 200, "Our own page may.")
  }

  @Test("with a valid cookie open no WebSocket", arguments: foreign)
  func webSocket(_ headers: [(String, String)]) async throws {
    let world = try await NetworkedServer()
    let answer = await world.browse("GET", SocketDoor.path, as: "admin", headers)
    #expect(answer.status == 403 && answer.code == "foreign-origin", "\(headers)")
    let own = await world.browse(
      "GET", SocketDoor.path, as: "admin", [("origin", "https://\(NetworkedServer.host)")])
    guard case .webSocket = own.body else { return #expect(Bool(false), "Our own page may.") }
  }

  @Test("read nothing: no answer allows another origin", arguments: ["GET", "HEAD", "OPTIONS", "POST"])
  func reading(_ method: String) async throws {
    let world = try await NetworkedServer()
    let headers = [
      ("origin", "https://evil.example"), ("access-control-request-method", "POST"),
      ("access-control-request-headers", "authorization"),
    ]
    for path in ["/api/v1/me", "/api/v1/health", "/api/v1/auth/login", "/docs"] {
      let answer = await world.browse(method, path, as: "admin", headers)
      #expect(answer.headers.fields.allSatisfy { !$0.name.lowercased().hasPrefix("access-control-") })
    }
  }

  @Test("a token counts in its header alone: not in the address, in another header, or in a second one")
  func token() async throws {
    let world = try await NetworkedServer()
    let token = try #require(world.tokens["admin"])
    for name in ["access_token", "token", "authorization", "bearer", "api_key", SignInCookies.accessName] {
      #expect(await world.ask("GET", "/api/v1/users?\(name)=\(token)", as: nil).status == 401)
      #expect(await world.ask("GET", "/api/v1/ws?\(name)=\(token)", as: nil, [("origin", "x")]).status == 403)
    }
    for (name, value) in [
      ("authorization", "Basic \(token)"), ("authorization", token), ("authorization", "Bearer  \(token)"),
      ("authorization", "Bearer \(token) x"), ("authorization", "Bearer \(token),x"), ("x-api-key", token),
      ("proxy-authorization", "Bearer \(token)"), ("cookie", "esteira=\(token)"),
      ("cookie", "xx\(SignInCookies.accessName)=\(token)"),
    ] { #expect(await world.ask("GET", "/api/v1/users", as: nil, [(name, value)]).status == 401) }
  }

  @Test("the cookies of a sign-in are of this host alone, for no script and for no other site")
  func cookies() async throws {
    let world = try await NetworkedServer()
    let body = Array(#"{"name":"viewer","password":"correct horse staple","cookie":true}"#.utf8)
    let answer = await world.ask("POST", "/api/v1/auth/login", as: nil, body: body)
    let cookies = answer.headers.all("set-cookie")
    #expect(answer.status == 200 && cookies.count == 2 && !answer.text.contains("token\""))
    for cookie in cookies {
      let parts = Set(cookie.split(separator: ";").map { $0.drop { $0 == " " } })
      #expect(parts.isSuperset(of: ["HttpOnly", "Secure", "SameSite=Strict"]) && !cookie.contains("Domain"))
    }
  }
}

import API
import Access
import Model

/// Routes of sign-in through another system. A browser calls them, so problems are pages where it asks for
/// HTML.
struct OutsideSignInRoutes: Sendable {
  var access: AccessService
  var fetch: OIDCFetch

  var routes: [Route] {
    [
      .bytes(OutsideSignInCalls.start, in: .own) { query, caller in
        try await shown(to: caller) { () throws(Problem) in try await start(query, caller) }
      },
      .bytes(OutsideSignInCalls.callback, in: .own) { query, caller in
        try await shown(to: caller) { () throws(Problem) in try await finish(query, caller) }
      },
    ]
  }

  private func start(_ query: OutsideStartQuery, _ caller: Caller) async throws(Problem) -> APIResponse {
    let start = try await access.startOIDC(returnTo: query.returnTo, from: caller.origin, fetch: fetch)
    var response = APIResponse(status: 302, contentType: SignInPages.type, body: .bytes([]))
    response.location = start.url
    response.headers = [OutsideCookie.begin(start.browserSecret, for: access.policy.outsideSignInLifetime)]
    return response
  }

  private func finish(_ query: OutsideReturnQuery, _ caller: Caller) async throws(Problem) -> APIResponse {
    let secret = caller.request.cookies[OutsideCookie.name] ?? ""
    let back = OIDCReturn(
      code: query.error == nil ? query.code : nil, state: query.state ?? "", issuer: query.issuer,
      browserSecret: secret)
    let signIn = try await access.finishOIDC(back, from: caller.origin, fetch: fetch)
    let page = SignInPages.signedIn(
      as: signIn.tokens.account.name, goOnAt: signIn.returnTo, caller.language)
    var response = APIResponse(contentType: SignInPages.type, body: .bytes(Array(page.utf8)))
    response.headers = SignInCookies.session(signIn.tokens) + [OutsideCookie.ending]
    return response
  }

  private func shown(
    to caller: Caller, _ body: () async throws(Problem) -> APIResponse
  ) async throws(Problem) -> APIResponse {
    do throws(Problem) { return try await body() } catch {
      guard SignInPages.areWanted(by: caller.request) else { throw error }
      let page = SignInPages.problem(error, caller.language)
      return APIResponse(
        status: ProblemStatus.of(error.code), contentType: SignInPages.type, body: .bytes(Array(page.utf8)))
    }
  }
}

/// Binds a sign-in to the browser that began it. `Lax`, and not `Strict` as those of the session: the other
/// system's page leads back, and a browser counts that as another site's wish.
enum OutsideCookie {
  static let name = "__Secure-esteira-oidc"
  private static let form = "; Path=/api/v1/auth/oidc; HttpOnly; Secure; SameSite=Lax; Max-Age="

  static func begin(_ secret: String, for lifetime: Duration) -> (name: String, value: String) {
    ("set-cookie", "\(name)=\(secret)\(form)\(lifetime.components.seconds)")
  }

  static let ending = (name: "set-cookie", value: "\(name)=\(form)0")
}

/// The two pages of a sign-in. They have no style and no script, so that nothing has to be allowed for them.
enum SignInPages {
  static let type = "text/html; charset=utf-8"

  static func areWanted(by request: APIRequest) -> Bool {
    (request.accept ?? "").split(separator: ",").contains { part in
      part.prefix { $0 != ";" }.filter { $0 != " " }.lowercased() == "text/html"
    }
  }

  /// The page goes on by itself, and not by a redirect: for a browser, what follows a redirect from another
  /// site is still that site's wish, and the cookies of the session would stay behind.
  static func signedIn(as name: String, goOnAt path: String?, _ language: Language) -> String {
    let title = Bilingual("Signed in as \(name)", pt: "Você entrou como \(name)")[language]
    let text = Bilingual("Go on", pt: "Continuar")[language]
    let target = escape(path ?? "/docs")
    let head = path == nil ? "" : "<meta http-equiv=\"refresh\" content=\"0; url=\(target)\">"
    return page(title, head: head, "<p><a href=\"\(target)\">\(text)</a></p>", language)
  }

  static func problem(_ problem: Problem, _ language: Language) -> String {
    let again = Bilingual("Begin again", pt: "Começar de novo")[language]
    let remedy = problem.remedy.map { "<p>\(escape($0[language]))</p>" } ?? ""
    return page(
      problem.message[language], head: "",
      """
      \(remedy)
      <p><a href="/api/v1/auth/oidc/start">\(again)</a></p>
      <p><code>\(escape(problem.code))</code></p>
      """, language)
  }

  private static func page(_ title: String, head: String, _ body: String, _ language: Language) -> String {
    """
    <!doctype html>
    <html lang="\(language.locale)">
    <head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
    <meta name="color-scheme" content="light dark">\(head)
    <title>\(escape(title)) – Esteira</title></head>
    <body><main><h1>\(escape(title))</h1>
    \(body)
    </main></body>
    </html>

    """
  }

  private static func escape(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
      .replacing("\"", with: "&quot;")
  }
}

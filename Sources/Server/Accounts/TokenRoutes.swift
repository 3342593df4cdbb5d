import API
import Access
import Model

/// Routes about tokens of programs.
struct TokenRoutes: Sendable {
  var access: AccessService

  var routes: [Route] {
    [
      .answer(TokenCalls.list, in: .own) { query, caller in
        let account = try query.user.map { text throws(Problem) in
          try access.account(text, by: caller.principal)
        }
        let tokens = try access.tokens(of: account?.id, by: caller.principal)
        return Page(tokens.map { TokenItem($0, user: account?.name ?? caller.actor) })
      },
      .answer(TokenCalls.create, in: .own) { request, caller in
        try await create(request, caller)
      },
      .answer(TokenCalls.delete, in: .own) { path, caller in
        guard let id = ID<APIToken>(path.id) else { throw Problem.noToken }
        try await access.revokeToken(id, by: caller.principal, from: caller.origin)
        return Nothing()
      },
    ]
  }

  private func create(_ request: TokenRequest, _ caller: Caller) async throws(Problem) -> CreatedToken {
    let scopes = try RoleRoutes.permissions(request.scopes)
    let account = try request.user.map { text throws(Problem) in
      try access.account(text, by: caller.principal)
    }
    let draft = APITokenDraft(
      account: account?.id, name: request.name, scopes: scopes,
      namespaces: request.namespaces.isEmpty ? ["*"] : request.namespaces, expiresAt: request.expiresAt)
    let made = try await access.createToken(draft, by: caller.principal, from: caller.origin)
    return CreatedToken(token: TokenItem(made.token, user: account?.name ?? caller.actor), value: made.text)
  }
}

extension TokenItem {
  init(_ token: APIToken, user: String) {
    self.init(
      id: token.id.description, name: token.name, user: user, shown: token.shown, scopes: token.scopes.words,
      namespaces: token.namespaces, createdAt: token.createdAt, createdBy: token.createdBy,
      expiresAt: token.expiresAt, lastUsedAt: token.lastUsedAt)
  }
}

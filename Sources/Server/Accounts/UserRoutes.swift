import API
import Access
import Model

/// Routes about accounts.
struct UserRoutes: Sendable {
  var access: AccessService

  var routes: [Route] {
    [
      .answer(UserCalls.list, in: .system) { query, caller in try list(query, caller) },
      .answer(UserCalls.create, in: .system) { request, caller in
        let draft = AccountDraft(
          kind: request.kind == "service" ? .service : .person, name: request.name, email: request.email,
          locale: Language(locale: request.locale), oidcSubject: request.oidcSubject)
        let made = try await access.createAccount(draft, by: caller.principal, from: caller.origin)
        return CreatedUser(user: UserItem(made.account), password: made.password)
      },
      .answer(UserCalls.get, in: .system) { path, caller in item(try one(path.id, caller)) },
      .answer(UserCalls.update, in: .system) { request, caller in
        let patch = AccountPatch(
          email: request.email, locale: request.locale.map(Language.init(locale:)),
          state: request.state.flatMap(Account.State.init(rawValue:)), oidcSubject: request.oidcSubject)
        return UserItem(
          try await access.updateAccount(
            try one(request.id, caller).id, patch, by: caller.principal, from: caller.origin))
      },
      .answer(UserCalls.delete, in: .system) { path, caller in
        try await access.removeAccount(try one(path.id, caller).id, by: caller.principal, from: caller.origin)
        return Nothing()
      },
      .answer(UserCalls.unlock, in: .system) { path, caller in
        try await access.unlock(try one(path.id, caller).id, by: caller.principal, from: caller.origin)
        return Nothing()
      },
      .answer(UserCalls.resetPassword, in: .system) { path, caller in
        let account = try one(path.id, caller)
        let password = try await access.resetPassword(
          of: account.id, by: caller.principal, from: caller.origin)
        return CreatedUser(user: UserItem(account), password: password)
      },
      .answer(UserCalls.removeMFA, in: .system) { path, caller in
        try await access.removeSecondFactor(
          of: try one(path.id, caller).id, by: caller.principal, from: caller.origin)
        return Nothing()
      },
      .answer(UserCalls.sessions, in: .system) { path, caller in
        let account = try one(path.id, caller)
        return Page(
          try access.sessions(of: account.id, by: caller.principal).map { SessionItem($0, of: caller) })
      },
    ]
  }

  /// With what failed sign-ins do to it now.
  private func item(_ account: Account) -> UserItem {
    var item = UserItem(account)
    if let lockout = access.lockout(of: account) {
      item.lockedUntil = lockout.until
      item.lockedFrom = lockout.isEverywhere ? "everywhere" : "addresses"
    }
    return item
  }

  private func list(_ query: UsersQuery, _ caller: Caller) throws(Problem) -> Page<UserItem> {
    let order = ListOrder<Account>(
      name: \.name,
      [
        "created_at": { $0.createdAt.microseconds },
        "last_sign_in_at": { $0.lastSignInAt?.microseconds },
      ])
    let page = try order.page(
      try access.accounts(by: caller.principal),
      .init(sort: query.sort, cursor: query.cursor, limit: query.limit))
    return Page(page.rows.map(UserItem.init), nextCursor: page.next)
  }

  private func one(_ text: String, _ caller: Caller) throws(Problem) -> Account {
    try access.account(text, by: caller.principal)
  }
}

extension AccessService {
  /// By id or by name.
  func account(_ text: String, by principal: Principal) throws(Problem) -> Account {
    if let id = ID<Account>(text) { return try account(id, by: principal) }
    let name = text.lowercased()
    guard let found = try accounts(by: principal).first(where: { $0.name.utf8.elementsEqual(name.utf8) })
    else { throw .noAccount }
    return found
  }
}

extension UserItem {
  init(_ account: Account) {
    self.init(
      id: account.id.description, kind: account.kind.rawValue, name: account.name, email: account.email,
      locale: account.locale.locale, state: account.state.rawValue,
      hasSecondFactor: account.hasSecondFactor, createdAt: account.createdAt, createdBy: account.createdBy,
      lastSignInAt: account.lastSignInAt)
  }
}

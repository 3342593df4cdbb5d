import API
import Model

private let name = ArgumentSpec("USER", Bilingual("name or id", pt: "nome ou id"))

private let profileFlags = [
  FlagSpec("--email", value: "ADDRESS", Bilingual("an address, or nothing", pt: "um endereço, ou vazio")),
  FlagSpec("--locale", value: "en|pt-BR", Bilingual("the language of notices", pt: "o idioma dos avisos")),
  FlagSpec(
    "--oidc-subject", value: "SUBJECT",
    Bilingual("issuer and subject of a sign-in from outside", pt: "emissor e sujeito de um login externo")),
]

/// `user ls`
enum UserList {
  static let spec = CommandSpec(
    "user ls", Bilingual("lists accounts", pt: "lista as contas"),
    flags: [.sort(UsersQuery.schema)],
    examples: [
      .init("esteira user ls", Bilingual("of people and programs", pt: "de pessoas e programas"))
    ],
    run: { call in
      let sort = try call.sort(UsersQuery.schema)
      let items = try await call.withClient(.writing) { client in
        try await client.items(limit: 10_000) { cursor, limit in
          try await client.call(UserCalls.list, UsersQuery(sort: sort, limit: limit, cursor: cursor))
        }
      }
      let words = Words(language: call.language)
      var listing = Listing(
        columns: [
          Bilingual("USER", pt: "CONTA"), Bilingual("KIND", pt: "TIPO"), Bilingual("STATE", pt: "ESTADO"),
          Bilingual("MFA", pt: "MFA"), Bilingual("LAST SIGN-IN", pt: "ÚLTIMO LOGIN"),
          Bilingual("EMAIL", pt: "E-MAIL"),
        ], empty: Bilingual("There are no accounts.", pt: "Não há contas."))
      listing.rows = items.map { item in
        Listing.Row(
          cells: [
            item.name.printable, item.kind, item.state, item.hasSecondFactor ? "totp" : "-",
            words.time(item.lastSignInAt), item.email?.printable ?? "",
          ], json: item.json, id: item.id)
      }
      call.show(listing)
      return .done
    })
}

/// `user get USER`
enum UserGet {
  static let spec = CommandSpec(
    "user get", Bilingual("shows an account", pt: "mostra uma conta"), arguments: [name],
    examples: [.init("esteira user get ana", Bilingual("by name", pt: "pelo nome"))],
    run: { call in
      let path = IDPath(id: call.arguments[0])
      call.show(try await call.withClient(.writing) { try await $0.call(UserCalls.get, path) })
      return .done
    })
}

/// `user create NAME`
enum UserCreate {
  static let spec = CommandSpec(
    "user create",
    Bilingual(
      "makes an account, and shows its first password once",
      pt: "cria uma conta, e mostra a primeira senha uma vez"),
    arguments: [ArgumentSpec("NAME", Bilingual("of the new account", pt: "da conta nova"))],
    flags: [FlagSpec("--service", Bilingual("for a program: no password", pt: "para um programa: sem senha"))]
      + profileFlags,
    examples: [
      .init("esteira user create ana --locale pt-BR", Bilingual("for a person", pt: "para uma pessoa")),
      .init("esteira user create loader --service", Bilingual("for a program", pt: "para um programa")),
    ],
    run: { call in
      let request = UserRequest(
        name: call.arguments[0], kind: call.has("--service") ? "service" : "person",
        email: call.value("--email"), locale: call.value("--locale") ?? call.language.locale,
        oidcSubject: call.value("--oidc-subject"))
      call.show(try await call.withClient(.writing) { try await $0.call(UserCalls.create, request) })
      return .done
    })
}

/// `user update USER`
enum UserUpdate {
  static let spec = CommandSpec(
    "user update", Bilingual("changes an account", pt: "altera uma conta"), arguments: [name],
    flags: profileFlags,
    examples: [
      .init(
        "esteira user update ana --email ana@example.org", Bilingual("her address", pt: "o endereço dela"))
    ],
    run: { call in
      let patch = UserPatch(
        id: call.arguments[0], email: call.value("--email"), locale: call.value("--locale"),
        oidcSubject: call.value("--oidc-subject"))
      call.show(try await call.withClient(.writing) { try await $0.call(UserCalls.update, patch) })
      return .done
    })

  static let disable = state(
    "disable", "disabled",
    Bilingual("stops an account: nobody signs in with it", pt: "bloqueia uma conta: ninguém entra com ela"))
  static let enable = state(
    "enable", "active", Bilingual("lets an account sign in again", pt: "deixa uma conta entrar de novo"))

  private static func state(_ verb: String, _ state: String, _ summary: Bilingual) -> CommandSpec {
    CommandSpec(
      "user \(verb)", summary, arguments: [name],
      examples: [.init("esteira user \(verb) ana", Bilingual("at once", pt: "na hora"))],
      run: { call in
        let patch = UserPatch(id: call.arguments[0], state: state)
        let item = try await call.withClient(.writing) { try await $0.call(UserCalls.update, patch) }
        if !call.isQuiet { call.show(item) }
        return .done
      })
  }
}

/// `user delete`, `user unlock` and `user reset-mfa`: nothing comes back.
enum UserActions {
  static let delete = action(
    "delete", UserCalls.delete,
    Bilingual("removes an account with its sessions and tokens", pt: "remove uma conta com sessões e tokens")
  ) { Bilingual("\($0) is removed.", pt: "\($0) foi removida.") }
  static let unlock = action(
    "unlock", UserCalls.unlock, Bilingual("ends a lockout", pt: "encerra um bloqueio por tentativas")
  ) { Bilingual("\($0) can try to sign in again.", pt: "\($0) pode tentar entrar de novo.") }
  static let resetMFA = action(
    "reset-mfa", UserCalls.removeMFA,
    Bilingual("takes a lost second factor away", pt: "retira um segundo fator perdido")
  ) { Bilingual("\($0) signs in without a code.", pt: "\($0) entra sem código.") }

  private static func action(
    _ verb: String, _ endpoint: Endpoint<IDPath, Nothing>, _ summary: Bilingual,
    _ done: @escaping @Sendable (String) -> Bilingual
  ) -> CommandSpec {
    CommandSpec(
      "user \(verb)", summary, arguments: [name],
      examples: [.init("esteira user \(verb) ana", Bilingual("at once", pt: "na hora"))],
      run: { call in
        let path = IDPath(id: call.arguments[0])
        _ = try await call.withClient(.writing) { try await $0.call(endpoint, path) }
        call.confirm(done(path.id.printable))
        return .done
      })
  }
}

/// `user reset-password USER`
enum UserResetPassword {
  static let spec = CommandSpec(
    "user reset-password",
    Bilingual(
      "makes a new first password; their sessions end", pt: "cria outra primeira senha; as sessões terminam"),
    arguments: [name],
    examples: [
      .init("esteira user reset-password ana", Bilingual("shown once", pt: "mostrada uma vez"))
    ],
    run: { call in
      let path = IDPath(id: call.arguments[0])
      call.show(try await call.withClient(.writing) { try await $0.call(UserCalls.resetPassword, path) })
      return .done
    })
}

extension Invocation {
  fileprivate func show(_ item: UserItem) {
    let words = Words(language: language)
    func line(_ label: Bilingual, _ value: String?) -> String? {
      value.map { "\(text(label)): \($0.printable)" }
    }
    let lines = [
      item.name.printable, line(Bilingual("id", pt: "id"), item.id),
      line(Bilingual("kind", pt: "tipo"), item.kind), line(Bilingual("state", pt: "estado"), item.state),
      line(Bilingual("locked out", pt: "bloqueada"), lockout(item)),
      line(Bilingual("email", pt: "e-mail"), item.email),
      line(Bilingual("language", pt: "idioma"), item.locale),
      line(
        Bilingual("second factor", pt: "segundo fator"),
        text(item.hasSecondFactor ? Bilingual("yes", pt: "sim") : Bilingual("no", pt: "não"))),
      line(
        Bilingual("created", pt: "criada"),
        "\(words.time(item.createdAt)) " + text(Bilingual("by", pt: "por")) + " \(item.createdBy)"),
      line(Bilingual("last sign-in", pt: "último login"), item.lastSignInAt.map(words.time)),
    ]
    show(lines.compactMap { $0 }, json: item.json, id: item.id)
  }

  private func lockout(_ item: UserItem) -> String? {
    guard let until = item.lockedUntil else { return nil }
    let place =
      item.lockedFrom == "everywhere"
      ? Bilingual("from everywhere", pt: "de qualquer lugar")
      : Bilingual("from where it was guessed", pt: "de onde tentaram")
    let end = Bilingual(
      "end it with: esteira user unlock \(item.name)", pt: "encerre com: esteira user unlock \(item.name)")
    let time = Words(language: language).time(until)
    return text(Bilingual("until \(time), ", pt: "até \(time), ")) + "\(text(place)); \(text(end))"
  }

  fileprivate func show(_ created: CreatedUser) {
    var lines = [created.user.name.printable]
    if let password = created.password?.printable {
      let text = text(
        Bilingual(
          "first password, shown once: \(password)", pt: "primeira senha, mostrada uma vez: \(password)"))
      // An id alone goes to a script; the password must not be lost with it.
      if format == .id { console.error(text) } else { lines.append(text) }
    }
    show(lines, json: created.json, id: created.user.id)
  }
}

extension Language {
  fileprivate var locale: String { rawValue }
}

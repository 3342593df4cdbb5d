import API
import Model

/// `session ls`
enum SessionList {
  static let spec = CommandSpec(
    "session ls", Bilingual("where one is signed in", pt: "onde se está conectado"),
    flags: [FlagSpec("--user", value: "NAME", Bilingual("of somebody else", pt: "de outra pessoa"))],
    examples: [.init("esteira session ls", Bilingual("one's own", pt: "as próprias"))],
    run: { call in
      let items = try await call.withClient(.writing) { client in
        guard let user = call.value("--user") else {
          return try await client.call(SignInCalls.sessions, Nothing()).items
        }
        return try await client.call(UserCalls.sessions, IDPath(id: user)).items
      }
      let words = Words(language: call.language)
      var listing = Listing(
        columns: [
          Bilingual("SESSION", pt: "SESSÃO"), Bilingual("SINCE", pt: "DESDE"), Bilingual("SEEN", pt: "VISTA"),
          Bilingual("EXPIRES", pt: "EXPIRA"), Bilingual("FROM", pt: "DE"), Bilingual("BY", pt: "POR"),
          Bilingual("WITH", pt: "COM"),
        ], empty: Bilingual("There are no sessions.", pt: "Não há sessões."))
      listing.rows = items.map { item in
        let mark = item.isCurrent ? call.text(Bilingual(" (this one)", pt: " (esta)")) : ""
        return Listing.Row(
          cells: [
            item.id, words.time(item.createdAt), words.time(item.lastSeenAt), words.time(item.expiresAt),
            item.address.printable + mark, item.method.printable, item.userAgent.printable,
          ], json: item.json, id: item.id)
      }
      call.show(listing)
      return .done
    })
}

/// `session end ID`
enum SessionEnd {
  static let spec = CommandSpec(
    "session end", Bilingual("ends one of one's own sessions", pt: "encerra uma das próprias sessões"),
    arguments: [ArgumentSpec("ID", Bilingual("of the session", pt: "da sessão"))],
    examples: [
      .init(
        "esteira session end 0190e1d5-0000-7000-8000-000000000000",
        Bilingual("its tokens stop working", pt: "os tokens dela deixam de valer"))
    ],
    run: { call in
      let path = IDPath(id: call.arguments[0])
      _ = try await call.withClient(.writing) { try await $0.call(SignInCalls.endSession, path) }
      return .done
    })
}

/// `mfa enable`
enum SecondFactorEnable {
  static let spec = CommandSpec(
    "mfa enable",
    Bilingual("signs in with a code of an app from now on", pt: "passa a entrar com um código de aplicativo"),
    examples: [
      .init(
        "esteira mfa enable",
        Bilingual("shows the seed, asks for a code", pt: "mostra a semente, pede um código"))
    ],
    run: { call in
      var answers = try Answers(call)
      let codes = try await call.withClient(.writing) { client in
        let seed = try await client.call(SignInCalls.beginMFA, Nothing())
        // Beside the output, which may be a file.
        call.console.error(
          call.text(Bilingual("Put this into the app:", pt: "Coloque isto no aplicativo:")))
        call.console.error("  \(seed.secret.printable)")
        call.console.error("  \(seed.uri.printable)")
        let code = try answers.next(Bilingual("Code of the app", pt: "Código do aplicativo"))
        return try await client.call(SignInCalls.confirmMFA, CodeRequest(code: code))
      }
      let heading = Bilingual(
        "Recovery codes. Each works once, and they are not shown again:",
        pt: "Códigos de recuperação. Cada um vale uma vez, e não serão mostrados de novo:")
      call.show(
        [call.text(heading)] + codes.codes.map { "  " + $0.printable }, json: codes.json,
        id: codes.codes.map(\.printable).joined(separator: "\n"))
      return .done
    })
}

/// `mfa disable`
enum SecondFactorDisable {
  static let spec = CommandSpec(
    "mfa disable", Bilingual("signs in without a code again", pt: "volta a entrar sem código"),
    flags: [Answers.flag],
    examples: [
      .init("esteira mfa disable", Bilingual("asks for the password", pt: "pede a senha"))
    ],
    run: { call in
      var answers = try Answers(call)
      let request = PasswordOnly(password: try answers.next(Bilingual("Password", pt: "Senha")))
      _ = try await call.withClient(.writing) { try await $0.call(SignInCalls.removeMFA, request) }
      call.confirm(
        Bilingual("The password alone is enough again.", pt: "A senha basta de novo."))
      return .done
    })
}

import API
import Model

/// `login NAME`
enum Login {
  static let spec = CommandSpec(
    "login", Bilingual("signs in to a server on the network", pt: "entra em um servidor na rede"),
    arguments: [ArgumentSpec("NAME", Bilingual("of the account", pt: "da conta"))],
    flags: [
      FlagSpec("--change-password", Bilingual("and chooses a new password", pt: "e escolhe uma senha nova")),
      Answers.flag,
    ],
    examples: [
      .init(
        "esteira login ana --server https://esteira.example.org",
        Bilingual(
          "asks for the password, and for a code if need be", pt: "pede a senha, e um código se preciso")),
      .init(
        "esteira login ana --server https://esteira.example.org --change-password",
        Bilingual("other sessions end", pt: "as outras sessões terminam")),
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let (choice, address, book) = try call.signInPlace()
    let name = call.arguments[0]
    var answers = try Answers(call)
    let password = try answers.next(Bilingual("Password", pt: "Senha"))
    return try await call.withClient(.writing, choice) { client in
      var result = try await client.call(SignInCalls.login, LoginRequest(name: name, password: password))
      if result.state == "mfa_required", let ticket = result.mfaToken {
        let code = try answers.next(
          Bilingual("Code of the app, or a recovery code", pt: "Código do aplicativo, ou de recuperação"))
        result = try await client.call(SignInCalls.mfa, SecondFactorRequest(token: ticket, code: code))
      }
      guard let entry = SessionBook.Entry(result, name: name) else {
        throw Client.wrongAnswer(SignInCalls.login.shape)
      }
      try await book.locked { () throws(Problem) in try book.put(entry, for: address) }
      if result.mustChangePassword || call.has("--change-password") {
        let new = try answers.newPassword()
        _ = try await client.call(SignInCalls.password, PasswordRequest(old: password, new: new))
      }
      let shown = entry.name.printable
      if !call.isQuiet {
        call.show(
          [
            call.text(
              Bilingual(
                "Signed in to \(address.text) as \(shown).", pt: "Entrou em \(address.text) como \(shown)."))
          ],
          json: [
            "server": .string(address.text), "name": .string(entry.name),
            "expires_at": .string(entry.refreshExpiresAt.rfc3339),
          ], id: shown)
      }
      return .done
    }
  }
}

/// `logout`
enum Logout {
  static let spec = CommandSpec(
    "logout", Bilingual("ends the session of login", pt: "encerra a sessão de login"),
    examples: [
      .init(
        "esteira logout --server https://esteira.example.org",
        Bilingual("its tokens stop working", pt: "os tokens dela deixam de valer"))
    ], run: run)

  /// The tokens go from this machine whatever the server says.
  static func run(_ call: Invocation) async throws -> ExitCode {
    let (choice, address, book) = try call.signInPlace()
    guard try book.entry(of: address) != nil else {
      throw UsageError(
        Bilingual("There is no session at \(address.text).", pt: "Não há sessão em \(address.text)."))
    }
    do {
      _ = try await call.withClient(.writing, choice) { try await $0.call(SignInCalls.logout, Nothing()) }
    } catch let document as ProblemDocument where document.status == 401 {
      // It has ended already.
    } catch {
      try await book.locked { () throws(Problem) in try book.put(nil, for: address) }
      throw error
    }
    try await book.locked { () throws(Problem) in try book.put(nil, for: address) }
    if !call.isQuiet {
      call.show(
        [call.text(Bilingual("Signed out of \(address.text).", pt: "Saiu de \(address.text)."))],
        json: ["server": .string(address.text)], id: address.text)
    }
    return .done
  }
}

/// `whoami`
enum WhoAmI {
  static let spec = CommandSpec(
    "whoami", Bilingual("who is signed in, and what they may do", pt: "quem entrou, e o que pode fazer"),
    examples: [
      .init(
        "esteira whoami --server https://esteira.example.org",
        Bilingual("with the permissions by namespace", pt: "com as permissões por espaço de nomes"))
    ],
    run: { call in
      let me = try await call.withClient(.writing) { try await $0.call(SignInCalls.me, Nothing()) }
      var lines = ["\(me.name.printable) (\(me.kind))"]
      if let email = me.email { lines.append(email.printable) }
      if me.hasSecondFactor {
        lines.append(call.text(Bilingual("with a second factor", pt: "com segundo fator")))
      }
      if me.mustChangePassword {
        lines.append(
          call.text(Bilingual("the password has to be changed", pt: "a senha precisa ser trocada")))
      }
      for grant in me.grants {
        lines += Self.wrapped(
          "\(grant.namespace.printable):", grant.permissions.map(\.printable), width: 100)
      }
      call.show(lines, json: me.json, id: me.name.printable)
      return .done
    })

  /// Words behind a heading, on further lines under it.
  private static func wrapped(_ heading: String, _ words: [String], width: Int) -> [String] {
    var lines = [heading]
    for word in words {
      if lines[lines.count - 1].unicodeScalars.count + 1 + word.unicodeScalars.count > width {
        lines.append(" ")
      }
      lines[lines.count - 1] += " " + word
    }
    return lines
  }
}

extension Invocation {
  /// Where sessions are made and kept; a token from a file has no part in it.
  fileprivate func signInPlace() throws -> (ServerChoice, ServerAddress, SessionBook) {
    var choice = try server
    choice.tokenFile = nil
    guard let url = choice.url else {
      throw UsageError(
        Bilingual("No server is named.", pt: "Nenhum servidor foi indicado."),
        remedy: Bilingual(
          "Give --server URL or set ESTEIRA_URL. The owner of a data folder needs no login there.",
          pt: "Dê --server URL ou defina ESTEIRA_URL. O dono de uma pasta de dados não precisa de login nela."
        ))
    }
    let sleep = bench.sleep
    // A cancelled wait is a short one.
    let book = try SessionBook(environment: bench.environment, now: bench.now) { try? await sleep($0) }
    return (choice, try ServerAddress(url), book)
  }
}

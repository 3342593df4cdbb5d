import API
import Model

private let name = ArgumentSpec("NAME", Bilingual("namespace/name", pt: "espaço/nome"))

/// `credential ls`
enum CredentialList {
  static let spec = CommandSpec(
    "credential ls",
    Bilingual("lists credentials, never their values", pt: "lista as credenciais, nunca os valores"),
    flags: [.sort(CredentialsQuery.schema)],
    examples: [
      .init("esteira credential ls -n demo", Bilingual("of one namespace", pt: "de um espaço de nomes"))
    ],
    run: { call in
      let sort = try call.sort(CredentialsQuery.schema)
      let items = try await call.withClient(.reading) { client in
        try await client.items(limit: 10_000) { cursor, limit in
          try await client.call(
            AccessCalls.credentials,
            CredentialsQuery(namespace: call.namespace, sort: sort, limit: limit, cursor: cursor))
        }
      }
      var listing = Listing(
        columns: [
          Bilingual("CREDENTIAL", pt: "CREDENCIAL"), Bilingual("TYPE", pt: "TIPO"),
          Bilingual("VERSION", pt: "VERSÃO"), Bilingual("SET", pt: "DEFINIDA"), Bilingual("BY", pt: "POR"),
          Bilingual("EXPIRES", pt: "EXPIRA"), Bilingual("LAST USE", pt: "ÚLTIMO USO"),
        ], empty: Bilingual("There are no credentials.", pt: "Não há credenciais."))
      let words = Words(language: call.language)
      listing.rows = items.map { item in
        let name = item.id.replacing("~", with: "/")
        return Listing.Row(
          cells: [
            name, item.type.printable, String(item.version), words.time(item.createdAt),
            item.createdBy.printable, item.expiresAt.map(words.time) ?? "",
            item.lastUsedAt.map(words.time) ?? "",
          ], json: item.json, id: name)
      }
      call.show(listing)
      return .done
    })
}

/// `credential get NAME`
enum CredentialGet {
  static let spec = CommandSpec(
    "credential get", Bilingual("shows one, never its values", pt: "mostra uma, nunca os valores"),
    arguments: [name],
    examples: [
      .init("esteira credential get demo/api", Bilingual("with its versions", pt: "com as versões dela"))
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let id = try call.identifier(call.arguments[0])
    let item = try await call.withClient(.reading) { client in try await call.credential(id, client) }
    let words = Words(language: call.language)
    func line(_ label: Bilingual, _ value: String?) -> String? {
      value.map { "\(call.text(label)): \($0.printable)" }
    }
    let name = id.replacing("~", with: "/")
    var lines = [
      name, line(Bilingual("type", pt: "tipo"), item.type),
      line(Bilingual("version", pt: "versão"), "\(item.version)"),
      line(Bilingual("set", pt: "definida"), "\(words.time(item.createdAt)) \(item.createdBy)"),
      line(Bilingual("expires", pt: "expira"), item.expiresAt.map(words.time)),
      line(
        Bilingual("last use", pt: "último uso"),
        item.lastUsedAt.map { "\(words.time($0)) \(item.lastUsedBy ?? "")" }),
    ].compactMap(\.self)
    lines += item.former.map { version in
      call.text(
        Bilingual(
          "version \(version.version) usable until \(words.time(version.usableUntil))",
          pt: "versão \(version.version) usável até \(words.time(version.usableUntil))"))
    }
    call.show(lines, json: item.json, id: name)
    return .done
  }
}

/// `credential usage NAME`
enum CredentialUsageCommand {
  static let spec = CommandSpec(
    "credential usage",
    Bilingual("shows who names it and who has it now", pt: "mostra quem a cita e quem a tem agora"),
    arguments: [name],
    examples: [
      .init("esteira credential usage demo/api", Bilingual("before a change", pt: "antes de uma mudança"))
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let path = NamePath(id: try call.identifier(call.arguments[0]))
    let usage = try await call.withClient(.reading) { try await $0.call(CredentialCalls.usage, path) }
    let words = Words(language: call.language)
    func lines(_ label: Bilingual, _ names: [String]) -> [String] {
      names.map { "\(call.text(label)) \($0.replacing("~", with: "/").printable)" }
    }
    var shown = lines(Bilingual("pipeline", pt: "pipeline"), usage.pipelines)
    shown += lines(Bilingual("connection", pt: "conexão"), usage.connections)
    shown += lines(Bilingual("destination", pt: "destino"), usage.destinations)
    shown += usage.leases.map { lease in
      let who = "\(lease.pipeline) \(lease.job) \(lease.step)".printable
      let since = words.time(lease.since)
      return call.text(
        Bilingual(
          "in use by \(who), attempt \(lease.attempt), version \(lease.version), since \(since)",
          pt: "em uso por \(who), tentativa \(lease.attempt), versão \(lease.version), desde \(since)"))
    }
    if shown.isEmpty { shown = [call.text(Bilingual("Nobody names it.", pt: "Ninguém a cita."))] }
    call.show(shown, json: usage.json, id: path.id.replacing("~", with: "/"))
    return .done
  }
}

/// `credential test NAME`
enum CredentialTestCommand {
  static let spec = CommandSpec(
    "credential test",
    Bilingual(
      "tries whether it works, and says what was tried",
      pt: "experimenta se ela funciona, e diz o que foi feito"),
    arguments: [name],
    flags: [
      FlagSpec(
        "--connection", value: "NAME",
        Bilingual("asks through this connection", pt: "pergunta por esta conexão")),
      FlagSpec(
        "--path", value: "PATH", Bilingual("behind its address", pt: "depois do endereço dela")),
    ],
    examples: [
      .init(
        "esteira credential test demo/api --connection api --path /me",
        Bilingual("a GET with the credential", pt: "um GET com a credencial"))
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let request = CredentialTestRequest(
      id: try call.identifier(call.arguments[0]), connection: call.value("--connection"),
      path: call.value("--path"))
    let test = try await call.withClient(.writing) { try await $0.call(CredentialCalls.test, request) }
    return call.show(test, of: request.id)
  }
}

/// `credential delete NAME`
enum CredentialDelete {
  static let spec = CommandSpec(
    "credential delete", Bilingual("removes a credential", pt: "remove uma credencial"),
    arguments: [name],
    flags: [
      FlagSpec("--force", Bilingual("also where pipelines use it", pt: "mesmo que pipelines a usem"))
    ],
    examples: [
      .init("esteira credential delete demo/api", Bilingual("all its versions", pt: "todas as versões dela"))
    ],
    run: { call in
      let request = CredentialDeletion(
        id: try call.identifier(call.arguments[0]), force: call.has("--force"))
      _ = try await call.withClient(.writing) { try await $0.call(AccessCalls.deleteCredential, request) }
      if !call.isQuiet {
        call.console.out(
          request.id.replacing("~", with: "/") + ": " + call.text(Bilingual("removed", pt: "removida")))
      }
      return .done
    })
}

extension Invocation {
  /// What was tried, a line for each; a failure is the command's, too.
  func show(_ test: AccessTest, of id: String) -> ExitCode {
    let lines = test.checks.map { check in
      let mark =
        switch check.passed {
        case true?: Bilingual("ok", pt: "ok")
        case false?: Bilingual("failed", pt: "falhou")
        case nil: Bilingual("unknown", pt: "não se sabe")
        }
      return "\(check.name): \(text(mark)). \(check.note.printable)"
    }
    show(lines, json: test.json, id: id.replacing("~", with: "/"))
    return test.ok ? .done : .failure
  }
}

import API
import Model

/// `token ls`
enum TokenList {
  static let spec = CommandSpec(
    "token ls", Bilingual("lists tokens, never their values", pt: "lista os tokens, nunca os valores"),
    flags: [FlagSpec("--user", value: "NAME", Bilingual("of an account", pt: "de uma conta"))],
    examples: [
      .init("esteira token ls --user loader", Bilingual("of a program", pt: "de um programa"))
    ],
    run: { call in
      let query = TokensQuery(user: call.value("--user"))
      let items = try await call.withClient(.writing) { try await $0.call(TokenCalls.list, query) }.items
      let words = Words(language: call.language)
      var listing = Listing(
        columns: [
          Bilingual("TOKEN", pt: "TOKEN"), Bilingual("NAME", pt: "NOME"), Bilingual("USER", pt: "CONTA"),
          Bilingual("BEGINS", pt: "COMEÇA"), Bilingual("SCOPES", pt: "PERMISSÕES"),
          Bilingual("NAMESPACES", pt: "ESPAÇOS"), Bilingual("EXPIRES", pt: "EXPIRA"),
          Bilingual("LAST USE", pt: "ÚLTIMO USO"),
        ], empty: Bilingual("There are no tokens.", pt: "Não há tokens."))
      listing.rows = items.map { item in
        Listing.Row(
          cells: [
            item.id, item.name.printable, item.user.printable, item.shown.printable,
            item.scopes.joined(separator: " ").printable,
            item.namespaces.isEmpty ? "*" : item.namespaces.joined(separator: " ").printable,
            words.time(item.expiresAt), words.time(item.lastUsedAt),
          ], json: item.json, id: item.id)
      }
      call.show(listing)
      return .done
    })
}

/// `token create NAME`
enum TokenCreate {
  private static let usualLifetime = Duration.seconds(90 * 86_400)

  static let spec = CommandSpec(
    "token create",
    Bilingual(
      "makes a token for a program; its value is shown once",
      pt: "cria um token para um programa; o valor aparece uma vez"),
    arguments: [ArgumentSpec("NAME", Bilingual("what it is for", pt: "para que serve"))],
    flags: [
      FlagSpec(
        "--scope", value: "WORD", repeated: true,
        Bilingual("a permission such as jobs:read", pt: "uma permissão como jobs:read")),
      FlagSpec(
        "--expires", value: "WHEN",
        Bilingual(
          "90d (the usual), or a day such as 2027-01-31", pt: "90d (o usual), ou um dia como 2027-01-31")),
      FlagSpec("--user", value: "NAME", Bilingual("of a service account", pt: "de uma conta de serviço")),
      FlagSpec(
        "--out", value: "FILE",
        Bilingual(
          "the value goes there, readable by you alone", pt: "o valor vai para lá, legível só por você")),
    ],
    examples: [
      .init(
        "esteira token create ci --scope jobs:read --scope pipelines:execute -n demo --expires 30d",
        Bilingual("in one namespace, for a month", pt: "em um espaço, por um mês")),
      .init(
        "esteira token create load --user loader --scope jobs:read --out ~/.esteira-token",
        Bilingual("for --token-file", pt: "para --token-file")),
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let expiresAt = try call.coming("--expires") ?? call.bench.now() + usualLifetime
    let request = TokenRequest(
      name: call.arguments[0], user: call.value("--user"), scopes: call.values("--scope"),
      namespaces: call.namespace?.split(separator: ",").map(String.init) ?? [], expiresAt: expiresAt)
    guard !request.scopes.isEmpty else {
      throw UsageError(
        Bilingual("--scope is missing.", pt: "Falta --scope."),
        remedy: Bilingual(
          "Say what the token may do, such as --scope jobs:read.",
          pt: "Diga o que o token pode fazer, como --scope jobs:read."))
    }
    let created = try await call.withClient(.writing) { try await $0.call(TokenCalls.create, request) }
    if let file = call.value("--out") {
      try PrivateFile.write(Array((created.value + "\n").utf8), to: file, code: "cannot-write")
      call.show(
        ["\(created.token.name.printable): \(created.token.id)"], json: created.token.json,
        id: created.token.id)
      return .done
    }
    if call.format == .id { call.console.error(created.value.printable) }
    let hint = Bilingual(
      "Keep it now: it is not shown again.", pt: "Guarde agora: ele não será mostrado de novo.")
    if call.format == .table, !call.isQuiet { call.console.error(call.text(hint)) }
    call.show([created.value.printable], json: created.json, id: created.token.id)
    return .done
  }
}

/// `token revoke ID`
enum TokenRevoke {
  static let spec = CommandSpec(
    "token revoke", Bilingual("ends a token at once", pt: "encerra um token na hora"),
    arguments: [ArgumentSpec("ID", Bilingual("as token ls shows it", pt: "como token ls mostra"))],
    examples: [
      .init(
        "esteira token revoke 0190e1d5-0000-7000-8000-000000000000",
        Bilingual("it is refused from now on", pt: "é recusado a partir de agora"))
    ],
    run: { call in
      let path = IDPath(id: call.arguments[0])
      _ = try await call.withClient(.writing) { try await $0.call(TokenCalls.delete, path) }
      call.confirm(Bilingual("It is refused from now on.", pt: "É recusado a partir de agora."))
      return .done
    })
}

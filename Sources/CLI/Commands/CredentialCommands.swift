import API
import Model

/// `credential set NAME`
enum CredentialSet {
  static let spec = CommandSpec(
    "credential set",
    Bilingual("stores a secret; it is never read back", pt: "guarda um segredo; ele nunca é lido de volta"),
    arguments: [ArgumentSpec("NAME", Bilingual("namespace/name", pt: "espaço/nome"))],
    flags: [
      FlagSpec(
        "--type", value: "TYPE",
        Bilingual("bearer, basic, hmac or another", pt: "bearer, basic, hmac ou outro")),
      FlagSpec(
        "--from-stdin",
        Bilingual("the value comes from standard input", pt: "o valor vem da entrada padrão")),
      FlagSpec(
        "--from-file", value: "FILE",
        Bilingual("the value comes from a file", pt: "o valor vem de um arquivo")),
    ],
    examples: [
      .init(
        "printf %s \"$TOKEN\" | esteira credential set demo/api --type bearer --from-stdin",
        Bilingual("one secret", pt: "um segredo")),
      .init(
        "esteira credential set demo/db --type basic --from-file login.json",
        Bilingual("{\"username\": …, \"password\": …}", pt: "{\"username\": …, \"password\": …}")),
    ], run: run)

  /// The member that a type's single secret goes to.
  private static let member = ["bearer": "token", "hmac": "secret", "basic": "password"]

  static func run(_ call: Invocation) async throws -> ExitCode {
    let type = call.value("--type") ?? "bearer"
    let bytes = try value(call)
    let request = CredentialRequest(
      id: try call.identifier(call.arguments[0]), type: type, values: try values(bytes, type))
    let item = try await call.withClient(.writing) { try await $0.call(AccessCalls.setCredential, request) }
    let name = item.id.replacing("~", with: "/")
    call.show(
      ["\(name): " + call.text(Bilingual("version \(item.version)", pt: "versão \(item.version)"))],
      json: item.json, id: name)
    return .done
  }

  private static func value(_ call: Invocation) throws -> [UInt8] {
    switch (call.has("--from-stdin"), call.value("--from-file")) {
    case (true, nil): return call.console.input()
    case (false, let file?): return try LocalFile.read(file)
    case (_, _):
      throw UsageError(
        Bilingual(
          "Give the value with --from-stdin or --from-file.",
          pt: "Dê o valor com --from-stdin ou --from-file."),
        remedy: Bilingual(
          "A secret is never a flag value: other users could see it.",
          pt: "Um segredo nunca vai em uma opção: outros usuários poderiam vê-lo."))
    }
  }

  /// A JSON object gives several values; anything else is the one secret, without its last newline.
  private static func values(_ bytes: [UInt8], _ type: String) throws -> JSONObject {
    if bytes.first(where: { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }) == UInt8(ascii: "{") {
      guard case .object(let object) = try? JSON(parsing: bytes) else { throw notJSON }
      return object
    }
    let trimmed = bytes.last == 0x0A ? bytes.dropLast() : bytes[...]
    guard let text = String(validating: trimmed, as: UTF8.self), !text.isEmpty else { throw noText }
    return JSONObject([(member[type] ?? "value", .string(text))])
  }

  private static let notJSON = UsageError(
    Bilingual("The value begins with { but is not JSON.", pt: "O valor começa com { mas não é JSON."),
    remedy: Bilingual(
      "Several values are one JSON object; a single one stands alone.",
      pt: "Vários valores são um objeto JSON; um só fica sozinho."))
  private static let noText = UsageError(
    Bilingual("The value is empty or not UTF-8.", pt: "O valor está vazio ou não é UTF-8."),
    remedy: Bilingual("Nothing was stored. Check what feeds it.", pt: "Nada foi guardado. Confira a origem."))
}

/// `credential ls`
enum CredentialList {
  static let spec = CommandSpec(
    "credential ls",
    Bilingual("lists credentials, never their values", pt: "lista as credenciais, nunca os valores"),
    examples: [
      .init("esteira credential ls -n demo", Bilingual("of one namespace", pt: "de um espaço de nomes"))
    ],
    run: { call in
      let items = try await call.withClient(.reading) { client in
        try await client.items(limit: 10_000) { cursor, limit in
          try await client.call(
            AccessCalls.credentials, ListQuery(namespace: call.namespace, limit: limit, cursor: cursor))
        }
      }
      var listing = Listing(
        columns: [
          Bilingual("CREDENTIAL", pt: "CREDENCIAL"), Bilingual("TYPE", pt: "TIPO"),
          Bilingual("VERSION", pt: "VERSÃO"), Bilingual("SET", pt: "DEFINIDA"), Bilingual("BY", pt: "POR"),
        ], empty: Bilingual("There are no credentials.", pt: "Não há credenciais."))
      listing.rows = items.map { item in
        let name = item.id.replacing("~", with: "/")
        let at = Words(language: call.language).time(item.createdAt)
        return Listing.Row(
          cells: [name, item.type, String(item.version), at, item.createdBy], json: item.json, id: name)
      }
      call.show(listing)
      return .done
    })
}

/// `credential delete NAME`
enum CredentialDelete {
  static let spec = CommandSpec(
    "credential delete", Bilingual("removes a credential", pt: "remove uma credencial"),
    arguments: [ArgumentSpec("NAME", Bilingual("namespace/name", pt: "espaço/nome"))],
    examples: [
      .init("esteira credential delete demo/api", Bilingual("all its versions", pt: "todas as versões dela"))
    ],
    run: { call in
      let path = NamePath(id: try call.identifier(call.arguments[0]))
      _ = try await call.withClient(.writing) { try await $0.call(AccessCalls.deleteCredential, path) }
      if !call.isQuiet {
        call.console.out(
          path.id.replacing("~", with: "/") + ": " + call.text(Bilingual("removed", pt: "removida")))
      }
      return .done
    })
}

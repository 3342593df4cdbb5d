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
        Bilingual(
          "\(CredentialType.all.map(\.name).joined(separator: ", ")) or another",
          pt: "\(CredentialType.all.map(\.name).joined(separator: ", ")) ou outro"))
    ] + CredentialValue.flags,
    examples: [
      .init(
        "printf %s \"$TOKEN\" | esteira credential set demo/api --type bearer --from-stdin",
        Bilingual("one secret", pt: "um segredo")),
      .init(
        "esteira credential set demo/db --type basic --from-file login.json",
        Bilingual("{\"username\": …, \"password\": …}", pt: "{\"username\": …, \"password\": …}")),
    ],
    run: { call in
      let type = call.value("--type") ?? "bearer"
      let request = try CredentialValue.request(call, id: try call.identifier(call.arguments[0]), type)
      let item = try await call.withClient(.writing) { try await $0.call(AccessCalls.setCredential, request) }
      call.showVersion(of: item)
      let known = CredentialType.all.map(\.name)
      if !known.contains(type), let near = Suggestion.nearest(to: type, in: known) {
        let note = Bilingual(
          "\"\(type)\" is a type of your own, with any members. Did you mean \"\(near)\"?",
          pt: "\"\(type)\" é um tipo próprio, com quaisquer membros. Você quis dizer \"\(near)\"?")
        if !call.isQuiet { call.console.error(call.text(note)) }
      }
      return .done
    })
}

/// `credential rotate NAME`
enum CredentialRotate {
  static let spec = CommandSpec(
    "credential rotate",
    Bilingual(
      "stores a new version of a credential that is there", pt: "guarda uma nova versão de uma credencial"),
    arguments: [ArgumentSpec("NAME", Bilingual("namespace/name", pt: "espaço/nome"))],
    flags: [
      FlagSpec(
        "--overlap", value: "TIME",
        Bilingual("how long the old version stays usable", pt: "por quanto tempo a antiga continua usável"))
    ] + CredentialValue.flags,
    examples: [
      .init(
        "esteira credential rotate demo/hook --from-file new-secret --overlap 24h",
        Bilingual("both are known for a day", pt: "as duas valem por um dia"))
    ],
    run: { call in
      let id = try call.identifier(call.arguments[0])
      let item = try await call.withClient(.writing) { client in
        let known = try await call.credential(id, client)
        var request = try CredentialValue.request(call, id: id, known.type)
        (request.overlap, request.ifVersion) = (call.value("--overlap"), known.version)
        return try await client.call(AccessCalls.setCredential, request)
      }
      call.showVersion(of: item)
      return .done
    })
}

/// The value of a credential: from standard input or a file, never from an argument or a variable.
enum CredentialValue {
  static let flags = [
    FlagSpec(
      "--from-stdin",
      Bilingual("the value comes from standard input", pt: "o valor vem da entrada padrão")),
    FlagSpec(
      "--from-file", value: "FILE",
      Bilingual("the value comes from a file", pt: "o valor vem de um arquivo")),
    FlagSpec(
      "--expires", value: "WHEN",
      Bilingual("when it stops working, such as 2027-01-31", pt: "quando deixa de valer, como 2027-01-31")),
  ]

  static func request(_ call: Invocation, id: String, _ type: String) throws -> CredentialRequest {
    CredentialRequest(
      id: id, type: type, values: try values(try bytes(call), type), expiresAt: try call.moment("--expires"))
  }

  private static func bytes(_ call: Invocation) throws -> [UInt8] {
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
      // What is wrong with it could show a part of the secret.
      guard case .object(let object) = try? JSON(parsing: bytes) else { throw notJSON }
      return object
    }
    let trimmed = bytes.last == 0x0A ? bytes.dropLast() : bytes[...]
    guard let text = String(validating: trimmed, as: UTF8.self), !text.isEmpty else { throw noText }
    let known = CredentialType.named(type)
    if let known, known.single == nil { throw manyMembers(known) }
    return JSONObject([(known?.single ?? "value", .string(text))])
  }

  private static func manyMembers(_ type: CredentialType) -> UsageError {
    let names = type.members.map { "\"\($0.name)\": …" }.joined(separator: ", ")
    return UsageError(
      Bilingual(
        "A credential of the type \(type.name) has several members.",
        pt: "Uma credencial do tipo \(type.name) tem vários membros."),
      remedy: Bilingual("Give a JSON object: {\(names)}", pt: "Dê um objeto JSON: {\(names)}"))
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

extension Invocation {
  fileprivate func showVersion(of item: CredentialItem) {
    let name = item.id.replacing("~", with: "/")
    show(
      ["\(name): " + text(Bilingual("version \(item.version)", pt: "versão \(item.version)"))],
      json: item.json, id: name)
  }

  /// Of all credentials of the namespace, the one of this id.
  func credential(_ id: String, _ client: Client) async throws -> CredentialItem {
    try await client.call(AccessCalls.credential, NamePath(id: id))
  }
}

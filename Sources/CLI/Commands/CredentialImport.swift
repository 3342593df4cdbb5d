import API
import Crypto
import Model

/// `credential import FILE`
enum CredentialImport {
  static let spec = CommandSpec(
    "credential import",
    Bilingual(
      "stores the secrets of a .env file or of a JSON tree, also encrypted with age",
      pt: "guarda os segredos de um arquivo .env ou de uma árvore JSON, também cifrados com age"),
    arguments: [
      ArgumentSpec(
        "FILE", Bilingual("a file, or - for standard input", pt: "um arquivo, ou - para a entrada"))
    ],
    flags: [
      FlagSpec(
        "--identity", value: "FILE",
        Bilingual("the age identity that opens it", pt: "a identidade age que o abre")),
      FlagSpec(
        "--into", value: "NAME",
        Bilingual("all of it as the members of one credential", pt: "tudo como membros de uma credencial")),
      FlagSpec(
        "--type", value: "TYPE", Bilingual("of --into; secret otherwise", pt: "de --into; senão secret")),
      FlagSpec(
        "--replace",
        Bilingual("a new version of those that are there", pt: "uma nova versão das que já existem")),
      FlagSpec("--dry-run", Bilingual("only names them", pt: "só mostra os nomes")),
    ],
    examples: [
      .init("esteira credential import .env -n demo", Bilingual("one each", pt: "uma de cada")),
      .init(
        "esteira credential import secrets.json.age --identity key.txt -n demo --dry-run",
        Bilingual("what it would store", pt: "o que seria guardado")),
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let plain = try opened(try call.readInput(call.arguments[0]), call)
    let requests = try requests(try ImportedSecrets(plain), call)
    if !call.has("--dry-run") {
      try await call.withClient(.writing) { client in
        for request in requests {
          _ =
            call.has("--replace")
            ? try await client.call(AccessCalls.setCredential, request)
            : try await client.call(CredentialCalls.create, request)
        }
      }
    }
    var listing = Listing(
      columns: [
        Bilingual("CREDENTIAL", pt: "CREDENCIAL"), Bilingual("TYPE", pt: "TIPO"),
        Bilingual("MEMBERS", pt: "MEMBROS"),
      ], empty: Bilingual("There are no secrets in it.", pt: "Não há segredos nele."))
    listing.rows = requests.map { request in
      let (name, members) = (request.id.replacing("~", with: "/"), request.values.keys)
      let json = JSONObject([
        ("id", .string(request.id)), ("type", .string(request.type)),
        ("members", .array(members.map(JSON.string))),
      ])
      return Listing.Row(
        cells: [name, request.type.printable, members.joined(separator: ", ").printable], json: .object(json),
        id: name)
    }
    call.show(listing)
    return .done
  }

  private static func opened(_ bytes: [UInt8], _ call: Invocation) throws -> [UInt8] {
    guard bytes.starts(with: "age-encryption.org/".utf8) || bytes.starts(with: "-----BEGIN AGE".utf8) else {
      return bytes
    }
    guard let path = call.value("--identity") else {
      throw UsageError(
        Bilingual("The file is encrypted with age.", pt: "O arquivo está cifrado com age."),
        remedy: Bilingual("Give --identity FILE.", pt: "Dê --identity ARQUIVO."))
    }
    guard let identities = AgeIdentity.all(inFile: try LocalFile.read(path)) else {
      throw UsageError(
        Bilingual("\(path) holds no age identity.", pt: "\(path) não contém uma identidade age."))
    }
    guard bytes.count <= Age.largest, let plain = try? Age.decrypt(bytes, with: identities) else {
      throw UsageError(
        Bilingual(
          "The identity does not open the file, or the file was changed.",
          pt: "A identidade não abre o arquivo, ou o arquivo foi alterado."))
    }
    return plain
  }

  private static func requests(_ secrets: ImportedSecrets, _ call: Invocation) throws -> [CredentialRequest] {
    if let into = call.value("--into") {
      let members = secrets.entries.flatMap { entry in
        entry.isSingle ? [(entry.name, entry.members[0].value)] : entry.members.map { ($0.name, $0.value) }
      }
      return [
        CredentialRequest(
          id: try call.identifier(into), type: call.value("--type") ?? "secret",
          values: JSONObject(members.map { ($0.0, .string($0.1)) }))
      ]
    }
    if call.has("--type") {
      throw UsageError(Bilingual("--type belongs to --into.", pt: "--type acompanha --into."))
    }
    return try secrets.entries.map { entry in
      CredentialRequest(
        id: try call.identifier(entry.name), type: entry.type,
        values: JSONObject(entry.members.map { ($0.name, .string($0.value)) }))
    }
  }
}

/// Secrets as other tools write them down.
struct ImportedSecrets {
  struct Entry: Hashable {
    /// Of small letters, digits and `_`.
    var name: String
    var type: String
    var members: [Member]
    var isSingle: Bool
  }
  struct Member: Hashable {
    var name: String
    var value: String
  }

  static let mostEntries = 1_000
  private(set) var entries: [Entry] = []

  /// JSON where it begins with `{`, else lines `NAME=value`.
  init(_ bytes: [UInt8]) throws(UsageError) {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw UsageError(Bilingual("The file is not UTF-8.", pt: "O arquivo não é UTF-8."))
    }
    if bytes.first(where: { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }) == UInt8(ascii: "{") {
      // What is wrong with it could show a part of a secret.
      guard case .object(let tree)? = try? JSON(parsing: bytes) else {
        throw UsageError(
          Bilingual("The file begins with { but is not JSON.", pt: "O arquivo começa com { mas não é JSON."))
      }
      read(tree, path: [])
    } else {
      try read(lines: text)
    }
    let names = entries.map(\.name)
    guard entries.count <= Self.mostEntries, Set(names).count == names.count else {
      throw UsageError(
        Bilingual(
          "The file has more than \(Self.mostEntries) secrets, or two of one name.",
          pt: "O arquivo tem mais de \(Self.mostEntries) segredos, ou dois do mesmo nome."))
    }
  }

  /// What `sops -d` gives: a text is a secret, an object of texts a credential with members, of the type that
  /// its member `type` names.
  private mutating func read(_ tree: JSONObject, path: [String]) {
    for member in tree where !(path.isEmpty && member.key == "sops") {
      let name = path + [member.key]
      guard case .object(let object) = member.value else {
        if let text = Self.text(member.value) { add(single: text, name) }
        continue
      }
      let members = object.compactMap { inner in
        Self.text(inner.value).map { Member(name: inner.key, value: $0) }
      }
      guard members.count == object.count, let kind = object["type"]?.string else {
        read(object, path: name)
        continue
      }
      entries.append(
        Entry(
          name: Self.name(name), type: kind, members: members.filter { $0.name != "type" }, isSingle: false))
    }
  }

  private mutating func read(lines text: String) throws(UsageError) {
    for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      var line = line.drop { $0 == " " || $0 == "\t" }
      if line.hasSuffix("\r") { line = line.dropLast() }
      if line.isEmpty || line.hasPrefix("#") { continue }
      if line.hasPrefix("export ") { line = line.dropFirst("export ".count) }
      guard let mark = line.firstIndex(of: "="), mark > line.startIndex,
        let value = Self.unquoted(line[line.index(after: mark)...])
      else {
        throw UsageError(
          Bilingual("Line \(number + 1) is not NAME=value.", pt: "A linha \(number + 1) não é NOME=valor."))
      }
      add(single: value, [String(line[..<mark])])
    }
  }

  /// Nil for a quote that does not end.
  private static func unquoted(_ text: Substring) -> String? {
    let text = text.drop { $0 == " " }
    guard let quote = text.first, quote == "\"" || quote == "'" else {
      let end = text.firstRange(of: " #")?.lowerBound ?? text.endIndex
      return String(text[..<end].reversed().drop { $0 == " " }.reversed())
    }
    var (value, isEscaped) = ("", false)
    for character in text.dropFirst() {
      if isEscaped {
        value.append(character == "n" ? "\n" : character)
        isEscaped = false
      } else if character == "\\", quote == "\"" {
        isEscaped = true
      } else if character == quote {
        return value
      } else {
        value.append(character)
      }
    }
    return nil
  }

  private mutating func add(single value: String, _ path: [String]) {
    entries.append(
      Entry(
        name: Self.name(path), type: "secret", members: [Member(name: "value", value: value)], isSingle: true)
    )
  }

  private static func text(_ value: JSON) -> String? {
    switch value {
    case .string(let text): text
    case .int, .double, .bool: value.text
    case .array, .object, .null: nil
    }
  }

  /// `API_KEY` becomes `api_key`, `db.main-user` becomes `db_main_user`.
  private static func name(_ path: [String]) -> String {
    let bytes = path.joined(separator: "_").utf8.map { byte in
      switch byte {
      case 0x41...0x5A: byte + 0x20
      case 0x61...0x7A, 0x30...0x39: byte
      case _: UInt8(ascii: "_")
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

import API
import Model
import Pipelines

/// `connection apply FILE`
enum ConnectionApply {
  static let spec = CommandSpec(
    "connection apply", Bilingual("creates or changes a connection", pt: "cria ou muda uma conexão"),
    arguments: [
      ArgumentSpec("FILE", repeated: true, Bilingual("YAML or JSON, or -", pt: "YAML ou JSON, ou -"))
    ],
    examples: [
      .init(
        "esteira connection apply site.yaml",
        Bilingual(
          "namespace, name, kind, address: {url: …}, egress: {allow: […]}, credential",
          pt: "namespace, name, kind, address: {url: …}, egress: {allow: […]}, credential"))
    ], run: run)

  private static let members = ["namespace", "name", "kind", "address", "egress", "credential"]

  static func run(_ call: Invocation) async throws -> ExitCode {
    let items = try call.arguments.map { try item($0, call) }
    return try await call.withClient(.writing) { client in
      for item in items {
        let stored = try await client.call(AccessCalls.setConnection, item)
        let name = stored.id.replacing("~", with: "/")
        call.show(["\(name): " + call.text(Bilingual("stored", pt: "guardada"))], json: stored.json, id: name)
      }
      return .done
    }
  }

  private static func item(_ file: String, _ call: Invocation) throws -> ConnectionItem {
    let json = try definition(file, call)
    guard var object = json.object else {
      throw wrong(file, Bilingual("it must be a map.", pt: "deve ser um mapa."))
    }
    if let key = object.keys.first(where: { !members.contains($0) }) {
      let near = Suggestion.nearest(to: key, in: members) ?? members.joined(separator: ", ")
      throw wrong(
        file, Bilingual("unknown key \"\(key)\" (\(near)?).", pt: "chave desconhecida \"\(key)\" (\(near)?).")
      )
    }
    guard let name = object["name"]?.string else {
      throw wrong(file, Bilingual("name is missing.", pt: "falta name."))
    }
    let namespace = object["namespace"]?.string ?? call.namespace
    object["id"] = .string(try call.identifier(namespace.map { "\($0)/\(name)" } ?? name))
    // They are the id, and the request takes nothing twice.
    (object["namespace"], object["name"]) = (nil, nil)
    do {
      return try ConnectionItem(.object(object))
    } catch {
      throw wrong(file, error.message)
    }
  }

  private static func definition(_ file: String, _ call: Invocation) throws -> JSON {
    let bytes = try call.readInput(file)
    do throws(Problem) {
      return try JSON(definition: bytes)
    } catch {
      let message = error.message
      throw Problem(
        error.code, Bilingual("\(file): \(message.english)", pt: "\(file): \(message.portuguese)"),
        remedy: error.remedy)
    }
  }

  private static func wrong(_ file: String, _ message: Bilingual) -> UsageError {
    UsageError(
      Bilingual("\(file): \(message.english)", pt: "\(file): \(message.portuguese)"),
      remedy: Bilingual(
        "See `esteira connection apply --help`.", pt: "Veja `esteira connection apply --help`."))
  }
}

/// `connection ls`
enum ConnectionList {
  static let spec = CommandSpec(
    "connection ls", Bilingual("lists connections", pt: "lista as conexões"),
    examples: [
      .init("esteira connection ls -n demo", Bilingual("of one namespace", pt: "de um espaço de nomes"))
    ],
    run: { call in
      let items = try await call.withClient(.reading) { client in
        try await client.items(limit: 10_000) { cursor, limit in
          try await client.call(
            AccessCalls.connections,
            ConnectionsQuery(namespace: call.namespace, limit: limit, cursor: cursor))
        }
      }
      var listing = Listing(
        columns: [
          Bilingual("CONNECTION", pt: "CONEXÃO"), Bilingual("KIND", pt: "TIPO"),
          Bilingual("ADDRESS", pt: "ENDEREÇO"), Bilingual("EGRESS", pt: "SAÍDA"),
          Bilingual("CREDENTIAL", pt: "CREDENCIAL"),
        ], empty: Bilingual("There are no connections.", pt: "Não há conexões."))
      listing.rows = items.map { item in
        let name = item.id.replacing("~", with: "/")
        let address = Words(language: call.language).value(item.address).printable
        return Listing.Row(
          cells: [
            name, item.kind, address, item.allowedEgress.joined(separator: ","), item.credential ?? "",
          ],
          json: item.json, id: name)
      }
      call.show(listing)
      return .done
    })
}

/// `connection test NAME`
enum ConnectionTest {
  static let spec = CommandSpec(
    "connection test",
    Bilingual(
      "goes where it leads, with its credential, and says what came of it",
      pt: "vai aonde ela leva, com a credencial dela, e diz o resultado"),
    arguments: [ArgumentSpec("NAME", Bilingual("namespace/name", pt: "espaço/nome"))],
    flags: [
      FlagSpec(
        "--path", value: "PATH",
        Bilingual("behind its address; of S3 a bucket", pt: "depois do endereço dela; do S3 um bucket"))
    ],
    examples: [
      .init(
        "esteira connection test demo/site --path /status",
        Bilingual("a GET, and no change", pt: "um GET, e nenhuma mudança"))
    ],
    run: { call in
      let request = ConnectionTestRequest(
        id: try call.identifier(call.arguments[0]), path: call.value("--path"))
      let test = try await call.withClient(.writing) {
        try await $0.call(AccessCalls.testConnection, request)
      }
      return call.show(test, of: request.id)
    })
}

/// `connection delete NAME`
enum ConnectionDelete {
  static let spec = CommandSpec(
    "connection delete", Bilingual("removes a connection", pt: "remove uma conexão"),
    arguments: [ArgumentSpec("NAME", Bilingual("namespace/name", pt: "espaço/nome"))],
    examples: [
      .init(
        "esteira connection delete demo/site",
        Bilingual("steps that name it then fail", pt: "passos que a citam passam a falhar"))
    ],
    run: { call in
      let path = NamePath(id: try call.identifier(call.arguments[0]))
      _ = try await call.withClient(.writing) { try await $0.call(AccessCalls.deleteConnection, path) }
      if !call.isQuiet {
        call.console.out(
          path.id.replacing("~", with: "/") + ": " + call.text(Bilingual("removed", pt: "removida")))
      }
      return .done
    })
}

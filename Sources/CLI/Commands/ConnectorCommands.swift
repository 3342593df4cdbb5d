import API
import Model

/// `connector ls`
enum ConnectorList {
  static let spec = CommandSpec(
    "connector ls", Bilingual("lists what `uses:` may name", pt: "lista o que `uses:` pode citar"),
    examples: [
      .init(
        "esteira connector ls",
        Bilingual("with the effect class of each", pt: "com a classe de efeito de cada um"))
    ],
    run: { call in
      var listing = Listing(
        columns: [
          Bilingual("CONNECTOR", pt: "CONECTOR"), Bilingual("EFFECT", pt: "EFEITO"),
          Bilingual("TITLE", pt: "TÍTULO"),
        ], empty: Bilingual("This build has no connectors.", pt: "Esta versão não tem conectores."))
      listing.rows = call.bench.connectors.map { connector in
        let item = ConnectorItem(connector, call.language)
        return Listing.Row(cells: [item.name, item.effect, item.title], json: item.json, id: item.name)
      }
      call.show(listing)
      return .done
    })
}

/// `connector schema NAME`
enum ConnectorSchema {
  static let spec = CommandSpec(
    "connector schema",
    Bilingual(
      "prints the JSON Schemas of `with` and output", pt: "imprime os JSON Schemas de `with` e da saída"),
    arguments: [ArgumentSpec("NAME", Bilingual("such as http.request", pt: "como http.request"))],
    examples: [
      .init(
        "esteira connector schema http.request",
        Bilingual("what it takes and gives", pt: "o que recebe e o que dá"))
    ],
    run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    call.console.out(try connector(call).schemas.prettyText)
    return .done
  }

  /// The one that is named, or the nearest name.
  static func connector(_ call: Invocation) throws -> ConnectorDescription {
    let name = call.arguments[0]
    guard let connector = call.bench.connectors.first(where: { $0.name == name }) else {
      let near = Suggestion.nearest(to: name, in: call.bench.connectors.map(\.name))
      throw ProblemDocument(
        status: 404, code: "unknown-connector",
        detail: call.text(Bilingual("There is no connector \(name).", pt: "Não existe o conector \(name).")),
        remedy: call.text(
          near.map { Bilingual("Did you mean \"\($0)\"?", pt: "Você quis dizer \"\($0)\"?") }
            ?? Bilingual("`esteira connector ls` names them.", pt: "`esteira connector ls` mostra os nomes."))
      )
    }
    return connector
  }
}

/// `connector get NAME`
enum ConnectorGet {
  static let spec = CommandSpec(
    "connector get",
    Bilingual(
      "shows what a connector does, needs and can fail with",
      pt: "mostra o que um conector faz, do que precisa e como pode falhar"),
    arguments: [ArgumentSpec("NAME", Bilingual("such as http.request", pt: "como http.request"))],
    examples: [
      .init(
        "esteira connector get http.request", Bilingual("with examples", pt: "com exemplos"))
    ],
    run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let connector = try ConnectorSchema.connector(call)
    let detail = ConnectorDetail(connector, call.language)
    var lines = ["\(detail.item.name)@\(detail.item.major)  \(detail.item.title)", "", detail.summary, ""]
    func add(_ name: Bilingual, _ value: String) { lines.append("\(call.text(name).padded(to: 14))\(value)") }
    add(Bilingual("effect", pt: "efeito"), detail.item.effect)
    add(Bilingual("runs in", pt: "executa em"), detail.item.places.joined(separator: ", "))
    add(
      Bilingual("connection", pt: "conexão"),
      [detail.connection, detail.connectionKind ?? ""].filter { !$0.isEmpty }.joined(separator: ", "))
    add(Bilingual("timeout", pt: "timeout"), detail.defaultTimeout)
    for failure in detail.failures {
      add(
        Bilingual("fails", pt: "falha"),
        "\(failure.errorClass) \(failure.code): \(failure.cause). \(failure.remedy)")
    }
    for example in detail.examples { lines += ["", "# \(example.title)", example.yaml] }
    call.show(lines, json: detail.json, id: detail.item.name)
    return .done
  }
}

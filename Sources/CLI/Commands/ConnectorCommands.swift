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
    call.console.out(connector.schemas.prettyText)
    return .done
  }
}

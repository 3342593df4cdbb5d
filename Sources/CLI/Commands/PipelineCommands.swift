import API
import Model
import Pipelines

/// `pipeline ls`
enum PipelineList {
  static let spec = CommandSpec(
    "pipeline ls", Bilingual("lists pipelines", pt: "lista os pipelines"),
    flags: [.sort(PipelinesQuery.schema)],
    examples: [
      .init("esteira pipeline ls", Bilingual("all pipelines", pt: "todos os pipelines")),
      .init(
        "esteira pipeline ls -n demo -o json",
        Bilingual("those of one namespace, as JSON", pt: "os de um espaço de nomes, em JSON")),
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let sort = try call.sort(PipelinesQuery.schema)
    let items = try await call.withClient(.reading) { client in
      try await client.items(limit: 10_000) { cursor, limit in
        try await client.call(
          PipelineCalls.list,
          PipelinesQuery(namespace: call.namespace, sort: sort, limit: limit, cursor: cursor))
      }
    }
    let words = Words(language: call.language)
    var listing = Listing(
      columns: [
        Bilingual("PIPELINE", pt: "PIPELINE"), Bilingual("REVISION", pt: "REVISÃO"),
        Bilingual("CHANGED", pt: "MUDOU"), Bilingual("STATE", pt: "ESTADO"),
        Bilingual("TITLE", pt: "TÍTULO"),
      ], empty: Bilingual("There are no pipelines yet.", pt: "Ainda não há pipelines."))
    listing.rows = items.map { item in
      let name = "\(item.namespace)/\(item.name)"
      let state =
        item.pause == nil ? Bilingual("active", pt: "ativo") : Bilingual("paused", pt: "pausado")
      return Listing.Row(
        cells: [
          name, String(item.revision), words.time(item.updatedAt), call.text(state), item.title.printable,
        ],
        json: item.json, id: name)
    }
    call.show(listing)
    return .done
  }
}

/// `pipeline get NAME`
enum PipelineGet {
  static let spec = CommandSpec(
    "pipeline get", Bilingual("shows a pipeline and its order", pt: "mostra um pipeline e sua ordem"),
    arguments: [ArgumentSpec("PIPELINE", Bilingual("namespace/name", pt: "espaço/nome"))],
    flags: [
      FlagSpec("--source", Bilingual("the file as it was applied", pt: "o arquivo como foi aplicado")),
      FlagSpec("--revision", value: "N", Bilingual("an older revision", pt: "uma revisão anterior")),
    ],
    examples: [
      .init(
        "esteira pipeline get demo/hello",
        Bilingual("what it is and in which order it runs", pt: "o que é e em que ordem roda")),
      .init("esteira pipeline get demo/hello --source", Bilingual("its file", pt: "o arquivo dele")),
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let query = PipelineQuery(
      id: try call.identifier(call.arguments[0]), revision: try call.integer("--revision", in: 1...1_000_000))
    let pipeline = try await call.withClient(.reading) { try await $0.call(PipelineCalls.get, query) }
    if call.has("--source") {
      call.console.bytes(Array(pipeline.source.utf8))
      return .done
    }
    let name = pipeline.id.replacing("~", with: "/")
    var lines = ["\(name)@\(pipeline.revision)  \(pipeline.title.printable)".withoutTrailingSpaces]
    lines.append(
      "sha256 \(pipeline.sha256)  \(Words(language: call.language).time(pipeline.createdAt))  "
        + pipeline.createdBy
    )
    if let pause = pipeline.pause { lines.append(Words(language: call.language).pause(pause)) }
    lines += pipeline.files.map { "  + \($0.printable)" }
    lines += pipeline.explanation.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    call.show(lines, json: pipeline.json, id: name)
    return .done
  }
}

/// `pipeline schema`
enum PipelineSchema {
  static let spec = CommandSpec(
    "pipeline schema",
    Bilingual("prints the JSON Schema of pipeline files", pt: "imprime o JSON Schema dos arquivos"),
    examples: [
      .init(
        "esteira pipeline schema > esteira.schema.json",
        Bilingual("for an editor that completes and checks", pt: "para um editor que completa e confere"))
    ],
    run: { call in
      let compiler = PipelineCompiler(connectors: call.bench.connectors, zones: call.bench.zones)
      call.console.out(compiler.pipelineSchema().prettyText)
      return .done
    })
}

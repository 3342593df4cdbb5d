import API
import Model

/// `pipeline revisions NAME`
enum PipelineRevisions {
  static let spec = CommandSpec(
    "pipeline revisions",
    Bilingual("lists the revisions of a pipeline", pt: "lista as revisões de um pipeline"),
    arguments: [.pipeline],
    examples: [
      .init(
        "esteira pipeline revisions demo/hello",
        Bilingual(
          "newest first; the same SHA-256 is the same content",
          pt: "as mais novas antes; SHA-256 igual é conteúdo igual"))
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let id = try call.identifier(call.arguments[0])
    let items = try await call.withClient(.reading) { client in
      try await client.items(limit: 10_000) { cursor, limit in
        try await client.call(PipelineCalls.revisions, RevisionsQuery(id: id, limit: limit, cursor: cursor))
      }
    }
    let words = Words(language: call.language)
    var listing = Listing(
      columns: [
        Bilingual("REVISION", pt: "REVISÃO"), Bilingual("CREATED", pt: "CRIADA"), Bilingual("BY", pt: "POR"),
        Bilingual("SHA-256", pt: "SHA-256"),
      ], empty: Bilingual("There are no revisions.", pt: "Não há revisões."))
    listing.rows = items.map { item in
      Listing.Row(
        cells: [
          String(item.revision), words.time(item.createdAt), item.createdBy, String(item.sha256.prefix(12)),
        ], json: item.json, id: String(item.revision))
    }
    call.show(listing)
    return .done
  }
}

/// `pipeline rollback NAME --revision N`
enum PipelineRollback {
  static let spec = CommandSpec(
    "pipeline rollback",
    Bilingual(
      "makes a new revision with the content of an older one",
      pt: "cria uma revisão nova com o conteúdo de uma anterior"),
    arguments: [.pipeline],
    flags: [
      FlagSpec(
        "--revision", value: "N",
        Bilingual("whose file and files beside it (required)", pt: "cujo arquivo e anexos (obrigatório)"))
    ],
    examples: [
      .init(
        "esteira pipeline rollback demo/hello --revision 3",
        Bilingual(
          "jobs that run keep their revision; again, nothing happens",
          pt: "jobs que rodam mantêm a revisão; de novo, nada acontece"))
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    guard let revision = try call.integer("--revision", in: 1...Int(Int32.max)) else {
      throw UsageError(
        Bilingual("Which revision is meant?", pt: "Qual revisão?"),
        remedy: Bilingual(
          "Name it with --revision; `esteira pipeline revisions` lists them.",
          pt: "Indique com --revision; `esteira pipeline revisions` mostra quais há."))
    }
    let request = RollbackRequest(id: try call.identifier(call.arguments[0]), revision: revision)
    let item = try await call.withClient(.writing) { try await $0.call(PipelineCalls.rollback, request) }
    let name = item.id.replacing("~", with: "/")
    let text =
      item.change == "unchanged"
      ? Bilingual(
        "revision \(item.revision) has that content already",
        pt: "a revisão \(item.revision) já tem esse conteúdo")
      : Bilingual(
        "revision \(item.revision) has the content of \(revision)",
        pt: "a revisão \(item.revision) tem o conteúdo da \(revision)")
    call.show(["\(name): " + call.text(text)], json: item.json, id: name)
    return .done
  }
}

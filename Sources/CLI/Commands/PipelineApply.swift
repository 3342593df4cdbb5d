import API
import Model

/// `pipeline plan FILE…` and `pipeline apply FILE…`
enum PipelineApply {
  private static let files = ArgumentSpec(
    "FILE", repeated: true, Bilingual("pipeline files", pt: "arquivos de pipeline"))

  private static let prune = FlagSpec(
    "--prune",
    Bilingual(
      "delete what is in a namespace of the files and not among them",
      pt: "retira o que está em um espaço de nomes dos arquivos e não entre eles"))

  static let plan = CommandSpec(
    "pipeline plan", Bilingual("shows what apply would change", pt: "mostra o que apply mudaria"),
    arguments: [files], flags: [prune],
    examples: [
      .init("esteira pipeline plan hello.yaml", Bilingual("nothing is changed", pt: "nada é mudado")),
      .init(
        "esteira pipeline plan --prune *.yaml",
        Bilingual("also what would be deleted", pt: "também o que seria retirado")),
    ],
    run: { call in try await run(PipelineCalls.plan, .reading, call) })

  static let apply = CommandSpec(
    "pipeline apply",
    Bilingual(
      "makes revisions of what changed; all files or none",
      pt: "cria revisões do que mudou; todos ou nenhum"),
    arguments: [files],
    flags: [
      FlagSpec(
        "--if-revision", value: "N",
        Bilingual(
          "only if the newest revision is N (0: there is none)",
          pt: "só se a revisão mais nova for N (0: nenhuma)")),
      prune,
    ],
    examples: [
      .init(
        "esteira pipeline apply hello.yaml",
        Bilingual("again without a change, nothing happens", pt: "de novo sem mudança, nada acontece")),
      .init("esteira pipeline apply a.yaml b.yaml", Bilingual("both or none", pt: "os dois ou nenhum")),
      .init(
        "esteira pipeline apply --prune *.yaml",
        Bilingual("the folder is all that there is", pt: "a pasta é tudo o que existe")),
    ],
    run: { call in try await run(PipelineCalls.apply, .writing, call) })

  private static func run(
    _ endpoint: Endpoint<ApplyRequest, ApplyResult>, _ access: Access, _ call: Invocation
  ) async throws -> ExitCode {
    let loaded = try call.arguments.map { try PipelineFile.load($0, call) }
    // Each file shows what is wrong with it before the command gives up.
    let plans = loaded.map { file in Result { try file.demandValid(call) } }
    for plan in plans { _ = try plan.get() }
    let request = ApplyRequest(
      files: try loaded.map { try $0.wire() },
      expectedRevision: try call.integer("--if-revision", in: 0...1_000_000), prune: call.has("--prune"))
    let result = try await call.withClient(access) { try await $0.call(endpoint, request) }
    show(result, call)
    return .done
  }

  private static func show(_ result: ApplyResult, _ call: Invocation) {
    switch call.format {
    case .json: call.console.out(result.json.prettyText)
    case .jsonl: for item in result.items { call.console.out(item.json.text) }
    case .id: for item in result.items { call.console.out(item.id.replacing("~", with: "/")) }
    case .table:
      for item in result.items {
        let revision = call.text(Bilingual("revision", pt: "revisão"))
        call.console.out(
          item.id.replacing("~", with: "/")
            + ": \(call.text(word(item.change))), \(revision) \(item.revision)"
        )
        if !call.isQuiet { for note in item.notes { call.console.error("  \(note)") } }
      }
    }
  }

  private static func word(_ change: String) -> Bilingual {
    switch change {
    case "created": Bilingual("created", pt: "criado")
    case "updated": Bilingual("updated", pt: "atualizado")
    case "deleted": Bilingual("deleted", pt: "retirado")
    case _: Bilingual("unchanged", pt: "sem mudança")
    }
  }
}

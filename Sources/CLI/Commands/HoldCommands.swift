import API
import Model

/// `hold ls`
enum HoldList {
  static let spec = CommandSpec(
    "hold ls", Bilingual("lists what no rule deletes", pt: "lista o que nenhuma regra apaga"),
    examples: [.init("esteira hold ls", Bilingual("with why and by whom", pt: "com o porquê e por quem"))],
    run: { call in
      let items = try await call.withClient(.reading) { try await $0.call(HoldCalls.list, Nothing()) }.items
      let words = Words(language: call.language)
      var listing = Listing(
        columns: [
          Bilingual("HOLD", pt: "RETENÇÃO"), Bilingual("WHAT", pt: "O QUÊ"), Bilingual("SINCE", pt: "DESDE"),
          Bilingual("BY", pt: "POR"), Bilingual("WHY", pt: "POR QUÊ"),
        ], empty: Bilingual("Nothing is held.", pt: "Nada está retido."))
      listing.rows = items.map { item in
        Listing.Row(
          cells: [
            item.id, item.subject.printable, words.time(item.at), item.by.printable, item.reason.printable,
          ], json: item.json, id: item.id)
      }
      call.show(listing)
      return .done
    })
}

/// `hold add` and `hold release HOLD…`
enum HoldChanging {
  static let add = CommandSpec(
    "hold add",
    Bilingual(
      "keeps a job, a pipeline's jobs or a namespace from being deleted",
      pt: "impede que um job, os jobs de um pipeline ou um espaço sejam apagados"),
    flags: [
      FlagSpec("--job", value: "JOB", Bilingual("one job", pt: "um job")),
      FlagSpec(
        "--pipeline", value: "PIPELINE",
        Bilingual("namespace/name: all its jobs", pt: "espaço/nome: todos os jobs dele")),
      FlagSpec(
        "--all-of", value: "NAMESPACE", Bilingual("all of a namespace", pt: "tudo de um espaço de nomes")),
      FlagSpec("--reason", value: "TEXT", Bilingual("required", pt: "obrigatório")),
    ],
    examples: [
      .init(
        "esteira hold add --job 019a0c3e --reason 'case 17'",
        Bilingual("until it is released", pt: "até ser liberado")),
      .init(
        "esteira hold add --pipeline sales/daily --reason audit",
        Bilingual("its later jobs, too", pt: "os jobs futuros dele também")),
    ],
    run: { call in
      let named = [call.value("--job"), call.value("--pipeline"), call.value("--all-of")].compactMap { $0 }
      guard named.count == 1 else {
        throw UsageError(
          Bilingual(
            "Say exactly one of --job, --pipeline and --all-of.",
            pt: "Diga exatamente um de --job, --pipeline e --all-of."))
      }
      let request = HoldRequest(
        namespace: call.value("--all-of"),
        pipeline: call.value("--pipeline").map { $0.replacing("/", with: "~", maxReplacements: 1) },
        job: call.value("--job"), reason: try call.needed("--reason"))
      let item = try await call.withClient(.writing) { try await $0.call(HoldCalls.create, request) }.item
      call.show(["\(item.id) \(item.subject)".printable], json: item.json, id: item.id)
      return .done
    })

  static let release = CommandSpec(
    "hold release", Bilingual("lets the rules count again", pt: "deixa as regras valerem de novo"),
    arguments: [ArgumentSpec("HOLD", repeated: true, Bilingual("ids", pt: "ids"))],
    examples: [
      .init(
        "esteira hold release 019a0c3e", Bilingual("deletes nothing by itself", pt: "por si não apaga nada"))
    ],
    run: { call in
      for id in call.arguments {
        _ = try await call.withClient(.writing) { try await $0.call(HoldCalls.delete, HoldPath(id: id)) }
        if !call.isQuiet {
          call.console.out(call.text(Bilingual("\(id): released.", pt: "\(id): liberado.")).printable)
        }
      }
      return .done
    })
}

extension HoldItem {
  fileprivate var subject: String {
    if let job { return "\(namespace) job \(job)" }
    return pipeline.map { "\(namespace)/\($0)" } ?? "\(namespace)/*"
  }
}

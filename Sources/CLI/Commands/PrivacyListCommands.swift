import API
import Model

/// `privacy erasures`
enum PrivacyErasures {
  static let spec = CommandSpec(
    "privacy erasures",
    Bilingual("lists what was erased; never of whom", pt: "lista o que foi apagado; nunca de quem"),
    flags: [
      FlagSpec("--limit", value: "N", Bilingual("at most so many (50)", pt: "no máximo N (50)"))
    ],
    examples: [
      .init("esteira privacy erasures", Bilingual("the newest first", pt: "os mais novos primeiro"))
    ],
    run: { call in
      let limit = try call.integer("--limit", in: 1...10_000) ?? 50
      let items = try await call.withClient(.reading) { client in
        try await client.items(limit: limit) { cursor, limit in
          try await client.call(
            PrivacyCalls.erasures, ListQuery(namespace: call.namespace, limit: limit, cursor: cursor))
        }
      }
      let words = Words(language: call.language)
      var listing = Listing(
        columns: [
          Bilingual("AT", pt: "QUANDO"), Bilingual("NAMESPACE", pt: "ESPAÇO"), Bilingual("JOBS", pt: "JOBS"),
          Bilingual("HELD", pt: "RETIDOS"), Bilingual("BASIS", pt: "BASE"), Bilingual("REASON", pt: "MOTIVO"),
          Bilingual("BY", pt: "POR"), Bilingual("DONE", pt: "FEITO"),
        ], empty: Bilingual("Nothing was erased.", pt: "Nada foi apagado."))
      let pending = call.text(Bilingual("files wait", pt: "arquivos esperam"))
      listing.rows = items.map { item in
        Listing.Row(
          cells: [
            words.time(item.at), item.namespace.printable, "\(item.counts["jobs"])", "\(item.counts["held"])",
            item.basis.printable, item.reason.printable, item.by.printable,
            item.doneAt.map { words.time($0) } ?? pending,
          ], json: item.json, id: item.id)
      }
      call.show(listing)
      return .done
    })
}

/// `privacy register`
enum PrivacyRegisterCommand {
  static let spec = CommandSpec(
    "privacy register",
    Bilingual(
      "the register of processing: what each pipeline says in `privacy:`, and its marked inputs",
      pt: "o registro de operações: o que cada pipeline diz em `privacy:`, e as entradas marcadas"),
    examples: [
      .init(
        "esteira privacy register -o json > register.json",
        Bilingual("for the file of the authority (LGPD art. 37)", pt: "para o registro da LGPD, art. 37"))
    ],
    run: { call in
      let items = try await call.withClient(.reading) { client in
        try await client.items(limit: 100_000) { cursor, limit in
          try await client.call(
            PrivacyCalls.register, ListQuery(namespace: call.namespace, limit: limit, cursor: cursor))
        }
      }
      var listing = Listing(
        columns: [
          Bilingual("PIPELINE", pt: "PIPELINE"), Bilingual("PURPOSE", pt: "FINALIDADE"),
          Bilingual("LEGAL BASIS", pt: "BASE LEGAL"), Bilingual("DATA", pt: "DADOS"),
          Bilingual("INPUTS", pt: "ENTRADAS"), Bilingual("KEPT", pt: "GUARDADO"),
        ], empty: Bilingual("There are no pipelines.", pt: "Não há pipelines."))
      let forever = call.text(Bilingual("for ever", pt: "para sempre"))
      let days = call.text(Bilingual("days", pt: "dias"))
      listing.rows = items.map { item in
        Listing.Row(
          cells: [
            item.pipeline.printable, (item.purpose ?? "").printable, (item.legalBasis ?? "").printable,
            item.data.joined(separator: ", ").printable, item.inputs.joined(separator: ", ").printable,
            item.keptDays.map { "\($0) \(days)" } ?? forever,
          ], json: item.json, id: item.pipeline)
      }
      call.show(listing)
      return .done
    })
}

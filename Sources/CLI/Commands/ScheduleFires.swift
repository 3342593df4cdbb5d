import API
import Model

/// `schedule fires [SCHEDULE]` and `schedule missed [SCHEDULE]`
enum ScheduleFires {
  private static let argument = ArgumentSpec(
    "SCHEDULE", required: false,
    Bilingual(
      "namespace/pipeline/trigger; all of the namespace without it",
      pt: "espaço/pipeline/gatilho; sem ele, todos do espaço"))
  private static let flags = [
    FlagSpec("--since", value: "TIME", Bilingual("a time, or -2d", pt: "uma hora, ou -2d")),
    FlagSpec("--limit", value: "N", Bilingual("at most, up to 1000", pt: "no máximo, até 1000")),
  ]

  static let all = CommandSpec(
    "schedule fires",
    Bilingual("lists what became of due times", pt: "lista o que foi feito dos vencimentos"),
    arguments: [argument], flags: flags,
    examples: [
      .init(
        "esteira schedule fires demo/hello --since -1d",
        Bilingual("started, skipped, missed", pt: "iniciados, pulados, perdidos"))
    ], run: { call in try await run(call, outcome: nil) })

  static let missed = CommandSpec(
    "schedule missed",
    Bilingual("lists the due times that were missed", pt: "lista os vencimentos perdidos"),
    arguments: [argument], flags: flags,
    examples: [
      .init(
        "esteira schedule missed -n atlasreg --since -7d",
        Bilingual("and why", pt: "e por quê"))
    ], run: { call in try await run(call, outcome: "missed") })

  private static func run(_ call: Invocation, outcome: String?) async throws -> ExitCode {
    var query = FiresQuery(
      namespace: call.namespace, outcome: outcome, since: try call.moment("--since"),
      limit: try call.integer("--limit", in: 1...1_000))
    if let name = call.arguments.first { query.id = try call.schedule(name) }
    let wanted = query
    let page = try await call.withClient(.reading) { client in
      try await client.call(wanted.id == nil ? ScheduleCalls.allFires : ScheduleCalls.fires, wanted)
    }
    var listing = Listing(
      columns: [
        Bilingual("DUE", pt: "VENCE"), Bilingual("SCHEDULE", pt: "AGENDAMENTO"),
        Bilingual("OUTCOME", pt: "RESULTADO"), Bilingual("JOB OR REASON", pt: "JOB OU MOTIVO"),
      ],
      empty: outcome == nil
        ? Bilingual("Nothing was due.", pt: "Nada venceu.")
        : Bilingual("Nothing was missed.", pt: "Nada foi perdido."))
    let words = ScheduleWords(call: call)
    listing.rows = page.items.map { item in
      let due = Words(language: call.language).time(item.due)
      return Listing.Row(
        cells: [
          item.last.map { "\(due) … \(Words(language: call.language).time($0)) (\(item.count))" } ?? due,
          "\(item.pipeline)/\(item.trigger)", item.outcome,
          (item.job ?? words.reason(item)).printable,
        ], json: item.json, id: item.due.rfc3339)
    }
    call.show(listing)
    return .done
  }
}

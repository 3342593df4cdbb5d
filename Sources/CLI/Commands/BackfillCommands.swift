import API
import Model

/// `schedule backfill SCHEDULE --from TIME --to TIME`
enum ScheduleBackfill {
  static let spec = CommandSpec(
    "schedule backfill",
    Bilingual("makes jobs for due times of the past", pt: "faz jobs para vencimentos do passado"),
    arguments: [.schedule],
    flags: [
      FlagSpec("--from", value: "TIME", Bilingual("the first moment", pt: "o primeiro momento")),
      FlagSpec(
        "--to", value: "TIME", Bilingual("the last one; now without it", pt: "o último; sem ela, agora")),
      FlagSpec(
        "--only-missing",
        Bilingual("leaves out those that have their job", pt: "deixa de fora os que já têm job")),
      FlagSpec(
        "--concurrency", value: "N",
        Bilingual("jobs at once; 1 without it", pt: "jobs de uma vez; sem ela, 1")),
      FlagSpec("--dry-run", Bilingual("shows the due times only", pt: "só mostra os vencimentos")),
    ],
    examples: [
      .init(
        "esteira schedule backfill atlasreg/daily-ingest --from 2026-11-01 --to 2026-11-20 --only-missing",
        Bilingual("one job after another, below all others", pt: "um job depois do outro, abaixo dos demais"))
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    guard let from = try call.moment("--from") else {
      throw UsageError(
        Bilingual("--from is missing.", pt: "Falta --from."),
        remedy: Bilingual("Write it as --from 2026-11-01.", pt: "Escreva como --from 2026-11-01."))
    }
    let request = BackfillRequest(
      schedule: try call.schedule(call.arguments[0]), from: from,
      to: try call.moment("--to") ?? call.bench.now(), onlyMissing: call.has("--only-missing"),
      concurrency: try call.integer("--concurrency", in: 1...256), isDryRun: call.has("--dry-run"))
    let item = try await call.withClient(.writing) { try await $0.call(BackfillCalls.create, request) }
    var lines = [BackfillWords(call: call).line(item)]
    if request.isDryRun { lines += item.dues.map(\.rfc3339) }
    call.show(lines, json: item.json, id: item.id)
    return .done
  }
}

/// `backfill ls`
enum BackfillList {
  static let spec = CommandSpec(
    "backfill ls", Bilingual("lists backfills", pt: "lista os backfills"),
    flags: [FlagSpec("--limit", value: "N", Bilingual("at most, up to 200", pt: "no máximo, até 200"))],
    examples: [
      .init("esteira backfill ls", Bilingual("and how far each has come", pt: "e até onde cada um chegou"))
    ],
    run: { call in
      let query = SignalsQuery(namespace: call.namespace, limit: try call.integer("--limit", in: 1...200))
      let page = try await call.withClient(.reading) { try await $0.call(BackfillCalls.list, query) }
      var listing = Listing(
        columns: [
          Bilingual("ID", pt: "ID"), Bilingual("SCHEDULE", pt: "AGENDAMENTO"),
          Bilingual("STATE", pt: "ESTADO"),
          Bilingual("BEGUN", pt: "INICIADOS"), Bilingual("FAILED", pt: "FALHARAM"),
          Bilingual("FROM", pt: "DE"), Bilingual("TO", pt: "ATÉ"),
        ], empty: Bilingual("There are no backfills.", pt: "Não há backfills."))
      let words = Words(language: call.language)
      listing.rows = page.items.map { item in
        Listing.Row(
          cells: [
            Words.short(item.id), "\(item.pipeline)/\(item.trigger)", item.state,
            "\(item.begun)/\(item.total)", String(item.failed + item.refused), words.time(item.from),
            words.time(item.to),
          ], json: item.json, id: item.id)
      }
      call.show(listing)
      return .done
    })
}

/// `backfill get|pause|resume|cancel ID`
enum BackfillControl {
  static let get = spec(
    "get", Bilingual("shows how far a backfill has come", pt: "mostra até onde um backfill chegou"),
    BackfillCalls.get, .reading)
  static let pause = spec(
    "pause", Bilingual("lets a backfill start no further job", pt: "faz um backfill não iniciar mais jobs"),
    BackfillCalls.pause, .writing)
  static let resume = spec(
    "resume", Bilingual("lets a backfill go on", pt: "deixa um backfill continuar"), BackfillCalls.resume,
    .writing)
  static let cancel = spec(
    "cancel",
    Bilingual(
      "ends a backfill before its last due time; live jobs go on",
      pt: "encerra um backfill antes do último vencimento; jobs vivos continuam"), BackfillCalls.cancel,
    .writing)

  private static func spec(
    _ verb: String, _ summary: Bilingual, _ endpoint: Endpoint<BackfillPath, BackfillItem>, _ access: Access
  ) -> CommandSpec {
    CommandSpec(
      "backfill \(verb)", summary,
      arguments: [
        ArgumentSpec("BACKFILL", Bilingual("its id, or the beginning of it", pt: "o id, ou o começo dele"))
      ],
      examples: [.init("esteira backfill \(verb) 019a0c3e", summary)],
      run: { call in
        let path = BackfillPath(id: call.arguments[0])
        let item = try await call.withClient(access) { try await $0.call(endpoint, path) }
        call.show([BackfillWords(call: call).line(item)], json: item.json, id: item.id)
        return .done
      })
  }
}

private struct BackfillWords {
  let call: Invocation

  func line(_ item: BackfillItem) -> String {
    let name = "\(item.pipeline)/\(item.trigger)"
    if item.state == "planned" {
      return call.text(
        Bilingual(
          "\(name): would fill \(item.total) due times", pt: "\(name): preencheria \(item.total) vencimentos")
      )
    }
    let done = item.succeeded + item.existing
    return call.text(
      Bilingual(
        "\(Words.short(item.id))  \(name)  \(item.state): \(item.begun) of \(item.total) begun, "
          + "\(done) done, \(item.failed) failed, \(item.refused) not started",
        pt: "\(Words.short(item.id))  \(name)  \(item.state): \(item.begun) de \(item.total) iniciados, "
          + "\(done) prontos, \(item.failed) falharam, \(item.refused) não iniciados"))
  }
}

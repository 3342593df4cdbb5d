import API
import Model

extension FlagSpec {
  fileprivate static let letterLimit = FlagSpec(
    "--limit", value: "N",
    Bilingual("at most so many of a group (100)", pt: "no máximo tantas de um grupo (100)"))
  fileprivate static let dry = FlagSpec(
    "--dry-run", Bilingual("says what would happen", pt: "diz o que aconteceria"))
}

/// `dlq replay LETTER…`
enum LetterReplay {
  static let spec = CommandSpec(
    "dlq replay",
    Bilingual("sends dead letters again, each once", pt: "reenvia cartas mortas, cada uma uma vez"),
    arguments: [.letters],
    flags: [
      .fingerprint, .letterKind, .letterPipeline, .letterLimit,
      FlagSpec(
        "--edit", value: "FILE|-",
        Bilingual(
          "JSON in place of what the one letter holds", pt: "JSON em lugar do que a única carta traz")), .dry,
    ],
    examples: [
      .init("esteira dlq replay 12", Bilingual("one letter", pt: "uma carta")),
      .init(
        "esteira dlq replay --fingerprint 'invalid-input demo/daily inbox' --limit 10",
        Bilingual("the ten oldest of a group", pt: "as dez mais antigas de um grupo")),
      .init(
        "esteira dlq replay 12 --edit mended.json",
        Bilingual("with other content", pt: "com outro conteúdo")),
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let edit = try call.value("--edit").map { try call.readJSON($0, "--edit") }
    let request = try call.lettersRequest(edit: edit, reason: nil)
    return try await call.withClient(.writing) { client in
      call.show(try await client.call(DeadLetterCalls.replay, request))
    }
  }
}

/// `dlq discard LETTER… --reason TEXT`
enum LetterDiscard {
  static let spec = CommandSpec(
    "dlq discard", Bilingual("puts dead letters away", pt: "descarta cartas mortas"),
    arguments: [.letters],
    flags: [
      FlagSpec("--reason", value: "TEXT", Bilingual("required", pt: "obrigatório")),
      .fingerprint, .letterKind, .letterPipeline, .letterLimit, .dry,
    ],
    examples: [
      .init(
        "esteira dlq discard 12 13 --reason 'sent by hand'", Bilingual("these two", pt: "estas duas")),
      .init(
        "esteira dlq discard --fingerprint 'signal-expired paid' --reason 'test data' --dry-run",
        Bilingual("which ones it would be", pt: "quais seriam")),
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    guard let reason = call.value("--reason"), !reason.isEmpty else {
      throw UsageError(
        Bilingual("A discard needs --reason TEXT.", pt: "Um descarte precisa de --reason TEXTO."),
        remedy: Bilingual("Say why; it stays with the letter.", pt: "Diga por quê; fica com a carta."))
    }
    let request = try call.lettersRequest(edit: nil, reason: reason)
    return try await call.withClient(.writing) { client in
      call.show(try await client.call(DeadLetterCalls.discard, request))
    }
  }
}

extension Invocation {
  fileprivate func lettersRequest(edit: JSON?, reason: String?) throws -> LettersRequest {
    let (ids, filter) = (try letterIDs(), try letterSelection())
    // A namespace alone is the usual one of whoever asks, and no wish for all that is in it.
    let isFiltered = ["--fingerprint", "--kind", "--pipeline"].contains { has($0) }
    guard ids.isEmpty == isFiltered else {
      throw UsageError(
        Bilingual(
          "Name letters, or give --fingerprint, --kind or --pipeline.",
          pt: "Diga as cartas, ou dê --fingerprint, --kind ou --pipeline."),
        remedy: Bilingual("See them with: esteira dlq ls", pt: "Veja com: esteira dlq ls"))
    }
    if edit != nil, ids.count != 1 {
      throw UsageError(
        Bilingual("--edit is for one letter.", pt: "--edit é para uma carta."),
        remedy: Bilingual(
          "Name it: esteira dlq replay 12 --edit FILE", pt: "Diga: esteira dlq replay 12 --edit ARQUIVO"))
    }
    return LettersRequest(
      ids: ids, filter: ids.isEmpty ? filter : LetterSelection(),
      limit: try integer("--limit", in: 1...1_000), edit: edit, reason: reason, isDry: has("--dry-run"))
  }

  /// 1 where a letter could not be sent or ran out again.
  fileprivate func show(_ result: LettersResult) -> ExitCode {
    var listing = Listing(
      columns: [
        Bilingual("ID", pt: "ID"), Bilingual("OUTCOME", pt: "RESULTADO"), Bilingual("JOBS", pt: "JOBS"),
        Bilingual("REASON", pt: "MOTIVO"),
      ], empty: Bilingual("No open letter fits.", pt: "Nenhuma carta aberta se encaixa."))
    listing.rows = result.items.map { item in
      Listing.Row(
        cells: [
          String(item.id), text(Self.words(item.outcome)), item.jobs.map(Words.short).joined(separator: ", "),
          (item.reason ?? "").printable,
        ], json: item.json, id: String(item.id))
    }
    show(listing)
    if result.isCut, !isQuiet {
      console.error(
        text(
          Bilingual(
            "There are more; the limit is \(result.items.count).",
            pt: "Há mais; o limite é \(result.items.count).")))
    }
    let failures = ["failed", "dead_letter", "refused"]
    return result.items.contains { failures.contains($0.outcome) } ? .failure : .done
  }

  private static func words(_ outcome: String) -> Bilingual {
    switch outcome {
    case "queued": Bilingual("waits for its destination", pt: "espera pelo destino")
    case "retried": Bilingual("the job goes on", pt: "o job segue")
    case "discarded": Bilingual("discarded", pt: "descartada")
    case "would_replay": Bilingual("would be sent again", pt: "seria reenviada")
    case "would_discard": Bilingual("would be discarded", pt: "seria descartada")
    case "failed": Bilingual("not possible", pt: "não é possível")
    case _: TriggerSend.words(outcome)
    }
  }
}

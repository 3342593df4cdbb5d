import API
import Model

extension ArgumentSpec {
  fileprivate static let pipelineName = ArgumentSpec(
    "PIPELINE", Bilingual("namespace/name", pt: "namespace/nome"))
}

/// `trigger ls PIPELINE`
enum TriggerList {
  static let spec = CommandSpec(
    "trigger ls", Bilingual("lists the triggers of a pipeline", pt: "lista os gatilhos de um pipeline"),
    arguments: [.pipelineName],
    examples: [
      .init(
        "esteira trigger ls mitrarr/nst-arrived",
        Bilingual("and how much waits for each", pt: "e quanto espera por cada um"))
    ],
    run: { call in
      let path = NamePath(id: try call.identifier(call.arguments[0]))
      let page = try await call.withClient(.reading) { try await $0.call(TriggerCalls.list, path) }
      var listing = Listing(
        columns: [
          Bilingual("TRIGGER", pt: "GATILHO"), Bilingual("KIND", pt: "TIPO"),
          Bilingual("ENABLED", pt: "ATIVO"), Bilingual("WAITING", pt: "ESPERANDO"),
          Bilingual("QUEUE", pt: "FILA"),
        ], empty: Bilingual("It has no triggers.", pt: "Não tem gatilhos."))
      listing.rows = page.items.map { item in
        Listing.Row(
          cells: [
            item.name, item.kind,
            call.text(item.isEnabled ? Bilingual("yes", pt: "sim") : Bilingual("no", pt: "não")),
            String(item.waiting), item.reader.map { call.text($0.words) } ?? "-",
          ], json: item.json, id: item.name)
      }
      call.show(listing)
      return .done
    })
}

extension QueueReaderItem {
  /// How the reading goes, in a cell.
  fileprivate var words: Bilingual {
    switch state {
    case "reading": Bilingual("is read", pt: "é lida")
    case "held": Bilingual("waits: paused or full", pt: "espera: em pausa ou cheia")
    case "connecting": Bilingual("connects", pt: "conecta")
    case _:
      Bilingual(
        "broken: \((lastFailure ?? "").printable)", pt: "com falha: \((lastFailure ?? "").printable)")
    }
  }
}

/// `trigger messages PIPELINE`
enum TriggerMessages {
  static let spec = CommandSpec(
    "trigger messages",
    Bilingual(
      "lists what triggers were given and no job was made of",
      pt: "lista o que os gatilhos receberam e ainda não virou job"),
    arguments: [.pipelineName],
    examples: [
      .init(
        "esteira trigger messages demo/daily",
        Bilingual("messages, files and parts of joins", pt: "mensagens, arquivos e partes de junções"))
    ],
    run: { call in
      let path = NamePath(id: try call.identifier(call.arguments[0]))
      let page = try await call.withClient(.reading) { try await $0.call(TriggerCalls.messages, path) }
      var listing = Listing(
        columns: [
          Bilingual("ID", pt: "ID"), Bilingual("TRIGGER", pt: "GATILHO"), Bilingual("STATE", pt: "ESTADO"),
          Bilingual("KEY", pt: "CHAVE"), Bilingual("RECEIVED", pt: "CHEGOU"),
          Bilingual("EXPIRES", pt: "VENCE"),
        ], empty: Bilingual("Nothing waits.", pt: "Nada espera."))
      listing.rows = page.items.map { item in
        Listing.Row(
          cells: [
            Words.short(item.id), item.trigger, item.state,
            (item.group.map { "\($0) (\(item.part ?? ""))" } ?? item.key).printable,
            item.receivedAt.rfc3339, item.expiresAt?.rfc3339 ?? "-",
          ], json: item.json, id: item.id)
      }
      call.show(listing)
      return .done
    })
}

/// `trigger send PIPELINE TRIGGER --message FILE`
enum TriggerSend {
  static let spec = CommandSpec(
    "trigger send",
    Bilingual(
      "hands a message to a trigger, as its queue would",
      pt: "entrega uma mensagem a um gatilho, como a fila dele faria"),
    arguments: [.pipelineName, ArgumentSpec("TRIGGER", Bilingual("of kind queue", pt: "do tipo queue"))],
    flags: [
      FlagSpec(
        "--message", value: "FILE|-", Bilingual("the message, as JSON", pt: "a mensagem, em JSON")),
      FlagSpec(
        "--idempotency-key", value: "KEY",
        Bilingual("the same key counts once", pt: "a mesma chave conta uma vez")),
    ],
    examples: [
      .init(
        "esteira trigger send oraculo/coleta resultados --message resultado.json",
        Bilingual("to the job that waits for it", pt: "para o job que a espera"))
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    guard let file = call.value("--message") else {
      throw UsageError(
        Bilingual("The message is missing.", pt: "Falta a mensagem."),
        remedy: Bilingual(
          "Give --message FILE, or - for standard input.",
          pt: "Dê --message ARQUIVO, ou - para a entrada padrão."))
    }
    let request = TriggerMessageRequest(
      id: try call.identifier(call.arguments[0]), name: call.arguments[1],
      message: try call.readJSON(file, "--message"), idempotencyKey: call.value("--idempotency-key"))
    return try await call.withClient(.writing) { client in
      let result = try await client.call(TriggerCalls.send, request)
      let jobs = result.jobs.map(Words.short).joined(separator: ", ")
      let tail = result.reason.map { ": " + $0.printable } ?? (jobs.isEmpty ? "" : ": " + jobs)
      call.show(
        ["\(request.name.printable): \(call.text(words(result.outcome)))\(tail)"], json: result.json,
        id: result.jobs.first ?? result.outcome)
      return ["dead_letter", "refused"].contains(result.outcome) ? .failure : .done
    }
  }

  static func words(_ outcome: String) -> Bilingual {
    let known: [String: Bilingual] = [
      "started": Bilingual("job started", pt: "job iniciado"),
      "existing": Bilingual("job there already", pt: "o job já existia"),
      "delivered": Bilingual("given to", pt: "entregue a"),
      "kept": Bilingual("nobody waits for it; it is kept", pt: "ninguém espera por ela; fica guardada"),
      "duplicate": Bilingual("came before, and was dropped", pt: "já tinha chegado, e foi descartada"),
      "filtered": Bilingual("the trigger's if says no", pt: "o if do gatilho diz não"),
      "stored": Bilingual("stored until its turn", pt: "guardada até a sua vez"),
      "refused": Bilingual("refused", pt: "recusada"),
      "dead_letter": Bilingual("dead letter", pt: "carta morta"),
    ]
    return known[outcome] ?? Bilingual(outcome, pt: outcome)
  }
}

/// `trigger refusals`
enum TriggerRefusals {
  static let spec = CommandSpec(
    "trigger refusals",
    Bilingual("lists what limits and triggers turned away", pt: "lista o que limites e gatilhos recusaram"),
    flags: [FlagSpec("--limit", value: "N", Bilingual("at most, up to 200", pt: "no máximo, até 200"))],
    examples: [
      .init(
        "esteira trigger refusals --namespace mitrarr",
        Bilingual("duplicates and vanished files, too", pt: "duplicatas e arquivos sumidos também"))
    ],
    run: { call in
      let query = SignalsQuery(
        namespace: call.value("--namespace"), limit: try call.integer("--limit", in: 1...200))
      let page = try await call.withClient(.reading) { try await $0.call(TriggerCalls.refusals, query) }
      var listing = Listing(
        columns: [
          Bilingual("AT", pt: "QUANDO"), Bilingual("PIPELINE", pt: "PIPELINE"),
          Bilingual("TRIGGER", pt: "GATILHO"), Bilingual("REASON", pt: "MOTIVO"),
          Bilingual("KEY", pt: "CHAVE"),
        ], empty: Bilingual("Nothing was turned away.", pt: "Nada foi recusado."))
      listing.rows = page.items.map { item in
        Listing.Row(
          cells: [
            item.at.rfc3339, item.pipeline, item.trigger ?? "-", item.reason, item.key.printable,
          ], json: item.json, id: item.key)
      }
      call.show(listing)
      return .done
    })
}

import API
import Crypto
import Model

/// `queue ls`
enum QueueList {
  static let spec = CommandSpec(
    "queue ls",
    Bilingual(
      "lists what waits: before triggers, to run, and to leave",
      pt: "lista o que espera: diante de gatilhos, para executar, e para sair"),
    flags: [.sort(QueuesQuery.schema)],
    examples: [
      .init(
        "esteira queue ls -n atlasreg",
        Bilingual("how much, and since when", pt: "quanto, e desde quando"))
    ],
    run: { call in
      let sort = try call.sort(QueuesQuery.schema)
      let items = try await call.withClient(.reading) { client in
        try await client.items(limit: 10_000) { cursor, limit in
          try await client.call(
            QueueCalls.list,
            QueuesQuery(namespace: call.namespace, sort: sort, limit: limit, cursor: cursor))
        }
      }
      var listing = Listing(
        columns: [
          Bilingual("QUEUE", pt: "FILA"), Bilingual("WAITING", pt: "ESPERAM"),
          Bilingual("OLDEST", pt: "MAIS ANTIGA"),
        ], empty: Bilingual("Nothing waits.", pt: "Nada espera."))
      let words = Words(language: call.language)
      listing.rows = items.map { item in
        Listing.Row(
          cells: [item.name.printable, String(item.waiting), words.time(item.oldestAt)], json: item.json,
          id: item.name)
      }
      call.show(listing)
      return .done
    })
}

extension ArgumentSpec {
  fileprivate static let queue = ArgumentSpec(
    "QUEUE", Bilingual("as `queue ls` names it", pt: "como `queue ls` mostra"))
}

/// `queue pause QUEUE` and `queue resume QUEUE`
enum QueuePausing {
  static let pause = CommandSpec(
    "queue pause",
    Bilingual(
      "pauses the pipeline whose queue it is: what comes is kept",
      pt: "pausa o pipeline dono da fila: o que chega fica guardado"),
    arguments: [.queue],
    flags: [
      FlagSpec("--reason", value: "TEXT", Bilingual("required", pt: "obrigatório")),
      FlagSpec(
        "--until", value: "TIME", Bilingual("when it ends by itself", pt: "quando termina por si")),
    ],
    examples: [
      .init(
        "esteira queue pause trigger~atlasreg~ingest~files --reason purge",
        Bilingual("before a purge", pt: "antes de uma limpeza"))
    ],
    run: { call in
      let request = QueuePauseRequest(
        name: call.arguments[0], reason: try call.needed("--reason"), until: try call.moment("--until"))
      let item = try await call.withClient(.writing) { try await $0.call(QueueCalls.pause, request) }
      return call.tell(item, Bilingual("paused", pt: "pausada"))
    })

  static let resume = CommandSpec(
    "queue resume", Bilingual("ends that pause", pt: "termina essa pausa"), arguments: [.queue],
    examples: [
      .init(
        "esteira queue resume trigger~atlasreg~ingest~files",
        Bilingual("what was kept has its turn", pt: "o que ficou guardado tem a sua vez"))
    ],
    run: { call in
      let path = QueuePath(name: call.arguments[0])
      let item = try await call.withClient(.writing) { try await $0.call(QueueCalls.resume, path) }
      return call.tell(item, Bilingual("resumed", pt: "retomada"))
    })
}

extension Invocation {
  fileprivate func tell(_ item: QueueItem, _ what: Bilingual) -> ExitCode {
    let waiting = Bilingual("\(item.waiting) wait", pt: "\(item.waiting) esperam")
    if !isQuiet {
      show(["\(item.name): \(text(what)), \(text(waiting))".printable], json: item.json, id: item.name)
    }
    return .done
  }
}

/// `queue purge QUEUE`
enum QueuePurging {
  static let spec = CommandSpec(
    "queue purge",
    Bilingual(
      "writes what waits into a file, then takes exactly that away",
      pt: "grava o que espera em um arquivo e então remove exatamente isso"),
    arguments: [.queue],
    flags: [
      FlagSpec(
        "--backup", value: "DIR",
        Bilingual(
          "the folder of the file, which has everything in plain (required)",
          pt: "a pasta do arquivo, que tem tudo em claro (obrigatório)")),
      FlagSpec("--reason", value: "TEXT", Bilingual("required", pt: "obrigatório")),
    ],
    examples: [
      .init(
        "esteira queue purge jobs~atlasreg~ingest --backup . --reason 'wrong list'",
        Bilingual("pause it before, so that nothing changes", pt: "pause antes, para que nada mude"))
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let (name, folder) = (call.arguments[0], try call.needed("--backup"))
    let reason = try call.needed("--reason")
    let stamp = call.bench.now().rfc3339.filter { $0.isNumber || $0 == "T" || $0 == "Z" }
    let file = "\(folder)/\(name.map { $0 == "/" ? "_" : $0 }.map(String.init).joined())-\(stamp).ndjson"
    return try await call.withClient(.writing) { client in
      var hash = SHA256()
      _ = try await client.save(QueueCalls.backup, QueuePath(name: name), to: file) { bytes in
        hash.update(bytes)
      }
      let request = PurgeRequest(name: name, backupID: Hex.encode(hash.finish()), reason: reason)
      let path = OperationPath(id: try await client.call(QueueCalls.purge, request).operation)
      var item = try await client.call(OperationCalls.get, path)
      while item.state == "running" {
        try await call.bench.sleep(BackupCreate.pause)
        item = try await client.call(OperationCalls.get, path)
      }
      guard let outcome = item.items.first else { return .failure }
      if let code = outcome.code {
        call.console.error("\((outcome.message ?? "").printable) [\(code.printable)]")
        return .failure
      }
      let (purged, skipped) = (outcome.purged ?? 0, outcome.skipped ?? 0)
      let end = Bilingual(
        "\(purged) purged, \(skipped) had begun or ended meanwhile; the backup is \(file)",
        pt: "\(purged) removidas, \(skipped) já tinham começado ou terminado; a cópia é \(file)")
      call.show(["\(name): \(call.text(end))".printable], json: outcome.json, id: name)
      return .done
    }
  }
}

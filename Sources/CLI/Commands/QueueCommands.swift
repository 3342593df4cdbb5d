import API
import Model

/// `queue ls`
enum QueueList {
  static let spec = CommandSpec(
    "queue ls",
    Bilingual(
      "lists what waits: before triggers, to run, and to leave",
      pt: "lista o que espera: diante de gatilhos, para executar, e para sair"),
    examples: [
      .init(
        "esteira queue ls -n atlasreg",
        Bilingual("how much, and since when", pt: "quanto, e desde quando"))
    ],
    run: { call in
      let items = try await call.withClient(.reading) { client in
        try await client.items(limit: 10_000) { cursor, limit in
          try await client.call(
            QueueCalls.list, QueuesQuery(namespace: call.namespace, limit: limit, cursor: cursor))
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

/// `worker ls`
enum WorkerList {
  static let spec = CommandSpec(
    "worker ls",
    Bilingual("shows the node and what it runs", pt: "mostra o nó e o que ele executa"),
    examples: [
      .init(
        "esteira worker ls",
        Bilingual("its places and how many are used", pt: "os lugares dele e quantos estão em uso"))
    ],
    run: { call in
      let page = try await call.withClient(.reading) { try await $0.call(QueueCalls.workers, Nothing()) }
      var listing = Listing(
        columns: [
          Bilingual("WORKER", pt: "WORKER"), Bilingual("STATE", pt: "ESTADO"),
          Bilingual("VERSION", pt: "VERSÃO"), Bilingual("NODE", pt: "NÓ"),
          Bilingual("PROCESSES", pt: "PROCESSOS"),
        ],
        empty: Bilingual(
          "No server runs on this data folder.", pt: "Nenhum servidor roda nesta pasta de dados."))
      listing.rows = page.items.map { item in
        let used = item.places.map { "\($0.used)/\($0.slots)" }
        return Listing.Row(
          cells: [item.id.printable, item.state, item.version.printable] + used, json: item.json, id: item.id)
      }
      call.show(listing)
      return .done
    })
}

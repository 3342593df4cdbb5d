import API
import Model

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
      let page = try await call.withClient(.reading) { try await $0.call(WorkerCalls.list, Nothing()) }
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
          cells: [item.id.printable, item.state.rawValue, item.version.printable] + used, json: item.json,
          id: item.id)
      }
      call.show(listing)
      return .done
    })
}

extension ArgumentSpec {
  fileprivate static let worker = ArgumentSpec(
    "WORKER", Bilingual("as `worker ls` names it", pt: "como `worker ls` mostra"))
}

extension FlagSpec {
  fileprivate static let node = FlagSpec(
    "--node", value: "NODE",
    Bilingual("the only one, if it is left out", pt: "o único, se não for dito"))
  fileprivate static let drainReason = FlagSpec(
    "--reason", value: "TEXT", Bilingual("required", pt: "obrigatório"))
}

/// `worker get`, `worker drain` and `worker undrain`
enum WorkerActions {
  static let get = CommandSpec(
    "worker get",
    Bilingual("shows a worker and the attempts on it", pt: "mostra um worker e as tentativas nele"),
    arguments: [.worker],
    examples: [.init("esteira worker get ws2", Bilingual("what runs now", pt: "o que roda agora"))],
    run: { call in
      let path = WorkerPath(id: call.arguments[0])
      let item = try await call.withClient(.reading) { try await $0.call(WorkerCalls.get, path) }
      let places = item.places.map { "  \($0.place)  \($0.used)/\($0.slots)" }
      let attempts = item.attempts.map { "  \($0.job)  \($0.pipeline)  \($0.connector)" }
      call.show(
        (["\(item.id)  \(item.version)  \(item.state.rawValue)"] + places + attempts).map(\.printable)
          + (item.drain.map { [call.text($0.words).printable] } ?? []), json: item.json, id: item.id)
      return .done
    })

  static let drain = CommandSpec(
    "worker drain",
    Bilingual(
      "begins nothing on it from now on; what runs ends", pt: "nada mais começa nele; o que roda termina"),
    arguments: [.worker], flags: [.drainReason],
    examples: [
      .init(
        "esteira worker drain ws2 --reason 'new disk'",
        Bilingual("until undrain or the next start", pt: "até undrain ou o próximo início"))
    ],
    run: { call in
      let request = DrainRequest(id: call.arguments[0], reason: try call.needed("--reason"))
      let item = try await call.withClient(.writing) { try await $0.call(WorkerCalls.drain, request) }
      return call.tell(item.id, item.state, item.attempts.count, item.json)
    })

  static let undrain = CommandSpec(
    "worker undrain", Bilingual("begins what waits again", pt: "volta a começar o que espera"),
    arguments: [.worker],
    examples: [.init("esteira worker undrain ws2", Bilingual("ends a drain", pt: "termina um dreno"))],
    run: { call in
      let path = WorkerPath(id: call.arguments[0])
      let item = try await call.withClient(.writing) { try await $0.call(WorkerCalls.undrain, path) }
      return call.tell(item.id, item.state, item.attempts.count, item.json)
    })
}

/// `server status`, `server drain` and `server undrain`
enum ServerNodes {
  static let status = CommandSpec(
    "server status",
    Bilingual("shows the nodes of this installation", pt: "mostra os nós desta instalação"),
    examples: [
      .init(
        "esteira server status",
        Bilingual("one, and whether it is drained", pt: "um, e se está em dreno"))
    ],
    run: { call in
      let cluster = try await call.withClient(.reading) { try await $0.call(WorkerCalls.cluster, Nothing()) }
      var listing = Listing(
        columns: [
          Bilingual("NODE", pt: "NÓ"), Bilingual("STATE", pt: "ESTADO"), Bilingual("VERSION", pt: "VERSÃO"),
          Bilingual("ATTEMPTS", pt: "TENTATIVAS"), Bilingual("DRAINED", pt: "DRENO"),
        ],
        empty: Bilingual(
          "No server runs on this data folder.", pt: "Nenhum servidor roda nesta pasta de dados."))
      listing.rows = cluster.nodes.map { item in
        Listing.Row(
          cells: [
            item.id.printable, item.state.rawValue, item.version.printable, "\(item.attempts)",
            item.drain.map { call.text($0.words).printable } ?? "-",
          ], json: item.json, id: item.id)
      }
      call.show(listing)
      return .done
    })

  static let drain = CommandSpec(
    "server drain",
    Bilingual(
      "begins nothing from now on: no attempt, no job of a trigger, no message; what runs ends",
      pt: "nada mais começa: nem tentativa, nem job de gatilho, nem mensagem; o que roda termina"),
    flags: [.node, .drainReason],
    examples: [
      .init(
        "esteira server drain --reason 'before the update'",
        Bilingual("until undrain or the next start", pt: "até undrain ou o próximo início"))
    ],
    run: { call in
      let reason = try call.needed("--reason")
      let item = try await call.withClient(.writing) { client in
        let id = try await node(call, client)
        return try await client.call(WorkerCalls.drainNode, DrainRequest(id: id, reason: reason))
      }
      return call.tell(item.id, item.state, item.attempts, item.json)
    })

  static let undrain = CommandSpec(
    "server undrain", Bilingual("begins what waits again", pt: "volta a começar o que espera"),
    flags: [.node],
    examples: [.init("esteira server undrain", Bilingual("ends a drain", pt: "termina um dreno"))],
    run: { call in
      let item = try await call.withClient(.writing) { client in
        let id = try await node(call, client)
        return try await client.call(WorkerCalls.undrainNode, WorkerPath(id: id))
      }
      return call.tell(item.id, item.state, item.attempts, item.json)
    })

  private static func node(_ call: Invocation, _ client: Client) async throws -> String {
    if let name = call.value("--node") { return name }
    return try await client.call(WorkerCalls.cluster, Nothing()).nodes.first?.id ?? ""
  }
}

extension Invocation {
  fileprivate func tell(_ id: String, _ state: WorkState, _ attempts: Int, _ json: JSON) -> ExitCode {
    let running = Bilingual("\(attempts) attempts run", pt: "\(attempts) tentativas rodam")
    if !isQuiet { show(["\(id): \(state.rawValue), \(text(running))".printable], json: json, id: id) }
    return .done
  }
}

extension DrainItem {
  fileprivate var words: Bilingual {
    Bilingual(
      "since \(since.rfc3339) by \(by): \(reason)", pt: "desde \(since.rfc3339) por \(by): \(reason)")
  }
}

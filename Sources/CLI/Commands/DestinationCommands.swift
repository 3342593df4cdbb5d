import API
import Model

extension ArgumentSpec {
  fileprivate static let destination = ArgumentSpec(
    "NAME", Bilingual("a destination of esteira.yaml", pt: "um destino de esteira.yaml"))
}

/// `destination ls`
enum DestinationList {
  static let spec = CommandSpec(
    "destination ls",
    Bilingual("lists where messages go, and what waits", pt: "lista aonde as mensagens vão, e o que espera"),
    examples: [
      .init(
        "esteira destination ls",
        Bilingual("with the age of what waits longest", pt: "com a idade do que espera há mais tempo"))
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let items = try await call.withClient(.reading) {
      try await $0.call(DestinationCalls.list, Nothing()).items
    }
    var listing = Listing(
      columns: [
        Bilingual("NAME", pt: "NOME"), Bilingual("STATE", pt: "ESTADO"), Bilingual("KIND", pt: "TIPO"),
        Bilingual("OF", pt: "DE"), Bilingual("WAITING", pt: "ESPERAM"),
        Bilingual("OLDEST", pt: "MAIS ANTIGA"),
        Bilingual("FAILING", pt: "EM ERRO"), Bilingual("EVENTS", pt: "EVENTOS"),
      ],
      empty: Bilingual(
        "No destination is set up in esteira.yaml.", pt: "Nenhum destino está definido em esteira.yaml."))
    let words = Words(language: call.language)
    listing.rows = items.map { item in
      Listing.Row(
        cells: [
          item.name.printable, item.state, item.kind, (item.namespace ?? "*").printable,
          String(item.outbox.waiting), words.time(item.outbox.oldestAt),
          String(item.outbox.failing + item.outbox.held), item.events.joined(separator: ", ").printable,
        ], json: item.json, id: item.name)
    }
    call.show(listing)
    return .done
  }
}

/// `destination get NAME`, and `destination enable NAME`.
enum DestinationGet {
  static let spec = CommandSpec(
    "destination get", Bilingual("shows a destination", pt: "mostra um destino"),
    arguments: [.destination],
    examples: [
      .init(
        "esteira destination get ops",
        Bilingual("where it leads and what is wrong", pt: "aonde leva e o que há de errado"))
    ], run: { try await show($0, DestinationCalls.get, .reading) })

  static let enable = CommandSpec(
    "destination enable",
    Bilingual(
      "sends to it again after it said that it wants nothing any more",
      pt: "volta a enviar depois que ele disse que não quer mais nada"),
    arguments: [.destination],
    examples: [
      .init(
        "esteira destination enable ops",
        Bilingual("what waited leaves at once", pt: "o que esperava sai na hora"))
    ], run: { try await show($0, DestinationCalls.enable, .writing) })

  private static func show(
    _ call: Invocation, _ endpoint: Endpoint<DestinationPath, DestinationItem>, _ access: Access
  ) async throws -> ExitCode {
    let path = DestinationPath(name: call.arguments[0])
    let item = try await call.withClient(access) { try await $0.call(endpoint, path) }
    call.show(lines(item, call), json: item.json, id: item.name)
    return .done
  }

  private static func lines(_ item: DestinationItem, _ call: Invocation) -> [String] {
    let words = Words(language: call.language)
    var lines = ["\(item.name)  \(item.kind)  \(item.state)".printable]
    func add(_ name: Bilingual, _ value: String) {
      lines.append("  " + call.text(name).padded(to: 12) + value.printable)
    }
    if let reason = item.disabledReason {
      add(Bilingual("disabled", pt: "desativado"), "\(words.time(item.disabledAt)): \(reason)")
    }
    if !item.address.isEmpty { add(Bilingual("leads to", pt: "leva a"), item.address) }
    add(Bilingual("namespace", pt: "espaço"), item.namespace ?? "*")
    add(Bilingual("events", pt: "eventos"), item.events.joined(separator: ", "))
    if !item.pipelines.isEmpty {
      add(Bilingual("pipelines", pt: "pipelines"), item.pipelines.joined(separator: ", "))
    }
    add(Bilingual("ordering", pt: "ordem"), item.ordering)
    add(Bilingual("tries", pt: "tentativas"), String(item.tries))
    let outbox = item.outbox
    add(
      Bilingual("waiting", pt: "esperam"),
      outbox.waiting == 0
        ? "0"
        : call.text(
          Bilingual(
            "\(outbox.waiting), the oldest since \(words.time(outbox.oldestAt))",
            pt: "\(outbox.waiting), a mais antiga desde \(words.time(outbox.oldestAt))")))
    if outbox.failing > 0 { add(Bilingual("failing", pt: "em erro"), String(outbox.failing)) }
    if outbox.held > 0 { add(Bilingual("held", pt: "retidas"), String(outbox.held)) }
    return lines
  }
}

/// `destination deliveries NAME`
enum DeliveryList {
  static let spec = CommandSpec(
    "destination deliveries",
    Bilingual("lists the tries of a destination, newest first", pt: "lista as tentativas, as novas primeiro"),
    arguments: [.destination],
    flags: [
      .sort(DeliveriesQuery.schema),
      FlagSpec("--limit", value: "N", Bilingual("at most so many (50)", pt: "no máximo tantas (50)")),
    ],
    examples: [
      .init(
        "esteira destination deliveries ops --limit 20",
        Bilingual("what it answered lately", pt: "o que ele respondeu ultimamente"))
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let (name, limit) = (call.arguments[0], try call.integer("--limit", in: 1...10_000) ?? 50)
    let sort = try call.sort(DeliveriesQuery.schema)
    let items = try await call.withClient(.reading) { client in
      try await client.items(limit: limit) { cursor, limit in
        try await client.call(
          DestinationCalls.deliveries,
          DeliveriesQuery(name: name, sort: sort, limit: limit, cursor: cursor))
      }
    }
    call.show(listing(items, call))
    return .done
  }

  static func listing(_ items: [DeliveryItem], _ call: Invocation) -> Listing {
    let words = Words(language: call.language)
    var listing = Listing(
      columns: [
        Bilingual("ID", pt: "ID"), Bilingual("AT", pt: "QUANDO"), Bilingual("TYPE", pt: "TIPO"),
        Bilingual("JOB", pt: "JOB"), Bilingual("TRY", pt: "VEZ"), Bilingual("OUTCOME", pt: "RESULTADO"),
        Bilingual("STATUS", pt: "STATUS"), Bilingual("TOOK", pt: "DUROU"), Bilingual("ERROR", pt: "ERRO"),
      ], empty: Bilingual("Nothing was sent there yet.", pt: "Nada foi enviado para lá ainda."))
    listing.rows = items.map { item in
      Listing.Row(
        cells: [
          String(item.id), words.time(item.at), item.type.printable, item.job.map(Words.short) ?? "-",
          String(item.attempt), item.outcome, item.status.map { String($0) } ?? "-",
          words.duration(.milliseconds(item.durationMS)), (item.message ?? "").printable,
        ], json: item.json, id: String(item.id))
    }
    return listing
  }
}

/// `destination test NAME`
enum DestinationTest {
  static let spec = CommandSpec(
    "destination test",
    Bilingual(
      "sends one message now and says how that went", pt: "envia uma mensagem agora e diz no que deu"),
    arguments: [.destination],
    examples: [
      .init(
        "esteira destination test ops",
        Bilingual("exit 1 where it was not taken", pt: "saída 1 se não foi aceita"))
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let path = DestinationPath(name: call.arguments[0])
    let item = try await call.withClient(.writing) { try await $0.call(DestinationCalls.test, path) }
    let took = Words(language: call.language).duration(.milliseconds(item.durationMS))
    let status = item.status.map { " \($0)" } ?? ""
    let line = "\(item.destination): \(item.outcome)\(status), \(took)"
    call.show(
      [line] + (item.message.map { ["  \($0)".printable] } ?? []), json: item.json, id: item.event)
    return item.outcome == "delivered" ? .done : .failure
  }
}

/// `destination redeliver DELIVERY`
enum DeliveryAgain {
  static let spec = CommandSpec(
    "destination redeliver",
    Bilingual(
      "sends the message of a delivery again, under the same id",
      pt: "reenvia a mensagem de uma entrega, com o mesmo id"),
    arguments: [
      ArgumentSpec("DELIVERY", Bilingual("the delivery's number", pt: "o número da entrega"))
    ],
    examples: [
      .init(
        "esteira destination redeliver 41",
        Bilingual("a receiver that lost it", pt: "para um receptor que a perdeu"))
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    guard let id = Int64(call.arguments[0]), id > 0 else {
      throw UsageError(
        Bilingual(
          "\"\(call.arguments[0])\" is not the number of a delivery.",
          pt: "\"\(call.arguments[0])\" não é o número de uma entrega."),
        remedy: Bilingual(
          "List them with: esteira destination deliveries NAME",
          pt: "Liste com: esteira destination deliveries NOME"))
    }
    _ = try await call.withClient(.writing) {
      try await $0.call(DestinationCalls.redeliver, DeliveryPath(id: id))
    }
    if !call.isQuiet {
      call.show(
        [call.text(Bilingual("\(id): it is sent again.", pt: "\(id): será reenviada."))],
        json: DeliveryPath(id: id).json, id: String(id))
    }
    return .done
  }
}

import API
import Model

extension FlagSpec {
  fileprivate static let room = FlagSpec(
    "--room", value: "ROOM", Bilingual("only of this room", pt: "só desta sala"))
  fileprivate static let type = FlagSpec(
    "--type", value: "TYPE", Bilingual("only of this type", pt: "só deste tipo"))
  fileprivate static let after = FlagSpec(
    "--after", value: "N", Bilingual("only those behind this position", pt: "só os depois desta posição"))
}

/// `event ls`
enum EventList {
  static let spec = CommandSpec(
    "event ls", Bilingual("lists the events that steps emitted", pt: "lista os eventos emitidos por passos"),
    flags: [
      .room, .type, .after, .sort(EventListQuery.schema),
      FlagSpec("--limit", value: "N", Bilingual("at most, up to 200", pt: "no máximo, até 200")),
    ],
    examples: [
      .init(
        "esteira event ls --namespace ezpocket --room ana:vendas",
        Bilingual("of one room, oldest first", pt: "de uma sala, dos mais antigos"))
    ],
    run: { call in
      let events = try call.events(limit: try call.integer("--limit", in: 1...200) ?? 50)
      let query = EventListQuery(events, sort: try call.sort(EventListQuery.schema))
      let page = try await call.withClient(.reading) { try await $0.call(EventCalls.list, query) }
      for item in page.items { show(item, call) }
      if page.items.isEmpty, call.format == .table {
        call.console.out(call.text(Bilingual("There are no such events.", pt: "Não há eventos assim.")))
      }
      return .done
    })

  static func show(_ item: EventItem, _ call: Invocation) {
    guard call.format == .table else { return call.console.out(item.json.text) }
    call.console.out(
      "\(item.position)  \(Words.instant(item.at))  \(item.type)  \(item.room.printable)  "
        + item.data.text.printable)
  }
}

/// `event watch`
enum EventWatch {
  static let spec = CommandSpec(
    "event watch",
    Bilingual("follows the events that steps emit", pt: "acompanha os eventos emitidos por passos"),
    flags: [
      .room, .type, .after,
      FlagSpec("--count", value: "N", Bilingual("ends after so many", pt: "termina depois de tantos")),
    ],
    examples: [
      .init(
        "esteira event watch --namespace ezpocket --room ana:vendas",
        Bilingual("until it is interrupted", pt: "até ser interrompido"))
    ],
    run: { call in
      let query = try call.events(limit: nil)
      let most = try call.integer("--count", in: 1...1_000_000)
      try await call.withClient(.reading) { client in
        try await follow(query, most: most, call, client)
      }
      return .done
    })

  /// Until `most` were shown. The stream of events has no end of its own: where it ends, or the connection
  /// breaks, the watch comes back with the position that it has.
  private static func follow(
    _ query: EmittedQuery, most: Int?, _ call: Invocation, _ client: Client
  ) async throws {
    var (query, seen, failures) = (query, 0, 0)
    while true {
      do {
        for try await event in try await client.follow(EventCalls.follow, query) {
          let item = try EventItem(try JSON(parsing: event.data))
          EventList.show(item, call)
          (query.after, failures) = (item.position, 0)
          seen += 1
          if let most, seen >= most { return }
        }
        if failures >= JobWatch.reconnections { throw ended }
      } catch let error as Problem
        where error.code == "server-unreachable" && failures < JobWatch.reconnections
      {}
      failures += 1
      try await call.bench.sleep(.seconds(failures))
    }
  }

  private static var ended: Problem {
    Problem(
      "server-unreachable",
      Bilingual(
        "The server ended the stream of events again and again.",
        pt: "O servidor encerrou a transmissão de eventos várias vezes seguidas."),
      remedy: Bilingual(
        "Look at the server's own lines: its store may not be readable.",
        pt: "Veja as linhas do próprio servidor: o armazenamento pode estar ilegível."))
  }
}

extension Invocation {
  fileprivate func events(limit: Int?) throws -> EmittedQuery {
    guard let namespace = value("--namespace") else {
      throw UsageError(
        Bilingual("Events are of a namespace.", pt: "Eventos são de um namespace."),
        remedy: Bilingual("Name it with --namespace.", pt: "Indique-o com --namespace."))
    }
    let after = try integer("--after", in: 0...Int.max) ?? 0
    return EmittedQuery(
      namespace: namespace, room: value("--room"), type: value("--type"), after: Int64(after), limit: limit)
  }
}

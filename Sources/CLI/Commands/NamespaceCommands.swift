import API
import Model

/// `namespace ls`
enum NamespaceList {
  static let spec = CommandSpec(
    "namespace ls",
    Bilingual(
      "lists the namespaces and what stands in them", pt: "lista os espaços de nomes e o que há neles"),
    flags: [.sort(NamespacesQuery.schema)],
    examples: [
      .init("esteira namespace ls", Bilingual("those that you see", pt: "os que você vê"))
    ],
    run: { call in
      let sort = try call.sort(NamespacesQuery.schema)
      let items = try await call.withClient(.reading) { client in
        try await client.items(limit: 10_000) { cursor, limit in
          try await client.call(
            NamespaceCalls.list, NamespacesQuery(sort: sort, limit: limit, cursor: cursor))
        }
      }
      var listing = Listing(
        columns: [
          Bilingual("NAMESPACE", pt: "ESPAÇO"), Bilingual("TITLE", pt: "TÍTULO"),
          Bilingual("PIPELINES", pt: "PIPELINES"), Bilingual("LIVE JOBS", pt: "JOBS VIVOS"),
          Bilingual("WEIGHT", pt: "PESO"),
        ], empty: Bilingual("There is no namespace.", pt: "Não há espaço de nomes."))
      listing.rows = items.map { item in
        Listing.Row(
          cells: [
            item.name.printable, (item.words.title ?? "-").printable, String(item.pipelines),
            String(item.liveJobs), String(item.words.weight ?? 1),
          ], json: item.json, id: item.name)
      }
      call.show(listing)
      return .done
    })
}

/// `namespace create NAMESPACE` and `namespace update NAMESPACE`
enum NamespaceChanging {
  private static let flags = [
    FlagSpec("--title", value: "TEXT", Bilingual("for people", pt: "para as pessoas")),
    FlagSpec("--description", value: "TEXT", Bilingual("what it is for", pt: "para que serve")),
    FlagSpec(
      "--weight", value: "N",
      Bilingual(
        "turns of its jobs in one round of all, 1 to 100", pt: "vezes dos jobs dele em uma rodada, 1 a 100")),
    FlagSpec(
      "--queue-slots", value: "QUEUE=N", repeated: true,
      Bilingual(
        "how many steps with this `queue` run at once", pt: "quantos passos com esta `queue` rodam juntos")),
  ]
  private static let argument = ArgumentSpec("NAMESPACE", Bilingual("its name", pt: "o nome dele"))

  static let create = CommandSpec(
    "namespace create", Bilingual("makes a namespace", pt: "cria um espaço de nomes"), arguments: [argument],
    flags: flags,
    examples: [
      .init(
        "esteira namespace create sales --title Sales --weight 3",
        Bilingual("it is there before a pipeline is", pt: "ele existe antes de ter um pipeline"))
    ],
    run: { call in
      let words = try words(call)
      let request = NamespaceRequest(
        name: call.arguments[0],
        words: NamespaceWords(
          title: words["title"]?.string, summary: words["description"]?.string,
          weight: words["weight"]?.int.map { Int($0) },
          queueSlots: words["queue_slots"]?.object ?? JSONObject()))
      show(
        try await call.withClient(.writing) { try await $0.call(NamespaceCalls.create, request) }.item, call)
      return .done
    })

  static let update = CommandSpec(
    "namespace update",
    Bilingual(
      "changes what is said of a namespace and what its jobs may take",
      pt: "muda o que se diz de um espaço de nomes e o que os jobs dele podem usar"),
    arguments: [argument],
    flags: flags + [
      FlagSpec(
        "--unset", value: "WORD", repeated: true,
        Bilingual(
          "title, description, weight or queue_slots", pt: "title, description, weight ou queue_slots"))
    ],
    examples: [
      .init(
        "esteira namespace update sales --weight 5 --unset description",
        Bilingual("counts for jobs that start later", pt: "vale para jobs que começam depois"))
    ],
    run: { call in
      var change = try words(call)
      for word in call.values("--unset") {
        guard ["title", "description", "weight", "queue_slots"].contains(word) else {
          throw UsageError(
            Bilingual(
              "There is nothing called \(word) to unset.", pt: "Não há nada chamado \(word) para tirar."))
        }
        change[word] = .null
      }
      let request = NamespaceChange(namespace: call.arguments[0], change: change)
      show(try await call.withClient(.writing) { try await $0.call(NamespaceCalls.update, request) }, call)
      return .done
    })

  private static func words(_ call: Invocation) throws -> JSONObject {
    var words = JSONObject()
    words["title"] = call.value("--title").map { .string($0) }
    words["description"] = call.value("--description").map { .string($0) }
    words["weight"] = try call.integer("--weight", in: NamespaceWords.weights).map { .int(Int64($0)) }
    var slots = JSONObject()
    for text in call.values("--queue-slots") {
      let halves = text.split(separator: "=", maxSplits: 1).map(String.init)
      guard halves.count == 2, let count = Int64(halves[1]), count > 0 else {
        throw UsageError(
          Bilingual(
            "--queue-slots takes QUEUE=N, not \"\(text)\".",
            pt: "--queue-slots aceita FILA=N, não \"\(text)\"."))
      }
      slots[halves[0]] = .int(count)
    }
    if !slots.members.isEmpty { words["queue_slots"] = .object(slots) }
    return words
  }

  private static func show(_ item: NamespaceItem, _ call: Invocation) {
    call.show([item.name.printable], json: item.json, id: item.name)
  }
}

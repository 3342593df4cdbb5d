import API
import Model

extension ArgumentSpec {
  static let webhook = ArgumentSpec(
    "NAME", Bilingual("a webhook, as `webhook ls` names it", pt: "um webhook, como `webhook ls` mostra"))
}

/// `webhook ls`
enum WebhookList {
  static let spec = CommandSpec(
    "webhook ls",
    Bilingual("lists who receives webhooks", pt: "lista quem recebe webhooks"),
    examples: [
      .init(
        "esteira webhook ls",
        Bilingual("those of esteira.yaml and those of calls", pt: "os do esteira.yaml e os de chamadas"))
    ],
    run: { call in
      let page = try await call.withClient(.reading) { try await $0.call(WebhookCalls.list, Nothing()) }
      var listing = Listing(
        columns: [
          Bilingual("WEBHOOK", pt: "WEBHOOK"), Bilingual("STATE", pt: "ESTADO"),
          Bilingual("FROM", pt: "ORIGEM"), Bilingual("OF", pt: "DE"), Bilingual("TO", pt: "PARA"),
          Bilingual("WAITING", pt: "ESPERAM"), Bilingual("EVENTS", pt: "EVENTOS"),
        ], empty: Bilingual("There are no webhooks.", pt: "Não há webhooks."))
      listing.rows = page.items.map { item in
        Listing.Row(
          cells: [
            item.id.printable, item.state, item.origin, (item.namespace ?? "*").printable,
            item.address.printable, "\(item.waiting)", item.events.joined(separator: ", ").printable,
          ], json: item.json, id: item.id)
      }
      call.show(listing)
      return .done
    })
}

/// `webhook create NAME` and `webhook delete NAME`
enum WebhookMaking {
  static let create = CommandSpec(
    "webhook create",
    Bilingual(
      "makes a webhook beside those of esteira.yaml, and shows its secret once",
      pt: "cria um webhook ao lado dos do esteira.yaml, e mostra o segredo uma vez"),
    arguments: [.webhook],
    flags: [
      FlagSpec(
        "--connection", value: "CONNECTION",
        Bilingual("of kind http; where it leads (required)", pt: "do tipo http; aonde leva (obrigatório)")),
      FlagSpec(
        "--path", value: "PATH", Bilingual("behind the connection's address", pt: "atrás do endereço dela")),
      FlagSpec(
        "--event", value: "TYPE", repeated: true,
        Bilingual("what it is told, such as esteira.job.failed", pt: "o que conta, como esteira.job.failed")),
      FlagSpec(
        "--pipeline", value: "PATTERN", repeated: true,
        Bilingual("only of these pipelines", pt: "só destes pipelines")),
      FlagSpec(
        "--strict", Bilingual("nothing overtakes what failed", pt: "nada passa à frente do que falhou")),
      FlagSpec("--dry-run", Bilingual("only says what it would be", pt: "só diz o que seria")),
    ],
    examples: [
      .init(
        "esteira webhook create ops -n mitrarr --connection hooks --event esteira.job.failed",
        Bilingual("signed with a secret of its own", pt: "assinado com um segredo próprio"))
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let rule = WebhookRule(
      namespace: call.namespace ?? "*", connection: try call.needed("--connection"),
      path: call.value("--path"), events: call.values("--event"), pipelines: call.values("--pipeline"),
      ordering: call.has("--strict") ? "strict" : nil)
    let request = WebhookRequest(name: call.arguments[0], rule: rule, isDryRun: call.has("--dry-run"))
    let made = try await call.withClient(.writing) { try await $0.call(WebhookCalls.create, request) }
    let words =
      made.isDryRun
      ? Bilingual("would be made", pt: "seria criado") : Bilingual("made", pt: "criado")
    let secret = made.secret.map {
      Bilingual("secret (shown once): \($0)", pt: "segredo (mostrado uma vez): \($0)")
    }
    call.show(
      ["\(made.item.id): \(call.text(words)), \(made.item.address)".printable]
        + (secret.map { ["  " + call.text($0).printable] } ?? []), json: made.json, id: made.item.id)
    return .done
  }

  static let delete = CommandSpec(
    "webhook delete",
    Bilingual(
      "removes a webhook that was made by a call, with its secret",
      pt: "remove um webhook criado por chamada, com o segredo"),
    arguments: [.webhook],
    examples: [
      .init(
        "esteira webhook delete ops",
        Bilingual("what waits becomes dead letters", pt: "o que espera vira dead letter"))
    ],
    run: { call in
      let request = WebhookDeletion(id: call.arguments[0])
      _ = try await call.withClient(.writing) { try await $0.call(WebhookCalls.delete, request) }
      if !call.isQuiet {
        call.console.out(
          call.text(Bilingual("\(request.id): removed.", pt: "\(request.id): removido.")).printable)
      }
      return .done
    })
}

/// `webhook test NAME`, `webhook rotate NAME` and `webhook deliveries NAME`
enum WebhookActions {
  static let test = CommandSpec(
    "webhook test",
    Bilingual("sends one message and says how that went", pt: "envia uma mensagem e diz como foi"),
    arguments: [.webhook],
    examples: [.init("esteira webhook test ops", Bilingual("past the outbox", pt: "por fora da saída"))],
    run: { call in
      let path = WebhookPath(id: call.arguments[0])
      let item = try await call.withClient(.writing) { try await $0.call(WebhookCalls.test, path) }
      call.show(DeliveryList.listing([item], call))
      return item.outcome == "delivered" ? .done : .failure
    })

  static let rotate = CommandSpec(
    "webhook rotate",
    Bilingual(
      "makes a new secret, which signs from now on and is shown once",
      pt: "cria um novo segredo, que assina de agora em diante e é mostrado uma vez"),
    arguments: [.webhook],
    flags: [
      FlagSpec(
        "--overlap", value: "DURATION",
        Bilingual(
          "so long the secret before signs each message, too", pt: "por esse tempo o anterior também assina"))
    ],
    examples: [
      .init(
        "esteira webhook rotate ops --overlap 24h",
        Bilingual("a day to give it to the receiver", pt: "um dia para dá-lo a quem recebe"))
    ],
    run: { call in
      _ = try call.duration("--overlap")
      let wish = WebhookRotation(id: call.arguments[0], overlap: call.value("--overlap"))
      let item = try await call.withClient(.writing) { try await $0.call(WebhookCalls.rotate, wish) }
      let until = item.formerSignsUntil.map { time in
        let shown = Words(language: call.language).time(time)
        return call.text(
          Bilingual(
            "the secret before signs, too, until \(shown)", pt: "o anterior também assina até \(shown)"))
      }
      call.show(
        ["\(item.id): \(item.secret)".printable] + (until.map { ["  " + $0] } ?? []), json: item.json,
        id: item.id)
      return .done
    })

  static let deliveries = CommandSpec(
    "webhook deliveries",
    Bilingual("lists the tries of a webhook, newest first", pt: "lista as tentativas, as novas primeiro"),
    arguments: [.webhook],
    flags: [
      .sort(WebhookDeliveriesQuery.schema),
      FlagSpec("--limit", value: "N", Bilingual("at most so many (50)", pt: "no máximo tantas (50)")),
    ],
    examples: [
      .init(
        "esteira webhook deliveries ops",
        Bilingual("what it answered lately", pt: "o que respondeu ultimamente"))
    ],
    run: { call in
      let (name, limit) = (call.arguments[0], try call.integer("--limit", in: 1...10_000) ?? 50)
      let sort = try call.sort(WebhookDeliveriesQuery.schema)
      let items = try await call.withClient(.reading) { client in
        try await client.items(limit: limit) { cursor, limit in
          try await client.call(
            WebhookCalls.deliveries,
            WebhookDeliveriesQuery(id: name, sort: sort, limit: limit, cursor: cursor))
        }
      }
      call.show(DeliveryList.listing(items, call))
      return .done
    })
}

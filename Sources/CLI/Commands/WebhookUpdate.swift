import API
import Model

/// `webhook update NAME`
enum WebhookUpdate {
  static let spec = CommandSpec(
    "webhook update",
    Bilingual(
      "changes a webhook that was made by a call; what no flag names stays, and its secret, too",
      pt: "muda um webhook criado por chamada; o que nenhuma opção cita fica, e o segredo também"),
    arguments: [.webhook],
    flags: [
      FlagSpec(
        "--connection", value: "CONNECTION",
        Bilingual("of kind http; where it leads", pt: "do tipo http; aonde leva")),
      FlagSpec(
        "--path", value: "PATH",
        Bilingual("behind the connection's address; empty: none", pt: "atrás do endereço dela; vazio: nada")),
      FlagSpec(
        "--event", value: "TYPE", repeated: true,
        Bilingual("what it is told, in place of what it was", pt: "o que conta, no lugar do que contava")),
      FlagSpec(
        "--pipeline", value: "PATTERN", repeated: true,
        Bilingual("only of these pipelines; empty: of all", pt: "só destes pipelines; vazio: de todos")),
      FlagSpec(
        "--ordering", value: "lane|strict",
        Bilingual("strict: nothing overtakes what failed", pt: "strict: nada passa à frente do que falhou")),
      FlagSpec("--tries", value: "N", Bilingual("1 to 20", pt: "1 a 20")),
      FlagSpec("--dry-run", Bilingual("only says what it would be", pt: "só diz o que seria")),
    ],
    examples: [
      .init(
        "esteira webhook update ops --event esteira.job.failed --event esteira.job.timeout",
        Bilingual("told of these two from now on", pt: "conta destes dois de agora em diante"))
    ], run: run)

  /// On the state that was read: a change that came between is not overwritten.
  static func run(_ call: Invocation) async throws -> ExitCode {
    let path = WebhookPath(id: call.arguments[0])
    let tries = try call.integer("--tries", in: 1...20)
    let item = try await call.withClient(.writing) { client in
      let seen = try await client.call(WebhookCalls.get, path)
      var rule = rule(of: seen)
      change(&rule, call)
      rule.tries = tries ?? rule.tries
      let wish = WebhookReplacement(id: seen.id, rule: rule, isDryRun: call.has("--dry-run"))
      return try await client.call(WebhookCalls.update, wish, seen: seen.tag)
    }
    let words =
      call.has("--dry-run")
      ? Bilingual("would be changed", pt: "seria mudado") : Bilingual("changed", pt: "mudado")
    let events = item.events.joined(separator: ", ")
    call.show(
      ["\(item.id): \(call.text(words)), \(item.address): \(events)".printable], json: item.json, id: item.id)
    return .done
  }

  /// As a request says it: the address is the connection with its namespace, and the path behind it.
  private static func rule(of item: WebhookItem) -> WebhookRule {
    let parts = item.address.cut(at: "/", most: 3)
    return WebhookRule(
      namespace: item.namespace ?? "*", connection: parts.prefix(2).joined(separator: "/"),
      path: parts.count == 3 ? "/" + parts[2] : nil, events: item.events, pipelines: item.pipelines,
      ordering: item.ordering, tries: item.tries)
  }

  private static func change(_ rule: inout WebhookRule, _ call: Invocation) {
    rule.namespace = call.namespace ?? rule.namespace
    rule.connection = call.value("--connection") ?? rule.connection
    if let path = call.value("--path") { rule.path = path.isEmpty ? nil : path }
    if call.has("--event") { rule.events = call.values("--event") }
    if call.has("--pipeline") { rule.pipelines = call.values("--pipeline").filter { !$0.isEmpty } }
    rule.ordering = call.value("--ordering") ?? rule.ordering
  }
}

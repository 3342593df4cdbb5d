import API
import Model
import Pipelines

/// `alert rules ls`, `alert rules apply FILE`, `alert rules delete NAME`
enum AlertRules {
  static let list = CommandSpec(
    "alert rules ls",
    Bilingual(
      "lists whom alerts are told, in their order", pt: "lista a quem os alertas são avisados, em ordem"),
    examples: [
      .init(
        "esteira alert rules ls",
        Bilingual("those of esteira.yaml come first", pt: "as do esteira.yaml vêm antes"))
    ],
    run: { call in
      let page = try await call.withClient(.reading) { try await $0.call(AlertRuleCalls.list, Nothing()) }
      var listing = Listing(
        columns: [
          Bilingual("RULE", pt: "REGRA"), Bilingual("MATCH", pt: "PADRÃO"), Bilingual("TO", pt: "PARA"),
          Bilingual("REMIND", pt: "LEMBRAR"), Bilingual("ESCALATE", pt: "ESCALAR"),
          Bilingual("FROM", pt: "DE"),
        ], empty: Bilingual("There are no rules.", pt: "Não há regras."))
      listing.rows = page.items.map { item in
        let steps = item.escalations.map { "\($0.after) \($0.to.joined(separator: ","))" }
        return Listing.Row(
          cells: [
            item.name.printable, item.pattern.printable, item.to.joined(separator: ",").printable,
            item.remind ?? "-", steps.joined(separator: "; ").printable, item.origin,
          ], json: item.json, id: item.name)
      }
      call.show(listing)
      return .done
    })

  static let apply = CommandSpec(
    "alert rules apply",
    Bilingual(
      "makes or changes rules beside esteira.yaml", pt: "cria ou muda regras ao lado do esteira.yaml"),
    arguments: [
      ArgumentSpec(
        "FILE", repeated: true,
        Bilingual(
          "a rule or a list of them in YAML or JSON, or -", pt: "uma regra ou lista em YAML ou JSON, ou -"))
    ],
    examples: [
      .init(
        "esteira alert rules apply rules.yaml",
        Bilingual(
          "- {name: mitrarr, match: 'mitrarr/*', to: [ops], remind: 4h}",
          pt: "- {name: mitrarr, match: 'mitrarr/*', to: [ops], remind: 4h}"))
    ],
    run: { call in
      // All are read before the first is sent.
      let rules = try call.arguments.flatMap { try read($0, call) }
      return try await call.withClient(.writing) { client in
        for rule in rules {
          let item = try await client.call(AlertRuleCalls.put, rule)
          let stored = call.text(Bilingual("stored", pt: "guardada"))
          call.show(["\(item.name.printable): \(stored)"], json: item.json, id: item.name)
        }
        return .done
      }
    })

  static let delete = CommandSpec(
    "alert rules delete", Bilingual("removes a rule", pt: "remove uma regra"),
    arguments: [ArgumentSpec("NAME", Bilingual("of the rule", pt: "da regra"))],
    examples: [
      .init(
        "esteira alert rules delete mitrarr",
        Bilingual("one that was made by a call", pt: "uma que foi criada por chamada"))
    ],
    run: { call in
      let path = NameOnly(name: call.arguments[0])
      _ = try await call.withClient(.writing) { try await $0.call(AlertRuleCalls.delete, path) }
      if !call.isQuiet {
        call.console.out("\(path.name.printable): \(call.text(Bilingual("removed", pt: "removida")))")
      }
      return .done
    })

  private static func read(_ file: String, _ call: Invocation) throws -> [AlertRuleRequest] {
    let json = try JSON(definition: try call.readInput(file))
    return try (json.array ?? [json]).map { rule in
      do throws(WireError) { return try AlertRuleRequest(rule) } catch {
        let message = error.message
        throw UsageError(
          Bilingual("\(file): \(message.english)", pt: "\(file): \(message.portuguese)"),
          remedy: Bilingual(
            "See `esteira alert rules apply --help`.", pt: "Veja `esteira alert rules apply --help`."))
      }
    }
  }
}

import API
import Model

/// `retention show`
enum RetentionShow {
  static let spec = CommandSpec(
    "retention show",
    Bilingual(
      "lists the rules with what they would delete; without a rule all is kept for ever",
      pt: "lista as regras com o que elas apagariam; sem regra tudo é guardado para sempre"),
    flags: [
      FlagSpec(
        "--done", Bilingual("the proofs of what was deleted", pt: "as provas do que foi apagado"))
    ],
    examples: [
      .init(
        "esteira retention show",
        Bilingual("with a forecast of thirty days", pt: "com uma previsão de trinta dias"))
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    if call.has("--done") {
      let query = ListQuery(namespace: call.namespace)
      call.show(
        try await call.withClient(.reading) { try await $0.call(RetentionCalls.deletions, query) }.items)
      return .done
    }
    let rules = try await call.withClient(.writing) {
      try await $0.call(RetentionCalls.show, Nothing()).items
    }
    let words = Words(language: call.language)
    var listing = Listing(
      columns: [
        Bilingual("NAMESPACE", pt: "ESPAÇO"), Bilingual("CLASS", pt: "CLASSE"), Bilingual("DAYS", pt: "DIAS"),
        Bilingual("NOW", pt: "AGORA"), Bilingual("WITHIN 30 DAYS", pt: "EM 30 DIAS"),
      ],
      empty: Bilingual(
        "No rule is set: everything is kept for ever.", pt: "Nenhuma regra: tudo é guardado para sempre."))
    listing.rows = rules.filter { call.namespace == nil || $0.namespace == call.namespace }.map { rule in
      Listing.Row(
        cells: [
          rule.namespace.printable, rule.retained, "\(rule.days)",
          "\(rule.count), \(words.size(rule.bytes))", "\(rule.soonCount), \(words.size(rule.soonBytes))",
        ], json: rule.json, id: "\(rule.namespace)/\(rule.retained)")
    }
    call.show(listing)
    return .done
  }
}

/// `retention set NAMESPACE CLASS DAYS`
enum RetentionSet {
  static let spec = CommandSpec(
    "retention set",
    Bilingual("says how long a class is kept", pt: "diz por quanto tempo uma classe é guardada"),
    arguments: [
      ArgumentSpec("NAMESPACE", Bilingual("the namespace", pt: "o espaço de nomes")),
      ArgumentSpec(
        "CLASS",
        Bilingual(
          "history, logs, artifacts, events or refusals",
          pt: "history, logs, artifacts, events ou refusals")),
      ArgumentSpec("DAYS", Bilingual("a whole number, or forever", pt: "um inteiro, ou forever")),
    ],
    examples: [
      .init(
        "esteira retention set demo history 90",
        Bilingual("jobs that ended more than 90 days ago go", pt: "jobs terminados há mais de 90 dias saem")),
      .init(
        "esteira retention set demo history forever", Bilingual("takes the rule away", pt: "retira a regra")),
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let (namespace, retained, word) = (call.arguments[0], call.arguments[1], call.arguments[2])
    let days = Int(word)
    guard days != nil || word == "forever" else {
      throw UsageError(
        Bilingual(
          "DAYS is a whole number or forever, not \"\(word)\".",
          pt: "DAYS é um inteiro ou forever, não \"\(word)\"."))
    }
    let request = RetentionRequest(namespace: namespace, retained: retained, days: days)
    _ = try await call.withClient(.writing) { try await $0.call(RetentionCalls.set, request) }
    if !call.isQuiet {
      let kept =
        days.map { Bilingual("\($0) days", pt: "\($0) dias") } ?? Bilingual("for ever", pt: "para sempre")
      call.show(
        ["\(namespace)/\(retained): \(call.text(kept))"], json: request.json, id: "\(namespace)/\(retained)")
    }
    return .done
  }
}

/// `retention preview NAMESPACE CLASS DAYS`
enum RetentionPreview {
  static let spec = CommandSpec(
    "retention preview",
    Bilingual("what a rule would delete, without setting it", pt: "o que uma regra apagaria, sem defini-la"),
    arguments: [
      ArgumentSpec("NAMESPACE", Bilingual("the namespace", pt: "o espaço de nomes")),
      ArgumentSpec(
        "CLASS",
        Bilingual(
          "history, logs, artifacts, events or refusals",
          pt: "history, logs, artifacts, events ou refusals")),
      ArgumentSpec("DAYS", Bilingual("a whole number", pt: "um inteiro")),
    ],
    examples: [
      .init(
        "esteira retention preview demo history 90",
        Bilingual("how much now, and within thirty days", pt: "quanto agora, e em trinta dias"))
    ],
    run: { call in
      guard let days = Int(call.arguments[2]) else {
        throw UsageError(
          Bilingual(
            "DAYS is a whole number, not \"\(call.arguments[2])\".",
            pt: "DAYS é um inteiro, não \"\(call.arguments[2])\"."))
      }
      let rule = PreviewedRule(namespace: call.arguments[0], retained: call.arguments[1], days: days)
      let item = try await call.withClient(.writing) { try await $0.call(RetentionCalls.preview, rule) }
      let words = Words(language: call.language)
      let (now, soon) = (words.size(item.bytes), words.size(item.soonBytes))
      let text = Bilingual(
        "now \(item.count), \(now); within 30 days \(item.soonCount), \(soon)",
        pt: "agora \(item.count), \(now); em 30 dias \(item.soonCount), \(soon)")
      call.show([call.text(text)], json: item.json, id: "\(item.namespace)/\(item.retained)")
      return .done
    })
}

/// `retention run`
enum RetentionRun {
  static let spec = CommandSpec(
    "retention run",
    Bilingual(
      "deletes now what the rules give up; the server does it once a day",
      pt: "apaga agora o que as regras liberam; o servidor faz isso uma vez por dia"),
    examples: [
      .init("esteira retention run", Bilingual("and shows the proofs", pt: "e mostra as provas"))
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    call.show(
      try await call.withClient(.writing) { try await $0.call(RetentionCalls.run, Nothing()) }.items)
    return .done
  }
}

extension Invocation {
  fileprivate func show(_ deletions: [DeletionItem]) {
    let words = Words(language: language)
    var listing = Listing(
      columns: [
        Bilingual("AT", pt: "QUANDO"), Bilingual("NAMESPACE", pt: "ESPAÇO"), Bilingual("CLASS", pt: "CLASSE"),
        Bilingual("DELETED", pt: "APAGADOS"), Bilingual("OLDER THAN", pt: "ANTERIORES A"),
        Bilingual("BY", pt: "POR"),
      ], empty: Bilingual("Nothing was deleted.", pt: "Nada foi apagado."))
    listing.rows = deletions.map { row in
      Listing.Row(
        cells: [
          words.time(row.at), row.namespace.printable, row.retained, "\(row.count), \(words.size(row.bytes))",
          words.time(row.before), row.by.printable,
        ], json: row.json, id: "\(row.at.rfc3339) \(row.namespace)/\(row.retained)")
    }
    show(listing)
  }
}

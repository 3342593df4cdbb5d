import API
import Model

/// `job steps JOB`
enum JobSteps {
  static let spec = CommandSpec(
    "job steps", Bilingual("lists the steps of a job", pt: "lista os passos de um job"), arguments: [.job],
    flags: [
      FlagSpec(
        "--status", value: "WORD", Bilingual("only these, such as failed", pt: "só estes, como failed")),
      FlagSpec("--limit", value: "N", Bilingual("at most so many (1000)", pt: "no máximo tantos (1000)")),
    ],
    examples: [
      .init("esteira job steps 019a0c3e", Bilingual("with times and attempts", pt: "com horas e tentativas")),
      .init(
        "esteira job steps 019a0c3e --status failed -o json",
        Bilingual("what failed, as JSON", pt: "o que falhou, em JSON")),
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let limit = try call.integer("--limit", in: 1...100_000) ?? 1_000
    let steps = try await call.withClient(.reading) { client in
      try await client.items(limit: limit) { cursor, limit in
        try await client.call(
          JobCalls.steps,
          StepsQuery(id: call.arguments[0], status: call.value("--status"), limit: limit, cursor: cursor))
      }
    }
    let words = Words(language: call.language)
    var listing = Listing(
      columns: [
        Bilingual("STEP", pt: "PASSO"), Bilingual("KIND", pt: "TIPO"), Bilingual("STATUS", pt: "STATUS"),
        Bilingual("TRIES", pt: "TENTATIVAS"), Bilingual("TOOK", pt: "DUROU"), Bilingual("NOTE", pt: "NOTA"),
      ], empty: Bilingual("There are no such steps.", pt: "Não há passos assim."))
    listing.rows = steps.map { step in
      Listing.Row(cells: cells(step, words), json: step.json, id: step.path)
    }
    call.show(listing)
    return .done
  }

  private static func cells(_ step: StepItem, _ words: Words) -> [String] {
    var took = "-"
    if let start = step.startedAt, let end = step.endedAt { took = words.duration(end - start) }
    let note = self.note(on: step, words)
    let tries = step.attempts == 0 ? "-" : String(step.attempts)
    return [
      step.path.printable, step.connector ?? step.kind, step.status, tries, took,
      words.value(.string(note), limit: 100).printable,
    ]
  }

  private static func note(on step: StepItem, _ words: Words) -> String {
    if let question = step.question { return words.cause(question) }
    if let error = step.error { return error.message }
    if let cause = step.skipCause { return words.cause(cause) }
    if let rescued = step.rescued { return words.rescued(rescued.message) }
    return step.child.map { "job \($0)" } ?? ""
  }
}

/// `job step JOB PATH`
enum JobStep {
  static let spec = CommandSpec(
    "job step", Bilingual("shows one step with its output", pt: "mostra um passo com sua saída"),
    arguments: [.job, .stepPath],
    flags: [FlagSpec("--outputs", Bilingual("only its output, as JSON", pt: "só a saída, em JSON"))],
    examples: [
      .init(
        "esteira job step 019a0c3e greet", Bilingual("all that is known of it", pt: "tudo o que se sabe dele")
      ),
      .init(
        "esteira job step 019a0c3e 'collect[cvm].csv' --outputs",
        Bilingual("what an item gave", pt: "o que um item deu")),
    ],
    run: { call in
      let path = StepPath(id: call.arguments[0], path: call.arguments[1])
      let step = try await call.withClient(.reading) { try await $0.call(JobCalls.step, path) }
      let shown = call.has("--outputs") ? step.output ?? .null : step.json
      call.show(shown.prettyText.split(separator: "\n").map(String.init), json: shown, id: step.path)
      return .done
    })
}

extension ArgumentSpec {
  static let stepPath = ArgumentSpec(
    "PATH", Bilingual("such as greet or collect[cvm].csv", pt: "como greet ou collect[cvm].csv"))
}

/// `job events JOB`
enum JobEvents {
  static let spec = CommandSpec(
    "job events",
    Bilingual("prints the stored decisions of a job", pt: "imprime as decisões guardadas de um job"),
    arguments: [.job],
    flags: [
      FlagSpec("--after", value: "SEQ", Bilingual("only what lies behind", pt: "só o que vem depois")),
      FlagSpec(
        "--follow", short: "-f", Bilingual("go on until the job ends", pt: "continua até o fim do job")),
    ],
    examples: [
      .init("esteira job events 019a0c3e", Bilingual("one line a fact", pt: "uma linha por fato")),
      .init(
        "esteira job events 019a0c3e -f -o jsonl",
        Bilingual("for a script that waits for something", pt: "para um script que espera por algo")),
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let after = try call.integer("--after", in: 0...Int(Int32.max)) ?? 0
    return try await call.withClient(.reading) { client in
      if call.has("--follow") {
        let query = EventsQuery(id: call.arguments[0], after: after)
        for try await event in try await client.follow(JobCalls.follow, query) {
          show(try JobEvent(try JSON(parsing: event.data)), call)
        }
        return .done
      }
      var position: Int? = after
      while let from = position {
        let page = try await client.call(
          JobCalls.events, EventsQuery(id: call.arguments[0], after: from, limit: 200))
        for item in page.items { show(item, call) }
        position = page.nextCursor.flatMap { Int($0) }
      }
      return .done
    }
  }

  private static func show(_ event: JobEvent, _ call: Invocation) {
    switch call.format {
    case .json, .jsonl: call.console.out(event.json.text)
    case .id: call.console.out(String(event.sequence))
    case .table:
      for fact in event.facts {
        let rest = (fact.object ?? JSONObject()).filter { !["fact", "path"].contains($0.key) }
        let details = rest.map { "\($0.key)=\(Words(language: call.language).value($0.value))" }
        let parts = [
          String(event.sequence).padded(to: 5), Words.instant(event.at), fact["fact"]?.string ?? "",
          fact["path"]?.string ?? "", details.joined(separator: " "),
        ]
        call.console.out(parts.filter { !$0.isEmpty }.joined(separator: "  ").printable)
      }
    }
  }
}

/// `job replay JOB`
enum JobReplay {
  static let spec = CommandSpec(
    "job replay",
    Bilingual(
      "folds the history again and compares it with the store",
      pt: "refaz o estado a partir do histórico e compara com o guardado"),
    arguments: [.job],
    examples: [
      .init(
        "esteira job replay 019a0c3e",
        Bilingual("exits 1 and names each difference", pt: "sai com 1 e diz cada diferença"))
    ],
    run: { call in
      let result = try await call.withClient(.reading) {
        try await $0.call(JobCalls.replay, JobPath(id: call.arguments[0]))
      }
      let verdict = Bilingual(
        "\(result.events) events, \(result.facts) facts, status \(result.status): "
          + (result.differences.isEmpty
            ? "history and store agree." : "\(result.differences.count) differences."),
        pt: "\(result.events) eventos, \(result.facts) fatos, status \(result.status): "
          + (result.differences.isEmpty
            ? "histórico e dados concordam." : "\(result.differences.count) diferenças."))
      let lines = result.differences.map { "  \($0.printable)" } + [call.text(verdict)]
      call.show(lines, json: result.json, id: result.status)
      return result.differences.isEmpty ? .done : .failure
    })
}

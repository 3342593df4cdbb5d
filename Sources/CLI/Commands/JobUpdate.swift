import API
import Model

/// `job update JOB…`
enum JobUpdateCommand {
  static let spec = CommandSpec(
    "job update",
    Bilingual(
      "gives a live job another priority or labels", pt: "dá outra prioridade ou rótulos a um job vivo"),
    arguments: [ArgumentSpec("JOB", repeated: true, Bilingual("ids", pt: "ids"))],
    flags: [
      FlagSpec(
        "--priority", value: "N",
        Bilingual(
          "0 to 9; counts for what it still queues for", pt: "0 a 9; vale para o que ele ainda espera na fila"
        )),
      FlagSpec(
        "--label", short: "-l", value: "k=v", repeated: true,
        Bilingual("sets a label; k= takes it away", pt: "põe um rótulo; k= tira o rótulo")),
    ],
    examples: [
      .init(
        "esteira job update 019a0c3e --priority 8",
        Bilingual("it goes before those of less", pt: "ele passa na frente dos de menos")),
      .init(
        "esteira job update 019a0c3e --label team=tax --label note=",
        Bilingual("sets one label and takes another away", pt: "põe um rótulo e tira outro")),
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let priority = try call.integer("--priority", in: 0...9)
    let labels = try call.labels()
    if priority == nil, labels.isEmpty {
      throw UsageError(
        Bilingual("There is nothing to change.", pt: "Não há o que mudar."),
        remedy: Bilingual(
          "Say --priority N, --label NAME=VALUE, or both.",
          pt: "Diga --priority N, --label NOME=VALOR, ou ambos."))
    }
    return try await call.withClient(.writing) { client in
      for id in call.arguments {
        let job = try await client.call(
          JobCalls.update, UpdateJobRequest(id: id, priority: priority, labels: labels))
        let shown = job.identity.labels.map { "\($0.name)=\($0.value)".printable }
        let line = ["\(Words.short(job.id)):", call.text(Bilingual("priority", pt: "prioridade"))]
        call.show(
          [(line + ["\(job.identity.priority)"] + shown).joined(separator: " ")], json: job.json, id: job.id)
      }
      return .done
    }
  }
}

extension Invocation {
  /// Those of `--label`; of one that is to go there is no value.
  func labels() throws(UsageError) -> [(name: String, value: String?)] {
    var labels: [(name: String, value: String?)] = []
    for text in values("--label") { labels.append(try Self.label(text)) }
    return labels
  }

  private static func label(_ text: String) throws(UsageError) -> (name: String, value: String?) {
    guard let condition = LabelCondition(text), !condition.isNegated else {
      throw UsageError(
        Bilingual(
          "--label takes name=value, or name= to take it away, not \"\(text)\".",
          pt: "--label aceita nome=valor, ou nome= para tirar, não \"\(text)\"."))
    }
    return (condition.name, condition.value.isEmpty ? nil : condition.value)
  }
}

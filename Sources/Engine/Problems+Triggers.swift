import Model
import Pipelines

// What triggers refuse.
extension Problem {
  static func noTrigger(_ name: String, of pipeline: PipelineName, _ known: [String]) -> Problem {
    let list = known.isEmpty ? "-" : known.joined(separator: ", ")
    return Problem(
      "no-trigger",
      Bilingual("\(pipeline) has no trigger \"\(name)\".", pt: "\(pipeline) não tem o gatilho \"\(name)\"."),
      remedy: Bilingual("Its triggers are: \(list).", pt: "Os gatilhos são: \(list)."))
  }

  static func notHanded(_ name: String, kind: String, of pipeline: PipelineName) -> Problem {
    Problem(
      "trigger-takes-no-messages",
      Bilingual(
        "The trigger \(name) of \(pipeline) is of kind \(kind), and takes no messages.",
        pt: "O gatilho \(name) de \(pipeline) é do tipo \(kind), e não recebe mensagens."),
      remedy: Bilingual(
        "Hand messages to a trigger of kind queue.", pt: "Entregue mensagens a um gatilho do tipo queue."))
  }

  static func messageTooLarge(_ size: Int) -> Problem {
    Problem(
      "message-too-large",
      Bilingual(
        "The message has \(size) bytes; the limit is \(HandedMessage.longest).",
        pt: "A mensagem tem \(size) bytes; o limite é \(HandedMessage.longest)."),
      remedy: Bilingual(
        "Put the data into an artifact or object and send its name.",
        pt: "Coloque os dados em um artefato ou objeto e envie o nome."))
  }

  static func messageNotJSON(_ error: JSONError) -> Problem {
    Problem(
      "message-not-json",
      Bilingual(
        "The message is no JSON: line \(error.line), column \(error.column): \(error.message.english)",
        pt: "A mensagem não é JSON: linha \(error.line), coluna \(error.column): "
          + error.message.portuguese),
      remedy: Bilingual(
        "Mend it and replay the dead letter.", pt: "Corrija-a e repita a carta morta."))
  }

  static func messageInvalid(_ trigger: String, _ fault: SchemaViolation) -> Problem {
    Problem(
      "message-invalid",
      Bilingual(
        "The message breaks the schema of the trigger \(trigger): "
          + "message\(fault.pointer): \(fault.message.english)",
        pt: "A mensagem quebra o schema do gatilho \(trigger): "
          + "message\(fault.pointer): \(fault.message.portuguese)"),
      remedy: Bilingual(
        "Mend it and replay the dead letter.", pt: "Corrija-a e repita a carta morta."))
  }

  static func messageUnwanted(_ entries: [TriggerBook.Entry]) -> Problem {
    let list = entries.map { "\($0.pipeline) \($0.trigger.name)" }.joined(separator: ", ")
    return Problem(
      "message-unwanted",
      Bilingual(
        "No trigger that reads this queue wants the message: the `if` of each says no (\(list)).",
        pt: "Nenhum gatilho que lê esta fila quer a mensagem: o `if` de cada um diz não (\(list))."),
      remedy: Bilingual(
        "Mend the `if`, or let such messages go with `unwanted: drop`.",
        pt: "Corrija o `if`, ou deixe essas mensagens irem com `unwanted: drop`."))
  }

  static let noQueueTrigger = Problem(
    "no-trigger",
    Bilingual(
      "No enabled trigger reads this queue any more.", pt: "Nenhum gatilho ativo lê mais esta fila."))

  static let badMessageKey = Problem(
    "bad-message-key",
    Bilingual(
      "An idempotency key has 1 to \(HandedMessage.longestKey) bytes.",
      pt: "Uma chave de idempotência tem de 1 a \(HandedMessage.longestKey) bytes."),
    remedy: Bilingual("Use the message's own id.", pt: "Use o id da própria mensagem."))

  static func triggerFull(_ arrival: TriggerArrival) -> Problem {
    Problem(
      "trigger-full",
      Bilingual(
        "\(TriggerLines.mostOpen) messages wait already for the trigger \(arrival.trigger) of "
          + "\(arrival.pipeline).",
        pt: "\(TriggerLines.mostOpen) mensagens já esperam pelo gatilho \(arrival.trigger) de "
          + "\(arrival.pipeline)."),
      remedy: Bilingual(
        "See why with: esteira trigger messages \(arrival.pipeline)",
        pt: "Veja por quê com: esteira trigger messages \(arrival.pipeline)"))
  }

  static func joinExpired(_ group: TriggerLines.Group, _ missing: [String]) -> Problem {
    let list = missing.joined(separator: ", ")
    return Problem(
      "join-expired",
      Bilingual(
        "The join \"\(group.key.string)\" of \(group.place.pipeline) was given up: "
          + "\(list) did not come in time.",
        pt: "A junção \"\(group.key.string)\" de \(group.place.pipeline) foi abandonada: "
          + "\(list) não veio a tempo."),
      remedy: Bilingual(
        "Run what is missing, or make within: longer.", pt: "Rode o que falta, ou aumente within:."))
  }

  static func unreadableMessage(_ id: ID<TriggerMessage>) -> Problem {
    Problem(
      "message-unreadable",
      Bilingual(
        "The message \(id) does not open with the key of its namespace.",
        pt: "A mensagem \(id) não abre com a chave do seu namespace."),
      remedy: Bilingual("Run: esteira doctor", pt: "Rode: esteira doctor"))
  }

  static func hasBegun(_ id: ID<Job>) -> Problem {
    Problem(
      "job-has-begun",
      Bilingual("The job \(id) has begun already.", pt: "O job \(id) já começou."),
      remedy: Bilingual("Stop it with: esteira job cancel \(id)", pt: "Pare com: esteira job cancel \(id)"))
  }
}

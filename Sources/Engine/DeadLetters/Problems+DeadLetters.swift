internal import Model

// What is refused about dead letters.
extension Problem {
  static func noLetter(_ id: Int64) -> Problem {
    Problem(
      "no-letter", Bilingual("There is no dead letter \(id).", pt: "Não existe a carta morta \(id)."),
      remedy: Bilingual("List them with: esteira dlq ls", pt: "Liste com: esteira dlq ls"))
  }

  /// Says who did what with it, and what came of it.
  static func letterHandled(_ row: DeadLetterRow) -> Problem {
    let (who, when) = (row.handledBy ?? "-", row.handledAt?.rfc3339 ?? "-")
    if row.state == .discarded {
      let reason = row.note ?? ""
      return Problem(
        "letter-handled",
        Bilingual(
          "The dead letter \(row.id) was discarded by \(who) at \(when): \(reason)",
          pt: "A carta morta \(row.id) foi descartada por \(who) em \(when): \(reason)"))
    }
    let jobs = (row.became?["jobs"]?.array ?? []).compactMap(\.string).joined(separator: ", ")
    let outcome = row.became?["outcome"]?.string
    let end = [outcome, row.became?["signal"]?.string, jobs.isEmpty ? nil : jobs].compactMap(\.self)
      .joined(separator: " ")
    return Problem(
      "letter-handled",
      Bilingual(
        "The dead letter \(row.id) was replayed by \(who) at \(when): "
          + (outcome == nil ? "it waits before its trigger." : "\(end)."),
        pt: "A carta morta \(row.id) foi reenviada por \(who) em \(when): "
          + (outcome == nil ? "espera diante do seu gatilho." : "\(end).")),
      remedy: Bilingual(
        "See it with: esteira dlq get \(row.id)", pt: "Veja com: esteira dlq get \(row.id)"))
  }

  static func letterNotEditable(_ row: DeadLetterRow) -> Problem {
    Problem(
      "letter-not-editable",
      Bilingual(
        "The dead letter \(row.id) of kind \(row.kind.rawValue) cannot be edited.",
        pt: "A carta morta \(row.id), do tipo \(row.kind.rawValue), não pode ser editada."),
      remedy: Bilingual(
        "Only messages that were handed over and signals can. Change the pipeline, and replay it as it is.",
        pt: "Só mensagens entregues e sinais podem. Mude o pipeline e reenvie como está."))
  }

  static func letterChanged(_ id: Int64) -> Problem {
    Problem(
      "letter-changed",
      Bilingual(
        "The dead letter \(id) was edited meanwhile.", pt: "A carta morta \(id) foi editada nesse meio-tempo."
      ),
      remedy: Bilingual("See it with: esteira dlq get \(id)", pt: "Veja com: esteira dlq get \(id)"))
  }

  static func letterWaits(_ id: Int64, _ arrival: TriggerArrival) -> Problem {
    Problem(
      "letter-waits",
      Bilingual(
        "A message with the key of the dead letter \(id) waits before the trigger \(arrival.trigger) of "
          + "\(arrival.pipeline).",
        pt: "Uma mensagem com a chave da carta morta \(id) espera diante do gatilho \(arrival.trigger) de "
          + "\(arrival.pipeline)."),
      remedy: Bilingual(
        "Wait until its turn has come: esteira trigger messages \(arrival.pipeline)",
        pt: "Espere até chegar a vez dela: esteira trigger messages \(arrival.pipeline)"))
  }

  static func contentsTaken(_ id: Int64, _ arrival: TriggerArrival) -> Problem {
    Problem(
      "contents-taken",
      Bilingual(
        "A content of the files of the dead letter \(id) came again, and \(arrival.trigger) has taken it.",
        pt: "Um conteúdo dos arquivos da carta morta \(id) chegou de novo, e \(arrival.trigger) o recebeu."),
      remedy: Bilingual(
        "Look at that job, and discard the letter.", pt: "Veja aquele job, e descarte a carta."))
  }

  static func letterUnreadable(_ id: Int64) -> Problem {
    Problem(
      "letter-unreadable",
      Bilingual(
        "The dead letter \(id) cannot be read: it does not open with the key of its namespace, or its row "
          + "was changed.",
        pt: "A carta morta \(id) não pode ser lida: não abre com a chave do seu namespace, ou o registro foi "
          + "alterado."),
      remedy: Bilingual("Run: esteira doctor", pt: "Rode: esteira doctor"))
  }

  static func lettersFull(_ namespace: String, _ most: Int) -> Problem {
    Problem(
      "letters-full",
      Bilingual(
        "The namespace \(namespace) has \(most) open dead letters already.",
        pt: "O namespace \(namespace) já tem \(most) cartas mortas abertas."),
      remedy: Bilingual(
        "Replay or discard some: esteira dlq ls --namespace \(namespace)",
        pt: "Reenvie ou descarte algumas: esteira dlq ls --namespace \(namespace)"))
  }

  static let noLetterReason = Problem(
    "unusable-request",
    Bilingual(
      "To discard a letter needs a reason of 1 to \(Node.longestReason) characters.",
      pt: "Para descartar uma carta é preciso um motivo de 1 a \(Node.longestReason) caracteres."),
    remedy: Bilingual("Say it with --reason.", pt: "Diga-o com --reason."))
}

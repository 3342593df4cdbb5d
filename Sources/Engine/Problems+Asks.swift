internal import Model

// What is refused of an answer.
extension Problem {
  static func noAsk(_ id: String) -> Problem {
    Problem(
      "no-ask", Bilingual("There is no question \(id).", pt: "Não existe a pergunta \(id)."),
      remedy: Bilingual("List them with: esteira ask ls", pt: "Liste com: esteira ask ls"))
  }

  static func askClosed(_ id: ID<Ask>) -> Problem {
    Problem(
      "ask-closed",
      Bilingual("The question \(id) is open no more.", pt: "A pergunta \(id) não está mais aberta."),
      remedy: seeAsk(id))
  }

  static func askClosed(_ row: AskRow, by answer: AskAnswerRow?) -> Problem {
    var problem = askClosed(row.id)
    let (choice, time) = (row.decidedChoice ?? "", row.decidedAt?.rfc3339 ?? "")
    switch row.state {
    case .open: break
    case .decided:
      let who = answer?.by ?? "?"
      problem.message = Bilingual(
        "The question \(row.id) was decided at \(time): \(choice), by \(who). Your answer is kept as "
          + "evidence and changes nothing.",
        pt: "A pergunta \(row.id) foi decidida em \(time): \(choice), por \(who). Sua resposta fica guardada "
          + "como evidência e não muda nada.")
    case .expired:
      let taken = choice.isEmpty ? "" : ": \(choice)"
      problem.message = Bilingual(
        "The question \(row.id) expired at \(time)\(taken). Your answer is kept as evidence and changes "
          + "nothing.",
        pt:
          "A pergunta \(row.id) expirou em \(time)\(taken). Sua resposta fica guardada como evidência e "
          + "não muda nada.")
    case .closed:
      problem.message = Bilingual(
        "The question \(row.id) was closed at \(time): its job went on without an answer. Yours is kept as "
          + "evidence and changes nothing.",
        pt:
          "A pergunta \(row.id) foi fechada em \(time): o job seguiu sem resposta. A sua fica guardada como "
          + "evidência e não muda nada.")
    }
    return problem
  }

  static func refused(_ refusal: AskRefusal, _ id: ID<Ask>) -> Problem {
    switch refusal {
    case .notAssignee, .requester: notAssignee(refusal, id)
    case .changed:
      Problem(
        "ask-changed",
        Bilingual(
          "What the question \(id) shows is not what you saw.",
          pt: "O que a pergunta \(id) mostra não é o que você viu."),
        remedy: Bilingual(
          "Look again with: esteira ask get \(id)", pt: "Veja de novo com: esteira ask get \(id)"))
    case .noSuchChoice(let names):
      invalid(
        Bilingual(
          "The question has no such choice; there are: \(names.joined(separator: ", ")).",
          pt: "A pergunta não tem essa opção; existem: \(names.joined(separator: ", "))."), id)
    case .formMissing:
      invalid(
        Bilingual("This choice needs a form.", pt: "Esta opção precisa de um formulário."), id,
        remedy: Bilingual("Give it with: --form name=value", pt: "Informe com: --form nome=valor"))
    case .formRefused:
      invalid(Bilingual("This choice takes no form.", pt: "Esta opção não aceita formulário."), id)
    case .formInvalid(let pointer, let message):
      invalid(
        Bilingual(
          "The form is not valid at \"\(pointer)\": \(message.english)",
          pt: "O formulário não é válido em \"\(pointer)\": \(message.portuguese)"), id)
    case .commentTooLong:
      invalid(
        Bilingual(
          "A comment has at most \(OpenAsk.longestComment) characters.",
          pt: "Um comentário tem no máximo \(OpenAsk.longestComment) caracteres."), id)
    case .everybody, .answered, .toRequester, .badName: handover(refusal, id)
    }
  }

  private static func notAssignee(_ refusal: AskRefusal, _ id: ID<Ask>) -> Problem {
    let message =
      refusal == .requester
      ? Bilingual(
        "Whoever started the job may not answer the question \(id).",
        pt: "Quem iniciou o job não pode responder à pergunta \(id).")
      : Bilingual(
        "You are not among those whom the question \(id) asks.",
        pt: "Você não está entre as pessoas a quem a pergunta \(id) se dirige.")
    return Problem("not-assignee", message, remedy: seeAsk(id))
  }

  private static func handover(_ refusal: AskRefusal, _ id: ID<Ask>) -> Problem {
    let message =
      switch refusal {
      case .everybody:
        Bilingual(
          "Everybody may answer this question: there is nothing to hand over.",
          pt: "Todos podem responder a esta pergunta: não há o que delegar.")
      case .answered:
        Bilingual(
          "You have answered already; change your answer instead.",
          pt: "Você já respondeu; em vez disso, mude a sua resposta.")
      case .toRequester:
        Bilingual(
          "Whoever started the job may not answer it, so it cannot be handed to them.",
          pt: "Quem iniciou o job não pode responder, então não pode receber a pergunta.")
      case .badName, .notAssignee, .requester, .changed, .commentTooLong, .noSuchChoice, .formMissing,
        .formRefused, .formInvalid:
        Bilingual("Name another person.", pt: "Indique outra pessoa.")
      }
    return invalid(message, id)
  }

  private static func invalid(_ message: Bilingual, _ id: ID<Ask>, remedy: Bilingual? = nil) -> Problem {
    Problem("invalid-answer", message, remedy: remedy ?? seeAsk(id))
  }

  private static func seeAsk(_ id: ID<Ask>) -> Bilingual {
    Bilingual("See it with: esteira ask get \(id)", pt: "Veja com: esteira ask get \(id)")
  }
}

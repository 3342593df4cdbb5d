import API
import Model

extension FlagSpec {
  /// The owner of the data folder passes on the word of somebody who has no account here.
  fileprivate static let person = FlagSpec(
    "--as", value: "USER",
    Bilingual(
      "pass on this person's word; both are recorded",
      pt: "repassa a palavra desta pessoa; os dois ficam registrados"))
}

/// `ask answer ASK CHOICE`
enum AskAnswer {
  static let spec = CommandSpec(
    "ask answer", Bilingual("answers a question", pt: "responde a uma pergunta"),
    arguments: [.ask, ArgumentSpec("CHOICE", Bilingual("one of its choices", pt: "uma das opções"))],
    flags: [
      FlagSpec(
        "--form", value: "FILE|-|k=v", repeated: true,
        Bilingual(
          "the choice's form: a JSON file, or members", pt: "o formulário: um arquivo JSON, ou membros")),
      FlagSpec("--comment", value: "TEXT", Bilingual("for the record", pt: "para o registro")),
      FlagSpec(
        "--shown", value: "SHA256",
        Bilingual(
          "what `ask get` showed; without it what is shown now",
          pt: "o que `ask get` mostrou; sem ela, o que é mostrado agora")),
      .person,
    ],
    examples: [
      .init(
        "esteira ask answer 019a0c40 confirm --comment checked", Bilingual("decides it", pt: "decide")),
      .init(
        "esteira ask answer 019a0c40 reject --form reason=late",
        Bilingual("with the form that the choice asks for", pt: "com o formulário que a opção pede")),
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let form = try form(call)
    return try await call.withClient(.writing) { client in
      let id = call.arguments[0]
      var shown = call.value("--shown")
      if shown == nil { shown = try await client.call(AskCalls.get, AskPath(id: id)).shown }
      let result = try await client.call(
        AskCalls.answer,
        AnswerRequest(
          id: id, choice: call.arguments[1], form: form, comment: call.value("--comment"),
          shown: shown ?? "", onBehalfOf: call.value("--as")))
      let head = "\(Words.short(result.id)): \(call.arguments[1])"
      let job = Words.short(result.job)
      let tail =
        result.isDecided
        ? Bilingual("Job \(job) goes on.", pt: "O job \(job) continua.")
        : Bilingual("The question stays open.", pt: "A pergunta continua aberta.")
      let count = Bilingual(
        "(\(result.votes) of \(result.quorum))", pt: "(\(result.votes) de \(result.quorum))")
      call.show(["\(head) \(call.text(count)). \(call.text(tail))"], json: result.json, id: result.id)
      return .done
    }
  }

  /// `k=v` members, or one file; a name with `=` in it is written as `./a=b.json`.
  private static func form(_ call: Invocation) throws -> JSON? {
    let values = call.values("--form")
    if let file = values.first, values.count == 1, !isMember(file) {
      return try call.readJSON(file, "--form")
    }
    if values.isEmpty { return nil }
    return .object(JSONObject(try call.pairs("--form")))
  }

  private static func isMember(_ text: String) -> Bool {
    guard let first = text.utf8.first else { return false }
    return text.utf8.contains(UInt8(ascii: "=")) && first != UInt8(ascii: ".") && first != UInt8(ascii: "/")
  }
}

/// `ask delegate ASK USER`
enum AskDelegate {
  static let spec = CommandSpec(
    "ask delegate", Bilingual("lets another person answer", pt: "deixa outra pessoa responder"),
    arguments: [.ask, ArgumentSpec("USER", Bilingual("who answers instead", pt: "quem responde no lugar"))],
    flags: [.person],
    examples: [
      .init(
        "esteira ask delegate 019a0c40 bia", Bilingual("I may answer no more", pt: "eu não respondo mais"))
    ],
    run: { call in
      try await call.withClient(.writing) { client in
        let request = HandoverRequest(
          id: call.arguments[0], to: call.arguments[1], onBehalfOf: call.value("--as"))
        let result = try await client.call(AskCalls.delegate, request)
        let text = Bilingual("now asks \(request.to) too.", pt: "agora pergunta também a \(request.to).")
        call.show(
          ["\(Words.short(result.id)) \(call.text(text))".printable], json: result.json, id: result.id)
        return .done
      }
    })
}

/// `ask remind ASK`
enum AskRemind {
  static let spec = CommandSpec(
    "ask remind",
    Bilingual("leaves a reminder in the job's events", pt: "deixa um lembrete nos eventos do job"),
    arguments: [.ask],
    examples: [
      .init(
        "esteira ask remind 019a0c40",
        Bilingual("whoever follows the job sees it", pt: "quem acompanha o job vê"))
    ],
    run: { call in
      try await call.withClient(.writing) { client in
        let result = try await client.call(AskCalls.remind, AskPath(id: call.arguments[0]))
        call.show(
          ["\(Words.short(result.id)): " + call.text(Bilingual("reminded.", pt: "lembrete deixado."))],
          json: result.json, id: result.id)
        return .done
      }
    })
}

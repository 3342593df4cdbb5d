import API
import Model
import Pipelines

/// `pipeline test FILE`
enum PipelineTest {
  static let spec = CommandSpec(
    "pipeline test",
    Bilingual(
      "runs a file here without a server, with fakes; nothing is stored",
      pt: "executa um arquivo aqui sem servidor, com dublês; nada é guardado"),
    arguments: [ArgumentSpec("FILE", Bilingual("a pipeline file", pt: "um arquivo de pipeline"))],
    flags: Invocation.startFlags.filter { !["--idempotency-key", "--key"].contains($0.name) } + own
      + [.acceptPartial],
    examples: [
      .init(
        "esteira pipeline test hello.yaml --input name=Ana",
        Bilingual("scripts run here", pt: "os scripts rodam aqui")),
      .init(
        "esteira pipeline test pay.yaml --mock fetch=fetch.json --answer review=approve",
        Bilingual(
          "a step's output from a file, a person's answer",
          pt: "a saída de um passo vem de um arquivo, e uma resposta")
      ),
    ], run: run)

  private static let own = [
    FlagSpec(
      "--mock", value: "STEP=FILE", repeated: true,
      Bilingual(
        "the step's output (a file, or JSON): a value, {\"fail\": {class, message}}, {\"sequence\": […]} "
          + "or {\"items\": {key: …}}",
        pt:
          "a saída do passo (arquivo ou JSON): um valor, {\"fail\": {class, message}}, "
          + "{\"sequence\": […]} ou {\"items\": {chave: …}}"
      )),
    FlagSpec(
      "--answer", value: "ASK=CHOICE[:FORM]", repeated: true,
      Bilingual(
        "what a person answers, in order; FORM is JSON", pt: "o que a pessoa responde, na ordem; FORM é JSON")
    ),
    FlagSpec(
      "--signal", value: "NAME=FILE", repeated: true,
      Bilingual(
        "a message for a step that waits (a file, or JSON)",
        pt: "uma mensagem para um passo que espera (arquivo ou JSON)")),
    FlagSpec(
      "--at", value: "TIME", Bilingual("where the clock stands", pt: "a hora em que o relógio está parado")),
    FlagSpec(
      "--until", value: "STEP",
      Bilingual("leave when this step has ended", pt: "para quando este passo terminar")),
    FlagSpec(
      "--also", value: "FILE", repeated: true,
      Bilingual("a pipeline that this one calls", pt: "um pipeline que este chama")),
    FlagSpec(
      "--network", Bilingual("steps may leave this machine", pt: "os passos podem sair desta máquina")),
  ]

  static func run(_ call: Invocation) async throws -> ExitCode {
    let mocks = try call.mocks()
    let name = call.arguments[0]
    let file = try PipelineFile.load(name, call, standIns: mocks.map(\.path))
    let plan = try file.demandValid(call)
    let known = plan.steps.map(\.path)
    for path in mocks.map(\.path) + [call.value("--until")].compactMap({ $0 }) where !known.contains(path) {
      throw unknownStep(path, known)
    }
    let files =
      try [file.wire()] + call.values("--also").map { try PipelineFile.load($0, call).checked(call) }
    let request = try call.executeRequest("")
    let rehearsal = Rehearsal(
      files: files, inputs: request.inputs, message: request.message,
      settings: request.settings ?? JSONObject(), mocks: mocks, answers: try call.scriptedAnswers(plan),
      signals: try call.scriptedSignals(), time: try call.moment("--at"), until: call.value("--until"),
      usesNetwork: call.has("--network"))
    let result = try await call.bench.rehearse(rehearsal)
    RehearsalText(call: call, pipeline: plan.name).show(result)
    return exitCode(result, call)
  }

  private static func exitCode(_ result: RehearsalResult, _ call: Invocation) -> ExitCode {
    if result.left != nil, call.value("--until") != nil, result.failure == nil { return .done }
    switch result.status {
    case "success": return .done
    case "partial": return call.has("--accept-partial") ? .done : .partial
    case "needs_attention": return .needsAttention
    case _: return .failure
    }
  }

  private static func unknownStep(_ path: String, _ known: [String]) -> UsageError {
    UsageError(
      Bilingual("There is no step \"\(path)\".", pt: "Não existe o passo \"\(path)\"."),
      remedy: Bilingual(
        "The steps are: \(known.joined(separator: ", ")).",
        pt: "Os passos são: \(known.joined(separator: ", "))."))
  }
}

extension PipelineFile {
  fileprivate func checked(_ call: Invocation) throws -> SourceFile {
    _ = try demandValid(call)
    return try wire()
  }
}

/// What the flags of `pipeline test` say.
extension Invocation {
  fileprivate func mocks() throws -> [StepMock] {
    try values("--mock").map { text in
      let (path, value) = try pair(text, "--mock")
      var mock = StepMock(path: path, results: [], items: [:])
      if case .object(let object) = value, object.members.count == 1, let items = object["items"]?.object {
        for item in items { mock.items[item.key] = try results(item.value) }
      } else {
        mock.results = try results(value)
      }
      return mock
    }
  }

  private func results(_ json: JSON) throws -> [StepMock.Result] {
    guard case .object(let object) = json, object.members.count == 1 else { return [.output(json)] }
    if let sequence = object["sequence"]?.array { return try sequence.flatMap { try results($0) } }
    if let output = object["output"] { return [.output(output)] }
    guard let failure = object["fail"] else { return [.output(json)] }
    let word = failure["class"]?.string ?? "data"
    guard let errorClass = ErrorClass(rawValue: word) else {
      let words = ErrorClass.allCases.map(\.rawValue).joined(separator: ", ")
      throw UsageError(
        Bilingual("There is no error class \"\(word)\".", pt: "Não existe a classe de erro \"\(word)\"."),
        remedy: Bilingual("There are: \(words).", pt: "Existem: \(words)."))
    }
    return [
      .failure(
        Failure(errorClass, code: failure["code"]?.string ?? "", failure["message"]?.string ?? "mocked"))
    ]
  }

  fileprivate func scriptedSignals() throws -> [ScriptedSignal] {
    try values("--signal").map { text in
      let (name, payload) = try pair(text, "--signal")
      return ScriptedSignal(name: name, payload: payload)
    }
  }

  fileprivate func scriptedAnswers(_ plan: Plan) throws -> [ScriptedAnswer] {
    try values("--answer").map { text in
      let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2 else { throw Self.noPair("--answer", text) }
      let answer = parts[1].split(separator: ":", maxSplits: 1).map(String.init)
      guard let choice = answer.first else { throw Self.noPair("--answer", text) }
      let asks = plan.steps.filter { if case .ask = $0.kind { true } else { false } }
      guard asks.contains(where: { $0.path == parts[0] || $0.name == parts[0] }) else {
        throw UsageError(
          Bilingual("There is no ask \"\(parts[0])\".", pt: "Não existe a pergunta \"\(parts[0])\"."),
          remedy: Bilingual(
            "The asks are: \(asks.map(\.path).joined(separator: ", ")).",
            pt: "As perguntas são: \(asks.map(\.path).joined(separator: ", "))."))
      }
      var form: JSON?
      if answer.count == 2 { form = try parsed(answer[1], "--answer") }
      return ScriptedAnswer(ask: parts[0], choice: choice, form: form)
    }
  }

  /// `NAME=FILE`, or JSON in the file's place.
  private func pair(_ text: String, _ flag: String) throws -> (String, JSON) {
    let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
    guard parts.count == 2 else { throw Self.noPair(flag, text) }
    if let first = parts[1].utf8.first, first == UInt8(ascii: "{") || first == UInt8(ascii: "[") {
      return (parts[0], try parsed(parts[1], flag))
    }
    return (parts[0], try readJSON(parts[1], flag))
  }

  private func parsed(_ text: String, _ flag: String) throws -> JSON {
    do { return try JSON(parsing: text) } catch {
      throw UsageError(
        Bilingual(
          "\(flag) holds no JSON: \(error.message.english)",
          pt: "\(flag) não contém JSON: \(error.message.portuguese)"))
    }
  }

  private static func noPair(_ flag: String, _ text: String) -> UsageError {
    UsageError(
      Bilingual(
        "\(flag) takes name=value, not \"\(text)\".", pt: "\(flag) aceita nome=valor, não \"\(text)\"."))
  }
}

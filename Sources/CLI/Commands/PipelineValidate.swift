import API
import Model
import Pipelines

/// `pipeline validate FILE…`
enum PipelineValidate {
  static let spec = CommandSpec(
    "pipeline validate",
    Bilingual(
      "finds everything that is wrong without running", pt: "acha tudo o que está errado sem executar"),
    arguments: [
      ArgumentSpec(
        "FILE", repeated: true, Bilingual("pipeline files, or -", pt: "arquivos de pipeline, ou -"))
    ],
    flags: [
      FlagSpec(
        "--explain",
        Bilingual(
          "the order, and why each step waits for another", pt: "a ordem, e por que um passo espera por outro"
        )),
      FlagSpec(
        "--offline",
        Bilingual("take as given what only a server knows", pt: "aceita o que só um servidor sabe")),
    ],
    examples: [
      .init(
        "esteira pipeline validate hello.yaml",
        Bilingual("one file; exit 2 when it is wrong", pt: "um arquivo; sai com 2 quando há erro")),
      .init(
        "esteira pipeline validate --explain hello.yaml",
        Bilingual("with the order and its reasons", pt: "com a ordem e os motivos")),
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    var results: [ValidationResult] = []
    for name in call.arguments {
      let file = try PipelineFile.load(name, call, offline: call.has("--offline"))
      let compilation = file.compilation
      results.append(
        ValidationResult(
          isValid: !compilation.hasErrors,
          findings: compilation.findings.map { item($0, name, call.language) },
          order: compilation.order))
      if call.format == .table { show(file, call) }
    }
    switch call.format {
    case .table: break
    case .json: call.console.out(JSON.array(results.map(\.json)).prettyText)
    case .jsonl: for result in results { call.console.out(result.json.text) }
    case .id: break
    }
    return results.allSatisfy(\.isValid) ? .done : .usage
  }

  private static func show(_ file: PipelineFile, _ call: Invocation) {
    for finding in file.compilation.findings {
      call.console.error(finding.rendered(file: file.name, language: call.language))
    }
    if file.compilation.hasErrors { return }
    if !call.isQuiet { call.console.out(call.text(sentence(file))) }
    if call.has("--explain"), let plan = file.compilation.outline {
      call.console.out(plan.explanation(call.language))
    }
  }

  private static func sentence(_ file: PipelineFile) -> Bilingual {
    let (count, order) = (file.compilation.stepCount, file.compilation.order.joined(separator: " -> "))
    let why = edges(file.compilation)
    return Bilingual(
      "\(file.name): valid. \(count) \(count == 1 ? "step" : "steps"); order: \(order)\(why[.english])",
      pt:
        "\(file.name): válido. \(count) \(count == 1 ? "passo" : "passos"); "
        + "ordem: \(order)\(why[.portuguese])"
    )
  }

  /// ` (count reads greet.output)`: the reasons of the top scope's edges, while they are few.
  private static func edges(_ compilation: Compilation) -> Bilingual {
    guard let plan = compilation.outline, let scope = plan.scopes.first else { return Bilingual("", pt: "") }
    let reads = plan.steps[scope.steps].flatMap { step in
      step.needs.filter { $0.reason != "needs" }.map { (step.name, $0.reason.replacing("steps.", with: "")) }
    }
    guard (1...4).contains(reads.count) else { return Bilingual("", pt: "") }
    func text(_ verb: String) -> String {
      " (" + reads.map { "\($0.0) \(verb) \($0.1)" }.joined(separator: ", ") + ")"
    }
    return Bilingual(text("reads"), pt: text("lê"))
  }

  private static func item(_ finding: Finding, _ file: String, _ language: Language) -> FindingItem {
    FindingItem(
      code: finding.code, message: finding.message[language],
      severity: finding.severity == .error ? "error" : "warning", pointer: finding.path, line: finding.line,
      column: finding.column, remedy: finding.remedy?[language],
      rendered: finding.rendered(file: file, language: language))
  }
}

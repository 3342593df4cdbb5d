import API
import Engine
import Model
import Pipelines

/// Whether a schedule that a call makes could stand in the file of its pipeline.
struct ScheduleChecking {
  var backend: Backend
  var plan: Plan

  func check(_ rule: ScheduleRule, name: String, _ language: Language) throws(Problem) {
    // The reader of files knows all rules of the format: it reads one with this trigger in it.
    let trigger: JSON = ["schedule": rule.spec]
    let file: JSON = [
      "apiVersion": "esteira/v1", "id": "x", "namespace": "x",
      "triggers": .object(JSONObject([(name, trigger)])), "steps": ["x": ["value": 1]],
    ]
    let compilation = backend.compiler.compile(file.serialized())
    if let finding = compilation.findings.first(where: { $0.severity == .error }) {
      throw Self.invalid(finding.message, finding.remedy)
    }
    let spec = ScheduleSpec(
      rule.spec, of: PipelineName(namespace: plan.namespace, name: plan.name), trigger: name,
      zones: backend.zones, settings: JSONObject())
    guard spec != nil else {
      throw Self.invalid(
        Bilingual("this is no schedule.", pt: "isto não é um agendamento."),
        Bilingual("Write it as in docs/schedules.md.", pt: "Escreva como em docs/schedules.md."))
    }
    try check(rule.inputs)
  }

  private func check(_ inputs: JSONObject) throws(Problem) {
    if inputs.contains(where: { Self.hasExpression($0.value) }) { throw Self.expression }
    for input in inputs {
      let declared = plan.inputs.first { ScalarString($0.name) == ScalarString(input.key) }
      guard let declared else {
        throw Self.invalid(
          Bilingual(
            "the pipeline has no input \"\(input.key)\".",
            pt: "o pipeline não tem a entrada \"\(input.key)\"."),
          nil)
      }
      if let violation = declared.schema.violations(in: input.value).first {
        throw Self.invalid(
          Bilingual(
            "the input \"\(input.key)\" does not fit: \(violation.message.english)",
            pt: "a entrada \"\(input.key)\" não serve: \(violation.message.portuguese)"), nil)
      }
    }
    let given = Set(inputs.map { ScalarString($0.key) })
    let missing = plan.inputs.first { $0.defaultValue == nil && !given.contains(ScalarString($0.name)) }
    if let missing {
      throw Self.invalid(
        Bilingual(
          "the input \"\(missing.name)\" is missing.", pt: "falta a entrada \"\(missing.name)\"."), nil)
    }
  }

  private static func hasExpression(_ json: JSON) -> Bool {
    switch json {
    case .null, .bool, .int, .double: false
    case .string(let text): Array(text.utf8).contains(Array("${{".utf8))
    case .array(let items): items.contains(where: hasExpression)
    case .object(let object): object.contains { hasExpression($0.value) }
    }
  }

  private static let expression = invalid(
    Bilingual(
      "the inputs hold an expression, which only a file's may.",
      pt: "as entradas têm uma expressão, que só as de um arquivo podem ter."),
    Bilingual(
      "Give plain values, or make the schedule in the pipeline's file.",
      pt: "Dê valores simples, ou faça o agendamento no arquivo do pipeline."))

  private static func invalid(_ message: Bilingual, _ remedy: Bilingual?) -> Problem {
    Problem(
      "invalid-schedule",
      Bilingual(
        "The schedule is not valid: \(message.english)",
        pt: "O agendamento não é válido: \(message.portuguese)"),
      remedy: remedy)
  }
}

internal import Expressions
public import Model

extension Plan {
  /// What the pipeline is and does, as Markdown: inputs, triggers, the steps in order with what each does and
  /// why it waits, handlers and outputs. Empty chapters are left out.
  public func documentation(_ language: Language) -> String {
    let pages = PlanPages(plan: self, language: language)
    let chapters = [pages.head, pages.inputs, pages.triggers, pages.steps, pages.outputs]
    return chapters.filter { !$0.isEmpty }.map { $0.joined(separator: "\n") }.joined(separator: "\n\n") + "\n"
  }
}

/// The chapters of a pipeline's page.
struct PlanPages {
  let plan: Plan
  let language: Language

  private func phrase(_ english: String, pt portuguese: String) -> String {
    Bilingual(english, pt: portuguese)[language]
  }

  var head: [String] {
    var lines = ["# \(plan.title.isEmpty ? "\(plan.namespace)/\(plan.name)" : Self.line(plan.title))"]
    if !plan.title.isEmpty { lines += ["", "`\(plan.namespace)/\(plan.name)`"] }
    if !plan.description.isEmpty { lines += ["", plan.description] }
    return lines
  }

  var inputs: [String] {
    guard !plan.inputs.isEmpty else { return [] }
    let lines = [
      "## " + phrase("Inputs", pt: "Entradas"), "",
      phrase("| name | type | default |", pt: "| nome | tipo | padrão |"), "|---|---|---|",
    ]
    return lines
      + plan.inputs.map { input in
        let type =
          Self.type(of: input.schema.json) + (input.isPersonal ? phrase(", personal", pt: ", pessoal") : "")
        let value = input.defaultValue.map { Self.code($0.source) } ?? phrase("required", pt: "obrigatória")
        return "| `\(input.name)` | \(Self.cell(type)) | \(Self.cell(value)) |"
      }
  }

  private static func type(of schema: JSON) -> String {
    var words: [String]
    switch schema["type"] {
    case .string(let text)?: words = [text]
    case .array(let kinds)?: words = [kinds.compactMap(\.string).joined(separator: " | ")]
    case .null?, .bool?, .int?, .double?, .object?, nil: words = []
    }
    if let format = schema["format"]?.string { words.append(format) }
    if case .array(let values)? = schema["enum"] { words.append(values.map(\.text).joined(separator: " | ")) }
    return words.isEmpty ? "any" : words.joined(separator: ", ")
  }

  var triggers: [String] {
    guard !plan.triggers.isEmpty else { return [] }
    return ["## " + phrase("Triggers", pt: "Gatilhos"), ""]
      + plan.triggers.map { trigger in
        var text = "- **\(trigger.name)** (\(trigger.kind)): \(Self.code(trigger.spec.text))"
        if let condition = trigger.condition {
          text += phrase(", if ", pt: ", se ") + Self.code(condition.expression.source)
        }
        if let deliver = trigger.deliver {
          text +=
            phrase(", delivers the signal ", pt: ", entrega o sinal ") + Self.code(deliver.signal.source)
        }
        return text
      }
  }

  var steps: [String] {
    plan.topScopes.enumerated().flatMap { place, part in
      let (word, scope) = part
      let title = word.map { "`\($0)`" } ?? phrase("Steps", pt: "Passos")
      return (place == 0 ? [] : [""]) + ["## \(title)", ""] + list(scope, indent: 0)
    }
  }

  private func list(_ scope: Int, indent: Int) -> [String] {
    let space = String(repeating: " ", count: indent)
    return plan.order(ofScope: scope).enumerated().flatMap { place, index in
      let step = plan.steps[index.position]
      var lines = ["\(space)\(place + 1). **\(step.name)**: \(does(step))"]
      lines += modifiers(step).map { "\(space)   - \($0)" }
      lines += step.needs.map { need in
        let other = plan.steps[need.step.position].name
        return "\(space)   - "
          + phrase("after ", pt: "depois de ")
          + "**\(other)**: \(plan.reason(of: need, to: index.position)[language])"
      }
      for (word, inner) in step.scopes {
        lines.append("\(space)   - " + (word.map { "`\($0)`:" } ?? phrase("inside:", pt: "dentro:")))
        lines += list(inner, indent: indent + 5)
      }
      return lines
    }
  }

  private func does(_ step: StepPlan) -> String {
    switch step.kind {
    case .connector(let call):
      let connection = call.connection.map { phrase(", connection ", pt: ", conexão ") + Self.code($0) } ?? ""
      return "\(Self.code(call.connector.name)). \(call.connector.summary[language])\(connection)"
    case .group: return phrase("a group of steps", pt: "um grupo de passos")
    case .choose: return phrase("the first branch whose `if` holds", pt: "o primeiro ramo cujo `if` vale")
    case .value(let value): return phrase("computes ", pt: "calcula ") + Self.code(value.source)
    case .call(let call):
      let name = Self.code("\(call.namespace)/\(call.pipeline)")
      return call.detach
        ? phrase("starts \(name) and does not wait for it", pt: "inicia \(name) e não espera por ele")
        : phrase("runs \(name)", pt: "executa \(name)")
    case .ask(let ask): return self.ask(ask)
    case .wait(.pause(let timing)): return phrase("waits ", pt: "espera ") + Self.code(timing.source)
    case .wait(.until(let bound)):
      return phrase("waits until ", pt: "espera até ") + Self.code(bound.expression.source)
    case .wait(.signal(let signal)):
      let key = signal.key.map { phrase(" with the key ", pt: " com a chave ") + Self.code($0.source) } ?? ""
      return phrase("waits for the signal ", pt: "espera o sinal ") + Self.code(signal.name.source) + key
    case .end(let end):
      let message = end.message.map { ": " + Self.code($0.source) } ?? ""
      return phrase("ends the job as ", pt: "encerra o job como ") + Self.code(end.status.word) + message
    }
  }

  private func ask(_ ask: AskPlan) -> String {
    let people = [ask.to.users, ask.to.groups].compactMap { $0.map { Self.code($0.source) } }
      .joined(separator: ", ")
    let choices = ask.choices.map(\.name).joined(separator: ", ")
    let silence =
      switch ask.onExpiry {
      case .fail: phrase("it fails", pt: "ele falha")
      case .skip: phrase("it is skipped", pt: "ele é pulado")
      case .choice(let name): phrase("\(name) is taken", pt: "vale \(name)")
      }
    let title = Self.code(ask.title.source)
    return phrase(
      "asks \(people): \(title) (\(choices)); after \(ask.expires.source) without an answer \(silence)",
      pt: "pergunta a \(people): \(title) (\(choices)); após \(ask.expires.source) sem resposta, \(silence)")
  }

  private func modifiers(_ step: StepPlan) -> [String] {
    var found: [String] = []
    if let condition = step.condition {
      found.append(phrase("only if ", pt: "só se ") + Self.code(condition.expression.source))
    }
    if let forEach = step.forEach {
      found.append(
        phrase("for each \(forEach.name) of ", pt: "para cada \(forEach.name) de ")
          + Self.code(forEach.items.expression.source))
    }
    if let loop = step.loop {
      let until = loop.until.map { phrase(", until ", pt: ", até ") + Self.code($0.expression.source) } ?? ""
      found.append(
        phrase("at most \(loop.max.source) rounds", pt: "no máximo \(loop.max.source) rodadas") + until)
    }
    if case .fixed(1) = step.retry.attempts {
    } else {
      let count = step.retry.attempts.source
      found.append(phrase("at most \(count) attempts", pt: "no máximo \(count) tentativas"))
    }
    for (key, timing) in [("timeout", step.timeout), ("deadline", step.deadline)] {
      if let timing { found.append("\(key): \(Self.code(timing.source))") }
    }
    return found
  }

  var outputs: [String] {
    guard !plan.outputs.isEmpty else { return [] }
    return ["## " + phrase("Outputs", pt: "Saídas"), ""]
      + plan.outputs.map { "- `\($0.name)`: \(Self.code($0.value.source))" }
  }

  /// Text as code, whatever back quotes are in it.
  private static func code(_ text: String) -> String {
    let text = line(text)
    guard text.unicodeScalars.contains("`") else { return "`\(text)`" }
    return "`` \(text) ``"
  }

  private static func line(_ text: String) -> String {
    text.split(whereSeparator: \.isNewline).joined(separator: " ")
  }

  private static func cell(_ text: String) -> String { text.spelling(["|": "\\|"]) }
}

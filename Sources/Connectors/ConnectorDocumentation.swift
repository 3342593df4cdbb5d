public import Model
internal import Pipelines

/// Makes the page of a connector from its description, so that the two cannot disagree.
public enum ConnectorDocumentation {
  /// Markdown, English first, then Portuguese; ends with a newline.
  public static func render(_ description: ConnectorDescription) -> String {
    let parts = Language.allCases.map { render(description, in: $0) }
    return parts.joined(separator: "\n")
  }

  private static func render(_ description: ConnectorDescription, in language: Language) -> String {
    let words = Words(language: language)
    let level = language == .english ? "#" : "##"
    var lines = [
      "\(level) \(language == .english ? "`\(description.name)`: " : "")\(description.title[language])", "",
      description.summary[language], "", "- \(words.effect): \(words.rule(description.effect))",
      "- \(words.connection): \(words.rule(description.connection))",
      "- \(words.timeout): \(description.defaultTimeout.components.seconds) s", "",
    ]
    lines += table("`with`", description.with, words)
    lines += table(words.output, description.output, words)
    lines += failures(description.failures, words)
    for example in description.examples {
      lines += ["**\(example.title[language])**", "", "```yaml", example.yaml, "```", ""]
    }
    return lines.joined(separator: "\n")
  }

  private static func table(_ title: String, _ schema: JSON, _ words: Words) -> [String] {
    let required = (schema["required"]?.array ?? []).compactMap(\.string)
    let members = schema["properties"]?.object ?? JSONObject()
    var lines = ["**\(title)**", ""]
    if members.isEmpty { return lines + [words.nothing, ""] }
    lines += [
      "| \(words.name) | \(words.type) | \(words.required) | \(words.meaning) |", "|---|---|---|---|",
    ]
    for member in members {
      let meaning = [member.value["description"]?.string, words.bounds(member.value)].compactMap(\.self)
      let isRequired = required.contains { ScalarString($0) == ScalarString(member.key) }
      let cells = [
        "`\(member.key)`", type(of: member.value, words), isRequired ? words.yes : "",
        meaning.joined(separator: " "),
      ]
      lines.append("| \(cells.map { $0.spelling(["|": "\\|"]) }.joined(separator: " | ")) |")
    }
    return lines + [""]
  }

  private static func failures(_ notes: [ConnectorDescription.FailureNote], _ words: Words) -> [String] {
    if notes.isEmpty { return [] }
    var lines = [
      "**\(words.failures)**", "",
      "| \(words.errorClass) | \(words.code) | \(words.when) | \(words.remedy) |",
      "|---|---|---|---|",
    ]
    for note in notes {
      let cells = [
        "`\(note.errorClass.rawValue)`", "[`\(note.code)`](../errors/\(note.code).md)",
        note.cause[words.language], note.remedy[words.language],
      ]
      lines.append("| \(cells.map { $0.spelling(["|": "\\|"]) }.joined(separator: " | ")) |")
    }
    return lines + [""]
  }

  private static func type(of schema: JSON, _ words: Words) -> String {
    if let values = schema["enum"]?.array { return values.map { "`\($0.text)`" }.joined(separator: ", ") }
    if let name = schema["type"]?.string { return name }
    guard let names = schema["type"]?.array else { return words.anything }
    return names.compactMap(\.string).joined(separator: ", ")
  }
}

/// The fixed words of a page.
private struct Words {
  let language: Language

  private func spell(_ english: String, _ portuguese: String) -> String {
    Bilingual(english, pt: portuguese)[language]
  }

  var effect: String { spell("Effect class", "Classe de efeito") }
  var connection: String { spell("Connection", "Conexão") }
  var timeout: String { spell("Timeout of an attempt", "Tempo limite de uma tentativa") }
  var output: String { spell("Output", "Saída") }
  var nothing: String { spell("Nothing.", "Nada.") }
  var name: String { spell("Name", "Nome") }
  var type: String { spell("Type", "Tipo") }
  var required: String { spell("Required", "Obrigatório") }
  var meaning: String { spell("Meaning", "Significado") }
  var yes: String { spell("yes", "sim") }
  var failures: String { spell("Failures", "Falhas") }
  var errorClass: String { spell("Class", "Classe") }
  var code: String { spell("Code", "Código") }
  var when: String { spell("When", "Quando") }
  var remedy: String { spell("What helps", "O que ajuda") }
  var anything: String { spell("anything", "qualquer") }

  func rule(_ effect: ConnectorDescription.EffectRule) -> String {
    switch effect {
    case .always(let always): "`\(always.rawValue)`"
    case .onceUnlessIdempotent:
      spell("`once`; with `idempotent: true` `keyed`", "`once`; com `idempotent: true` `keyed`")
    case .pureWhen(let key, let values, _):
      spell(
        "`pure` where `\(key)` is \(values.joined(separator: ", ")); else `once`, with `idempotent: "
          + "true` `keyed`",
        "`pure` quando `\(key)` é \(values.joined(separator: ", ")); senão `once`, com `idempotent: "
          + "true` `keyed`"
      )
    }
  }

  func rule(_ connection: ConnectorDescription.ConnectionRule) -> String {
    switch connection {
    case .none: spell("none", "nenhuma")
    case .optional(kind: "*"): spell("optional, of any kind", "opcional, de qualquer tipo")
    case .optional(let kind): spell("optional, of kind \(kinds(kind))", "opcional, do tipo \(kinds(kind))")
    case .required(let kind): spell("required, of kind \(kinds(kind))", "obrigatória, do tipo \(kinds(kind))")
    }
  }

  /// `a|b` is either.
  private func kinds(_ kind: String) -> String {
    kind.split(separator: "|").map { "`\($0)`" }.joined(separator: spell(" or ", " ou "))
  }

  func bounds(_ schema: JSON) -> String? {
    let parts = [("minimum", "≥"), ("maximum", "≤")].compactMap { key, sign in
      schema[key].map { "\(sign) \($0.text)" }
    }
    let standard = schema["default"].map { spell("Default: ", "Padrão: ") + "`\($0.text)`." }
    let limits = parts.isEmpty ? nil : parts.joined(separator: ", ") + "."
    let all = [limits, standard].compactMap(\.self)
    return all.isEmpty ? nil : all.joined(separator: " ")
  }
}

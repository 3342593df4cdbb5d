import Expressions
import Model

/// Reads what stands above the steps.
struct HeadReader {
  static let apiVersion = "esteira/v1"

  let draft: Draft
  let top: MapReading
  private var report: Report { draft.report }

  init(draft: Draft, top: MapReading) { (self.draft, self.top) = (draft, top) }

  func read() {
    refuseOn()
    readIdentity()
    draft.head.title = top.text("title") ?? ""
    draft.head.description = top.text("description") ?? ""
    if let entry = top["labels"] { readLabels(entry.value) }
    if let entry = top["inputs"] { readInputs(entry.value) }
    if let entry = top["vars"] { readVars(entry.value) }
    if let entry = top["key"] {
      draft.head.key = draft.template(entry.value, path: "key", view: View(part: .key), step: nil)
    }
    if let entry = top["deadline"] {
      draft.head.deadline = draft.timing(entry.value, path: "deadline", view: View(part: .body), step: nil)
    }
    IdentityReader(draft: draft, top: top).read()
    report.tellIdle(of: top)
    if let entry = top["triggers"] { TriggerReader(draft: draft).read(entry.value, path: "triggers") }
  }

  /// After the steps, whose names it mentions.
  func readOutputs() {
    guard let entry = top["outputs"],
      let map = MapReading(entry.value, path: "outputs", report: report)
    else { return }
    for output in map.entries {
      let path = map.place(output.key)
      if !Names.isName(output.key) { report.badName(output.key, at: output.keySpan, path: path) }
      let value = draft.template(output.value, path: path, view: View(part: .outputs, scope: 0), step: nil)
      draft.head.outputs.append(NamedTemplate(name: output.key, path: path, value: value))
    }
  }

  /// The keys of the top without `on`, which has its own remedy.
  private func refuseOn() {
    let table = KeyTable.top
    for entry in top.entries where !table.known.contains(entry.key) {
      if entry.key == "on" {
        report.error(
          "unknown-key", at: entry.keySpan, path: "on",
          Bilingual("the key \"on\" is not known here.", pt: "a chave \"on\" não é conhecida aqui."),
          remedy: Bilingual(
            "Write triggers: instead. Other tools read on: as true.",
            pt: "Escreva triggers: no lugar. Outras ferramentas leem on: como verdadeiro."))
      } else {
        report.unknownKey(entry.key, at: entry.keySpan, path: entry.key, among: table.known)
      }
    }
  }

  private func readIdentity() {
    for key in ["apiVersion", "id", "namespace", "steps"] where top[key] == nil {
      let remedy =
        key == "apiVersion"
        ? Bilingual(
          "Begin the file with apiVersion: esteira/v1.", pt: "Comece o arquivo com apiVersion: esteira/v1.")
        : nil
      report.missingKey(key, at: top.entries.first?.keySpan ?? top.span, path: "", remedy: remedy)
    }
    if let entry = top["apiVersion"], let version = top.text("apiVersion"), version != Self.apiVersion {
      report.error(
        "wrong-value", at: entry.value.span, path: "apiVersion",
        Bilingual(
          "\"\(version)\" is no version of the format.", pt: "\"\(version)\" não é uma versão do formato."),
        remedy: Bilingual("Write \(Self.apiVersion).", pt: "Escreva \(Self.apiVersion)."))
    }
    draft.head.name = id("id")
    draft.head.namespace = id("namespace")
  }

  private func id(_ key: String) -> String {
    guard let entry = top[key], let text = top.text(key) else { return "" }
    if Names.isID(text) { return text }
    report.error(
      "bad-name", at: entry.value.span, path: key,
      Bilingual("\"\(text)\" cannot be a name.", pt: "\"\(text)\" não pode ser um nome."),
      remedy: Bilingual("Use up to 63 of a-z, 0-9 and -.", pt: "Use até 63 caracteres entre a-z, 0-9 e -."))
    return ""
  }

  private func readLabels(_ node: Node) {
    guard let map = MapReading(node, path: "labels", report: report) else { return }
    for entry in map.entries {
      if let text = report.text(entry.value, path: map.place(entry.key)) {
        draft.head.labels.append((entry.key, text))
      }
    }
  }

  private func readVars(_ node: Node) {
    guard let map = MapReading(node, path: "vars", report: report) else { return }
    for (index, entry) in map.entries.enumerated() {
      let path = map.place(entry.key)
      if !Names.isName(entry.key) { report.badName(entry.key, at: entry.keySpan, path: path) }
      let value = draft.template(entry.value, path: path, view: View(part: .variable(index)), step: nil)
      draft.head.vars.append(NamedTemplate(name: entry.key, path: path, value: value))
    }
  }

  private func readInputs(_ node: Node) {
    guard let map = MapReading(node, path: "inputs", report: report) else { return }
    for entry in map.entries {
      let path = map.place(entry.key)
      if !Names.isName(entry.key) { report.badName(entry.key, at: entry.keySpan, path: path) }
      guard let property = MapReading(entry.value, path: path, report: report) else {
        draft.head.inputs.append(InputDraft(name: entry.key, path: path, schema: .anything))
        continue
      }
      draft.head.inputs.append(input(entry, property))
    }
  }

  private func input(_ entry: Node.Entry, _ property: MapReading) -> InputDraft {
    var json = JSONObject()
    for member in property.entries where member.key != "default" { json[member.key] = member.value.json }
    var input = InputDraft(name: entry.key, path: property.path, schema: .anything)
    do throws(SchemaFaults) {
      input.schema = try JSONSchema(.object(json))
    } catch {
      for fault in error.faults { draft.tell(fault, in: entry.value, path: property.path) }
    }
    guard let value = property["default"] else { return input }
    let path = property.place("default")
    input.defaultValue = draft.template(value.value, path: path, view: View(part: .inputDefault), step: nil)
    return input
  }
}

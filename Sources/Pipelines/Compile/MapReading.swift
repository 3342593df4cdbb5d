import Model

/// A map of the file while its keys are read.
struct MapReading {
  let entries: [Node.Entry]
  let path: String
  let span: Range<Int>
  let report: Report

  /// Nil, and said, where the node is no map.
  init?(_ node: Node, path: String, report: Report) {
    guard let entries = node.entries else {
      report.wrongKind(node, path: path, wanted: Bilingual("a map", pt: "um mapa"))
      return nil
    }
    (self.entries, self.path, span, self.report) = (entries, path, node.span, report)
  }

  subscript(key: String) -> Node.Entry? { entries.first { ScalarString($0.key) == ScalarString(key) } }

  func place(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

  /// Says of each key that is not in the table what is wrong with it.
  func check(_ table: KeyTable) {
    for entry in entries where !table.known.contains(entry.key) {
      report.unknownKey(entry.key, at: entry.keySpan, path: place(entry.key), among: table.known)
    }
  }

  func text(_ key: String) -> String? {
    self[key].flatMap { report.text($0.value, path: place(key)) }
  }
}

extension Report {
  func wrongKind(_ node: Node, path: String, wanted: Bilingual) {
    let given = node.kind
    error(
      "wrong-type", at: node.span, path: path,
      Bilingual(
        "this must be \(wanted.english), not \(given.english).",
        pt: "isto deve ser \(wanted.portuguese), não \(given.portuguese)."))
  }

  func unknownKey(_ key: String, at span: Range<Int>, path: String, among known: [String]) {
    error(
      "unknown-key", at: span, path: path,
      Bilingual("the key \"\(key)\" is not known here.", pt: "a chave \"\(key)\" não é conhecida aqui."),
      remedy: Suggestion.remedy(for: key, among: known))
  }

  func missingKey(_ key: String, at span: Range<Int>, path: String, remedy: Bilingual? = nil) {
    error(
      "missing-key", at: span, path: path,
      Bilingual("the key \"\(key)\" is missing.", pt: "falta a chave \"\(key)\"."), remedy: remedy)
  }

  /// Literal text: numbers and expressions are refused.
  func text(_ node: Node, path: String) -> String? {
    guard let text = node.string else {
      wrongKind(node, path: path, wanted: Bilingual("text", pt: "um texto"))
      return nil
    }
    return isLiteral(node, path: path) ? text : nil
  }

  func bool(_ node: Node, path: String) -> Bool? {
    if case .bool(let bool) = node.content { return bool }
    wrongKind(node, path: path, wanted: Bilingual("true or false", pt: "true ou false"))
    return nil
  }

  /// Says so where an expression stands in a text that data must not choose.
  func isLiteral(_ node: Node, path: String) -> Bool {
    guard let range = node.text.firstRange(ofUTF8: "${{") else { return true }
    error(
      "literal-only", at: source.span(of: range, in: node), path: path,
      Bilingual("no expression may stand here.", pt: "aqui não pode haver expressão."),
      remedy: Bilingual(
        "Write the text itself: what stands here is fixed when the pipeline is applied.",
        pt: "Escreva o próprio texto: o que está aqui é fixado quando o pipeline é aplicado."))
    return false
  }

  /// One word of a list.
  func word(_ node: Node, path: String, among words: [String]) -> String? {
    guard let text = text(node, path: path) else { return nil }
    if words.contains(text) { return text }
    let list = words.joined(separator: ", ")
    error(
      "wrong-value", at: node.span, path: path,
      Bilingual("this must be one of \(list).", pt: "isto deve ser um destes: \(list)."),
      remedy: Suggestion.remedy(for: text, among: words))
    return nil
  }

  func badName(_ name: String, at span: Range<Int>, path: String) {
    error(
      "bad-name", at: span, path: path,
      Bilingual("\"\(name)\" cannot be a name.", pt: "\"\(name)\" não pode ser um nome."),
      remedy: Bilingual(
        "Begin with a letter; use up to 63 of a-z, 0-9 and _; no word of CEL, steps, output or outputs.",
        pt:
          "Comece com uma letra; use até 63 entre a-z, 0-9 e _; nada da CEL, nem steps, output ou outputs."
      ))
  }
}

extension String {
  /// The first place of some bytes, as UTF-8 offsets.
  func firstRange(ofUTF8 text: String) -> Range<Int>? {
    let (bytes, wanted) = (Array(utf8), Array(text.utf8))
    guard bytes.count >= wanted.count else { return nil }
    for start in 0...(bytes.count - wanted.count)
    where bytes[start..<start + wanted.count].elementsEqual(wanted) {
      return start..<start + wanted.count
    }
    return nil
  }
}

import Model

/// What the shape of a `files` trigger cannot say: how its keys go together, and how far they go.
struct FilesTriggerRules {
  let report: Report

  func check(_ node: Node, path: String) {
    guard let entries = node.entries else { return }
    let keys = Dictionary(entries.map { ($0.key, $0) }) { first, _ in first }
    let place = { (key: String) in "\(path).\(key)" }
    for key in ["path", "to"] { folder(keys[key]?.value, path: place(key)) }
    pattern(keys["match"]?.value, path: place("match"))
    claim(keys, at: node, path: path)
    duration(keys["stable_for"]?.value, within: FilesTriggerLimits.stableFor, path: place("stable_for"))
    let batch = keys["batch"]?.value.entries ?? []
    for entry in batch where entry.key == "wait" {
      duration(entry.value, within: FilesTriggerLimits.batchWait, path: place("batch.wait"))
    }
    for entry in batch where entry.key == "max" { count(entry.value, path: place("batch.max")) }
  }

  private func folder(_ node: Node?, path: String) {
    guard let node, let text = node.string, text.firstRange(ofUTF8: "${{") == nil else { return }
    let parts = Self.parts(text)
    if text.utf8.first == UInt8(ascii: "/"), !parts.contains(ScalarString("..")), !parts.isEmpty,
      !text.utf8.contains(0)
    {
      return
    }
    report.error(
      "wrong-value", at: node.span, path: path,
      Bilingual(
        "this must be the absolute path of a folder, without \"..\".",
        pt: "isto deve ser o caminho absoluto de uma pasta, sem \"..\"."),
      remedy: Bilingual("Write it like /srv/data/inbox.", pt: "Escreva como /srv/dados/entrada."))
  }

  private func pattern(_ node: Node?, path: String) {
    guard let node, let text = node.string, text.firstRange(ofUTF8: "${{") == nil else { return }
    if NamePattern(text) != nil { return }
    report.error(
      "wrong-value", at: node.span, path: path,
      Bilingual(
        "\"\(text)\" is no pattern for the name of a file.",
        pt: "\"\(text)\" não é um padrão para o nome de um arquivo."),
      remedy: Bilingual(
        "Write it like *.csv: * is any text, ? one character, [0-9] one of a set; no folders.",
        pt: "Escreva como *.csv: * é qualquer texto, ? um caractere, [0-9] um de um conjunto; sem pastas."))
  }

  private func claim(_ keys: [String: Node.Entry], at node: Node, path: String) {
    let moves = keys["claim"]?.value.string == "move"
    guard let to = keys["to"] else {
      guard moves else { return }
      return report.missingKey(
        "to", at: keys["claim"]?.keySpan ?? node.span, path: path,
        remedy: Bilingual(
          "Name the folder into which the files are moved.",
          pt: "Indique a pasta para onde os arquivos são movidos."))
    }
    guard moves else {
      return report.error(
        "key-without-effect", at: to.keySpan, path: "\(path).to",
        Bilingual("files are only moved with claim: move.", pt: "arquivos só são movidos com claim: move."),
        remedy: Bilingual("Add claim: move, or remove it.", pt: "Acrescente claim: move, ou retire-a."))
    }
    distinct(keys["path"]?.value, to.value, path: "\(path).to")
  }

  /// A file that came to where it was taken from would be taken for ever.
  private func distinct(_ source: Node?, _ target: Node, path: String) {
    guard let from = source?.string.map(Self.parts), let to = target.string.map(Self.parts) else { return }
    guard from == to || from == to + [ScalarString("duplicates")] else { return }
    report.error(
      "wrong-value", at: target.span, path: path,
      Bilingual(
        "files cannot be moved into the folder that is watched.",
        pt: "arquivos não podem ser movidos para a própria pasta vigiada."),
      remedy: Bilingual("Name another folder.", pt: "Indique outra pasta."))
  }

  private func duration(_ node: Node?, within range: ClosedRange<Duration>, path: String) {
    guard let node, let duration = node.string.flatMap({ Duration(text: $0) }), duration > range.upperBound
    else { return }
    report.error(
      "wrong-value", at: node.span, path: path,
      Bilingual(
        "this may be at most \(range.upperBound.text).",
        pt: "isto pode ser no máximo \(range.upperBound.text)."))
  }

  private func count(_ node: Node, path: String) {
    guard case .int(let value) = node.content, value > FilesTriggerLimits.batchMax.upperBound else { return }
    report.error(
      "wrong-value", at: node.span, path: path,
      Bilingual(
        "this may be at most \(FilesTriggerLimits.batchMax.upperBound).",
        pt: "isto pode ser no máximo \(FilesTriggerLimits.batchMax.upperBound)."))
  }

  /// Compared by their bytes, as the system does.
  private static func parts(_ path: String) -> [ScalarString] {
    path.utf8.split(separator: UInt8(ascii: "/")).map { ScalarString(String(Substring($0))) }
      .filter { $0 != ScalarString(".") }
  }
}

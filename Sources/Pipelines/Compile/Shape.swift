import Model

/// What a literal part of the file looks like, where no expression may stand in it.
enum Shape: Sendable {
  case text, texts, connection, duration, count, bool, zone, any
  /// `HH:MM`, of a day.
  case timeOfDay
  /// `"50%"`.
  case percent
  /// An amount as Kubernetes writes it: `250m`, `512Mi`, a plain number.
  case quantity
  /// `none`, or `{egress: [names]}`.
  case network
  /// A file beside the pipeline, which the revision takes in.
  case file
  case word([String])
  /// One of the words, or a list of them.
  case words([String])
  indirect case map([Key])

  struct Key: Sendable {
    var name: String
    var shape: Shape
    var isRequired = false
    init(_ name: String, _ shape: Shape, required: Bool = false) {
      (self.name, self.shape, isRequired) = (name, shape, required)
    }
  }
}

struct ShapeChecker {
  let report: Report
  let zones: ZoneDatabase?
  /// Is told of each file beside the pipeline.
  var found: (_ file: String, _ span: Range<Int>, _ path: String) -> Void = { _, _, _ in }

  func check(_ node: Node, _ keys: [Shape.Key], path: String) {
    guard let map = MapReading(node, path: path, report: report) else { return }
    map.check(KeyTable(known: keys.map(\.name)))
    for key in keys {
      guard let entry = map[key.name] else {
        if key.isRequired { report.missingKey(key.name, at: node.span, path: path) }
        continue
      }
      check(entry.value, key.shape, path: map.place(key.name))
    }
  }

  private func check(_ node: Node, _ shape: Shape, path: String) {
    switch shape {
    case .any: break
    case .text: _ = report.text(node, path: path)
    case .texts: texts(node, path: path)
    case .bool: _ = report.bool(node, path: path)
    case .word(let words): _ = report.word(node, path: path, among: words)
    case .words(let words): self.words(node, words, path: path)
    case .map(let keys): check(node, keys, path: path)
    case .count: count(node, path: path)
    case .duration: _ = report.duration(node, path: path)
    case .connection:
      guard let text = report.text(node, path: path), !Names.isConnection(text) else { return }
      report.badName(text, at: node.span, path: path)
    case .zone: zone(node, path: path)
    case .file: if let text = report.text(node, path: path) { found(text, node.span, path) }
    case .timeOfDay, .percent, .quantity: form(node, shape, path: path)
    case .network: network(node, path: path)
    }
  }

  private func count(_ node: Node, path: String) {
    if case .int(let value) = node.content, value > 0 { return }
    report.wrongKind(
      node, path: path, wanted: Bilingual("a whole number above 0", pt: "um número inteiro acima de 0"))
  }

  private func texts(_ node: Node, path: String) {
    guard let items = node.items else {
      return report.wrongKind(
        node, path: path, wanted: Bilingual("a list of texts", pt: "uma lista de textos"))
    }
    for (index, item) in items.enumerated() { _ = report.text(item, path: "\(path)[\(index)]") }
  }

  private func words(_ node: Node, _ words: [String], path: String) {
    guard let items = node.items else {
      _ = report.word(node, path: path, among: words)
      return
    }
    for (index, item) in items.enumerated() {
      _ = report.word(item, path: "\(path)[\(index)]", among: words)
    }
  }

  private func zone(_ node: Node, path: String) {
    guard let text = report.text(node, path: path), let zones, zones.zone(text) == nil else { return }
    report.error(
      "unknown-zone", at: node.span, path: path,
      Bilingual("there is no time zone \"\(text)\".", pt: "não existe o fuso horário \"\(text)\"."),
      remedy: Bilingual(
        "Write it like America/Sao_Paulo or UTC.", pt: "Escreva como America/Sao_Paulo ou UTC."))
  }

  private func form(_ node: Node, _ shape: Shape, path: String) {
    let (isRight, wanted): (Bool, Bilingual)
    switch shape {
    case .timeOfDay:
      isRight = LiteralForm.isTimeOfDay(node.string ?? "")
      wanted = Bilingual("a time of the day such as \"09:30\"", pt: "uma hora do dia como \"09:30\"")
    case .percent:
      isRight = LiteralForm.isPercent(node.string ?? "")
      wanted = Bilingual("a share such as 50%", pt: "uma parte como 50%")
    case .quantity:
      isRight = node.isScalar && LiteralForm.isQuantity(node.text)
      wanted = Bilingual(
        "an amount such as 250m, 2 or 512Mi", pt: "uma quantidade como 250m, 2 ou 512Mi")
    case .text, .texts, .connection, .duration, .count, .bool, .zone, .any, .network, .file, .word,
      .words, .map:
      return
    }
    if isRight { return }
    report.error(
      "wrong-value", at: node.span, path: path,
      Bilingual("this must be \(wanted.english).", pt: "isto deve ser \(wanted.portuguese)."))
  }

  private func network(_ node: Node, path: String) {
    guard node.entries == nil else {
      return check(node, [.init("egress", .texts, required: true)], path: path)
    }
    _ = report.word(node, path: path, among: ["none"])
  }
}

/// Small forms of text, by their bytes.
enum LiteralForm {
  static func isTimeOfDay(_ text: String) -> Bool {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, parts.allSatisfy({ $0.utf8.count == 2 && isDigits($0) }) else { return false }
    return (Int(parts[0]) ?? 24) < 24 && (Int(parts[1]) ?? 60) < 60
  }

  static func isPercent(_ text: String) -> Bool {
    guard text.hasSuffix("%"), let number = Double(text.dropLast()) else { return false }
    return number >= 0 && number <= 10_000
  }

  private static let units: Set<Substring> = [
    "", "m", "k", "M", "G", "T", "P", "Ki", "Mi", "Gi", "Ti", "Pi",
  ]

  static func isQuantity(_ text: String) -> Bool {
    let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    guard let value = Double(number), value > 0, number.utf8.first != UInt8(ascii: ".") else { return false }
    return units.contains(text[number.endIndex...])
  }

  private static func isDigits(_ text: Substring) -> Bool {
    text.utf8.allSatisfy { (0x30...0x39).contains($0) }
  }
}

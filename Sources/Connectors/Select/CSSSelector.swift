import Model

/// A CSS selector as XPath, relative to where it is asked: type, `*`, `#id`, `.class`, `[a]`, `[a=v]` with
/// `^=`, `$=`, `*=`, `~=`, the combinators blank, `>`, `+`, `~`, lists, `:first-child`, `:last-child`,
/// `:nth-child(…)` and `:not(…)`.
struct CSSSelector: Sendable {
  let xpath: String

  struct Fault: Error {
    /// Of the Unicode scalar, from 1.
    var column: Int
    var reason: Bilingual
  }

  static let lengthLimit = 2_000

  init(_ text: String) throws(Fault) {
    var parser = CSSParser(text)
    xpath = try parser.list()
  }

  /// A text in XPath, which has no escapes: what holds both quotes is put together from pieces.
  static func literal(_ text: String) -> String {
    if !text.utf8.contains(UInt8(ascii: "'")) { return "'\(text)'" }
    if !text.utf8.contains(UInt8(ascii: "\"")) { return "\"\(text)\"" }
    let pieces = text.unicodeScalars.split(separator: "'", omittingEmptySubsequences: false)
    return "concat(\(pieces.map { "'\(String($0))'" }.joined(separator: ", \"'\", ")))"
  }
}

private struct CSSParser {
  private let scalars: [Unicode.Scalar]
  private var place = 0

  init(_ text: String) { scalars = Array(text.unicodeScalars.prefix(CSSSelector.lengthLimit + 1)) }

  private var next: Unicode.Scalar? { place < scalars.count ? scalars[place] : nil }

  private func fault(_ english: String, pt portuguese: String) -> CSSSelector.Fault {
    CSSSelector.Fault(column: place + 1, reason: Bilingual(english, pt: portuguese))
  }

  mutating func list() throws(CSSSelector.Fault) -> String {
    guard scalars.count <= CSSSelector.lengthLimit else {
      throw fault("the selector is too long", pt: "o seletor é longo demais")
    }
    var paths = [try path()]
    while take(",") { paths.append(try path()) }
    guard place == scalars.count else { throw unexpected }
    return paths.joined(separator: " | ")
  }

  private var unexpected: CSSSelector.Fault {
    next.map { fault("`\(String($0))` is not expected", pt: "`\(String($0))` não é esperado") }
      ?? fault("something is missing at the end", pt: "falta algo no fim")
  }

  private mutating func path() throws(CSSSelector.Fault) -> String {
    skipBlanks()
    var path = "./descendant::" + (try compound())
    while true {
      let hadBlank = skipBlanks()
      switch next {
      case nil, ","?: return path
      case ">"?:
        place += 1
        skipBlanks()
        path += "/child::" + (try compound())
      case "~"?:
        place += 1
        skipBlanks()
        path += "/following-sibling::" + (try compound())
      case "+"?:
        place += 1
        skipBlanks()
        path += "/following-sibling::*[1]/self::" + (try compound())
      case _?:
        guard hadBlank else { throw unexpected }
        path += "/descendant::" + (try compound())
      }
    }
  }

  /// A name and its conditions: `a[contains(…)]`.
  private mutating func compound() throws(CSSSelector.Fault) -> String {
    var text = "*"
    var isEmpty = false
    if take("*") {
      // Stays as it is.
    } else if let scalar = next, Self.isName(scalar) {
      text = try name().lowercased()
    } else {
      isEmpty = true
    }
    let conditions = try conditions()
    if isEmpty, conditions.isEmpty { throw unexpected }
    return text + conditions.map { "[\($0)]" }.joined()
  }

  private mutating func conditions() throws(CSSSelector.Fault) -> [String] {
    var found: [String] = []
    while let scalar = next {
      switch scalar {
      case "#":
        place += 1
        found.append("@id = \(CSSSelector.literal(try name()))")
      case ".":
        place += 1
        found.append(Self.hasWord("@class", try name()))
      case "[":
        place += 1
        found.append(try attribute())
      case ":":
        place += 1
        found.append(try pseudo())
      case _: return found
      }
    }
    return found
  }

  private static func hasWord(_ attribute: String, _ word: String) -> String {
    "contains(concat(' ', normalize-space(\(attribute)), ' '), \(CSSSelector.literal(" \(word) ")))"
  }

  private mutating func attribute() throws(CSSSelector.Fault) -> String {
    skipBlanks()
    // In HTML names have no case, and the parser writes them small.
    let attribute = "@" + (try name().lowercased())
    skipBlanks()
    if take("]") { return attribute }
    var sign: Unicode.Scalar = "="
    if let scalar = next, ["^", "$", "*", "~"].contains(scalar) {
      sign = scalar
      place += 1
    }
    guard take("=") else { throw unexpected }
    skipBlanks()
    let value = try value()
    skipBlanks()
    guard take("]") else { throw unexpected }
    let literal = CSSSelector.literal(value)
    // Every text begins, ends and has the empty one in it, but CSS says that none matches.
    if value.isEmpty, sign != "=" { return "false()" }
    switch sign {
    case "^": return "starts-with(\(attribute), \(literal))"
    case "*": return "contains(\(attribute), \(literal))"
    case "~": return Self.hasWord(attribute, value)
    case "$":
      let start = "string-length(\(attribute)) - \(value.unicodeScalars.count - 1)"
      return "substring(\(attribute), \(start)) = \(literal)"
    case _: return "\(attribute) = \(literal)"
    }
  }

  private mutating func value() throws(CSSSelector.Fault) -> String {
    guard let quote = next, quote == "\"" || quote == "'" else { return try name() }
    place += 1
    guard let end = scalars[place...].firstIndex(of: quote) else {
      throw fault("a quote is not closed", pt: "falta fechar aspas")
    }
    defer { place = end + 1 }
    var text = String.UnicodeScalarView()
    text.append(contentsOf: scalars[place..<end])
    return String(text)
  }

  private mutating func pseudo() throws(CSSSelector.Fault) -> String {
    let start = place
    let name = try name()
    switch name {
    case "first-child": return "not(preceding-sibling::*)"
    case "last-child": return "not(following-sibling::*)"
    case "nth-child":
      guard take("(") else { throw unexpected }
      let position = try position()
      guard take(")") else { throw unexpected }
      return position
    case "not":
      guard take("(") else { throw unexpected }
      skipBlanks()
      let inner = try compound()
      skipBlanks()
      guard take(")") else { throw unexpected }
      return "not(self::\(inner))"
    case _:
      place = start
      throw fault("`:\(name)` is not known here", pt: "`:\(name)` não é conhecido aqui")
    }
  }

  /// `odd`, `even`, `3`, `2n`, `2n+1`, `-n+3`.
  private mutating func position() throws(CSSSelector.Fault) -> String {
    var text = ""
    while let scalar = next, scalar != ")" {
      if scalar != " " { text.unicodeScalars.append(scalar) }
      place += 1
    }
    let own = "(count(preceding-sibling::*) + 1)"
    if text == "odd" { text = "2n+1" }
    if text == "even" { text = "2n" }
    guard let border = text.firstIndex(of: "n") else {
      guard let number = Int32(text) else {
        throw fault("a position is a number", pt: "uma posição é um número")
      }
      return "\(own) = \(number)"
    }
    let (head, tail) = (text[..<border], text[text.index(after: border)...])
    let step = head.isEmpty || head == "+" ? 1 : head == "-" ? -1 : Int32(head)
    guard let step, let start = tail.isEmpty ? 0 : Int32(tail) else {
      throw fault("a position is written `2n+1`", pt: "uma posição se escreve `2n+1`")
    }
    if step == 0 { return "\(own) = \(start)" }
    let sign = step > 0 ? ">=" : "<="
    return "\(own) \(sign) \(start) and (\(own) - \(start)) mod \(step.magnitude) = 0"
  }

  private mutating func name() throws(CSSSelector.Fault) -> String {
    var text = String.UnicodeScalarView()
    while let scalar = next, Self.isName(scalar) {
      text.append(scalar)
      place += 1
    }
    if text.isEmpty { throw unexpected }
    return String(text)
  }

  private static func isName(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "-" || scalar == "_" || scalar.value >= 0x80 || scalar.properties.isAlphabetic
      || ("0"..."9").contains(scalar)
  }

  private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard next == scalar else { return false }
    place += 1
    return true
  }

  @discardableResult private mutating func skipBlanks() -> Bool {
    let start = place
    while let scalar = next, [" ", "\t", "\n", "\r"].contains(scalar) { place += 1 }
    return place > start
  }
}

import Expressions
import Model

/// Reads values in which expressions may stand.
extension Draft {
  /// `${{ … }}` anywhere in the value.
  func template(_ node: Node, path: String, view: View, step: Int?) -> TemplateDraft {
    switch node.content {
    case .list(let items):
      let parts = items.enumerated().map { index, item in
        template(item, path: "\(path)[\(index)]", view: view, step: step)
      }
      return .list(parts, node.span)
    case .map(let entries):
      let members = entries.map { entry in
        TemplateDraft.Member(
          key: entry.key, keySpan: entry.keySpan,
          value: template(entry.value, path: "\(path).\(entry.key)", view: view, step: step))
      }
      return .map(members, node.span)
    case .string: return text(node, path: path, view: view, step: step)
    case .null, .bool, .int, .double: return .literal(node.json, node.span)
    }
  }

  private func text(_ node: Node, path: String, view: View, step: Int?) -> TemplateDraft {
    let pieces = TemplatePieces(node.text)
    if let open = pieces.unclosed {
      report.error(
        "unclosed-expression", at: report.source.span(of: open..<open + 3, in: node), path: path,
        Bilingual("this \"${{\" is never closed.", pt: "este \"${{\" nunca é fechado."),
        remedy: Bilingual(
          "Close it with }}, or write $${{ to mean the text.",
          pt: "Feche com }}, ou escreva $${{ se for só texto."))
      return .literal(.null, node.span)
    }
    var parts: [TemplateDraft.Part] = []
    for piece in pieces.all {
      switch piece {
      case .literal(let text): parts.append(.literal(text))
      case .expression(let source, let offset):
        parts.append(.expression(site(source, at: offset, in: node, path: path, view: view, step: step)))
      }
    }
    if parts.count == 1, case .expression(let site) = parts[0] { return .expression(site, node.span) }
    let literals: [String] = parts.compactMap { if case .literal(let text) = $0 { text } else { nil } }
    if literals.count == parts.count { return .literal(.string(literals.joined()), node.span) }
    return .text(parts, node.span)
  }

  /// A value that is an expression as it stands, with or without `${{ }}`.
  func expression(_ node: Node, path: String, view: View, step: Int?) -> Int? {
    guard node.isScalar else {
      report.wrongKind(node, path: path, wanted: Bilingual("an expression", pt: "uma expressão"))
      return nil
    }
    guard node.text.firstRange(ofUTF8: "${{") != nil else {
      return site(node.text, at: 0, in: node, path: path, view: view, step: step)
    }
    switch text(node, path: path, view: view, step: step) {
    case .expression(let site, _): return site
    case .literal, .list, .map: return nil
    case .text:
      report.error(
        "mixed-expression", at: node.span, path: path,
        Bilingual(
          "text and an expression cannot be mixed here.", pt: "aqui não se pode misturar texto e expressão."),
        remedy: Bilingual(
          "Write one expression; join texts with +.", pt: "Escreva uma só expressão; junte textos com +."))
      return nil
    }
  }

  /// `value:`, where text without `${{ }}` is an expression as a whole.
  func bareTemplate(_ node: Node, path: String, view: View, step: Int?) -> TemplateDraft {
    guard node.string != nil, node.text.firstRange(ofUTF8: "${{") == nil else {
      return template(node, path: path, view: view, step: step)
    }
    return .expression(site(node.text, at: 0, in: node, path: path, view: view, step: step), node.span)
  }

  /// Parses an expression and gives its number.
  func site(_ source: String, at offset: Int, in node: Node, path: String, view: View, step: Int?) -> Int {
    var site = Site(node: node, offset: offset, path: path, view: view, step: step)
    do throws(ExpressionError) {
      site.parsed = try ParsedExpression.parse(source)
    } catch {
      tell(error, of: site)
    }
    sites.append(site)
    return sites.count - 1
  }

  /// An error of the expression language, in the place of the file where it stands.
  func tell(_ error: ExpressionError, of site: Site, remedy: Bilingual? = nil) {
    let range = error.range.lowerBound + site.offset..<error.range.upperBound + site.offset
    func say(_ code: String) {
      report.error(
        code, at: report.source.span(of: range, in: site.node), path: site.path, error.message.continuing,
        remedy: error.remedy ?? remedy)
    }
    switch error.kind {
    case .syntax: say("expression-syntax")
    case .type: say("type-error")
    case .unknownName: say("unknown-name")
    case .evaluation: say("expression")
    case .limit: say("expression-limit")
    }
  }
}

extension Bilingual {
  /// The sentence as it goes on after a colon.
  var continuing: Bilingual { Bilingual(Self.lowered(english), pt: Self.lowered(portuguese)) }

  private static func lowered(_ text: String) -> String {
    let scalars = text.unicodeScalars.prefix(2)
    guard let first = scalars.first, first.properties.isUppercase,
      scalars.last?.properties.isUppercase == false
    else { return text }
    return String(first).lowercased() + text.unicodeScalars.dropFirst().map { String($0) }.joined()
  }
}

/// The pieces of a text: what stands between `${{` and `}}`, and what stands around.
struct TemplatePieces {
  enum Piece: Hashable {
    case literal(String)
    /// The source without the space around it, and its offset in the text's UTF-8.
    case expression(String, Int)
  }

  private(set) var all: [Piece] = []
  /// The offset of a `${{` that is never closed.
  private(set) var unclosed: Int?

  init(_ text: String) {
    let bytes = Array(text.utf8)
    var (position, literal) = (0, [UInt8]())
    let dollar = UInt8(ascii: "$")
    while position < bytes.count {
      if bytes[position] != dollar {
        literal.append(bytes[position])
        position += 1
      } else if bytes[position...].starts(with: "$${{".utf8) {
        literal.append(contentsOf: "${{".utf8)
        position += 4
      } else if bytes[position...].starts(with: "${{".utf8) {
        guard let end = Self.end(of: bytes, from: position + 3) else {
          unclosed = position
          return
        }
        if !literal.isEmpty { all.append(.literal(String(decoding: literal, as: UTF8.self))) }
        literal = []
        var inside = bytes[position + 3..<end]
        while let first = inside.first, first <= 0x20 { inside.removeFirst() }
        while let last = inside.last, last <= 0x20 { inside.removeLast() }
        all.append(.expression(String(decoding: inside, as: UTF8.self), inside.startIndex))
        position = end + 2
      } else {
        literal.append(bytes[position])
        position += 1
      }
    }
    if !literal.isEmpty || all.isEmpty { all.append(.literal(String(decoding: literal, as: UTF8.self))) }
  }

  /// The place of the `}}` that closes: not one inside a string, nor one that closes two maps.
  private static func end(of bytes: [UInt8], from start: Int) -> Int? {
    var (position, depth) = (start, 0)
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "'"), UInt8(ascii: "\""):
        guard let after = afterString(bytes, from: position) else { return nil }
        position = after
        continue
      case UInt8(ascii: "{"): depth += 1
      case UInt8(ascii: "}"):
        if depth > 0 {
          depth -= 1
        } else if position + 1 < bytes.count, bytes[position + 1] == UInt8(ascii: "}") {
          return position
        }
      default: break
      }
      position += 1
    }
    return nil
  }

  /// The place behind the string that begins at a quote; nil where it never ends.
  static func afterString(_ bytes: [UInt8], from start: Int) -> Int? {
    let quote = bytes[start]
    let isTriple = bytes[start...].starts(with: [quote, quote, quote])
    let closing = isTriple ? [quote, quote, quote] : [quote]
    let isRaw = start > 0 && (bytes[start - 1] | 0x20) == UInt8(ascii: "r")
    var position = start + closing.count
    while position < bytes.count {
      if !isRaw, bytes[position] == UInt8(ascii: "\\") {
        position += 2
      } else if bytes[position...].starts(with: closing) {
        return position + closing.count
      } else {
        position += 1
      }
    }
    return nil
  }
}

/// What a person reads on an HTML page: its title and the text of its article, without navigation.
///
/// A reader for pages of press offices and gazettes, not a browser: one pass, no styles, no scripts; broken
/// markup never fails, it only reads as less text.
struct PageText: Sendable, Hashable {
  /// Of the first `h1`, else of `title`; empty where the page has neither.
  var title: String
  /// The `article`, else `main`, else everything; paragraphs apart by a blank line.
  var text: String

  init(html: String) {
    var reader = PageReader(scalars: Array(html.unicodeScalars))
    reader.read()
    let body = reader.article ?? reader.main ?? 0..<reader.text.count
    title = Self.trimmed(reader.heading.map { reader.text[$0] } ?? reader.title[...])
    text = Self.trimmed(reader.text[body])
  }

  private static func trimmed(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
    var rest = scalars
    while let first = rest.first, first == " " || first == "\n" { rest = rest.dropFirst() }
    while let last = rest.last, last == " " || last == "\n" { rest = rest.dropLast() }
    var view = String.UnicodeScalarView()
    view.append(contentsOf: rest)
    return String(view)
  }
}

/// Walks over the tags of a page and collects its text.
private struct PageReader {
  let scalars: [Unicode.Scalar]
  var index = 0
  var text: [Unicode.Scalar] = []
  var title: [Unicode.Scalar] = []
  var article: Range<Int>?
  var main: Range<Int>?
  var heading: Range<Int>?
  private var opened: [String: Int] = [:]
  /// The element whose content is left out, and how many of that name are open inside it.
  private var left: (name: String, depth: Int)?
  private var isTitle = false

  private static let raw: Set<String> = ["script", "style", "noscript", "template", "textarea"]
  private static let leftOut: Set<String> = [
    "nav", "footer", "aside", "form", "button", "select", "svg", "head",
  ]
  private static let blocks: Set<String> = [
    "p", "div", "section", "article", "main", "header", "ul", "ol", "li", "table", "tr", "h1", "h2", "h3",
    "h4",
    "h5", "h6", "blockquote", "pre", "dl", "dt", "dd", "figure", "figcaption", "hr", "body", "address",
  ]
  /// A longer name is no element of HTML.
  private static let longestName = 16

  init(scalars: [Unicode.Scalar]) { self.scalars = scalars }

  mutating func read() {
    while index < scalars.count {
      if scalars[index] == "<", isMarkup(index + 1) {
        markup()
      } else {
        let scalar = scalars[index] == "&" ? reference() : scalars[index]
        index += 1
        add(scalar)
      }
    }
    close("article")
    close("main")
  }

  private func isMarkup(_ next: Int) -> Bool {
    guard next < scalars.count else { return false }
    let scalar = scalars[next]
    return scalar == "/" || scalar == "!" || scalar == "?" || scalar.isASCII && scalar.properties.isAlphabetic
  }

  private mutating func add(_ scalar: Unicode.Scalar) {
    guard isTitle || left == nil else { return }
    let isBlank = scalar.properties.isWhitespace && scalar != "\u{A0}"
    if isTitle {
      if !(isBlank && title.last == " ") { title.append(isBlank ? " " : scalar) }
    } else if !isBlank {
      text.append(scalar)
    } else if let last = text.last, last != " ", last != "\n" {
      text.append(" ")
    }
  }

  private mutating func breakParagraph() {
    guard left == nil else { return }
    while text.last == " " { text.removeLast() }
    guard !text.isEmpty else { return }
    while text.suffix(2) != ["\n", "\n"] { text.append("\n") }
  }
}

extension PageReader {
  /// Steps over one comment, declaration or tag. What is never closed takes the rest of the page.
  private mutating func markup() {
    if starts("<!--") { return skip(past: "-->") }
    let isEnd = scalars[index + 1] == "/"
    var end = index + (isEnd ? 2 : 1)
    var name = ""
    while end < scalars.count, scalars[end].isASCII, name.utf8.count <= Self.longestName,
      scalars[end].properties.isAlphabetic || scalars[end].properties.numericType != nil
    {
      name.unicodeScalars.append(scalars[end])
      end += 1
    }
    name = name.lowercased()
    skipTag(from: end)
    if isEnd { ended(name) } else { began(name) }
  }

  /// Past the `>` of a tag; one inside quotes does not count.
  private mutating func skipTag(from start: Int) {
    index = start
    var quote: Unicode.Scalar?
    while index < scalars.count {
      let scalar = scalars[index]
      index += 1
      if let open = quote {
        if scalar == open { quote = nil }
      } else if scalar == "\"" || scalar == "'" {
        quote = scalar
      } else if scalar == ">" {
        return
      }
    }
  }

  private mutating func began(_ name: String) {
    if Self.raw.contains(name) { return skip(past: "</\(name)") }
    if name == "title" { isTitle = title.isEmpty && article == nil }
    if let now = left {
      if now.name == name { left = (name, now.depth + 1) }
      if name == "body" { left = nil }
      return
    }
    if Self.blocks.contains(name) { breakParagraph() }
    if name == "br" { text.append(contentsOf: text.isEmpty || text.last == "\n" ? [] : ["\n"]) }
    let isPageHeader = name == "header" && opened["article"] == nil && opened["main"] == nil
    if Self.leftOut.contains(name) || isPageHeader { left = (name, 1) }
    if name == "article" || name == "main" || name == "h1", opened[name] == nil { opened[name] = text.count }
  }

  private mutating func ended(_ name: String) {
    if name == "title" { isTitle = false }
    if let now = left {
      if now.name == name { left = now.depth > 1 ? (name, now.depth - 1) : nil }
      return
    }
    close(name)
    if Self.blocks.contains(name) { breakParagraph() }
  }

  private mutating func close(_ name: String) {
    guard let start = opened[name], start <= text.count else { return }
    switch name {
    case "article": article = article ?? start..<text.count
    case "main": main = main ?? start..<text.count
    case "h1": heading = heading ?? start..<text.count
    case _: break
    }
  }

  private func starts(_ prefix: String) -> Bool {
    index + prefix.utf8.count <= scalars.count
      && zip(prefix.unicodeScalars, scalars[index...]).allSatisfy { $0 == lowered($1) }
  }

  private func lowered(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    scalar.isASCII ? scalar.properties.lowercaseMapping.unicodeScalars.first ?? scalar : scalar
  }

  private mutating func skip(past end: String) {
    while index < scalars.count, !starts(end) { index += 1 }
    index = min(index + end.utf8.count, scalars.count)
    if end.hasPrefix("</") { skipTag(from: index) }
  }
}

extension PageReader {
  /// The character of `&amp;`, `&#231;` or `&#xE7;`; an unknown reference stays as it is written.
  private mutating func reference() -> Unicode.Scalar {
    var end = index + 1
    var name = ""
    while end < scalars.count, end - index <= 10, scalars[end] != ";", scalars[end].isASCII,
      scalars[end] != "&"
    {
      name.unicodeScalars.append(scalars[end])
      end += 1
    }
    guard end < scalars.count, scalars[end] == ";", let scalar = Self.scalar(of: name) else { return "&" }
    index = end
    return scalar
  }

  private static func scalar(of name: String) -> Unicode.Scalar? {
    guard name.hasPrefix("#") else { return named[name] }
    let digits = name.dropFirst()
    let isHex = digits.hasPrefix("x") || digits.hasPrefix("X")
    return UInt32(isHex ? digits.dropFirst() : digits, radix: isHex ? 16 : 10).flatMap(Unicode.Scalar.init)
  }

  private static let named: [String: Unicode.Scalar] = [
    "amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'", "nbsp": "\u{A0}", "ordm": "º", "ordf": "ª",
    "aacute": "á", "agrave": "à", "acirc": "â", "atilde": "ã", "ccedil": "ç", "eacute": "é", "ecirc": "ê",
    "iacute": "í", "oacute": "ó", "ocirc": "ô", "otilde": "õ", "uacute": "ú", "uuml": "ü", "Aacute": "Á",
    "Agrave": "À", "Acirc": "Â", "Atilde": "Ã", "Ccedil": "Ç", "Eacute": "É", "Ecirc": "Ê", "Iacute": "Í",
    "Oacute": "Ó", "Ocirc": "Ô", "Otilde": "Õ", "Uacute": "Ú", "ndash": "–", "mdash": "—", "hellip": "…",
    "ldquo": "“", "rdquo": "”", "lsquo": "‘", "rsquo": "’", "laquo": "«", "raquo": "»", "deg": "°",
    "sect": "§",
    "euro": "€", "bull": "•", "middot": "·",
  ]
}

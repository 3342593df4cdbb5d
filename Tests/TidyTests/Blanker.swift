/// Replaces comments and the insides of strings by spaces, line for line; code in interpolations stays.
struct Blanker {
  private let input: [UInt8]
  private var output: [UInt8] = []
  private var position = 0
  /// The strings that we are inside of, outermost first, each with the parentheses open in its interpolation.
  private var strings: [Literal] = []

  private struct Literal {
    var quotes: Int
    var pounds: Int
    var parentheses = 0
    var isInterpolation = false
  }

  init(_ text: String) { input = Array(text.utf8) }

  mutating func run() -> String {
    while position < input.count {
      if let literal = strings.last, !literal.isInterpolation { insideString(literal) } else { insideCode() }
    }
    return String(decoding: output, as: UTF8.self)
  }

  private func starts(_ text: String) -> Bool { input[position...].starts(with: text.utf8) }

  private mutating func keep(_ count: Int = 1) {
    output += input[position..<min(position + count, input.count)]
    position += count
  }

  private mutating func blank(_ count: Int = 1) {
    for byte in input[position..<min(position + count, input.count)] {
      output.append(byte == UInt8(ascii: "\n") ? byte : UInt8(ascii: " "))
    }
    position += count
  }

  /// Where nothing else begins, as in most of the code.
  private mutating func keepPlain() -> Bool {
    let first = position
    while position < input.count, !Self.beginners.contains(input[position]) { position += 1 }
    output += input[first..<position]
    return position > first
  }
  private static let beginners = Array("/\"#()".utf8)

  private mutating func insideCode() {
    if keepPlain() { return }
    if starts("//") {
      blank((input[position...].firstIndex(of: UInt8(ascii: "\n")) ?? input.count) - position)
    } else if starts("/*") {
      blockComment()
    } else if starts("\"") || starts("#") {
      openString()
    } else {
      countParentheses()
      keep()
    }
  }

  private mutating func blockComment() {
    var depth = 0
    repeat {
      if starts("/*") { depth += 1 }
      if starts("*/") { depth -= 1 }
      blank(starts("/*") || starts("*/") ? 2 : 1)
    } while depth > 0 && position < input.count
  }

  /// Also reached by `#if` and `#filePath`, which are kept as code.
  private mutating func openString() {
    let pounds = input[position...].prefix { $0 == UInt8(ascii: "#") }.count
    let after = input[position...].dropFirst(pounds)
    guard after.first == UInt8(ascii: "\"") else { return keep(max(1, pounds)) }
    let quotes = after.starts(with: "\"\"\"".utf8) ? 3 : 1
    strings.append(Literal(quotes: quotes, pounds: pounds))
    keep(pounds + quotes)
  }

  private mutating func insideString(_ literal: Literal) {
    let plain = input[position...].firstIndex { $0 == UInt8(ascii: "\\") || $0 == UInt8(ascii: "\"") }
    if let plain, plain > position { return blank(plain - position) }
    let pounds = String(repeating: "#", count: literal.pounds)
    if starts("\\" + pounds + "(") {
      keep(literal.pounds + 2)
      strings[strings.count - 1].isInterpolation = true
    } else if starts("\\" + pounds) {
      blank(literal.pounds + 2)
    } else if starts(String(repeating: "\"", count: literal.quotes) + pounds) {
      keep(literal.quotes + literal.pounds)
      strings.removeLast()
    } else {
      blank()
    }
  }

  private mutating func countParentheses() {
    guard let last = strings.indices.last else { return }
    if starts("(") { strings[last].parentheses += 1 }
    if starts(")") {
      if strings[last].parentheses == 0 {
        strings[last].isInterpolation = false
      } else {
        strings[last].parentheses -= 1
      }
    }
  }
}

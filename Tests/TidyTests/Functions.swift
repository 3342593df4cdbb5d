/// A function with a body, found by counting braces.
struct FunctionExtent {
  let name: String
  /// Where it is declared, from 1.
  let line: Int
  /// Lines between its braces.
  let length: Int
}

extension SourceFile {
  var longFunctions: [FunctionExtent] { functions.filter { $0.length > Length.function } }

  /// Every `func`, `init`, `deinit`, `subscript` and computed property that opens a brace of its own.
  var functions: [FunctionExtent] {
    var found: [FunctionExtent] = []
    var open: [(name: String, line: Int, brace: Int)?] = []
    var declared: (name: String, line: Int)?
    var parentheses = 0
    for (number, line) in code.enumerated() {
      if parentheses == 0, let name = Self.declaration(in: line) { declared = (name, number + 1) }
      for character in line {
        switch character {
        case "(": parentheses += 1
        case ")": parentheses -= 1
        case "{":
          let body = parentheses == 0 ? declared : nil
          open.append(body.map { ($0.name, $0.line, number) })
          if parentheses == 0 { declared = nil }
        case "}":
          if case let body?? = open.popLast() {
            found.append(FunctionExtent(name: body.name, line: body.line, length: number - body.brace - 1))
          }
          declared = nil
        default: break
        }
      }
    }
    return found
  }

  /// Whether this line is the `default` or `case _` of a switch in which other cases begin with a point.
  func isCatchAll(_ line: Int) -> Bool {
    let text = code[line].trimmingPrefix { $0 == " " }
    guard text.hasPrefix("default:") || text.hasPrefix("case _:") else { return false }
    let indent = code[line].prefix { $0 == " " }
    for earlier in code[..<line].reversed() {
      guard earlier.prefix(while: { $0 == " " }) == indent else { continue }
      let text = earlier.dropFirst(indent.count)
      let pattern = text.trimmingPrefix("case ").trimmingPrefix("let ")
      if pattern.first == ".", pattern.dropFirst().first?.isLetter == true { return true }
      if !text.hasPrefix("case") { return false }
    }
    return false
  }

  private static func declaration(in line: String) -> String? {
    let words = line.split { " (<:{?".contains($0) }
    for (index, word) in words.enumerated() {
      switch word {
      case "func": return index + 1 < words.count ? String(words[index + 1]) : nil
      case "var":
        let isComputed = line.last == "{" && !line.contains(" = ")
        return isComputed && index + 1 < words.count ? String(words[index + 1]) : nil
      case "case", "let": return nil
      case "init", "deinit", "subscript": return String(word)
      default: continue
      }
    }
    return nil
  }
}

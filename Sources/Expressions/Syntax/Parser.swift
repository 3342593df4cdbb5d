import Model

/// Recursive descent over the tokens of one source. The first mistake ends it.
struct Parser {
  var tokens: [Token]
  var position = 0
  private var nesting = 0

  static func parse(_ source: String) throws(ExpressionError) -> Syntax {
    let bytes = Array(source.utf8)
    guard bytes.count <= ExpressionLimits.sourceLength else {
      let limit = ExpressionLimits.sourceLength
      throw ExpressionError(
        .limit,
        Bilingual(
          "This expression has more than \(limit) bytes.", pt: "Esta expressão tem mais de \(limit) bytes."),
        remedy: Bilingual("Move data into inputs or files.", pt: "Passe os dados para inputs ou arquivos."),
        at: 0..<1)
    }
    var parser = Parser(tokens: try Lexer.tokens(of: bytes))
    let root = try parser.expression()
    guard case .end = parser.token.kind else { throw parser.unexpected() }
    return root
  }

  private init(tokens: [Token]) { self.tokens = tokens }

  var token: Token { tokens[position] }

  // Operators

  /// A whole expression: everything that may stand in parentheses.
  mutating func expression() throws(ExpressionError) -> Syntax {
    nesting += 1
    defer { nesting -= 1 }
    guard nesting <= ExpressionLimits.nesting else { throw tooDeep(at: token.range) }
    let condition = try disjunction()
    guard take("?") else { return condition }
    let first = try disjunction()
    try expect(":")
    let second = try expression()
    return try node(.conditional(condition, first, second), from: condition, to: second.range.upperBound)
  }

  private mutating func disjunction() throws(ExpressionError) -> Syntax {
    let first = try conjunction()
    guard token.isSymbol("||") else { return first }
    var terms = [first]
    while take("||") { terms.append(try conjunction()) }
    return try node(.any(terms), from: first, to: terms[terms.count - 1].range.upperBound)
  }

  private mutating func conjunction() throws(ExpressionError) -> Syntax {
    let first = try binary(level: 0)
    guard token.isSymbol("&&") else { return first }
    var terms = [first]
    while take("&&") { terms.append(try binary(level: 0)) }
    return try node(.all(terms), from: first, to: terms[terms.count - 1].range.upperBound)
  }

  /// From the loosest to the tightest; all of them group from the left.
  private static let levels: [Set<String>] = [
    ["<", "<=", ">", ">=", "==", "!=", "in"], ["+", "-"], ["*", "/", "%"],
  ]

  private mutating func binary(level: Int) throws(ExpressionError) -> Syntax {
    guard level < Self.levels.count else { return try unary() }
    var left = try binary(level: level + 1)
    while let name = infix, Self.levels[level].contains(name) {
      let symbol = Syntax.Name(text: name, range: token.range)
      position += 1
      let right = try binary(level: level + 1)
      left = try node(
        .call(symbol, target: nil, arguments: [left, right]), from: left, to: right.range.upperBound)
    }
    return left
  }

  private var infix: String? {
    if case .name("in") = token.kind { return "in" }
    return token.symbol
  }

  /// The signs before an operand, which are read in a loop so that a million of them is no deep recursion.
  private mutating func unary() throws(ExpressionError) -> Syntax {
    var signs: [Token] = []
    while token.isSymbol("!") || token.isSymbol("-") {
      signs.append(token)
      position += 1
      guard signs.count <= ExpressionLimits.nesting else { throw tooDeep(at: token.range) }
    }
    if let sign = signs.last, sign.isSymbol("-"), let number = try negativeNumber(sign) {
      signs.removeLast()
      return try apply(signs, to: try members(of: number))
    }
    return try apply(signs, to: try members(of: try primary()))
  }

  private func apply(_ signs: [Token], to operand: Syntax) throws(ExpressionError) -> Syntax {
    var operand = operand
    for sign in signs.reversed() {
      let name = Syntax.Name(text: sign.isSymbol("!") ? "!_" : "-_", range: sign.range)
      let range = sign.range.lowerBound..<operand.range.upperBound
      operand = try node(.call(name, target: nil, arguments: [operand]), at: range)
    }
    return operand
  }

  /// A minus belongs to the number right after it, so that -9223372036854775808 is one.
  private mutating func negativeNumber(_ sign: Token) throws(ExpressionError) -> Syntax? {
    let value: Value
    switch token.kind {
    case .integer(let magnitude):
      guard magnitude <= UInt64(Int64.max) + 1 else { throw tooLarge(token.range) }
      value = .int(Int64(truncatingIfNeeded: 0 &- magnitude))
    case .literal(.double(let number)): value = .double(-number)
    case .literal, .name, .quoted, .symbol, .end: return nil
    }
    let range = sign.range.lowerBound..<token.range.upperBound
    position += 1
    return Syntax(kind: .literal(value), range: range, height: 1)
  }

  // Tokens

  mutating func take(_ symbol: String) -> Bool {
    guard token.isSymbol(symbol) else { return false }
    position += 1
    return true
  }

  mutating func expect(_ symbol: String) throws(ExpressionError) {
    guard take(symbol) else { throw unexpected(wanted: symbol) }
  }

  func unexpected(wanted: String? = nil) -> ExpressionError {
    let remedy = wanted.map { Bilingual("`\($0)` is expected here.", pt: "Aqui se espera `\($0)`.") }
    if case .end = token.kind {
      let message = Bilingual("The expression ends too early.", pt: "A expressão termina cedo demais.")
      return ExpressionError(.syntax, message, remedy: remedy, at: token.range)
    }
    let message = Bilingual("This does not belong here.", pt: "Isto não cabe aqui.")
    return ExpressionError(.syntax, message, remedy: remedy, at: token.range)
  }

  func tooLarge(_ range: Range<Int>) -> ExpressionError {
    ExpressionError(
      .syntax, Bilingual("This number does not fit in an int.", pt: "Este número não cabe em um int."),
      remedy: Bilingual("Write a double, such as 1e20.", pt: "Escreva um double, como 1e20."), at: range)
  }

  func tooDeep(at range: Range<Int>) -> ExpressionError {
    let limit = ExpressionLimits.nesting
    return ExpressionError(
      .limit,
      Bilingual(
        "This expression is nested more than \(limit) deep.",
        pt: "Esta expressão tem mais de \(limit) níveis de aninhamento."), at: range)
  }
}

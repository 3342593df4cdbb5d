import Model

extension Parser {
  /// What cannot be a variable, so that later versions of CEL may give it a meaning.
  static let reserved: Set<String> = [
    "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package",
    "namespace", "return", "var", "void", "while", "in",
  ]

  mutating func primary() throws(ExpressionError) -> Syntax {
    let start = token
    switch start.kind {
    case .literal(let value):
      position += 1
      return try node(.literal(value), at: start.range)
    case .integer(let magnitude):
      guard let value = Int64(exactly: magnitude) else { throw tooLarge(start.range) }
      position += 1
      return try node(.literal(.int(value)), at: start.range)
    case .name: return try name(isAbsolute: false, from: start.range.lowerBound)
    case .symbol("."):
      position += 1
      guard case .name = token.kind else { throw unexpected() }
      return try name(isAbsolute: true, from: start.range.lowerBound)
    case .symbol("("):
      position += 1
      var inner = try expression()
      try expect(")")
      inner.range = start.range.lowerBound..<tokens[position - 1].range.upperBound
      return inner
    case .symbol("["): return try list()
    case .symbol("{"): return try map()
    case .symbol, .quoted, .end: throw unexpected()
    }
  }

  private mutating func name(isAbsolute: Bool, from start: Int) throws(ExpressionError) -> Syntax {
    guard case .name(let text) = token.kind else { throw unexpected() }
    let range = start..<token.range.upperBound
    let name = Syntax.Name(text: text, range: token.range)
    guard !Self.reserved.contains(text) else {
      throw ExpressionError(
        .syntax,
        Bilingual("`\(text)` is a reserved word.", pt: "`\(text)` é uma palavra reservada."), at: token.range)
    }
    position += 1
    if !isAbsolute, !token.isSymbol("("), let constant = Self.constants[text] {
      return try node(.literal(constant), at: range)
    }
    if take("(") {
      let arguments = try arguments()
      let end = tokens[position - 1].range.upperBound
      return try call(name, target: nil, arguments: arguments, at: start..<end)
    }
    return try node(.name(text, isAbsolute: isAbsolute), at: range)
  }

  private static let constants: [String: Value] = ["true": .bool(true), "false": .bool(false), "null": .null]

  /// Everything that follows an operand without space of meaning: `.field`, `.?field`, `.method(…)`, `[…]`.
  mutating func members(of operand: Syntax) throws(ExpressionError) -> Syntax {
    var operand = operand
    while true {
      if take(".") {
        operand = try member(of: operand)
      } else if take("[") {
        let isOptional = take("?")
        let key = try expression()
        try expect("]")
        operand = try node(
          .index(operand, key: key, isOptional: isOptional), from: operand,
          to: tokens[position - 1].range.upperBound)
      } else if token.isSymbol("{"), operand.isTypeName {
        operand = try message(from: operand)
      } else {
        return operand
      }
    }
  }

  private mutating func member(of operand: Syntax) throws(ExpressionError) -> Syntax {
    let isOptional = take("?")
    let range = token.range
    let text: String
    var mayCall = false
    switch token.kind {
    case .name(let name) where !["in", "true", "false", "null"].contains(name): (text, mayCall) = (name, true)
    case .quoted(let name): text = name
    case .name, .integer, .literal, .symbol, .end: throw unexpected()
    }
    position += 1
    let name = Syntax.Name(text: text, range: range)
    if mayCall, !isOptional, take("(") {
      let arguments = try arguments()
      let end = tokens[position - 1].range.upperBound
      return try call(name, target: operand, arguments: arguments, at: operand.range.lowerBound..<end)
    }
    return try node(
      .select(operand, field: name, isOptional: isOptional), from: operand, to: range.upperBound)
  }

  /// After the opening parenthesis, up to and with the closing one.
  private mutating func arguments() throws(ExpressionError) -> [Syntax] {
    var arguments: [Syntax] = []
    while !take(")") {
      arguments.append(try expression())
      if take(")") { break }
      try expect(",")
      if token.isSymbol(")") { throw unexpected() }
    }
    return arguments
  }

  private mutating func list() throws(ExpressionError) -> Syntax {
    let start = token.range.lowerBound
    try expect("[")
    var elements: [Syntax.Element] = []
    while !take("]") {
      let isOptional = take("?")
      elements.append(Syntax.Element(value: try expression(), isOptional: isOptional))
      if take("]") { break }
      try expect(",")
    }
    return try node(.list(elements), at: start..<tokens[position - 1].range.upperBound)
  }

  private mutating func map() throws(ExpressionError) -> Syntax {
    let start = token.range.lowerBound
    try expect("{")
    var entries: [Syntax.Entry] = []
    while !take("}") {
      let isOptional = take("?")
      let key = try expression()
      try expect(":")
      entries.append(Syntax.Entry(key: key, value: try expression(), isOptional: isOptional))
      if take("}") { break }
      try expect(",")
    }
    return try node(.map(entries), at: start..<tokens[position - 1].range.upperBound)
  }

  /// `Type{field: value}` is read to its end; only the checker says that there are no message types here.
  private mutating func message(from operand: Syntax) throws(ExpressionError) -> Syntax {
    try expect("{")
    while !take("}") {
      _ = take("?")
      switch token.kind {
      case .name, .quoted: position += 1
      case .integer, .literal, .symbol, .end: throw unexpected()
      }
      try expect(":")
      _ = try expression()
      if take("}") { break }
      try expect(",")
    }
    return try node(.message, from: operand, to: tokens[position - 1].range.upperBound)
  }
}

extension Syntax {
  /// A name, or names joined by plain dots.
  var isTypeName: Bool {
    switch kind {
    case .name: true
    case .select(let operand, _, let isOptional): !isOptional && operand.isTypeName
    case .literal, .index, .call, .list, .map, .message, .all, .any, .conditional, .has, .comprehension,
      .bind,
      .optionalMap:
      false
    }
  }

  /// `a.b.c` as text; nil for anything but names joined by plain dots.
  var dottedName: String? {
    switch kind {
    case .name(let name, _): name
    case .select(let operand, let field, false): operand.dottedName.map { $0 + "." + field.text }
    case .select, .literal, .index, .call, .list, .map, .message, .all, .any, .conditional, .has,
      .comprehension, .bind, .optionalMap:
      nil
    }
  }
}

import Model

extension Parser {
  func node(_ kind: Syntax.Kind, from start: Syntax, to end: Int) throws(ExpressionError) -> Syntax {
    try node(kind, at: start.range.lowerBound..<end)
  }

  /// Makes a node and refuses a tree that is too high to walk.
  func node(_ kind: Syntax.Kind, at range: Range<Int>) throws(ExpressionError) -> Syntax {
    let height = 1 + (kind.children.map(\.height).max() ?? 0)
    guard height <= ExpressionLimits.height else {
      let limit = ExpressionLimits.height
      throw ExpressionError(
        .limit,
        Bilingual(
          "This expression chains more than \(limit) operations.",
          pt: "Esta expressão encadeia mais de \(limit) operações."),
        remedy: Bilingual(
          "Use lists, such as `[a, b, c].join()`.", pt: "Use listas, como `[a, b, c].join()`."), at: range)
    }
    return Syntax(kind: kind, range: range, height: height)
  }
}

extension Syntax.Kind {
  /// In the order of the text.
  var children: [Syntax] {
    switch self {
    case .literal, .name, .message: []
    case .select(let operand, _, _), .has(let operand): [operand]
    case .index(let operand, let key, _): [operand, key]
    case .call(_, let target, let arguments): (target.map { [$0] } ?? []) + arguments
    case .list(let elements): elements.map(\.value)
    case .map(let entries): entries.flatMap { [$0.key, $0.value] }
    case .all(let terms), .any(let terms): terms
    case .conditional(let condition, let first, let second): [condition, first, second]
    case .comprehension(let loop): [loop.source] + (loop.condition.map { [$0] } ?? []) + [loop.body]
    case .bind(_, let value, let body), .optionalMap(let value, _, let body, _): [value, body]
    }
  }
}

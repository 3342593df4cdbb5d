import Model

/// Resolves names, finds types and makes the nodes that are evaluated, in one walk.
///
/// It goes on after an error with `dyn`, so that one mistake is one message.
struct Checker {
  struct Typed {
    var node: any Node
    var type: CELType
    /// `[]`, `{}`, `optional.none()`: of any element type.
    var isWeak = false
  }

  let environment: Environment
  /// False: what is wrong fails when it is evaluated.
  let isStrict: Bool
  private(set) var errors: [ExpressionError] = []
  /// The variables in the order of first use, and whether any is used twice or in a loop.
  var variables: [String] = []
  var isReused = false
  var scopes: [(name: String, slot: Int, type: CELType)] = []
  var places = 0
  /// Optional fields that a condition around has asked for with `has`.
  var present: Set<String> = []

  init(_ environment: Environment, isStrict: Bool) {
    (self.environment, self.isStrict) = (environment, isStrict)
  }

  mutating func check(_ syntax: Syntax) -> Typed {
    switch syntax.kind {
    case .literal(let value): return Typed(node: Constant(value: value), type: CELType(of: value))
    case .name: return name(syntax)
    case .select(let operand, let field, let isOptional):
      return select(syntax, operand, field, isOptional: isOptional)
    case .index(let operand, let key, let isOptional):
      return index(syntax, operand, key, isOptional: isOptional)
    case .call(let name, let target, let arguments): return call(syntax, name, target, arguments)
    case .list(let elements): return list(elements, at: syntax.range)
    case .map(let entries): return map(entries, at: syntax.range)
    case .message: return message(syntax)
    case .all(let terms): return logic(terms, deciding: false, at: syntax.range)
    case .any(let terms): return logic(terms, deciding: true, at: syntax.range)
    case .conditional(let condition, let first, let second):
      return conditional(condition, first, second, at: syntax.range)
    case .has(let operand): return presence(operand, at: syntax.range)
    case .comprehension(let loop): return comprehension(loop, at: syntax.range)
    case .bind(let name, let value, let body): return bind(name, value, body, at: syntax.range)
    case .optionalMap(let value, let name, let body, let isFlat):
      return optionalMap(value, name, body, isFlat: isFlat, at: syntax.range)
    }
  }

  // Errors

  /// So many errors that further ones are not even described.
  var isFull: Bool { errors.count >= ExpressionLimits.errors }

  /// In the order of the text.
  var sortedErrors: [ExpressionError] {
    errors.sorted { ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound) }
  }

  /// Notes an error; the node fails where the checks are off.
  mutating func report(
    _ kind: ExpressionError.Kind, _ english: String, pt portuguese: String, remedy: Bilingual? = nil,
    at range: Range<Int>
  ) -> Typed {
    let error = ExpressionError(kind, Bilingual(english, pt: portuguese), remedy: remedy, at: range)
    if isStrict, !isFull { errors.append(error) }
    return Typed(node: Failing(error: error), type: .dyn)
  }

  /// An error of types where the evaluation finds out by itself.
  mutating func require(
    _ holds: Bool, _ english: @autoclosure () -> String, pt portuguese: @autoclosure () -> String,
    remedy: Bilingual? = nil, at range: Range<Int>
  ) {
    guard isStrict, !holds else { return }
    _ = report(.type, english(), pt: portuguese(), remedy: remedy, at: range)
  }

  // Literals and operators

  private mutating func list(_ elements: [Syntax.Element], at range: Range<Int>) -> Typed {
    var nodes: [(node: any Node, isOptional: Bool)] = []
    var types: [Typed] = []
    for element in elements {
      var typed = check(element.value)
      nodes.append((typed.node, element.isOptional))
      if element.isOptional { typed.type = unwrapped(typed.type, at: element.value.range) }
      types.append(typed)
    }
    let node = ListLiteral(elements: nodes, range: range)
    return Typed(node: node, type: .list(Self.common(types)), isWeak: elements.isEmpty)
  }

  private mutating func map(_ entries: [Syntax.Entry], at range: Range<Int>) -> Typed {
    var nodes: [(key: any Node, value: any Node, isOptional: Bool)] = []
    var keys: [Typed] = []
    var values: [Typed] = []
    for entry in entries {
      let key = check(entry.key)
      var value = check(entry.value)
      nodes.append((key.node, value.node, entry.isOptional))
      if entry.isOptional { value.type = unwrapped(value.type, at: entry.value.range) }
      require(
        [.dyn, .bool, .int, .uint, .string].contains(key.type),
        "A key must be a bool, int, uint or string, and this is \(key.type).",
        pt: "Uma chave deve ser bool, int, uint ou string, e isto é \(key.type).", at: entry.key.range)
      keys.append(key)
      values.append(value)
    }
    let type = CELType.map(Self.common(keys), Self.common(values))
    return Typed(node: MapLiteral(entries: nodes, range: range), type: type, isWeak: entries.isEmpty)
  }

  /// The type of all of them; `dyn` where they differ.
  static func common(_ typed: [Typed]) -> CELType {
    let strong = typed.filter { !$0.isWeak }
    guard var type = (strong.first ?? typed.first)?.type else { return .dyn }
    for other in strong.dropFirst() { type = type.joined(with: other.type) ?? .dyn }
    for other in typed where other.isWeak { if type.joined(with: other.type) == nil { return .dyn } }
    return type
  }

  private mutating func unwrapped(_ type: CELType, at range: Range<Int>) -> CELType {
    if case .optional(let wrapped) = type { return wrapped }
    require(
      type == .dyn, "An entry marked with `?` must be optional, and this is \(type).",
      pt: "Uma entrada marcada com `?` deve ser optional, e isto é \(type).", at: range)
    return .dyn
  }

  private mutating func logic(_ terms: [Syntax], deciding: Bool, at range: Range<Int>) -> Typed {
    let outer = present
    var nodes: [any Node] = []
    for term in terms {
      nodes.append(condition(term))
      present.formUnion(presences(in: term, when: !deciding))
    }
    present = outer
    return Typed(node: Conjunction(terms: nodes, range: range, deciding: deciding), type: .bool)
  }

  /// An expression that must be true or false.
  mutating func condition(_ syntax: Syntax) -> any Node {
    let typed = check(syntax)
    require(
      typed.type == .bool || typed.type == .dyn,
      "A condition must be true or false, and this is \(typed.type).",
      pt: "Uma condição deve ser true ou false, e isto é \(typed.type).", at: syntax.range)
    return typed.node
  }

  private mutating func conditional(
    _ condition: Syntax, _ first: Syntax, _ second: Syntax, at range: Range<Int>
  ) -> Typed {
    let test = self.condition(condition)
    let outer = present
    present.formUnion(presences(in: condition, when: true))
    let yes = check(first)
    present = outer.union(presences(in: condition, when: false))
    let no = check(second)
    present = outer
    let joined = yes.isWeak ? no.type.joined(with: yes.type) : yes.type.joined(with: no.type)
    require(
      joined != nil, "The two sides of `?:` have different types, \(yes.type) and \(no.type).",
      pt: "Os dois lados de `?:` têm tipos diferentes, \(yes.type) e \(no.type).",
      remedy: Bilingual(
        "Convert one, or wrap one in `dyn(…)`.", pt: "Converta um, ou envolva um em `dyn(…)`."),
      at: second.range)
    let type = joined == nil ? .dyn : Self.common([yes, no])
    let node = Conditional(condition: test, first: yes.node, second: no.node, range: range)
    return Typed(node: node, type: type, isWeak: yes.isWeak && no.isWeak)
  }

  private mutating func message(_ syntax: Syntax) -> Typed {
    report(
      .type, "There are no message types here.", pt: "Não há tipos de mensagem aqui.",
      remedy: Bilingual("Write a map: `{'name': value}`.", pt: "Escreva um mapa: `{'nome': valor}`."),
      at: syntax.range)
  }
}

extension CELType {
  /// The type of a literal.
  init(of value: Value) {
    switch value {
    case .null: self = .null
    case .bool: self = .bool
    case .int: self = .int
    case .uint: self = .uint
    case .double: self = .double
    case .string: self = .string
    case .bytes: self = .bytes
    case .timestamp: self = .timestamp
    case .duration: self = .duration
    case .list: self = .list(.dyn)
    case .map: self = .map(.dyn, .dyn)
    case .optional: self = .optional(.dyn)
    case .type: self = .type
    }
  }
}

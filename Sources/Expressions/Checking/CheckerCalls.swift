import Model

extension Checker {
  mutating func call(_ syntax: Syntax, _ name: Syntax.Name, _ target: Syntax?, _ arguments: [Syntax]) -> Typed
  {
    guard let (function, takesTarget) = function(name, target) else {
      for argument in arguments { _ = check(argument) }
      return unknownFunction(name, target)
    }
    if function.name.hasPrefix("random."), !environment.allowsRandom {
      return report(
        .unknownName, "`\(function.title)` is not allowed here.",
        pt: "`\(function.title)` não é permitida aqui.",
        remedy: Bilingual("Draw it in `key` or `vars`.", pt: "Sorteie em `key` ou `vars`."), at: name.range)
    }
    let written = (takesTarget ? target.map { [$0] } ?? [] : []) + arguments
    let typed = written.map { check($0) }
    let type = resultType(of: function, typed, at: target == nil ? syntax.range : name.range)
    let nodes = typed.map(\.node)
    var isWeak = false
    if function.name == "optional.none" { isWeak = true }
    if let matching = pattern(of: function, written, nodes) {
      return Typed(node: matching(syntax.range), type: type)
    }
    if let constant = folded(function, nodes) { return Typed(node: constant, type: type) }
    let node = function.call(nodes, at: syntax.range)
    return Typed(node: function.givesOutsideNumbers ? fitted(node, type) : node, type: type, isWeak: isWeak)
  }

  /// A function with its namespace, a method of the target, or a plain function.
  private func function(_ name: Syntax.Name, _ target: Syntax?) -> (Function, takesTarget: Bool)? {
    guard let target else { return Library.functions[name.text].map { ($0, false) } }
    if let dotted = target.dottedName, let root = target.root,
      !scopes.contains(where: { $0.name == root.name }),
      let function = Library.functions[dotted + "." + name.text]
    {
      return (function, false)
    }
    return Library.functions["." + name.text].map { ($0, true) }
  }

  private mutating func resultType(of function: Function, _ arguments: [Typed], at range: Range<Int>)
    -> CELType
  {
    let types = arguments.map { (type: $0.type, isWeak: $0.isWeak) }
    let isOpen = types.contains { $0.type.isOpen }
    var result: CELType?
    for signature in function.signatures {
      guard let found = SignatureMatch.result(of: signature, for: types) else { continue }
      if !isOpen { return found }
      result = result.map { $0 == found ? found : .dyn } ?? found
    }
    if let result { return result }
    let given = types.map(\.type.description).joined(separator: ", ")
    let title = function.title
    require(
      false, "`\(title)` does not take (\(given)).", pt: "`\(title)` não aceita (\(given)).",
      remedy: function.remedy(for: arguments.map(\.type.description)), at: range)
    return .dyn
  }

  private mutating func unknownFunction(_ name: Syntax.Name, _ target: Syntax?) -> Typed {
    if isFull { return report(.unknownName, "", pt: "", at: name.range) }
    let written = target?.dottedName.map { $0 + "." + name.text } ?? name.text
    let known = Library.functions.values.filter { $0.name.first?.isLetter == true || $0.isMethod }
    let remedy: Bilingual?
    if target == nil, Library.functions["." + name.text] != nil {
      remedy = Bilingual("Write `value.\(name.text)(…)`.", pt: "Escreva `valor.\(name.text)(…)`.")
    } else if target != nil, Library.functions[name.text] != nil {
      remedy = Bilingual("Write `\(name.text)(…)`.", pt: "Escreva `\(name.text)(…)`.")
    } else {
      let qualified = Set(known.map(\.name))
      remedy =
        Suggestion.near(written, among: Array(qualified))
        ?? Suggestion.near(name.text, among: known.map(\.title) + Self.macroNames)
    }
    let title = Library.functions["." + name.text] == nil ? written : name.text
    return report(
      .unknownName, "There is no function `\(title)`.", pt: "Não existe a função `\(title)`.", remedy: remedy,
      at: name.range)
  }

  private static let macroNames = [
    "has", "all", "exists", "exists_one", "map", "filter", "sortBy", "optMap", "optFlatMap", "transformList",
    "transformMap", "transformMapEntry",
  ]

  /// `matches` with a literal pattern compiles it once, now; a malformed one is an error here already.
  private mutating func pattern(
    of function: Function, _ written: [Syntax], _ nodes: [any Node]
  ) -> ((Range<Int>) -> any Node)? {
    guard function.name == ".matches" || function.name == "matches", written.count == 2,
      case .literal(.string(let text)) = written[1].kind
    else { return nil }
    do throws(PatternError) {
      let pattern = try Pattern(text)
      return { range in Matching(operand: nodes[0], pattern: pattern, range: range, function: function) }
    } catch {
      let failing = report(
        .type, "This is not a pattern: \(error.reason).", pt: "Isto não é um padrão: \(error.reason).",
        at: written[1].range)
      return { _ in failing.node }
    }
  }

  /// A literal timestamp or duration is read once, now. One that cannot be read fails when it is evaluated.
  private func folded(_ function: Function, _ nodes: [any Node]) -> (any Node)? {
    guard function.name == "timestamp" || function.name == "duration", nodes.count == 1,
      let constant = nodes[0] as? Constant, let body = function.unary
    else { return nil }
    var frame = Frame(
      bindings: NoBindings(), zones: environment.zones, random: nil, cost: 1_000, locals: 0, cache: nil)
    guard let value = try? body(constant.value, &frame) else { return nil }
    return Constant(value: value)
  }
}

extension Function {
  /// Gives elements of lists, whose numbers may be of the other kind than their type says.
  var givesOutsideNumbers: Bool {
    signatures.contains { if case .any = $0.result { true } else { false } } && name != "+"
  }
}

/// The bindings of an expression without variables.
public struct NoBindings: Bindings, Sendable {
  public init() {}

  public func value(at slot: Int, of name: String) throws(ExpressionError) -> Value {
    throw ExpressionError(
      .unknownName, Bilingual("`\(name)` has no value here.", pt: "`\(name)` não tem valor aqui."), at: 0..<0)
  }
}

/// `matches` with a pattern that is known beforehand.
struct Matching: Node {
  let operand: any Node
  let pattern: Pattern
  let range: Range<Int>
  let function: Function

  func evaluate(_ frame: inout Frame) throws(ExpressionError) -> Value {
    let value = try operand.evaluate(&frame)
    frame.range = range
    guard case .string(let text) = value else { throw frame.noOverload(of: function, [value, .string("")]) }
    try frame.charge(1 + text.utf8.count / 16)
    return .bool(pattern.matches(text))
  }
}

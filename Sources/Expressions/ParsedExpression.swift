import Model

/// An expression whose form is right; its names and types are not looked at yet.
public struct ParsedExpression: Sendable {
  public let source: String
  /// Every free name with its literal selections, in the order of the text. Variables of comprehensions and
  /// names of functions are not free. The same name twice is two chains.
  public let chains: [Chain]
  let syntax: Syntax

  /// The first mistake of form ends the reading. `ExpressionLimits` bound length and depth.
  public static func parse(_ source: String) throws(ExpressionError) -> ParsedExpression {
    let syntax = try Parser.parse(source)
    var collector = ChainCollector()
    collector.visit(syntax)
    return ParsedExpression(source: source, chains: collector.chains, syntax: syntax)
  }

  /// Resolves names, checks types and makes the expression ready to run. All errors are found at once.
  public func compile(in environment: Environment) throws(ExpressionErrors) -> Expression {
    var checker = Checker(environment, isStrict: true)
    let root = checker.check(syntax)
    guard checker.errors.isEmpty else { throw ExpressionErrors(all: checker.sortedErrors) }
    return Expression(source: source, root: root, checker: checker)
  }

  /// Without the checks: what is unknown or ill-typed becomes an error when it is evaluated.
  func compileUnchecked(in environment: Environment) -> Expression {
    var checker = Checker(environment, isStrict: false)
    let root = checker.check(syntax)
    return Expression(source: source, root: root, checker: checker)
  }
}

/// A free name and the fields selected from it: `steps.fetch.?output.items`.
public struct Chain: Sendable, Hashable {
  public struct Part: Sendable, Hashable {
    public var name: String
    /// UTF-8 offsets of the name in the source.
    public var range: Range<Int>
    /// Selected by `.?`; false for the first.
    public var isOptional: Bool
  }
  /// Never empty.
  public var parts: [Part]
  /// Whether `[…]` follows right after the last part.
  public var isIndexed: Bool
  /// The last part stands in `has(…)`: it is asked for, not read.
  public var isPresenceTest: Bool

  public var names: [String] { parts.map(\.name) }
  public var range: Range<Int> { parts[0].range.lowerBound..<parts[parts.count - 1].range.upperBound }
}

/// Walks a tree and notes its free names.
private struct ChainCollector {
  var chains: [Chain] = []
  private var bound: [String] = []

  mutating func visit(_ syntax: Syntax, isIndexed: Bool = false, isPresenceTest: Bool = false) {
    switch syntax.kind {
    case .literal, .message: break
    case .name, .select:
      note(syntax, isIndexed: isIndexed, isPresenceTest: isPresenceTest)
    case .index(let operand, let key, _):
      visit(operand, isIndexed: true)
      visit(key)
    case .call(let name, let target, let arguments):
      if let target, !isNamespace(target, of: name) { visit(target) }
      for argument in arguments { visit(argument) }
    case .has(let operand): visit(operand, isPresenceTest: true)
    case .comprehension(let loop):
      visit(loop.source)
      visit((loop.condition.map { [$0] } ?? []) + [loop.body], binding: loop.names)
    case .bind(let name, let value, let body), .optionalMap(let value, let name, let body, _):
      visit(value)
      visit([body], binding: [name])
    case .list, .map, .all, .any, .conditional:
      for child in syntax.kind.children { visit(child) }
    }
  }

  private mutating func visit(_ bodies: [Syntax], binding names: [Syntax.Name]) {
    bound.append(contentsOf: names.map(\.text))
    for body in bodies { visit(body) }
    bound.removeLast(names.count)
  }

  private func isNamespace(_ target: Syntax, of function: Syntax.Name) -> Bool {
    guard let dotted = target.dottedName, let root = dotted.split(separator: ".").first else { return false }
    return !bound.contains(String(root)) && Library.functions[dotted + "." + function.text] != nil
  }

  private mutating func note(_ syntax: Syntax, isIndexed: Bool, isPresenceTest: Bool) {
    var parts: [Chain.Part] = []
    var node = syntax
    while case .select(let operand, let field, let isOptional) = node.kind {
      parts.append(Chain.Part(name: field.text, range: field.range, isOptional: isOptional))
      node = operand
    }
    guard case .name(let name, let isAbsolute) = node.kind else { return visit(node) }
    if !isAbsolute, bound.contains(name) { return }
    parts.append(Chain.Part(name: name, range: node.range, isOptional: false))
    chains.append(Chain(parts: parts.reversed(), isIndexed: isIndexed, isPresenceTest: isPresenceTest))
  }
}

import Model

/// A parsed, typed expression, ready to be evaluated any number of times on any thread.
public struct Expression: Sendable {
  public let source: String
  public let type: CELType
  /// The distinct variables it uses, by their declared names, in the order of first use. The place is the
  /// slot.
  public let variables: [String]
  private let root: any Node
  private let zones: ZoneDatabase
  private let locals: Int
  private let cache: Int?

  init(source: String, root: Checker.Typed, checker: Checker) {
    (self.source, self.type, self.root) = (source, root.type, root.node)
    variables = checker.variables
    zones = checker.environment.zones
    cache = checker.isReused ? checker.places : nil
    locals = checker.places + (checker.isReused ? checker.variables.count : 0)
  }

  /// Has no effect but to ask the bindings, each variable at most once, and `random`, where it is needed.
  /// `costLimit`: see `ExpressionLimits.cost`; beyond it the error is of kind `limit`.
  public func evaluate(
    _ bindings: some Bindings, random: (any RandomBytes)? = nil, costLimit: Int = ExpressionLimits.cost
  ) throws(ExpressionError) -> Value {
    var frame = Frame(
      bindings: bindings, zones: zones, random: random, cost: min(max(0, costLimit), .max / 2),
      locals: locals, cache: cache)
    return try root.evaluate(&frame)
  }
}

/// Gives an expression its variables when it asks for them; what is not asked for is never made.
///
/// An error with an empty range is reported at the variable.
public protocol Bindings {
  func value(at slot: Int, of name: String) throws(ExpressionError) -> Value
}

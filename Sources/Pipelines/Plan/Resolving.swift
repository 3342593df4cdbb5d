public import Expressions
public import Model

/// Knows what names mean at one place of one job: the engine's side of an evaluation.
public protocol ReferenceResolver {
  func value(of reference: Reference) throws(ExpressionError) -> Value
}
extension BoundExpression {
  public func value(
    _ resolver: some ReferenceResolver, random: (any RandomBytes)? = nil
  ) throws(ExpressionError) -> Value { .null }
}
extension Template {
  public func evaluate(
    _ resolver: some ReferenceResolver, random: (any RandomBytes)? = nil
  ) throws(ExpressionError) -> JSON { .null }
}
extension Timing {
  public func duration(_ resolver: some ReferenceResolver) throws(ExpressionError) -> Duration { .zero }
}
extension Count {
  public func value(_ resolver: some ReferenceResolver) throws(ExpressionError) -> Int { 0 }
}

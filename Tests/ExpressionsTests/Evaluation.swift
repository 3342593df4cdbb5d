import Model

@testable import Expressions

/// Bytes that count up: 00, 01, 02 …
struct CountingBytes: RandomBytes {
  func bytes(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0) } }
}

/// Parses, checks and evaluates with these variables, each of the type `dyn` unless it is declared.
func evaluate(
  _ source: String, _ values: [String: Value] = [:], types: [String: CELType] = [:],
  cost: Int = ExpressionLimits.cost
) throws -> Value {
  let declared = types.merging(values.mapValues { _ in .dyn }) { given, _ in given }
  let environment = Environment(variables: declared, zones: .machine, allowsRandom: true)
  let expression = try ParsedExpression.parse(source).compile(in: environment)
  return try expression.evaluate(Named(values: values), random: CountingBytes(), costLimit: cost)
}

/// The errors of a check, or of the parse.
func errors(of source: String, _ types: [String: CELType] = [:]) -> [ExpressionError] {
  do {
    _ = try ParsedExpression.parse(source).compile(in: Environment(variables: types, zones: .machine))
    return []
  } catch let error as ExpressionError {
    return [error]
  } catch let errors as ExpressionErrors {
    return errors.all
  } catch {
    return []
  }
}

/// The type that the checker finds; nil where it finds errors.
func type(of source: String, _ types: [String: CELType] = [:]) -> CELType? {
  let environment = Environment(variables: types, zones: .machine)
  return try? ParsedExpression.parse(source).compile(in: environment).type
}

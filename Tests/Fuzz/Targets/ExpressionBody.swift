import Model

@testable import Expressions

/// Errors lie in the text, the checker finds no other meaning than the evaluator, and the cost bounds time.
enum ExpressionBody {
  private static let data: JSONObject = [
    "number": 7, "real": 2.5, "text": "um café, dois cafés", "list": [1, 2, [3, "4"], ["a": 5]],
    "map": ["a": 1, "b": ["c": [true, "x"]]], "nothing": .null, "flag": true,
  ]
  private static let environment = Environment(
    variables: [
      "number": .int, "real": .double, "text": .string, "list": .list(.dyn), "map": .map(.string, .dyn),
      "nothing": .dyn, "flag": .bool,
    ], zones: PipelineBody.zones)
  /// A tenth of what the program allows, so that many are tried; the time for it is then ten times too long.
  private static let cost = ExpressionLimits.cost / 10

  @Sendable static func check(_ bytes: [UInt8]) throws(Broken) {
    let source = bytes.decoded
    let parsed: ParsedExpression
    do throws(ExpressionError) {
      parsed = try ParsedExpression.parse(source)
    } catch {
      return try check(error, source)
    }
    let unchecked = outcome(parsed.compileUnchecked(in: environment))
    try check(unchecked, source)
    let expression: Expression
    do throws(ExpressionErrors) {
      expression = try parsed.compile(in: environment)
    } catch {
      for error in error.all { try check(error, source) }
      return
    }
    let checked = outcome(expression)
    try check(checked, source)
    if case .success(let value) = checked, case .success(let other) = unchecked {
      try promise(value.text == other.text, "Checked it is \(value.text), unchecked \(other.text).")
    }
  }

  private static func outcome(_ expression: Expression) -> Result<JSON, ExpressionError> {
    do throws(ExpressionError) {
      return .success(try expression.evaluate(Members(object: data), costLimit: cost).json())
    } catch {
      return .failure(error)
    }
  }

  private static func check(_ outcome: Result<JSON, ExpressionError>, _ source: String) throws(Broken) {
    switch outcome {
    case .success(let value): try promise(value.nonFinitePath == nil, "The result cannot be written.")
    case .failure(let error): try check(error, source)
    }
  }

  private static func check(_ error: ExpressionError, _ source: String) throws(Broken) {
    // The end of a text that ends too early is one place behind it.
    try promise(
      error.range.upperBound <= source.utf8.count + 1, "\(error.message.english) is at \(error.range).")
    try promise(!error.rendered(in: source, language: .english).isEmpty, "An error shows nothing.")
  }

  private struct Members: Bindings {
    let object: JSONObject
    func value(at slot: Int, of name: String) throws(ExpressionError) -> Value {
      Value(object[name] ?? .null)
    }
  }
}

import Expressions
import Model

/// `expr eval EXPR`
enum ExprEval {
  static let spec = CommandSpec(
    "expr eval", Bilingual("evaluates an expression, prints JSON", pt: "avalia uma expressão, imprime JSON"),
    arguments: [ArgumentSpec("EXPR", Bilingual("CEL", pt: "CEL"))],
    flags: [
      FlagSpec(
        "--data", value: "FILE|-",
        Bilingual("a JSON object; its members are the names", pt: "um objeto JSON; os membros são os nomes"))
    ],
    examples: [
      .init("esteira expr eval '[1, 2, 3].map(x, x * 2)'", Bilingual("[2,4,6]", pt: "[2,4,6]")),
      .init(
        "esteira expr eval 'items.filter(i, i.price > 10)' --data order.json",
        Bilingual("with data", pt: "com dados")),
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let (source, data) = (call.arguments[0], try data(call))
    do {
      let parsed = try ParsedExpression.parse(source)
      let environment = Environment(
        variables: Dictionary(uniqueKeysWithValues: data.keys.map { ($0, CELType.dyn) }),
        zones: call.bench.zones,
        allowsRandom: false)
      let expression = try parsed.compile(in: environment)
      let json = try expression.evaluate(DataBindings(data: data)).json()
      call.console.out(call.format == .json ? json.prettyText : json.text)
      return .done
    } catch let error as ExpressionError {
      call.console.error(error.rendered(in: source, language: call.language))
      return .usage
    } catch let errors as ExpressionErrors {
      for error in errors.all { call.console.error(error.rendered(in: source, language: call.language)) }
      return .usage
    }
  }

  private static func data(_ call: Invocation) throws -> JSONObject {
    guard let file = call.value("--data") else { return JSONObject() }
    guard case .object(let object) = try call.readJSON(file, "--data") else {
      throw UsageError(Bilingual("--data must hold a JSON object.", pt: "--data deve conter um objeto JSON."))
    }
    return object
  }
}

/// The members of an object as variables.
private struct DataBindings: Bindings {
  var data: JSONObject

  func value(at slot: Int, of name: String) throws(ExpressionError) -> Value { Value(data[name] ?? .null) }
}

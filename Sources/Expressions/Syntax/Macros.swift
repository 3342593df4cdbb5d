import Model

extension Parser {
  /// A call, or the macro that is written like one. Macros are known by name, target and number of arguments.
  func call(
    _ name: Syntax.Name, target: Syntax?, arguments: [Syntax], at range: Range<Int>
  ) throws(ExpressionError) -> Syntax {
    if let kind = try macro(name, target: target, arguments: arguments) { return try node(kind, at: range) }
    return try node(.call(name, target: target, arguments: arguments), at: range)
  }

  private func macro(
    _ name: Syntax.Name, target: Syntax?, arguments: [Syntax]
  ) throws(ExpressionError) -> Syntax.Kind? {
    guard let target else {
      guard name.text == "has", arguments.count == 1 else { return nil }
      guard case .select = arguments[0].kind else {
        throw failure(
          "`has` asks for a field, such as `has(a.b)`.", pt: "`has` pede um campo, como `has(a.b)`.",
          at: arguments[0].range)
      }
      return .has(arguments[0])
    }
    switch (target.dottedName, name.text, arguments.count) {
    case ("cel", "bind", 3):
      return .bind(try variable(arguments[0]), arguments[1], arguments[2])
    case ("lists", "group_by", 3):
      return .comprehension(
        Syntax.Comprehension(
          kind: .groupBy, source: arguments[0], names: [try variable(arguments[1])], body: arguments[2]))
    case (_, "optMap", 2), (_, "optFlatMap", 2):
      let isFlat = name.text == "optFlatMap"
      return .optionalMap(target, try variable(arguments[0]), arguments[1], isFlat: isFlat)
    case (_, _, _):
      return try comprehension(name.text, target: target, arguments: arguments)
    }
  }

  /// Name and arguments → kind and how many of the arguments are variables; a further one before the last is
  /// a condition.
  private static let forms: [String: [Int: (Syntax.Comprehension.Kind, variables: Int)]] = [
    "all": [2: (.all, 1), 3: (.all, 2)],
    "exists": [2: (.exists, 1), 3: (.exists, 2)],
    "exists_one": [2: (.existsOne, 1), 3: (.existsOne, 2)],
    "existsOne": [2: (.existsOne, 1), 3: (.existsOne, 2)],
    "map": [2: (.map, 1), 3: (.map, 1)],
    "filter": [2: (.filter, 1)],
    "sortBy": [2: (.sortBy, 1)],
    "transformList": [3: (.transformList, 2), 4: (.transformList, 2)],
    "transformMap": [3: (.transformMap, 2), 4: (.transformMap, 2)],
    "transformMapEntry": [3: (.transformMapEntry, 2), 4: (.transformMapEntry, 2)],
  ]

  private func comprehension(
    _ name: String, target: Syntax, arguments: [Syntax]
  ) throws(ExpressionError) -> Syntax.Kind? {
    guard let (kind, variables) = Self.forms[name]?[arguments.count] else { return nil }
    var names: [Syntax.Name] = []
    for argument in arguments.prefix(variables) { names.append(try variable(argument)) }
    if names.count == 2, names[0].text == names[1].text {
      throw failure(
        "The two variables need different names.", pt: "As duas variáveis precisam de nomes diferentes.",
        at: names[1].range)
    }
    let condition = arguments.count > variables + 1 ? arguments[variables] : nil
    return .comprehension(
      Syntax.Comprehension(
        kind: kind, source: target, names: names, condition: condition, body: arguments[arguments.count - 1]))
  }

  private func variable(_ argument: Syntax) throws(ExpressionError) -> Syntax.Name {
    guard case .name(let text, false) = argument.kind else {
      throw failure(
        "A simple name for the variable is expected here.", pt: "Aqui se espera um nome simples de variável.",
        at: argument.range)
    }
    return Syntax.Name(text: text, range: argument.range)
  }

  private func failure(_ english: String, pt portuguese: String, at range: Range<Int>) -> ExpressionError {
    ExpressionError(.syntax, Bilingual(english, pt: portuguese), at: range)
  }
}

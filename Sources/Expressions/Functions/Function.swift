import Model

/// A function of the library: what it takes, for the checker, and what it does.
///
/// A body gives nil for values that it has no overload for.
struct Function: Sendable {
  typealias Unary = @Sendable (Value, inout Frame) throws(ExpressionError) -> Value?
  typealias Binary = @Sendable (Value, Value, inout Frame) throws(ExpressionError) -> Value?
  typealias Variadic = @Sendable ([Value], inout Frame) throws(ExpressionError) -> Value?

  /// `size`, a method with a leading dot: `.size`, or with its namespace: `lists.range`. Operators: `+`,
  /// `-_`.
  let name: String
  let signatures: [Signature]
  var unary: Unary?
  var binary: Binary?
  var variadic: Variadic?

  /// The signatures are written `(list<A>, int) -> A`; of a method the first is the target.
  init(
    _ name: String, _ signatures: String..., unary: Unary? = nil, binary: Binary? = nil,
    variadic: Variadic? = nil
  ) {
    self.init(name, signatures: signatures, unary: unary, binary: binary, variadic: variadic)
  }

  init(
    _ name: String, signatures: [String], unary: Unary? = nil, binary: Binary? = nil,
    variadic: Variadic? = nil
  ) {
    self.name = name
    self.signatures = signatures.map(Signature.init)
    (self.unary, self.binary, self.variadic) = (unary, binary, variadic)
  }

  var isMethod: Bool { name.hasPrefix(".") }

  /// As it is called in messages.
  var title: String {
    if isMethod { return String(name.dropFirst()) }
    return name == "-_" || name == "!_" ? String(name.dropLast()) : name
  }

  /// What to write instead for arguments of these types: a conversion, or a few of the forms that it has.
  func remedy(for types: [String]) -> Bilingual {
    if types.contains("int"), types.contains("double") {
      return Bilingual(
        "Write 5.0 instead of 5, or convert with `double(…)`.",
        pt: "Escreva 5.0 em vez de 5, ou converta com `double(…)`.")
    }
    if name == "+", types.contains("string") {
      return Bilingual("Convert with `string(…)`.", pt: "Converta com `string(…)`.")
    }
    let forms = signatures.prefix(4).map(\.text).joined(separator: "; ")
    return Bilingual("Its forms: \(forms).", pt: "Suas formas: \(forms).")
  }

  func call(_ arguments: [any Node], at range: Range<Int>) -> any Node {
    if arguments.count == 1, let unary {
      return UnaryCall(function: self, body: unary, operand: arguments[0], range: range)
    }
    if arguments.count == 2, let binary {
      return BinaryCall(function: self, body: binary, left: arguments[0], right: arguments[1], range: range)
    }
    return VariadicCall(function: self, body: variadic, arguments: arguments, range: range)
  }
}

/// Everything that expressions may call, by name.
enum Library {
  static let functions: [String: Function] = {
    let all =
      Operators.functions + Orders.functions + Conversions.functions + Strings.functions
      + StringForms.functions
      + Lists.functions + Numbers.functions + Times.functions + Dates.functions
      + Optionals.functions + Encoders.functions
    var table: [String: Function] = [:]
    for function in all { table[function.name] = function }
    return table
  }()
}

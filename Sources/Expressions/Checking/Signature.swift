import Model

/// A type in a signature: a type, or a letter that stands for any one type.
indirect enum TypePattern: Sendable {
  case exact(CELType)
  /// `A`, `B`.
  case any(Character)
  /// `number`: int, uint or double.
  case number
  case list(TypePattern)
  case map(TypePattern, TypePattern)
  case optional(TypePattern)
}

/// What one overload takes and gives, as in `(list<A>, int) -> A`. `(A...)` takes one or more.
struct Signature: Sendable {
  let text: String
  let parameters: [TypePattern]
  let isVariadic: Bool
  let result: TypePattern

  /// Only for the library's own text: a mistake in it ends the program.
  init(_ text: String) {
    var reader = SignatureReader(text)
    self.text = text.replacing("<", with: "(").replacing(">", with: ")").replacing("-)", with: "→")
    (parameters, isVariadic) = reader.parameters()
    result = reader.pattern()
  }
}

private struct SignatureReader {
  private var rest: Substring

  init(_ text: String) { rest = text.filter { $0 != " " }[...] }

  mutating func parameters() -> ([TypePattern], Bool) {
    precondition(take("("), "A signature begins with its parameters.")
    var patterns: [TypePattern] = []
    var isVariadic = false
    while !take(")") {
      patterns.append(pattern())
      if take("...") { isVariadic = true }
      _ = take(",")
    }
    precondition(take("->"), "A signature ends with its result.")
    return (patterns, isVariadic)
  }

  mutating func pattern() -> TypePattern {
    let word = rest.prefix { $0.isLetter }
    rest = rest.dropFirst(word.count)
    if word.count == 1, let letter = word.first { return .any(letter) }
    if let type = Self.plain[String(word)] { return .exact(type) }
    if word == "number" { return .number }
    precondition(take("<"), "The type \(word) is unknown.")
    let first = pattern()
    let second = take(",") ? pattern() : nil
    precondition(take(">"), "A type ends with >.")
    if let second { return .map(first, second) }
    return word == "list" ? .list(first) : .optional(first)
  }

  private mutating func take(_ text: String) -> Bool {
    guard rest.hasPrefix(text) else { return false }
    rest = rest.dropFirst(text.count)
    return true
  }

  private static let plain: [String: CELType] = [
    "dyn": .dyn, "null": .null, "bool": .bool, "int": .int, "uint": .uint, "double": .double,
    "string": .string,
    "bytes": .bytes, "timestamp": .timestamp, "duration": .duration, "type": .type,
  ]
}

/// What the letters of a signature stand for in one call.
struct SignatureMatch {
  private var letters: [Character: CELType] = [:]

  /// The result's type, or nil where the arguments do not fit. A weak argument, such as `[]`, agrees with a
  /// type and does not widen it.
  static func result(
    of signature: Signature, for arguments: [(type: CELType, isWeak: Bool)]
  ) -> CELType? {
    var match = SignatureMatch()
    let count = signature.parameters.count
    guard signature.isVariadic ? arguments.count >= count : arguments.count == count else { return nil }
    for weak in [false, true] {
      for (position, argument) in arguments.enumerated() where argument.isWeak == weak {
        let pattern = signature.parameters[min(position, count - 1)]
        guard match.fits(argument.type, pattern, isWeak: weak) else { return nil }
      }
    }
    return match.type(of: signature.result)
  }

  private mutating func fits(_ type: CELType, _ pattern: TypePattern, isWeak: Bool) -> Bool {
    switch (pattern, type) {
    case (.any(let letter), _): return bind(letter, to: type, isWeak: isWeak)
    case (_, .dyn): return true
    case (.exact(let wanted), _): return wanted == type || wanted == .dyn
    case (.number, _): return type == .int || type == .uint || type == .double
    case (.list(let element), .list(let actual)): return fits(actual, element, isWeak: isWeak)
    case (.optional(let wrapped), .optional(let actual)): return fits(actual, wrapped, isWeak: isWeak)
    case (.map(let key, let value), .map(let actualKey, let actualValue)):
      return fits(actualKey, key, isWeak: isWeak) && fits(actualValue, value, isWeak: isWeak)
    case (.map(let key, let value), .record):
      return fits(.string, key, isWeak: isWeak) && fits(.dyn, value, isWeak: isWeak)
    case (.list, _), (.map, _), (.optional, _): return false
    }
  }

  private mutating func bind(_ letter: Character, to type: CELType, isWeak: Bool) -> Bool {
    if isWeak, type == .dyn { return true }
    guard let bound = letters[letter] else {
      letters[letter] = type
      return true
    }
    guard let joined = bound.joined(with: type) else { return false }
    letters[letter] = isWeak ? bound : joined
    return true
  }

  private func type(of pattern: TypePattern) -> CELType {
    switch pattern {
    case .exact(let type): type
    case .any(let letter): letters[letter] ?? .dyn
    case .number: .dyn
    case .list(let element): .list(type(of: element))
    case .map(let key, let value): .map(type(of: key), type(of: value))
    case .optional(let wrapped): .optional(type(of: wrapped))
    }
  }
}

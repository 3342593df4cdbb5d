/// A pattern of file names: `*` (not `/`), `**` (also `/`), `?`, `[a-z]`, `[!a-z]`, and `{one,two}`. A
/// pattern without `/` is about the name alone. Matching takes at most pattern times text steps.
struct Glob: Sendable {
  fileprivate enum Token: Sendable {
    case one(Unicode.Scalar)
    case any, star, deepStar
    case set([ClosedRange<Unicode.Scalar>], isNegated: Bool)
  }

  private let alternatives: [[Token]]
  /// Whether the whole path is looked at.
  let isPath: Bool

  static let lengthLimit = 1_024
  static let alternativeLimit = 64

  /// Nil where a bracket or brace is not closed, or the alternatives are too many.
  init?(_ pattern: String) {
    guard !pattern.isEmpty, pattern.utf8.count <= Self.lengthLimit,
      let spelled = Self.spelled(Array(pattern.unicodeScalars))
    else { return nil }
    var alternatives: [[Token]] = []
    for scalars in spelled {
      guard let tokens = Self.tokens(scalars) else { return nil }
      alternatives.append(tokens)
    }
    self.alternatives = alternatives
    isPath = pattern.utf8.contains(UInt8(ascii: "/"))
  }

  func matches(_ text: String) -> Bool {
    let scalars = Array(text.unicodeScalars)
    return alternatives.contains { Self.matches($0, scalars) }
  }

  /// Each `{one,two}` written out, the innermost first.
  private static func spelled(_ pattern: [Unicode.Scalar]) -> [[Unicode.Scalar]]? {
    var (done, open): ([[Unicode.Scalar]], [[Unicode.Scalar]]) = ([], [pattern])
    while let next = open.popLast() {
      guard let end = next.firstIndex(of: "}") else {
        if next.contains("{") { return nil }
        done.append(next)
        continue
      }
      guard let start = next[..<end].lastIndex(of: "{") else { return nil }
      let choices = next[(start + 1)..<end].split(separator: ",", omittingEmptySubsequences: false)
      for choice in choices.reversed() { open.append(Array(next[..<start]) + choice + next[(end + 1)...]) }
      if open.count + done.count > alternativeLimit { return nil }
    }
    return done
  }

  private static func tokens(_ scalars: [Unicode.Scalar]) -> [Token]? {
    var (tokens, rest): ([Token], ArraySlice<Unicode.Scalar>) = ([], scalars[...])
    while let next = rest.popFirst() {
      switch next {
      case "*" where rest.first == "*":
        rest = rest.drop { $0 == "*" }
        tokens.append(.deepStar)
      case "*": tokens.append(.star)
      case "?": tokens.append(.any)
      case "[":
        guard let set = set(&rest) else { return nil }
        tokens.append(set)
      case _: tokens.append(.one(next))
      }
    }
    return tokens
  }

  private static func set(_ rest: inout ArraySlice<Unicode.Scalar>) -> Token? {
    let isNegated = rest.first == "!" || rest.first == "^"
    if isNegated { rest.removeFirst() }
    var ranges: [ClosedRange<Unicode.Scalar>] = []
    while let low = rest.popFirst() {
      if low == "]", !ranges.isEmpty { return .set(ranges, isNegated: isNegated) }
      guard rest.first == "-", let high = rest.dropFirst().first, high != "]" else {
        ranges.append(low...low)
        continue
      }
      guard low <= high else { return nil }
      rest = rest.dropFirst(2)
      ranges.append(low...high)
    }
    return nil
  }

  /// Row by row: which places of the text the pattern so far can have reached.
  private static func matches(_ tokens: [Token], _ text: [Unicode.Scalar]) -> Bool {
    var reached = [Bool](repeating: false, count: text.count + 1)
    reached[0] = true
    for token in tokens {
      var next = [Bool](repeating: false, count: text.count + 1)
      switch token {
      case .star, .deepStar:
        let isDeep = if case .deepStar = token { true } else { false }
        var isOpen = false
        for place in 0...text.count {
          if place > 0, !isDeep, text[place - 1] == "/" { isOpen = false }
          isOpen = isOpen || reached[place]
          next[place] = isOpen
        }
      case .one, .any, .set:
        for place in 0..<text.count where reached[place] && token.takes(text[place]) {
          next[place + 1] = true
        }
      }
      reached = next
    }
    return reached[text.count]
  }
}

extension Glob.Token {
  fileprivate func takes(_ scalar: Unicode.Scalar) -> Bool {
    switch self {
    case .one(let only): scalar == only
    case .any: scalar != "/"
    case .set(let ranges, let isNegated):
      scalar != "/" && ranges.contains { $0.contains(scalar) } != isNegated
    case .star, .deepStar: false
    }
  }
}

import Model

/// Methods of text. Positions and lengths count Unicode scalars.
enum Strings {
  static let functions: [Function] = [
    Function(".contains", "(string, string) -> bool", binary: contains),
    Function(".startsWith", "(string, string) -> bool", binary: startsWith),
    Function(".endsWith", "(string, string) -> bool", binary: endsWith),
    Function(".matches", "(string, string) -> bool", binary: matches),
    Function("matches", "(string, string) -> bool", binary: matches),
    Function(".charAt", "(string, int) -> string", binary: charAt),
    Function(
      ".indexOf", "(string, string) -> int", "(string, string, int) -> int",
      variadic: { values, frame throws(ExpressionError) in try position(values, fromEnd: false, &frame) }),
    Function(
      ".lastIndexOf", "(string, string) -> int", "(string, string, int) -> int",
      variadic: { values, frame throws(ExpressionError) in try position(values, fromEnd: true, &frame) }),
    Function(".lowerAscii", "(string) -> string", unary: lowerASCII),
    Function(".upperAscii", "(string) -> string", unary: upperASCII),
    Function(".trim", "(string) -> string", unary: trim),
    Function(
      ".replace", "(string, string, string) -> string", "(string, string, string, int) -> string",
      variadic: replace),
    Function(
      ".split", "(string, string) -> list<string>", "(string, string, int) -> list<string>", variadic: split),
    Function(".substring", "(string, int) -> string", "(string, int, int) -> string", variadic: substring),
    Function(
      ".join", "(list<string>) -> string", "(list<string>, string) -> string", variadic: join),
    Function("strings.quote", "(string) -> string", unary: StringForms.quote),
  ]

  /// The text of two arguments, paid for.
  private static func texts(
    _ a: Value, _ b: Value, _ frame: inout Frame
  ) throws(ExpressionError) -> (String, String)? {
    guard case .string(let x) = a, case .string(let y) = b else { return nil }
    try frame.charge(x.utf8.count / 16)
    return (x, y)
  }

  @Sendable static func contains(_ a: Value, _ b: Value, _ frame: inout Frame) throws(ExpressionError)
    -> Value?
  {
    guard let (text, part) = try texts(a, b, &frame) else { return nil }
    return .bool(Search(Array(text.utf8)).first(Array(part.utf8), from: 0) != nil)
  }

  @Sendable static func startsWith(_ a: Value, _ b: Value, _ frame: inout Frame) throws(ExpressionError)
    -> Value?
  {
    guard let (text, part) = try texts(a, b, &frame) else { return nil }
    return .bool(text.utf8.starts(with: part.utf8))
  }

  @Sendable static func endsWith(_ a: Value, _ b: Value, _ frame: inout Frame) throws(ExpressionError)
    -> Value?
  {
    guard let (text, part) = try texts(a, b, &frame) else { return nil }
    return .bool(text.utf8.suffix(part.utf8.count).elementsEqual(part.utf8))
  }

  @Sendable static func matches(_ a: Value, _ b: Value, _ frame: inout Frame) throws(ExpressionError)
    -> Value?
  {
    guard let (text, source) = try texts(a, b, &frame) else { return nil }
    if let known = frame.pattern, known.source.hasSameScalars(as: source) {
      return .bool(known.matches(text))
    }
    try frame.payForPattern()
    do throws(PatternError) {
      let pattern = try Pattern(source)
      frame.pattern = pattern
      return .bool(pattern.matches(text))
    } catch {
      throw frame.failure(
        "This is not a pattern: \(error.reason).", pt: "Isto não é um padrão: \(error.reason).")
    }
  }

  @Sendable static func charAt(_ a: Value, _ b: Value, _ frame: inout Frame) throws(ExpressionError) -> Value?
  {
    guard case .string(let text) = a, case .int(let index) = b else { return nil }
    let scalars = try scalars(text, &frame)
    guard index >= 0, index <= scalars.count else { throw outside(index, frame) }
    return .string(index == scalars.count ? "" : String(scalars[Int(index)]))
  }

  private static func position(
    _ values: [Value], fromEnd: Bool, _ frame: inout Frame
  ) throws(ExpressionError) -> Value? {
    guard values.count == 2 || values.count == 3, case .string(let text) = values[0],
      case .string(let part) = values[1]
    else { return nil }
    let search = Search(try scalars(text, &frame))
    let wanted = Array(part.unicodeScalars)
    var start = fromEnd ? search.elements.count : 0
    if values.count == 3 {
      guard case .int(let given) = values[2] else { return nil }
      guard given >= 0, given <= search.elements.count else { throw outside(given, frame) }
      start = Int(given)
    }
    let found = fromEnd ? search.last(wanted, from: start) : search.first(wanted, from: start)
    return .int(Int64(found ?? -1))
  }

  @Sendable static func lowerASCII(_ value: Value, _ frame: inout Frame) throws(ExpressionError) -> Value? {
    try mapped(value, &frame) { (0x41...0x5A).contains($0) ? $0 + 0x20 : $0 }
  }

  @Sendable static func upperASCII(_ value: Value, _ frame: inout Frame) throws(ExpressionError) -> Value? {
    try mapped(value, &frame) { (0x61...0x7A).contains($0) ? $0 - 0x20 : $0 }
  }

  private static func mapped(
    _ value: Value, _ frame: inout Frame, _ change: (UInt8) -> UInt8
  ) throws(ExpressionError) -> Value? {
    guard case .string(let text) = value else { return nil }
    try frame.charge(text.utf8.count / 16)
    return .string(String(decoding: text.utf8.map(change), as: UTF8.self))
  }

  @Sendable static func trim(_ value: Value, _ frame: inout Frame) throws(ExpressionError) -> Value? {
    guard case .string(let text) = value else { return nil }
    try frame.charge(text.utf8.count / 16)
    let scalars = text.unicodeScalars
    guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
      let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
    else { return .string("") }
    return .string(String(scalars[first...last]))
  }

  @Sendable static func substring(_ values: [Value], _ frame: inout Frame) throws(ExpressionError) -> Value? {
    guard values.count == 2 || values.count == 3, case .string(let text) = values[0],
      case .int(let start) = values[1]
    else { return nil }
    let scalars = try scalars(text, &frame)
    var end = Int64(scalars.count)
    if values.count == 3 {
      guard case .int(let given) = values[2] else { return nil }
      end = given
    }
    guard start >= 0, start <= scalars.count else { throw outside(start, frame) }
    guard end >= 0, end <= scalars.count else { throw outside(end, frame) }
    guard start <= end else {
      throw frame.failure(
        "A part of a text cannot begin at \(start) and end at \(end).",
        pt: "Uma parte de um texto não pode começar em \(start) e terminar em \(end).")
    }
    return .string(string(scalars[Int(start)..<Int(end)]))
  }

  @Sendable static func replace(_ values: [Value], _ frame: inout Frame) throws(ExpressionError) -> Value? {
    guard values.count == 3 || values.count == 4, case .string(let text) = values[0],
      case .string(let old) = values[1], case .string(let new) = values[2]
    else { return nil }
    guard let limit = try limit(values, at: 3) else { return nil }
    let pieces = Search(try scalars(text, &frame)).split(by: Array(old.unicodeScalars), limit: limit)
    let length = text.utf8.count + pieces.count * new.utf8.count
    try frame.charge(length / 16)
    return .string(pieces.map(string).joined(separator: new))
  }

  @Sendable static func split(_ values: [Value], _ frame: inout Frame) throws(ExpressionError) -> Value? {
    guard values.count == 2 || values.count == 3, case .string(let text) = values[0],
      case .string(let separator) = values[1]
    else { return nil }
    guard let limit = try limit(values, at: 2) else { return nil }
    if limit == 0 { return .list([]) }
    let scalars = try scalars(text, &frame)
    if separator.isEmpty {
      let cut = min(scalars.count, limit < 0 ? scalars.count : max(0, limit - 1))
      try frame.charge(cut)
      let rest = cut < scalars.count ? [Value.string(string(scalars[cut...]))] : []
      return .list(scalars[..<cut].map { .string(String($0)) } + rest)
    }
    let pieces = Search(scalars).split(by: Array(separator.unicodeScalars), limit: limit < 0 ? -1 : limit - 1)
    try frame.charge(pieces.count)
    return .list(pieces.map { .string(string($0)) })
  }

  /// The optional last argument: at most so many; below zero all.
  private static func limit(_ values: [Value], at place: Int) throws(ExpressionError) -> Int? {
    guard values.count > place else { return -1 }
    if case .int(let limit) = values[place] { return Int(limit) }
    return nil
  }

  @Sendable static func join(_ values: [Value], _ frame: inout Frame) throws(ExpressionError) -> Value? {
    guard values.count == 1 || values.count == 2, case .list(let list) = values[0] else { return nil }
    var separator = ""
    if values.count == 2 {
      guard case .string(let given) = values[1] else { return nil }
      separator = given
    }
    var parts: [String] = []
    for element in list {
      guard case .string(let part) = element else { return nil }
      try frame.charge(1 + (part.utf8.count + separator.utf8.count) / 16)
      parts.append(part)
    }
    return .string(parts.joined(separator: separator))
  }

  static func scalars(_ text: String, _ frame: inout Frame) throws(ExpressionError) -> [Unicode.Scalar] {
    try frame.charge(text.utf8.count / 4)
    return Array(text.unicodeScalars)
  }

  static func string(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars)
    return String(view)
  }

  private static func outside(_ index: Int64, _ frame: Frame) -> ExpressionError {
    frame.failure("The text has no position \(index).", pt: "O texto não tem a posição \(index).")
  }
}

/// Looks for one sequence in another in linear time (Knuth, Morris and Pratt).
struct Search<Element: Equatable> {
  let elements: [Element]

  init(_ elements: [Element]) { self.elements = elements }

  func first(_ wanted: [Element], from start: Int) -> Int? {
    if wanted.isEmpty { return start }
    return Search.places(of: wanted, in: elements[start...], atMost: 1).first
  }

  /// The last place that begins at `start` or before it.
  func last(_ wanted: [Element], from start: Int) -> Int? {
    if wanted.isEmpty { return start }
    guard wanted.count <= elements.count else { return nil }
    let begin = min(start, elements.count - wanted.count)
    let reversed = Array(elements[..<(begin + wanted.count)].reversed())
    let found = Search.places(of: wanted.reversed(), in: reversed[...], atMost: 1).first
    return found.map { reversed.count - $0 - wanted.count }
  }

  /// What lies between the places of a separator; at most `limit` places count, all where it is below zero.
  /// An empty separator stands between all elements, before the first and behind the last.
  func split(by separator: [Element], limit: Int) -> [ArraySlice<Element>] {
    let limit = limit < 0 ? Int.max : limit
    let places =
      separator.isEmpty
      ? Array((0...elements.count).prefix(limit))
      : Search.places(of: separator, in: elements[...], atMost: limit)
    var pieces: [ArraySlice<Element>] = []
    var start = 0
    for place in places {
      pieces.append(elements[start..<place])
      start = place + separator.count
    }
    return pieces + [elements[start...]]
  }

  /// Places that do not overlap.
  private static func places(of wanted: [Element], in whole: ArraySlice<Element>, atMost limit: Int) -> [Int]
  {
    guard limit > 0, wanted.count <= whole.count else { return [] }
    var fallback = [0]
    var length = 0
    for element in wanted.dropFirst() {
      while length > 0, element != wanted[length] { length = fallback[length - 1] }
      if element == wanted[length] { length += 1 }
      fallback.append(length)
    }
    var places: [Int] = []
    var matched = 0
    for (position, element) in zip(whole.indices, whole) {
      while matched > 0, element != wanted[matched] { matched = fallback[matched - 1] }
      if element == wanted[matched] { matched += 1 }
      if matched == wanted.count {
        places.append(position - wanted.count + 1)
        if places.count == limit { break }
        matched = 0
      }
    }
    return places
  }
}

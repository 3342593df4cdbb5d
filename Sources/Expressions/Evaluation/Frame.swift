import Model

/// Random bytes for one evaluation, where the environment allows them. A caller that wants the same bytes
/// again records the value that came out, not the bytes.
public protocol RandomBytes: Sendable {
  func bytes(_ count: Int) -> [UInt8]
}

/// One evaluation under way.
struct Frame {
  let bindings: any Bindings
  let zones: ZoneDatabase
  let random: (any RandomBytes)?
  /// What may still be spent.
  private(set) var remaining: Int
  /// Variables of comprehensions, then the variables that were asked for and will be again.
  var locals: [Value?]
  /// Where the latter begin; nil where no variable is used twice.
  let cache: Int?
  /// The pattern that was compiled last, since loops ask with the same one again.
  var pattern: Pattern?
  /// Of the operation under way, for its errors.
  var range: Range<Int> = 0..<0

  init(
    bindings: any Bindings, zones: ZoneDatabase, random: (any RandomBytes)?, cost: Int, locals: Int,
    cache: Int?
  ) {
    (self.bindings, self.zones, self.random, self.cache) = (bindings, zones, random, cache)
    remaining = cost
    self.locals = locals == 0 ? [] : Array(repeating: nil, count: locals)
  }

  mutating func charge(_ cost: Int) throws(ExpressionError) {
    remaining -= cost
    if remaining < 0 {
      remaining = 0
      throw ExpressionError(
        .limit,
        Bilingual(
          "This expression costs too much to evaluate.", pt: "Esta expressão custa demais para avaliar."),
        remedy: Bilingual(
          "Do the work in a step, such as `python`.", pt: "Faça este trabalho em um passo, como `python`."),
        at: range)
    }
  }

  /// Compiling may take a thousand times as long as matching.
  mutating func payForPattern() throws(ExpressionError) { try charge(2_000) }

  func variable(_ slot: Int) -> Value? { cache.flatMap { locals[$0 + slot] } }

  mutating func keep(_ value: Value, of slot: Int) { if let cache { locals[cache + slot] = value } }

  func failure(_ english: String, pt portuguese: String, remedy: Bilingual? = nil) -> ExpressionError {
    ExpressionError(.evaluation, Bilingual(english, pt: portuguese), remedy: remedy, at: range)
  }

  /// Whether two values are equal, at a price.
  mutating func equal(_ left: Value, _ right: Value) throws(ExpressionError) -> Bool {
    var comparison = Comparison(steps: remaining + 1)
    let before = comparison.steps
    let result = comparison.equal(left, right)
    try charge(result == nil ? Int.max / 2 : before - comparison.steps - 1)
    return result ?? false
  }
}

/// A part of a compiled expression. It looks at the kinds of its values when it runs: types that the checker
/// found make errors early, but no evaluation relies on them.
protocol Node: Sendable {
  func evaluate(_ frame: inout Frame) throws(ExpressionError) -> Value
}

struct Constant: Node {
  let value: Value
  func evaluate(_ frame: inout Frame) throws(ExpressionError) -> Value { value }
}

/// What an unchecked expression has in place of something that means nothing.
struct Failing: Node {
  let error: ExpressionError
  func evaluate(_ frame: inout Frame) throws(ExpressionError) -> Value { throw error }
}

struct Variable: Node {
  let slot: Int
  let name: String
  let range: Range<Int>

  func evaluate(_ frame: inout Frame) throws(ExpressionError) -> Value {
    if let value = frame.variable(slot) { return value }
    let value: Value
    do throws(ExpressionError) {
      value = try frame.bindings.value(at: slot, of: name)
    } catch {
      throw error.range.isEmpty ? error.moved(to: range) : error
    }
    frame.keep(value, of: slot)
    return value
  }
}

extension ExpressionError {
  func moved(to range: Range<Int>) -> ExpressionError {
    ExpressionError(kind, message, remedy: remedy, at: range)
  }
}

/// A variable of a comprehension.
struct Local: Node {
  let slot: Int
  func evaluate(_ frame: inout Frame) throws(ExpressionError) -> Value { frame.locals[slot] ?? .null }
}

/// Makes a number from outside the kind of number that its type says: JSON has only one kind, and `5` may
/// stand where a schema says `number`.
struct Fitted: Node {
  let operand: any Node
  let wantsDouble: Bool

  func evaluate(_ frame: inout Frame) throws(ExpressionError) -> Value {
    let value = try operand.evaluate(&frame)
    switch value {
    case .int(let int) where wantsDouble: return .double(Double(int))
    case .uint(let uint) where wantsDouble: return .double(Double(uint))
    case .double(let double) where !wantsDouble: return Int64(exactly: double).map(Value.int) ?? value
    case .null, .bool, .int, .uint, .double, .string, .bytes, .timestamp, .duration, .list, .map, .optional,
      .type:
      return value
    }
  }
}

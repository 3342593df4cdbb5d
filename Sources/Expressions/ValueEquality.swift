/// Compares values as CEL does: numbers by worth whatever their kind, text by scalars, maps without order.
///
/// `steps` bounds the work, since values may share parts and so be far larger than the memory they take.
struct Comparison {
  private(set) var steps: Int

  init(steps: Int = .max) { self.steps = steps }

  /// Nil where the steps ran out.
  mutating func equal(_ left: Value, _ right: Value) -> Bool? {
    guard steps > 0 else { return nil }
    steps -= 1
    switch (left, right) {
    case (.null, .null): return true
    case (.bool(let a), .bool(let b)): return a == b
    case (.string(let a), .string(let b)):
      steps -= min(steps, a.utf8.count / 16)
      return a.hasSameScalars(as: b)
    case (.bytes(let a), .bytes(let b)):
      steps -= min(steps, a.count / 16)
      return a == b
    case (.timestamp(let s, let n), .timestamp(let t, let m)),
      (.duration(let s, let n), .duration(let t, let m)):
      return s == t && n == m
    case (.list(let a), .list(let b)): return equal(a, b)
    case (.map(let a), .map(let b)): return equal(a, b)
    case (.optional(nil), .optional(nil)): return true
    case (.optional(let a?), .optional(let b?)): return equal(a.value, b.value)
    case (.type(let a), .type(let b)): return a == b
    case (_, _): return left.numericOrder(to: right) == .same
    }
  }

  private mutating func equal(_ left: [Value], _ right: [Value]) -> Bool? {
    guard left.count == right.count else { return false }
    for (a, b) in zip(left, right) {
      guard let same = equal(a, b) else { return nil }
      if !same { return false }
    }
    return true
  }

  private mutating func equal(_ left: MapValue, _ right: MapValue) -> Bool? {
    guard left.count == right.count else { return false }
    for entry in left.entries {
      guard let other = right[entry.key] else { return false }
      guard let same = equal(entry.value, other) else { return nil }
      if !same { return false }
    }
    return true
  }
}

/// Of two values that can be ordered.
enum Order: Sendable { case less, same, more }

extension Value: Equatable {
  public static func == (left: Value, right: Value) -> Bool {
    var comparison = Comparison()
    return comparison.equal(left, right) ?? false
  }

  /// Nil where one of them is no number, or not a number.
  func numericOrder(to other: Value) -> Order? {
    switch (self, other) {
    case (.int(let a), .int(let b)): Order(a, b)
    case (.uint(let a), .uint(let b)): Order(a, b)
    case (.double(let a), .double(let b)): Order(a, b)
    case (.int(let a), .uint(let b)): a < 0 ? .less : Order(UInt64(a), b)
    case (.uint(let a), .int(let b)): b < 0 ? .more : Order(a, UInt64(b))
    case (.int(let a), .double(let b)): Order(Double(a), b)
    case (.double(let a), .int(let b)): Order(a, Double(b))
    case (.uint(let a), .double(let b)): Order(Double(a), b)
    case (.double(let a), .uint(let b)): Order(a, Double(b))
    case (_, _): nil
    }
  }

  /// Nil where the two have no order.
  func order(to other: Value) -> Order? {
    switch (self, other) {
    case (.bool(let a), .bool(let b)): Order(a ? 1 : 0, b ? 1 : 0)
    case (.string(let a), .string(let b)): a.hasSameScalars(as: b) ? .same : a.precedes(b) ? .less : .more
    case (.bytes(let a), .bytes(let b)): a == b ? .same : a.lexicographicallyPrecedes(b) ? .less : .more
    case (.timestamp(let s, let n), .timestamp(let t, let m)),
      (.duration(let s, let n), .duration(let t, let m)):
      s == t ? Order(n, m) : Order(s, t)
    case (_, _): numericOrder(to: other)
    }
  }
}

extension Order {
  /// Nil where one is not a number.
  init?<T: Comparable>(_ left: T, _ right: T) {
    if left < right {
      self = .less
    } else if left == right {
      self = .same
    } else if left > right {
      self = .more
    } else {
      return nil
    }
  }
}

import Model

/// What a comprehension walks over: of a list the elements (or index and element), of a map the keys (or key
/// and value).
enum Walk {
  case list([Value])
  case map([(key: Value, value: Value)])

  init?(_ value: Value) {
    switch value {
    case .list(let list): self = .list(list)
    case .map(let map): self = .map(map.entries)
    case .null, .bool, .int, .uint, .double, .string, .bytes, .timestamp, .duration, .optional, .type:
      return nil
    }
  }

  var count: Int {
    switch self {
    case .list(let list): list.count
    case .map(let entries): entries.count
    }
  }

  /// What the variables get in one round.
  func values(at position: Int, pairs: Bool) -> (first: Value, second: Value?) {
    switch self {
    case .list(let list): pairs ? (.int(Int64(position)), list[position]) : (list[position], nil)
    case .map(let entries): (entries[position].key, pairs ? entries[position].value : nil)
    }
  }
}

struct Loop: Node {
  let kind: Syntax.Comprehension.Kind
  let source: any Node
  /// The variables' places: this, and for pairs the next.
  let slot: Int
  let hasPairs: Bool
  let condition: (any Node)?
  let body: any Node
  let range: Range<Int>

  func evaluate(_ frame: inout Frame) throws(ExpressionError) -> Value {
    let value = try source.evaluate(&frame)
    frame.range = range
    guard let walk = Walk(value) else { throw frame.noElements(value) }
    switch kind {
    case .all: return try decide(walk, by: false, &frame)
    case .exists: return try decide(walk, by: true, &frame)
    case .existsOne: return try countsOne(walk, &frame)
    case .filter: return try filter(walk, &frame)
    case .map, .transformList: return try list(walk, &frame)
    case .transformMap, .transformMapEntry: return try map(walk, &frame)
    case .sortBy: return try sort(walk, &frame)
    case .groupBy: return try group(walk, &frame)
    }
  }

  /// Gives the variables their values of this round.
  private func bind(_ walk: Walk, _ position: Int, _ frame: inout Frame) throws(ExpressionError) -> Value {
    frame.range = range
    try frame.charge(1)
    let (first, second) = walk.values(at: position, pairs: hasPairs)
    frame.locals[slot] = first
    if let second { frame.locals[slot + 1] = second }
    return first
  }

  private func holds(_ node: any Node, _ frame: inout Frame) throws(ExpressionError) -> Bool {
    let value = try node.evaluate(&frame)
    if case .bool(let bool) = value { return bool }
    frame.range = range
    throw frame.notBool(value)
  }

  /// One round with the deciding value decides, whatever errors the others have.
  private func decide(_ walk: Walk, by deciding: Bool, _ frame: inout Frame) throws(ExpressionError) -> Value
  {
    var failure: ExpressionError?
    for position in 0..<walk.count {
      _ = try bind(walk, position, &frame)
      do throws(ExpressionError) {
        if try holds(body, &frame) == deciding { return .bool(deciding) }
      } catch {
        if error.kind == .limit { throw error }
        failure = failure ?? error
      }
    }
    if let failure { throw failure }
    return .bool(!deciding)
  }

  private func countsOne(_ walk: Walk, _ frame: inout Frame) throws(ExpressionError) -> Value {
    var count = 0
    for position in 0..<walk.count {
      _ = try bind(walk, position, &frame)
      if try holds(body, &frame) { count += 1 }
    }
    return .bool(count == 1)
  }

  private func filter(_ walk: Walk, _ frame: inout Frame) throws(ExpressionError) -> Value {
    var kept: [Value] = []
    for position in 0..<walk.count {
      let value = try bind(walk, position, &frame)
      if try holds(body, &frame) { kept.append(value) }
    }
    return .list(kept)
  }

  private func list(_ walk: Walk, _ frame: inout Frame) throws(ExpressionError) -> Value {
    var results: [Value] = []
    results.reserveCapacity(walk.count)
    for position in 0..<walk.count {
      _ = try bind(walk, position, &frame)
      if let condition, try !holds(condition, &frame) { continue }
      results.append(try body.evaluate(&frame))
    }
    return .list(results)
  }

  private func map(_ walk: Walk, _ frame: inout Frame) throws(ExpressionError) -> Value {
    var builder = MapBuilder()
    for position in 0..<walk.count {
      let key = try bind(walk, position, &frame)
      if let condition, try !holds(condition, &frame) { continue }
      let value = try body.evaluate(&frame)
      frame.range = range
      if kind == .transformMap {
        try builder.add(key, value, &frame)
      } else {
        guard case .map(let entries) = value else { throw frame.notAMap(value) }
        for entry in entries.entries { try builder.add(entry.key, entry.value, &frame) }
      }
    }
    return builder.map
  }

  private func sort(_ walk: Walk, _ frame: inout Frame) throws(ExpressionError) -> Value {
    var keyed: [(key: Value, value: Value)] = []
    for position in 0..<walk.count {
      let value = try bind(walk, position, &frame)
      keyed.append((try body.evaluate(&frame), value))
    }
    frame.range = range
    return .list(try Lists.sorted(keyed, &frame))
  }

  private func group(_ walk: Walk, _ frame: inout Frame) throws(ExpressionError) -> Value {
    var groups = Groups()
    for position in 0..<walk.count {
      let value = try bind(walk, position, &frame)
      let key = try body.evaluate(&frame)
      frame.range = range
      try groups.add(value, to: key, frame)
    }
    return groups.map
  }
}

extension Frame {
  func notAMap(_ value: Value) -> ExpressionError {
    let type = value.shortTypeName
    return failure(
      "A map is expected here, and this is \(type).", pt: "Aqui se espera um mapa, e isto é \(type).")
  }
}

/// `cel.bind`, and `optMap` and `optFlatMap`, whose body is only evaluated for a value.
struct Binding: Node {
  enum Kind: Sendable { case plain, optional, optionalFlat }
  let kind: Kind
  let value: any Node
  let slot: Int
  let body: any Node
  let range: Range<Int>

  func evaluate(_ frame: inout Frame) throws(ExpressionError) -> Value {
    let value = try value.evaluate(&frame)
    frame.range = range
    try frame.charge(1)
    if kind == .plain {
      frame.locals[slot] = value
      return try body.evaluate(&frame)
    }
    guard case .optional(let box) = value else { throw frame.notOptional(value) }
    guard let box else { return .absent }
    frame.locals[slot] = box.value
    let result = try body.evaluate(&frame)
    if kind == .optional { return .present(result) }
    if case .optional = result { return result }
    frame.range = range
    throw frame.notOptional(result)
  }
}

extension Frame {
  func notOptional(_ value: Value) -> ExpressionError {
    let type = value.shortTypeName
    return failure(
      "An optional is expected here, and this is \(type).",
      pt: "Aqui se espera um optional, e isto é \(type).",
      remedy: Bilingual("Wrap it in `optional.of(…)`.", pt: "Envolva em `optional.of(…)`."))
  }
}

import Model

/// The extension `lists`, and our sum and groups.
enum Lists {
  static let functions: [Function] = [
    Function("lists.range", "(int) -> list<int>", unary: range),
    Function(
      "lists.sum", "(list<int>) -> int", "(list<uint>) -> uint", "(list<double>) -> double",
      "(list<duration>) -> duration", "(list<dyn>) -> dyn", unary: sum),
    Function("lists.group_by", "(list<A>, string) -> map<dyn, list<A>>", binary: groupBy),
    Function(".slice", "(list<A>, int, int) -> list<A>", variadic: slice),
    Function(
      ".flatten", "(list<list<A>>) -> list<A>", "(list<A>) -> list<A>", "(list<dyn>, int) -> list<dyn>",
      variadic: flatten),
    Function(".sort", "(list<A>) -> list<A>", unary: sort),
    Function(".distinct", "(list<A>) -> list<A>", unary: distinct),
    Function(
      ".first", "(list<A>) -> optional<A>",
      unary: { value, _ in
        if case .list(let list) = value { list.first.map(Value.present) ?? Value.absent } else { nil }
      }),
    Function(
      ".last", "(list<A>) -> optional<A>",
      unary: { value, _ in
        if case .list(let list) = value { list.last.map(Value.present) ?? Value.absent } else { nil }
      }),
  ]

  @Sendable static func range(_ value: Value, _ frame: inout Frame) throws(ExpressionError) -> Value? {
    guard case .int(let count) = value else { return nil }
    try frame.charge(Int(clamping: max(0, count)))
    return .list((0..<max(0, count)).map(Value.int))
  }

  /// Whole numbers stay whole; with one double among them the sum is a double. Nothing gives 0.
  @Sendable static func sum(_ value: Value, _ frame: inout Frame) throws(ExpressionError) -> Value? {
    guard case .list(let list) = value else { return nil }
    try frame.charge(list.count)
    guard var total = list.first else { return .int(0) }
    guard total.isAddend else { return nil }
    for element in list.dropFirst() {
      if let sum = try Operators.add(total, element, &frame), element.isAddend {
        total = sum
      } else if total.isNumber, element.isNumber, let a = try Conversions.double(total, &frame),
        let b = try Conversions.double(element, &frame), let sum = try Operators.add(a, b, &frame)
      {
        total = sum
      } else {
        throw frame.failure(
          "`lists.sum` cannot add \(element.shortTypeName) to \(total.shortTypeName).",
          pt: "`lists.sum` não soma \(element.shortTypeName) a \(total.shortTypeName).")
      }
    }
    return total
  }

  /// By the value of a field that every element has.
  @Sendable static func groupBy(_ a: Value, _ b: Value, _ frame: inout Frame) throws(ExpressionError)
    -> Value?
  {
    guard case .list(let list) = a, case .string(let field) = b else { return nil }
    var groups = Groups()
    for element in list {
      try frame.charge(1)
      guard case .map(let map) = element else { throw frame.noFields(element, field) }
      guard let key = map[field] else { throw frame.noField(field, in: map) }
      try groups.add(element, to: key, frame)
    }
    return groups.map
  }

  @Sendable static func slice(_ values: [Value], _ frame: inout Frame) throws(ExpressionError) -> Value? {
    guard values.count == 3, case .list(let list) = values[0], case .int(let start) = values[1],
      case .int(let end) = values[2]
    else { return nil }
    guard start >= 0, start <= end, end <= list.count else {
      throw frame.failure(
        "The list has \(list.count) elements and no part from \(start) to \(end).",
        pt: "A lista tem \(list.count) elementos e nenhuma parte de \(start) a \(end).")
    }
    try frame.charge(Int(end - start))
    return .list(Array(list[Int(start)..<Int(end)]))
  }

  @Sendable static func flatten(_ values: [Value], _ frame: inout Frame) throws(ExpressionError) -> Value? {
    guard values.count == 1 || values.count == 2, case .list(let list) = values[0] else { return nil }
    var depth: Int64 = 1
    if values.count == 2 {
      guard case .int(let given) = values[1] else { return nil }
      depth = given
    }
    guard depth >= 0 else {
      throw frame.failure("A depth cannot be negative.", pt: "Uma profundidade não pode ser negativa.")
    }
    var flat: [Value] = []
    try flatten(list, depth, into: &flat, &frame)
    return .list(flat)
  }

  private static func flatten(
    _ list: [Value], _ depth: Int64, into flat: inout [Value], _ frame: inout Frame
  ) throws(ExpressionError) {
    for element in list {
      try frame.charge(1)
      if depth > 0, case .list(let inner) = element {
        try flatten(inner, depth - 1, into: &flat, &frame)
      } else {
        flat.append(element)
      }
    }
  }

  @Sendable static func sort(_ value: Value, _ frame: inout Frame) throws(ExpressionError) -> Value? {
    guard case .list(let list) = value else { return nil }
    return .list(try sorted(list.map { ($0, $0) }, &frame))
  }

  /// By the keys, which must all have an order among each other; equal keys keep their places.
  static func sorted(
    _ keyed: [(key: Value, value: Value)], _ frame: inout Frame
  ) throws(ExpressionError) -> [Value] {
    try frame.charge(keyed.count * max(1, Int.bitWidth - keyed.count.leadingZeroBitCount))
    guard let first = keyed.first?.key else { return [] }
    for (key, _) in keyed {
      if case .string(let text) = key { try frame.charge(text.utf8.count / 16) }
      guard first.order(to: key) != nil else {
        throw frame.failure(
          "A list with \(first.shortTypeName) and \(key.shortTypeName) has no order.",
          pt: "Uma lista com \(first.shortTypeName) e \(key.shortTypeName) não tem ordem.")
      }
    }
    return keyed.sorted { $0.key.order(to: $1.key) == .less }.map(\.value)
  }

  /// The first of equal elements stays.
  @Sendable static func distinct(_ value: Value, _ frame: inout Frame) throws(ExpressionError) -> Value? {
    guard case .list(let list) = value else { return nil }
    var seen: Set<MapKey> = []
    var others: [Value] = []
    var result: [Value] = []
    for element in list {
      try frame.charge(1)
      if let key = MapKey(element) {
        if seen.insert(key).inserted { result.append(element) }
        continue
      }
      var isNew = true
      for other in others where isNew {
        try frame.charge(1)
        isNew = try !frame.equal(other, element)
      }
      if isNew {
        others.append(element)
        result.append(element)
      }
    }
    return .list(result)
  }
}

extension Value {
  /// What `lists.sum` adds up.
  fileprivate var isAddend: Bool { if case .duration = self { true } else { isNumber } }
}

/// Elements by key, in the order in which the keys came first.
struct Groups {
  private var keys: [Value] = []
  private var members: [MapKey: [Value]] = [:]

  mutating func add(_ element: Value, to key: Value, _ frame: Frame) throws(ExpressionError) {
    guard let hashed = MapKey(key) else { throw MapBuilder.unsuitable(key, frame) }
    if members[hashed] == nil { keys.append(key) }
    members[hashed, default: []].append(element)
  }

  var map: Value {
    .map(MapValue(entries: keys.map { key in (key, .list(MapKey(key).flatMap { members[$0] } ?? [])) }))
  }
}

import Crypto
public import Model

extension Value {
  /// Whole numbers become int, others double; the order of members stays.
  public init(_ json: JSON) {
    switch json {
    case .null: self = .null
    case .bool(let value): self = .bool(value)
    case .int(let value): self = .int(value)
    case .double(let value): self = .double(value)
    case .string(let value): self = .string(value)
    case .array(let elements): self = .list(elements.map(Value.init))
    case .object(let object): self = .map(MapValue(object))
    }
  }

  /// Bytes become Base64, timestamps RFC 3339, durations seconds (`3.5s`), keys of maps text. A member or
  /// element that is `optional.none()` is left out, other optionals are their values.
  ///
  /// Errors, all with an empty range: NaN and infinities, a uint beyond Int64, a type, none as the whole, two
  /// keys of the same text, lists and maps deeper than `JSON.depthLimit`, and of kind `limit` what is larger
  /// than `ExpressionLimits` allow: a value may share its parts and be far larger than the memory that it
  /// takes.
  public func json() throws(ExpressionError) -> JSON {
    var writer = JSONConversion()
    guard let json = try writer.convert(self) else {
      throw JSONConversion.failure("`optional.none()` has no JSON.", pt: "`optional.none()` não tem JSON.")
    }
    return json
  }
}

private struct JSONConversion {
  private var values = ExpressionLimits.resultValues
  private var bytes = ExpressionLimits.resultBytes
  private var depth = 0

  static func failure(_ english: String, pt portuguese: String) -> ExpressionError {
    ExpressionError(.evaluation, Bilingual(english, pt: portuguese), at: 0..<0)
  }

  private mutating func pay(values: Int = 0, bytes: Int = 0) throws(ExpressionError) {
    self.values -= values
    self.bytes -= bytes
    guard self.values >= 0, self.bytes >= 0 else {
      throw ExpressionError(
        .limit, Bilingual("The result is too large for JSON.", pt: "O resultado é grande demais para JSON."),
        remedy: Bilingual("Write it to a file in a step.", pt: "Grave-o em um arquivo em um passo."),
        at: 0..<0)
    }
  }

  private mutating func enter() throws(ExpressionError) {
    depth += 1
    guard depth <= JSON.depthLimit else {
      throw ExpressionError(
        .limit,
        Bilingual(
          "The result is nested more than \(JSON.depthLimit) deep.",
          pt: "O resultado tem mais de \(JSON.depthLimit) níveis de aninhamento."), at: 0..<0)
    }
  }

  /// Nil for none.
  mutating func convert(_ value: Value) throws(ExpressionError) -> JSON? {
    try pay(values: 1)
    switch value {
    case .null: return .null
    case .bool(let bool): return .bool(bool)
    case .int(let int): return .int(int)
    case .uint(let uint):
      guard let int = Int64(exactly: uint) else {
        throw Self.failure(
          "\(uint) is too large for JSON here.", pt: "\(uint) é grande demais para o JSON daqui.")
      }
      return .int(int)
    case .double(let double):
      guard double.isFinite else {
        let text = Numbers.text(double)
        throw Self.failure("\(text) has no JSON.", pt: "\(text) não tem JSON.")
      }
      return .double(double)
    case .string(let text):
      try pay(bytes: text.utf8.count)
      return .string(text)
    case .bytes(let bytes):
      try pay(bytes: bytes.count / 3 * 4)
      return .string(Base64.encode(bytes))
    case .timestamp(let seconds, let nanoseconds):
      return .string(Times.text(seconds: seconds, nanoseconds: nanoseconds))
    case .duration(let seconds, let nanoseconds):
      return .string(Times.durationText(seconds: seconds, nanoseconds: nanoseconds))
    case .list(let list): return .array(try array(list))
    case .map(let map):
      guard let object = map.object else { return .object(try object(map)) }
      try weigh(object)
      return .object(object)
    case .optional(let box): return try box.flatMap { box throws(ExpressionError) in try convert(box.value) }
    case .type(let name):
      throw Self.failure("The type \(name) has no JSON.", pt: "O tipo \(name) não tem JSON.")
    }
  }

  private mutating func array(_ list: [Value]) throws(ExpressionError) -> [JSON] {
    try enter()
    defer { depth -= 1 }
    var elements: [JSON] = []
    elements.reserveCapacity(min(list.count, values))
    for element in list { if let element = try convert(element) { elements.append(element) } }
    return elements
  }

  /// An object that came from JSON goes back as it is, and counts for the limits.
  private mutating func weigh(_ object: JSONObject) throws(ExpressionError) {
    try enter()
    defer { depth -= 1 }
    for member in object {
      try pay(bytes: member.key.utf8.count)
      try weigh(member.value)
    }
  }

  private mutating func weigh(_ json: JSON) throws(ExpressionError) {
    try pay(values: 1)
    switch json {
    case .null, .bool, .int, .double: break
    case .string(let text): try pay(bytes: text.utf8.count)
    case .object(let object): try weigh(object)
    case .array(let elements):
      try enter()
      defer { depth -= 1 }
      for element in elements { try weigh(element) }
    }
  }

  private mutating func object(_ map: MapValue) throws(ExpressionError) -> JSONObject {
    try enter()
    defer { depth -= 1 }
    var object = JSONObject()
    for entry in map.entries {
      guard let value = try convert(entry.value) else { continue }
      let key = key(entry.key)
      try pay(bytes: key.utf8.count)
      guard object[key] == nil else {
        throw Self.failure("The key '\(key)' comes twice.", pt: "A chave '\(key)' aparece duas vezes.")
      }
      object[key] = value
    }
    return object
  }

  private func key(_ key: Value) -> String {
    switch key {
    case .string(let text): text
    case .bool(let bool): bool ? "true" : "false"
    case .int(let int): String(int)
    case .uint(let uint): String(uint)
    case .null, .double, .bytes, .timestamp, .duration, .list, .map, .optional, .type: key.quoted
    }
  }
}

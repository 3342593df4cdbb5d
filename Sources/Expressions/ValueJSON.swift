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
    case .object(let object):
      self = .map(MapValue(entries: object.members.map { (.string($0.key), Value($0.value)) }))
    }
  }

  /// Bytes become Base64, timestamps RFC 3339, durations seconds (`3.5s`), keys of maps text. A member or element
  /// that is `optional.none()` is left out, other optionals are their values.
  ///
  /// Errors, all with an empty range: NaN and infinities, a uint beyond Int64, a type, none as the whole, two keys
  /// of the same text, and a value of more than `ExpressionLimits.resultValues` parts.
  public func json() throws(ExpressionError) -> JSON {
    var writer = JSONConversion()
    guard let json = try writer.convert(self) else {
      throw JSONConversion.failure("`optional.none()` has no JSON.", pt: "`optional.none()` não tem JSON.")
    }
    return json
  }
}

private struct JSONConversion {
  private var remaining = ExpressionLimits.resultValues

  static func failure(_ english: String, pt portuguese: String) -> ExpressionError {
    ExpressionError(.evaluation, Bilingual(english, pt: portuguese), at: 0..<0)
  }

  /// Nil for none.
  mutating func convert(_ value: Value) throws(ExpressionError) -> JSON? {
    remaining -= 1
    guard remaining >= 0 else {
      let limit = ExpressionLimits.resultValues
      throw ExpressionError(
        .limit,
        Bilingual(
          "The result has more than \(limit) values.", pt: "O resultado tem mais de \(limit) valores."),
        at: 0..<0)
    }
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
    case .string(let text): return .string(text)
    case .bytes(let bytes): return .string(Base64.encode(bytes))
    case .timestamp(let seconds, let nanoseconds):
      return .string(Times.text(seconds: seconds, nanoseconds: nanoseconds))
    case .duration(let seconds, let nanoseconds):
      return .string(Times.durationText(seconds: seconds, nanoseconds: nanoseconds))
    case .list(let list):
      var elements: [JSON] = []
      elements.reserveCapacity(list.count)
      for element in list { if let element = try convert(element) { elements.append(element) } }
      return .array(elements)
    case .map(let map): return .object(try object(map))
    case .optional(let box): return try box.flatMap { box throws(ExpressionError) in try convert(box.value) }
    case .type(let name):
      throw Self.failure("The type \(name) has no JSON.", pt: "O tipo \(name) não tem JSON.")
    }
  }

  private mutating func object(_ map: MapValue) throws(ExpressionError) -> JSONObject {
    var object = JSONObject()
    for entry in map.entries {
      guard let value = try convert(entry.value) else { continue }
      let key = key(entry.key)
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

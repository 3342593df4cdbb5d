/// A static type. `dyn` agrees with every type.
public indirect enum CELType: Hashable, Sendable {
  case dyn, null, bool, int, uint, double, string, bytes, timestamp, duration, type
  case list(CELType)
  case map(CELType, CELType)
  case optional(CELType)
  /// A map with known members, as a JSON Schema gives it. A field that may be absent needs `.?` or `has`.
  case record(Record)
}

public struct Record: Hashable, Sendable {
  public struct Field: Hashable, Sendable {
    public var type: CELType
    public var isRequired: Bool
    public init(_ type: CELType, isRequired: Bool = true) {
      (self.type, self.isRequired) = (type, isRequired)
    }
  }
  public var fields: [String: Field]
  /// The type of members that are not listed; nil: there are none, and naming one is an error.
  public var additional: CELType?

  public init(fields: [String: Field], additional: CELType? = nil) {
    (self.fields, self.additional) = (fields, additional)
  }
}

extension CELType {
  /// Whether a value of this type, once it is JSON, fits where `other` is expected: a whole number is also a
  /// number, and bytes, timestamps and durations become text. `dyn` may fit anywhere; only its value can
  /// tell.
  public func assignable(to other: CELType) -> Bool {
    switch (self, other) {
    case (.dyn, _), (_, .dyn): true
    case (.int, .double), (.uint, .double), (.uint, .int), (.int, .uint): true
    case (.bytes, .string), (.timestamp, .string), (.duration, .string): true
    case (.list(let a), .list(let b)), (.optional(let a), .optional(let b)): a.assignable(to: b)
    case (.map(_, let a), .map(_, let b)): a.assignable(to: b)
    case (.map(_, let a), .record(let b)):
      b.fields.values.allSatisfy { a.assignable(to: $0.type) }
    case (.record(let a), .map(_, let b)):
      a.fields.values.allSatisfy { $0.type.assignable(to: b) } && (a.additional ?? b).assignable(to: b)
    case (.record(let a), .record(let b)): a.assignable(to: b)
    case (_, _): self == other
    }
  }

  /// Whether a part of it is known only when it is evaluated.
  var isOpen: Bool {
    switch self {
    case .dyn: true
    case .list(let element), .optional(let element): element.isOpen
    case .map(let key, let value): key.isOpen || value.isOpen
    case .null, .bool, .int, .uint, .double, .string, .bytes, .timestamp, .duration, .type, .record: false
    }
  }

  /// The one type that both agree with, or nil where a checked expression may not mix them. Null mixes with
  /// all.
  func joined(with other: CELType) -> CELType? {
    if self == other { return self }
    switch (self, other) {
    case (.dyn, _), (_, .dyn), (.null, _), (_, .null): return .dyn
    case (.list(let a), .list(let b)): return a.joined(with: b).map(CELType.list)
    case (.optional(let a), .optional(let b)): return a.joined(with: b).map(CELType.optional)
    case (.map(let k, let a), .map(let l, let b)):
      guard let key = k.joined(with: l), let value = a.joined(with: b) else { return nil }
      return .map(key, value)
    case (.record(let a), .record(let b)): return .record(a.joined(with: b))
    case (.record, .map(let key, _)), (.map(let key, _), .record):
      return key == .string || key == .dyn ? .map(.string, .dyn) : nil
    case (_, _): return nil
    }
  }
}

extension Record {
  /// What is missing here fits only where it is not required.
  func assignable(to other: Record) -> Bool {
    for (name, field) in other.fields {
      guard let type = fields[name]?.type ?? additional else {
        if field.isRequired { return false }
        continue
      }
      guard type.assignable(to: field.type) else { return false }
    }
    guard let rest = other.additional else { return fields.keys.allSatisfy { other.fields[$0] != nil } }
    return fields.allSatisfy { other.fields[$0.key] != nil || $0.value.type.assignable(to: rest) }
  }

  func joined(with other: Record) -> Record {
    var all: [String: Field] = [:]
    for name in Set(fields.keys).union(other.fields.keys) {
      switch (fields[name], other.fields[name]) {
      case (let a?, let b?):
        all[name] = Field(a.type.joined(with: b.type) ?? .dyn, isRequired: a.isRequired && b.isRequired)
      case (let a?, nil): all[name] = Field(other.additional == nil ? a.type : .dyn, isRequired: false)
      case (nil, let b?): all[name] = Field(additional == nil ? b.type : .dyn, isRequired: false)
      case (nil, nil): break
      }
    }
    let open = additional != nil || other.additional != nil
    return Record(fields: all, additional: open ? .dyn : nil)
  }
}

extension CELType: CustomStringConvertible {
  /// As it stands in messages: `int`, `list(string)`, `map(string, int)`, `object`.
  public var description: String {
    switch self {
    case .dyn: "dyn"
    case .null: "null"
    case .bool: "bool"
    case .int: "int"
    case .uint: "uint"
    case .double: "double"
    case .string: "string"
    case .bytes: "bytes"
    case .timestamp: "timestamp"
    case .duration: "duration"
    case .type: "type"
    case .list(let element): "list(\(element))"
    case .map(let key, let value): "map(\(key), \(value))"
    case .optional(let wrapped): "optional(\(wrapped))"
    case .record: "object"
    }
  }
}

/// What an expression computes with.
public enum Value: Sendable {
  case null
  case bool(Bool)
  case int(Int64)
  case uint(UInt64)
  case double(Double)
  case string(String)
  case bytes([UInt8])
  /// Nanoseconds since 1970 UTC lie outside Int64 for CEL's years 1 to 9999, so seconds and nanoseconds.
  /// The nanoseconds are 0 to 999,999,999, also before 1970.
  case timestamp(seconds: Int64, nanoseconds: Int32)
  /// Both parts have the same sign. All nanoseconds together fit in Int64: about 292 years.
  case duration(seconds: Int64, nanoseconds: Int32)
  case list([Value])
  case map(MapValue)
  case optional(Boxed?)
  case type(String)

  /// Keeps the enum from being recursive in place.
  public final class Boxed: Sendable {
    public let value: Value
    public init(_ value: Value) { self.value = value }
  }
}

extension Value {
  /// The word for its type in CEL and in messages.
  public var typeName: String {
    switch self {
    case .null: "null_type"
    case .bool: "bool"
    case .int: "int"
    case .uint: "uint"
    case .double: "double"
    case .string: "string"
    case .bytes: "bytes"
    case .timestamp: "google.protobuf.Timestamp"
    case .duration: "google.protobuf.Duration"
    case .list: "list"
    case .map: "map"
    case .optional: "optional_type"
    case .type: "type"
    }
  }

  static func present(_ value: Value) -> Value { .optional(Boxed(value)) }
  static let absent = Value.optional(nil)

  /// False, zero, empty, null and none; 1970-01-01 and a duration of nothing.
  var isZero: Bool {
    switch self {
    case .null: true
    case .bool(let value): !value
    case .int(let value): value == 0
    case .uint(let value): value == 0
    case .double(let value): value == 0
    case .string(let value): value.isEmpty
    case .bytes(let value): value.isEmpty
    case .timestamp(let seconds, let nanoseconds), .duration(let seconds, let nanoseconds):
      seconds == 0 && nanoseconds == 0
    case .list(let value): value.isEmpty
    case .map(let value): value.count == 0
    case .optional(let value): value == nil
    case .type: false
    }
  }
}

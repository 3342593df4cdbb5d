public import Model

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
  case timestamp(seconds: Int64, nanoseconds: Int32)
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

/// A map that keeps the order of its entries. Keys are bool, int, uint or string; `1`, `1u` and `1.0` are one key.
public struct MapValue: Sendable {
  public var entries: [(key: Value, value: Value)]
  public init(entries: [(key: Value, value: Value)]) { self.entries = entries }
}

public import Model

/// A map that keeps the order of its entries. Keys are bool, int, uint or string; `1`, `1u` and `1.0`
/// are one key.
public struct MapValue: Sendable {
  private enum Storage: Sendable {
    /// With the places of the keys where there are more than `scanned` of them.
    case entries([(key: Value, value: Value)], places: [MapKey: Int])
    /// Members become values only when they are asked for: an expression rarely reads a whole document.
    case object(JSONObject)
  }
  private let storage: Storage
  /// Up to here a scan is faster than a hash.
  private static let scanned = 8

  /// The keys are distinct; of equal keys a look-up may find any.
  public init(entries: [(key: Value, value: Value)]) {
    var places: [MapKey: Int] = [:]
    if entries.count > Self.scanned {
      places.reserveCapacity(entries.count)
      for (place, entry) in entries.enumerated() {
        if let key = MapKey(entry.key) { places[key] = place }
      }
    }
    storage = .entries(entries, places: places)
  }

  /// Takes the same time whatever the size.
  public init(_ object: JSONObject) { storage = .object(object) }

  /// Of an object each call makes them anew.
  public var entries: [(key: Value, value: Value)] {
    switch storage {
    case .entries(let entries, _): entries
    case .object(let object): object.members.map { (.string($0.key), Value($0.value)) }
    }
  }

  /// The object that it was made from.
  var object: JSONObject? { if case .object(let object) = storage { object } else { nil } }

  public var count: Int {
    switch storage {
    case .entries(let entries, _): entries.count
    case .object(let object): object.count
    }
  }

  public subscript(key: Value) -> Value? {
    switch storage {
    case .object(let object):
      guard case .string(let name) = key else { return nil }
      return object[name].map(Value.init)
    case .entries(let entries, let places):
      guard let key = MapKey(key) else { return nil }
      if entries.count > Self.scanned { return places[key].map { entries[$0].value } }
      for entry in entries where MapKey(entry.key) == key { return entry.value }
      return nil
    }
  }

  public subscript(name: String) -> Value? {
    switch storage {
    case .object(let object): return object[name].map(Value.init)
    case .entries(let entries, let places):
      if entries.count > Self.scanned { return places[.string(name)].map { entries[$0].value } }
      for entry in entries {
        if case .string(let text) = entry.key, text.hasSameScalars(as: name) { return entry.value }
      }
      return nil
    }
  }
}

/// A key as it is compared: numbers of equal worth are one key, text is compared by scalars.
enum MapKey: Hashable, Sendable {
  case bool(Bool)
  case int(Int64)
  /// Only what does not fit in `int`.
  case uint(UInt64)
  case string(String)

  /// Nil for what cannot be a key, which includes a double with a fraction.
  init?(_ value: Value) {
    switch value {
    case .bool(let bool): self = .bool(bool)
    case .int(let int): self = .int(int)
    case .uint(let uint): self = Int64(exactly: uint).map(MapKey.int) ?? .uint(uint)
    case .string(let string): self = .string(string)
    case .double(let double):
      if let int = Int64(exactly: double) {
        self = .int(int)
      } else if let uint = UInt64(exactly: double) {
        self = .uint(uint)
      } else {
        return nil
      }
    case .null, .bytes, .timestamp, .duration, .list, .map, .optional, .type: return nil
    }
  }

  static func == (left: MapKey, right: MapKey) -> Bool {
    switch (left, right) {
    case (.bool(let a), .bool(let b)): a == b
    case (.int(let a), .int(let b)): a == b
    case (.uint(let a), .uint(let b)): a == b
    case (.string(let a), .string(let b)): a.hasSameScalars(as: b)
    case (.bool, _), (.int, _), (.uint, _), (.string, _): false
    }
  }

  func hash(into hasher: inout Hasher) {
    switch self {
    case .bool(let value): hasher.combine(value)
    case .int(let value): hasher.combine(value)
    case .uint(let value): hasher.combine(value)
    case .string(var value): value.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
  }
}

extension String {
  /// Scalar by scalar; Swift's own equality would merge é with e and a combining accent.
  func hasSameScalars(as other: String) -> Bool {
    guard utf8.count == other.utf8.count else { return false }
    return utf8.withContiguousStorageIfAvailable { left in
      other.utf8.withContiguousStorageIfAvailable { right in left.elementsEqual(right) }
    }.flatMap { $0 } ?? utf8.elementsEqual(other.utf8)
  }

  /// By code points, which is the order of the UTF-8 bytes.
  func precedes(_ other: String) -> Bool { utf8.lexicographicallyPrecedes(other.utf8) }
}

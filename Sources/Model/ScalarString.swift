/// Text that is equal only scalar by scalar. Swift's `String` merges é with e and a combining accent, which
/// would merge two JSON keys or two step inputs in silence.
public struct ScalarString: Hashable, Sendable, Comparable {
  public let string: String
  public init(_ string: String) { self.string = string }

  public static func == (left: ScalarString, right: ScalarString) -> Bool {
    let (a, b) = (left.string.utf8, right.string.utf8)
    return a.count == b.count && a.elementsEqual(b)
  }

  /// By code points, which is the order of the UTF-8 bytes.
  public static func < (left: ScalarString, right: ScalarString) -> Bool {
    left.string.utf8.lexicographicallyPrecedes(right.string.utf8)
  }

  public func hash(into hasher: inout Hasher) {
    for byte in string.utf8 { hasher.combine(byte) }
    hasher.combine(0xFF as UInt8)
  }
}

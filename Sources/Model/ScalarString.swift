extension String {
  /// The parts between these characters, empty ones too; `most`: at most so many parts, the last is the rest.
  ///
  /// `split` goes by what a reader sees as one character, so it does not find a separator that a combining
  /// character stands behind.
  public func cut(at separator: Unicode.Scalar, most: Int = .max) -> [String] {
    unicodeScalars.split(separator: separator, maxSplits: most - 1, omittingEmptySubsequences: false)
      .map { String($0) }
  }
}

/// Text that is equal only scalar by scalar. Swift's `String` merges é with e and a combining accent, which
/// would merge two JSON keys or two step inputs in silence.
public struct ScalarString: Hashable, Sendable, Comparable {
  public let string: String
  public init(_ string: String) { self.string = string }

  public static func == (left: ScalarString, right: ScalarString) -> Bool {
    // Over spans: an iterator over UTF-8 asks at every byte what kind of text it goes through.
    let (a, b) = (left.string.utf8Span.span, right.string.utf8Span.span)
    guard a.count == b.count else { return false }
    for place in a.indices where a[place] != b[place] { return false }
    return true
  }

  /// By code points, which is the order of the UTF-8 bytes.
  public static func < (left: ScalarString, right: ScalarString) -> Bool {
    left.string.utf8.lexicographicallyPrecedes(right.string.utf8)
  }

  public func hash(into hasher: inout Hasher) {
    let bytes = string.utf8Span.span
    for place in bytes.indices { hasher.combine(bytes[place]) }
    hasher.combine(0xFF as UInt8)
  }
}

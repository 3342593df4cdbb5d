public import Model

/// One condition of a search for jobs. A store asks it of all its jobs, never of a page of them.
public struct JobTerm: Sendable, Hashable {
  public enum Test: Sendable, Hashable {
    /// Any of these; `retrying`: or live with a step that waits for its next attempt.
    case status([JobStatus], retrying: Bool)
    case column(Column, [TextPattern])
    /// The label has any of these values.
    case label(String, [TextPattern])
    /// Any of these stands in the code, the message or the step of what failed it. ASCII letters are the
    /// same in capitals.
    case error([String])
    /// It stands in the name of the pipeline, in the key or in what failed it, or the id begins with it.
    case text(String)
    /// From creation to the end, or to `now` where there is none yet.
    case duration(Comparison, Duration, now: Timestamp)
    case since(Timestamp)
    /// Created before.
    case until(Timestamp)
  }

  public enum Column: String, Sendable, Hashable, CaseIterable {
    case namespace, pipeline, trigger, owner
    case actor = "by"
    case key, correlation
  }

  public enum Comparison: String, Sendable, Hashable, CaseIterable {
    case above = ">"
    case below = "<"
    case atLeast = ">="
    case atMost = "<="

    public func holds(_ left: Int64, _ right: Int64) -> Bool {
      switch self {
      case .above: left > right
      case .below: left < right
      case .atLeast: left >= right
      case .atMost: left <= right
      }
    }
  }

  public var test: Test
  public var isNegated: Bool

  public init(_ test: Test, isNegated: Bool = false) { (self.test, self.isNegated) = (test, isNegated) }
}

/// A text in which `*` stands for any characters.
public struct TextPattern: Sendable, Hashable {
  /// What stands between the stars; one part: no star.
  public var parts: [String]

  public init(parts: [String]) { self.parts = parts }
  public init(exactly text: String) { parts = [text] }

  /// Nil where there is a star.
  public var exact: String? { parts.count == 1 ? parts[0] : nil }

  public func matches(_ text: String) -> Bool {
    var rest = Array(text.utf8)[...]
    guard let first = parts.first, let last = parts.last else { return false }
    if parts.count == 1 { return rest.elementsEqual(first.utf8) }
    guard rest.starts(with: first.utf8) else { return false }
    rest.removeFirst(first.utf8.count)
    for part in parts.dropFirst().dropLast() {
      guard let end = Self.end(of: Array(part.utf8), in: rest) else { return false }
      rest = rest[end...]
    }
    return rest.count >= last.utf8.count && rest.suffix(last.utf8.count).elementsEqual(last.utf8)
  }

  /// Behind the first place where the part stands.
  private static func end(of part: [UInt8], in text: ArraySlice<UInt8>) -> Int? {
    guard text.count >= part.count else { return nil }
    for start in text.startIndex...text.endIndex - part.count
    where text[start..<start + part.count].elementsEqual(part) {
      return start + part.count
    }
    return nil
  }

  /// Whether `part` stands in `text`; ASCII letters are the same in capitals.
  public static func contains(_ part: String, in text: String) -> Bool {
    end(of: part.utf8.map(lower), in: text.utf8.map(lower)[...]) != nil
  }

  private static func lower(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
  }
}

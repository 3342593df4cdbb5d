public import Model

/// What is wrong with an expression, and where: a range of UTF-8 offsets in its source.
public struct ExpressionError: Error, Sendable, Hashable {
  public enum Kind: Sendable, Hashable { case syntax, type, unknownName, evaluation, limit }
  public var kind: Kind
  public var message: Bilingual
  public var remedy: Bilingual?
  public var range: Range<Int>

  public init(_ kind: Kind, _ message: Bilingual, remedy: Bilingual? = nil, at range: Range<Int>) {
    (self.kind, self.message, self.remedy, self.range) = (kind, message, remedy, range)
  }
}

/// All that is wrong with an expression, in the order of its text.
public struct ExpressionErrors: Error, Sendable, Hashable {
  /// Never empty; at most `ExpressionLimits.errors`.
  public var all: [ExpressionError]

  public init(all: [ExpressionError]) { self.all = all }
}

/// The limits that keep every expression finite and quick, whoever wrote it.
public enum ExpressionLimits {
  /// The length of a source in bytes of UTF-8.
  public static let sourceLength = 100_000
  /// How deep parentheses, brackets, braces, arguments and conditionals may stand in each other.
  public static let nesting = 100
  /// How high the tree of an expression may be: the most operators, selections or calls in one chain.
  public static let height = 250
  /// What one evaluation may cost: about one unit for each operation and each element or 16 bytes it touches.
  public static let cost = 1_000_000
  /// How many errors one check reports.
  public static let errors = 50
  /// Digits after the point in `format`.
  public static let precision = 100
  /// How many values a result may have to become JSON.
  public static let resultValues = 2_000_000
  /// How many bytes its text and keys may have.
  public static let resultBytes = 64 << 20
}

extension ExpressionError {
  /// Several lines without a final newline: the message, the line of the source, carets below the range, and
  /// the remedy where there is one. Long lines are cut around the range.
  public func rendered(in source: String, language: Language) -> String {
    let line = SourceLine(of: range, in: Array(source.utf8))
    var text = message[language] + "\n  " + line.text + "\n  " + line.carets
    if let remedy { text += "\n" + remedy[language] }
    return text
  }
}

/// One line of a source and the place of a range in it, made fit to print.
private struct SourceLine {
  var text: String
  var carets: String

  private static let width = 100

  init(of range: Range<Int>, in bytes: [UInt8]) {
    let newline = UInt8(ascii: "\n")
    let start = min(range.lowerBound, bytes.count)
    let end = min(max(range.upperBound, start), bytes.count)
    let lineStart = bytes[..<start].lastIndex(of: newline).map { $0 + 1 } ?? 0
    let lineEnd = bytes[start...].firstIndex(of: newline) ?? bytes.count
    let before = Self.printable(bytes[lineStart..<start])
    let inside = Self.printable(bytes[start..<min(end, lineEnd)])
    let after = Self.printable(bytes[min(end, lineEnd)..<lineEnd])
    let head = before.count > Self.width / 2 ? ["…"] + before.suffix(Self.width / 2 - 1) : before
    let room = max(1, Self.width - head.count)
    let marked = inside.count > room ? inside.prefix(room - 1) + ["…"] : inside
    let left = max(0, room - marked.count)
    let tail = after.count > left ? after.prefix(max(0, left - 1)) + ["…"] : after
    text = Self.string(head + marked + tail)
    carets = String(repeating: " ", count: head.count) + String(repeating: "^", count: max(1, marked.count))
  }

  /// One scalar a column: what would move the columns, such as a tab, becomes a space.
  private static func printable(_ bytes: ArraySlice<UInt8>) -> [Unicode.Scalar] {
    String(decoding: bytes, as: UTF8.self).unicodeScalars.map {
      $0.value < 0x20 || $0.value == 0x7F ? " " : $0
    }
  }

  private static func string(_ scalars: [Unicode.Scalar]) -> String {
    var text = String.UnicodeScalarView()
    text.append(contentsOf: scalars)
    return String(text)
  }
}

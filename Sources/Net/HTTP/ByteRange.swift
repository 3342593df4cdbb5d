/// One part of a body, as `Range` asks for it.
enum ByteRange {
  enum Outcome: Hashable, Sendable {
    /// No range, one that cannot be read, or several: the whole is sent, as the standard allows.
    case whole
    case part(Range<Int>)
    /// 416: nothing of it is within the body.
    case unsatisfiable
  }

  static func outcome(_ header: String?, length: Int) -> Outcome {
    guard let header, header.utf8.count <= 64 else { return .whole }
    let text = HTTPText.trimmed(header)
    guard let equals = text.utf8.firstIndex(of: UInt8(ascii: "=")),
      text[..<equals].lowercased() == "bytes"
    else { return .whole }
    let set = HTTPText.trimmed(text[text.utf8.index(after: equals)...])
    let halves = set.split(separator: "-", omittingEmptySubsequences: false)
    guard halves.count == 2 else { return .whole }
    switch (number(halves[0]), number(halves[1])) {
    case (let first?, let last?): return first <= last ? cut(first, last, length) : .whole
    case (let first?, nil) where halves[1].isEmpty: return cut(first, Int.max - 1, length)
    case (nil, let count?) where halves[0].isEmpty:
      return count == 0 || length == 0 ? .unsatisfiable : .part(max(0, length - count)..<length)
    default: return .whole
    }
  }

  private static func cut(_ first: Int, _ last: Int, _ length: Int) -> Outcome {
    first < length ? .part(first..<min(last + 1, length)) : .unsatisfiable
  }

  /// Numbers beyond what fits are as good as the largest.
  private static func number(_ text: Substring) -> Int? {
    guard !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
    return min(Int(text) ?? Int.max, Int.max - 1)
  }

  static func contentRange(_ part: Range<Int>?, of length: Int) -> String {
    part.map { "bytes \($0.lowerBound)-\($0.upperBound - 1)/\(length)" } ?? "bytes */\(length)"
  }
}

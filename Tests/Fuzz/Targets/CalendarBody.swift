@testable import Model

/// A calendar file means the same however its lines are folded and ended, and each day that it names is
/// closed.
enum CalendarBody {
  @Sendable static func check(_ bytes: [UInt8]) throws(Broken) {
    let text = bytes.decoded
    let closed = read(text)
    for width in [1, 7] {
      try promise(read(folded(text, width)) == closed, "Lines of \(width) letters change the calendar.")
    }
    guard let closed else { return }
    for closure in closed.closures {
      try promise((1...ClosedDays.longestClosure).contains(closure.days), "It closes \(closure.days) days.")
      let isLeftOut =
        closure.except.contains(closure.first) || closure.count.map { $0 <= 0 } ?? false
        || closure.until.map { $0 < closure.first } ?? false
      let reason = closed.reason(on: closure.first)
      try promise(
        closure.everyYears != nil && isLeftOut || reason != nil, "\(closure.first.text) is an open day.")
    }
  }

  private static func read(_ text: String) -> ClosedDays? {
    do throws(CalendarFault) { return try ClosedDays(.string(text)) } catch { return nil }
  }

  /// Every line in pieces of so many scalars, and ended as the standard says.
  private static func folded(_ text: String, _ width: Int) -> String {
    var pieces = String.UnicodeScalarView()
    for line in text.unicodeScalars.split(whereSeparator: { $0 == "\n" || $0 == "\r" }) {
      for (place, scalar) in line.enumerated() {
        // A blank of the line itself is part of its first piece.
        if place > 0, place.isMultiple(of: width) { pieces.append(contentsOf: "\r\n ".unicodeScalars) }
        pieces.append(scalar)
      }
      pieces.append(contentsOf: "\r\n".unicodeScalars)
    }
    return String(pieces)
  }
}

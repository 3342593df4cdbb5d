/// A pattern for names of files: `*` for any run of characters, `?` for one, `[a-z]` for one of a set and
/// `[!a-z]` for one outside of it, `\` before a character that is meant as such.
///
/// Names are compared scalar by scalar, with their case.
public struct NamePattern: Sendable, Hashable {
  private enum Part: Sendable, Hashable {
    case scalar(Unicode.Scalar)
    case anyOne
    case anyRun
    case set([ClosedRange<Unicode.Scalar>], isNegated: Bool)

    func matches(_ scalar: Unicode.Scalar) -> Bool {
      switch self {
      case .scalar(let wanted): scalar == wanted
      case .anyOne: true
      case .anyRun: false
      case .set(let ranges, let isNegated): ranges.contains { $0.contains(scalar) } != isNegated
      }
    }
  }

  public let text: String
  private let parts: [Part]

  public static let all = NamePattern(text: "*", parts: [.anyRun])

  private init(text: String, parts: [Part]) { (self.text, self.parts) = (text, parts) }

  /// Nil where it is empty, has a `/` or a set without end, or ends in `\`: no name can match it.
  public init?(_ text: String) {
    var rest = text.unicodeScalars[...]
    var parts: [Part] = []
    while let scalar = rest.popFirst() {
      switch scalar {
      case "/": return nil
      case "*": if parts.last != .anyRun { parts.append(.anyRun) }
      case "?": parts.append(.anyOne)
      case "[":
        guard let set = Self.set(&rest) else { return nil }
        parts.append(set)
      case "\\":
        guard let meant = rest.popFirst(), meant != "/" else { return nil }
        parts.append(.scalar(meant))
      case let scalar: parts.append(.scalar(scalar))
      }
    }
    guard !parts.isEmpty else { return nil }
    self.init(text: text, parts: parts)
  }

  /// What follows `[`, through its `]`. A `]` that comes first is a member.
  private static func set(_ rest: inout Substring.UnicodeScalarView) -> Part? {
    var ranges: [ClosedRange<Unicode.Scalar>] = []
    let isNegated = rest.first == "!"
    if isNegated { rest.removeFirst() }
    while let first = rest.popFirst() {
      if first == "]", !ranges.isEmpty { return .set(ranges, isNegated: isNegated) }
      guard first != "/" else { return nil }
      var last = first
      let ahead = rest.prefix(2)
      if ahead.count == 2, ahead.first == "-", let end = ahead.last, end != "]" {
        rest.removeFirst(2)
        last = end
      }
      guard first <= last else { return nil }
      ranges.append(first...last)
    }
    return nil
  }

  /// In time of at most name times pattern: only the last `*` is ever tried again.
  public func matches(_ name: String) -> Bool {
    let name = Array(name.unicodeScalars)
    var (part, place) = (0, 0)
    var star: (part: Int, place: Int)?
    while place < name.count {
      if part < parts.count, parts[part] == .anyRun {
        star = (part, place)
        part += 1
      } else if part < parts.count, parts[part].matches(name[place]) {
        (part, place) = (part + 1, place + 1)
      } else if let again = star {
        star = (again.part, again.place + 1)
        (part, place) = (again.part + 1, again.place + 1)
      } else {
        return false
      }
    }
    return parts[part...].allSatisfy { $0 == .anyRun }
  }
}

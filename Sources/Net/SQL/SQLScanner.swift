/// Reads the text of a statement as far as its parameters, its first word and its end go, and writes it with
/// the parameters as an engine takes them. Texts, quoted names and comments are left as they are.
struct SQLScanner {
  enum Marking {
    /// `$1`, the same for each place of a name.
    case numbered
    /// `?` for each place.
    case question
  }

  /// Where engines write differently.
  struct Lexicon: OptionSet {
    let rawValue: UInt8
    /// `$tag$ … $tag$` and `E'…\\''` are texts.
    static let dollarQuotes = Lexicon(rawValue: 1)
    static let nestedComments = Lexicon(rawValue: 2)
    /// A backslash takes the next letter along, in every text.
    static let backslashes = Lexicon(rawValue: 4)
    static let backticks = Lexicon(rawValue: 8)
    static let brackets = Lexicon(rawValue: 16)
    static let hashComments = Lexicon(rawValue: 32)

    static let postgresql: Lexicon = [.dollarQuotes, .nestedComments]
  }

  private let bytes: [UInt8]
  private let marking: Marking
  private let lexicon: Lexicon
  private var at = 0
  private(set) var out: [UInt8] = []
  /// Each once.
  private(set) var names: [String] = []
  /// One for each parameter in the text; nil for a `?` of its own.
  private(set) var places: [String?] = []
  private(set) var firstWord = ""
  private(set) var shifts: [(sentByte: Int, byte: Int)] = []
  private var isBehindEnd = false
  /// Whether something stands behind a `;`.
  private(set) var hasSeveral = false

  init(_ sql: String, marking: Marking, _ lexicon: Lexicon) {
    (bytes, self.marking, self.lexicon) = (Array(sql.utf8), marking, lexicon)
  }

  private func byte(_ ahead: Int = 0) -> UInt8? { at + ahead < bytes.count ? bytes[at + ahead] : nil }

  private mutating func copy(_ count: Int = 1) {
    let end = min(at + count, bytes.count)
    out += bytes[at..<end]
    at = end
  }

  mutating func run() {
    while let next = byte() {
      if skipComment(next) { continue }
      if isBehindEnd, !Self.isBlank(next), next != UInt8(ascii: ";") { hasSeveral = true }
      switch next {
      case UInt8(ascii: "'"): quoted(next, escapes: isEscaped)
      case UInt8(ascii: "\""): quoted(next, escapes: lexicon.contains(.backslashes))
      case UInt8(ascii: "`") where lexicon.contains(.backticks): quoted(next, escapes: false)
      case UInt8(ascii: "[") where lexicon.contains(.brackets): quoted(UInt8(ascii: "]"), escapes: false)
      case UInt8(ascii: "$") where lexicon.contains(.dollarQuotes): dollar()
      case UInt8(ascii: ":"): colon()
      case UInt8(ascii: "?") where marking == .question:
        places.append(nil)
        copy()
      case UInt8(ascii: ";"):
        isBehindEnd = true
        copy()
      case _ where Self.begins(next): word()
      case _: copy()
      }
    }
  }

  private mutating func skipComment(_ next: UInt8) -> Bool {
    switch next {
    case UInt8(ascii: "-") where byte(1) == next: lineComment()
    case UInt8(ascii: "#") where lexicon.contains(.hashComments): lineComment()
    // MySQL runs what stands in `/*! … */`.
    case UInt8(ascii: "/") where byte(1) == UInt8(ascii: "*"):
      if lexicon.contains(.backslashes), byte(2) == UInt8(ascii: "!") { return false }
      blockComment()
    case _: return false
    }
    return true
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

  /// Whether a backslash takes the next letter along in the text that begins here: everywhere, or where an
  /// `E` stands right before the quote and is a word of its own.
  private var isEscaped: Bool {
    if lexicon.contains(.backslashes) { return true }
    guard lexicon.contains(.dollarQuotes) else { return false }
    guard let last = out.last, last | 0x20 == UInt8(ascii: "e") else { return false }
    return out.count < 2 || !Self.goesOn(out[out.count - 2])
  }

  private mutating func quoted(_ quote: UInt8, escapes: Bool) {
    copy()
    while let next = byte() {
      if escapes, next == UInt8(ascii: "\\") {
        copy(2)
      } else if next == quote {
        if byte(1) == quote {
          copy(2)
        } else {
          return copy()
        }
      } else {
        copy()
      }
    }
  }

  private mutating func lineComment() {
    while let next = byte(), next != UInt8(ascii: "\n") { copy() }
    // Drivers put words of their own behind a statement.
    if byte() == nil, marking == .question { out.append(UInt8(ascii: "\n")) }
  }

  private mutating func blockComment() {
    var depth = 0
    let nests = lexicon.contains(.nestedComments)
    repeat {
      if byte() == UInt8(ascii: "/"), byte(1) == UInt8(ascii: "*"), depth == 0 || nests {
        depth += 1
        copy(2)
      } else if byte() == UInt8(ascii: "*"), byte(1) == UInt8(ascii: "/") {
        depth -= 1
        copy(2)
      } else {
        copy()
      }
    } while depth > 0 && at < bytes.count
  }

  /// `$tag$ … $tag$`, or `$1`.
  private mutating func dollar() {
    var end = at + 1
    while end < bytes.count, bytes[end] == UInt8(ascii: "_") || Self.goesOn(bytes[end]) {
      if bytes[end] == UInt8(ascii: "$") { break }
      end += 1
    }
    let isTag =
      end < bytes.count && bytes[end] == UInt8(ascii: "$")
      && !(end > at + 1 && (0x30...0x39).contains(bytes[at + 1]))
    guard isTag else { return copy() }
    let tag = Array(bytes[at...end])
    copy(tag.count)
    while at < bytes.count {
      if bytes[at] == UInt8(ascii: "$"), bytes[at...].starts(with: tag) { return copy(tag.count) }
      copy()
    }
  }

  private mutating func colon() {
    guard let next = byte(1), next != UInt8(ascii: ":"), next != UInt8(ascii: "=") else { return copy(2) }
    guard Self.begins(next) else { return copy() }
    var end = at + 1
    while end < bytes.count, Self.goesOn(bytes[end]), bytes[end] != UInt8(ascii: "$") { end += 1 }
    let name = String(decoding: bytes[(at + 1)..<end], as: UTF8.self)
    let place = names.firstIndex { $0.utf8.elementsEqual(name.utf8) } ?? names.count
    if place == names.count { names.append(name) }
    shifts.append((out.count, at))
    places.append(name)
    out += (marking == .numbered ? "$\(place + 1)" : "?").utf8
    at = end
    shifts.append((out.count, at))
  }

  private mutating func word() {
    let start = at
    while let next = byte(), Self.goesOn(next) { copy() }
    if firstWord.isEmpty { firstWord = String(decoding: bytes[start..<at], as: UTF8.self).uppercased() }
  }

  private static func begins(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "_") || byte >= 0x80 || (0x61...0x7A).contains(byte | 0x20)
  }

  private static func goesOn(_ byte: UInt8) -> Bool {
    begins(byte) || (0x30...0x39).contains(byte) || byte == UInt8(ascii: "$")
  }
}

/// A statement as it is sent: `:name` has become `$1`, since PostgreSQL knows parameters by number only.
///
/// Texts, quoted names, dollar quotes and comments are left as they are, by the rules of
/// https://www.postgresql.org/docs/15/sql-syntax-lexical.html; `::` is a cast, `:=` an assignment.
public struct PostgresText: Sendable, Hashable {
  public let sent: String
  /// By number, each once; those that the text has by number itself are not among them.
  public private(set) var names: [String] = []
  /// The first word in capitals, behind blanks, comments and brackets; empty where there is none.
  public private(set) var firstWord = ""
  /// How many bytes the text is longer from a byte of what is sent on.
  private var shifts: [(sentByte: Int, byte: Int)] = []

  public init(_ sql: String) {
    var scanner = Scanner(bytes: Array(sql.utf8))
    scanner.run()
    sent = String(decoding: scanner.out, as: UTF8.self)
    (names, firstWord, shifts) = (scanner.names, scanner.firstWord, scanner.shifts)
  }

  /// Of a place that the server names: the byte in the text as it was written.
  func offset(ofCharacter character: Int) -> Int {
    let byte = sent.unicodeScalars.prefix(max(0, character)).reduce(0) { $0 + String($1).utf8.count }
    guard let shift = shifts.last(where: { $0.sentByte <= byte }) else { return byte }
    return shift.byte + (byte - shift.sentByte)
  }

  public static func == (one: Self, other: Self) -> Bool {
    one.sent == other.sent && one.names == other.names
  }
  public func hash(into hasher: inout Hasher) { hasher.combine(sent) }

  private struct Scanner {
    var bytes: [UInt8]
    var at = 0
    var out: [UInt8] = []
    var names: [String] = []
    var firstWord = ""
    var shifts: [(sentByte: Int, byte: Int)] = []

    private func byte(_ ahead: Int = 0) -> UInt8? { at + ahead < bytes.count ? bytes[at + ahead] : nil }

    private mutating func copy(_ count: Int = 1) {
      let end = min(at + count, bytes.count)
      out += bytes[at..<end]
      at = end
    }

    mutating func run() {
      while let next = byte() {
        switch next {
        case UInt8(ascii: "'"): quoted(next, escapes: isEscaped)
        case UInt8(ascii: "\""): quoted(next, escapes: false)
        case UInt8(ascii: "$"): dollar()
        case UInt8(ascii: "-") where byte(1) == next: lineComment()
        case UInt8(ascii: "/") where byte(1) == UInt8(ascii: "*"): blockComment()
        case UInt8(ascii: ":"): colon()
        case _ where Self.begins(next): word()
        case _: copy()
        }
      }
    }

    /// Whether an `E` stands right before the quote, and is a word of its own.
    private var isEscaped: Bool {
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
    }

    private mutating func blockComment() {
      var depth = 0
      repeat {
        if byte() == UInt8(ascii: "/"), byte(1) == UInt8(ascii: "*") {
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
      out += "$\(place + 1)".utf8
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
}

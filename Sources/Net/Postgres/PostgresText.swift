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
    var scanner = SQLScanner(sql, marking: .numbered, .postgresql)
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
}

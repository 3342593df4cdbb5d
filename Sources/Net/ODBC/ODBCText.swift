/// A statement as an ODBC driver takes it: `:name` has become `?`, once for each place where it stands.
public struct ODBCText: Sendable, Hashable {
  public let sent: String
  /// One for each `?`; nil for one that the text has itself.
  public let parameters: [String?]
  /// The first word in capitals, behind blanks, comments and brackets; empty where there is none.
  public let firstWord: String
  /// Whether anything follows behind a `;`. Drivers run several statements of a text one after the other.
  public let hasSeveral: Bool

  public init(_ sql: String, _ engine: ODBCEngine) {
    var scanner = SQLScanner(sql, marking: .question, engine.lexicon)
    scanner.run()
    sent = String(decoding: scanner.out, as: UTF8.self)
    (parameters, firstWord, hasSeveral) = (scanner.places, scanner.firstWord, scanner.hasSeveral)
  }
}

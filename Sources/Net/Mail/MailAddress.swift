/// Where mail goes to or comes from: `ana@example.com`, or `Ana Souza <ana@example.com>`.
public struct MailAddress: Sendable, Hashable {
  /// Without the name.
  public let mailbox: String
  public let name: String

  /// RFC 5321's bounds.
  private static let longestLocal = 64
  static let longest = 254
  private static let longestName = 200

  /// Nil where it is none, or has what could end its line or its brackets.
  public init?(_ text: String) {
    guard text.utf8.allSatisfy({ $0 >= 32 && $0 != 127 }) else { return nil }
    let trimmed = HTTPText.trimmed(text)
    guard trimmed.hasSuffix(">"), let open = trimmed.lastIndex(of: "<") else {
      guard Self.isMailbox(trimmed) else { return nil }
      (mailbox, name) = (trimmed, "")
      return
    }
    let inner = String(trimmed[trimmed.index(after: open)...].dropLast())
    var shown = HTTPText.trimmed(trimmed[..<open])
    if shown.utf8.count >= 2, shown.hasPrefix("\""), shown.hasSuffix("\"") {
      shown = String(shown.dropFirst().dropLast())
    }
    guard Self.isMailbox(inner), shown.utf8.count <= Self.longestName else { return nil }
    (mailbox, name) = (inner, shown)
  }

  /// The common form alone: no quoted local part, no address in brackets, ASCII.
  private static func isMailbox(_ text: String) -> Bool {
    let halves = text.utf8.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
    guard halves.count == 2, text.utf8.count <= longest, (1...longestLocal).contains(halves[0].count) else {
      return false
    }
    let local = halves[0].split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    let domain = halves[1].split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    return local.allSatisfy { !$0.isEmpty && $0.allSatisfy(isAtom) }
      && domain.allSatisfy { part in
        (1...63).contains(part.count) && part.allSatisfy { $0 == 45 || isAlphanumeric($0) }
          && part.first != 45
      }
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
  }

  private static func isAtom(_ byte: UInt8) -> Bool {
    isAlphanumeric(byte) || "!#$%&'*+-/=?^_`{|}~".utf8.contains(byte)
  }

  /// As it stands in a header.
  var header: String {
    if name.isEmpty { return mailbox }
    let encoded = EncodedWord.encode(name)
    let isWord = encoded.hasPrefix("=?")
    let quoted =
      isWord ? encoded : "\"" + encoded.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    return "\(quoted) <\(mailbox)>"
  }
}

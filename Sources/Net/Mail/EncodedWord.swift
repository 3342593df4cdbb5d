internal import Crypto

/// Text in headers that carry ASCII alone (RFC 2047, base64 form).
enum EncodedWord {
  /// What one word may hold so that it has at most 75 characters.
  private static let piece = 45
  private static let opening = "=?UTF-8?B?"
  private static let ending = "?="

  /// As it is where it is plain ASCII that nobody takes for a word; else words with a blank between them, or
  /// `fold`. No character is divided.
  static func encode(_ text: String, fold: String = " ") -> String {
    let isPlain = text.utf8.allSatisfy { (32...126).contains($0) } && !text.contains("=?")
    let isTrimmed = text.utf8.first != 32 && text.utf8.last != 32
    if isPlain, isTrimmed { return text }
    var (words, word): ([String], [UInt8]) = ([], [])
    for scalar in text.unicodeScalars {
      let bytes = Array(String(scalar).utf8)
      if word.count + bytes.count > piece {
        words.append(opening + Base64.encode(word) + ending)
        word = []
      }
      word += bytes
    }
    words.append(opening + Base64.encode(word) + ending)
    return words.joined(separator: fold)
  }

  /// Also words of others, where they are base64 of UTF-8; anything else stays as it is.
  static func decode(_ text: String) -> String {
    var bytes: [UInt8] = []
    for word in text.split(separator: " ") {
      guard word.utf8.count > opening.utf8.count + ending.utf8.count,
        word.prefix(opening.count).uppercased() == opening, word.hasSuffix(ending),
        let inner = Base64.decode(String(word.dropFirst(opening.count).dropLast(ending.count)))
      else { return text }
      bytes += inner
    }
    return bytes.isEmpty ? text : String(validating: bytes, as: UTF8.self) ?? text
  }
}

import Model

/// Texts that are numbers, or that SQLite takes for numbers.
enum LoadNumber {
  /// Doubles hold so many digits of a decimal number.
  static let exactDigits = 15

  /// With a point, as everywhere in data: `1.234,56` is no number.
  static func read(_ text: String) -> Double? {
    guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) || "+-.eE".utf8.contains($0) }),
      let number = Double(text), number.isFinite
    else { return nil }
    return number
  }

  /// How many digits a number takes: zeros before the first and after the last one say nothing of how exact
  /// it is.
  static func digits(of text: String) -> Int {
    let mantissa = text.utf8.prefix { $0 | 0x20 != UInt8(ascii: "e") }
    let digits = mantissa.filter { (0x30...0x39).contains($0) }
    guard let first = digits.firstIndex(where: { $0 != 0x30 }),
      let last = digits.lastIndex(where: { $0 != 0x30 })
    else { return 0 }
    return last - first + 1
  }

  /// Whether a text reads the same after the database has turned it into a number, where it looks like one to
  /// it.
  static func staysItself(_ text: String) -> Bool {
    guard looksLikeNumber(text) else { return true }
    let integer = Int64(text).map { "\($0)" }
    // A number without a fraction is kept as an integer, whatever its text was.
    let real = Double(text).flatMap { $0.isFinite && $0.rounded() != $0 ? "\($0)" : nil }
    return [integer, real].contains { $0.map(ScalarString.init) == ScalarString(text) }
  }

  /// As SQLite sees it: with blanks around it and without bounds.
  private static func looksLikeNumber(_ text: String) -> Bool {
    let blanks = 0x09...0x0D as ClosedRange<UInt8>
    let isBlank = { (byte: UInt8) in byte == 0x20 || blanks.contains(byte) }
    var rest = text.utf8.drop(while: isBlank)
    while let last = rest.last, isBlank(last) { rest.removeLast() }
    func skipSign() { if let first = rest.first, "+-".utf8.contains(first) { rest.removeFirst() } }
    func skipDigits() -> Int {
      let before = rest.count
      rest = rest.drop { (0x30...0x39).contains($0) }
      return before - rest.count
    }
    skipSign()
    var digits = skipDigits()
    if rest.first == UInt8(ascii: ".") {
      rest.removeFirst()
      digits += skipDigits()
    }
    guard digits > 0 else { return false }
    guard let first = rest.first, first | 0x20 == UInt8(ascii: "e") else { return rest.isEmpty }
    rest.removeFirst()
    skipSign()
    return skipDigits() > 0 && rest.isEmpty
  }
}

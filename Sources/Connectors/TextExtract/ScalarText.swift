/// Text laid out for rules: its scalars, a folded byte for each of them, and its words.
///
/// All offsets are Unicode scalars. Building it is one pass, and so is every rule over it.
struct ScalarText: Sendable {
  struct Word: Sendable {
    var range: Range<Int>
    /// The letters and digits in lower case and without accents, so that one list serves "Não" and "NAO".
    var key: String
    var isCapitalised: Bool
    var isAllCapitals: Bool
    /// Written in plain ASCII: tells the acronym `Cade` from the question `Cadê`.
    var isASCII: Bool
  }

  /// What a scalar folds to where no ASCII character says it.
  enum Fold {
    static let mark: UInt8 = 1
    static let other: UInt8 = 2
    static let letter: UInt8 = 0x7F
  }

  let scalars: [Unicode.Scalar]
  /// One byte a scalar: `a`–`z` and `0`–`9` for letters and digits, a space for blanks, `\n` for line ends,
  /// `-` for dashes, ASCII punctuation as it is, else a value of `Fold`.
  let folded: [UInt8]
  private(set) var words: [Word] = []
  /// Where each sentence starts, ascending; the first is the title where the text has one.
  private(set) var sentences: [Int] = []

  init(_ scalars: [Unicode.Scalar]) {
    self.scalars = scalars
    folded = scalars.map(Self.fold)
    words = Self.words(scalars, folded)
    sentences = sentenceStarts()
  }

  var count: Int { scalars.count }

  /// The folded byte, or a space beyond the ends.
  func at(_ index: Int) -> UInt8 { folded.indices.contains(index) ? folded[index] : UInt8(ascii: " ") }

  func isDigit(_ index: Int) -> Bool { Self.isDigit(at(index)) }

  func isWordByte(_ index: Int) -> Bool { Self.isWordByte(at(index)) }

  func text(_ range: Range<Int>) -> String {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars[range])
    return String(view)
  }

  /// Whether a number or a code may begin here: nothing of a longer one stands before it.
  func startsToken(_ index: Int) -> Bool {
    if isWordByte(index - 1) { return false }
    switch at(index - 1) {
    case UInt8(ascii: "."), UInt8(ascii: ","), UInt8(ascii: "/"), UInt8(ascii: "-"):
      return !isWordByte(index - 2)
    case _: return true
    }
  }

  /// Whether a number or a code may end here: nothing of a longer one follows.
  func endsToken(_ index: Int) -> Bool {
    if isWordByte(index) { return false }
    switch at(index) {
    case UInt8(ascii: "."), UInt8(ascii: ","), UInt8(ascii: "/"), UInt8(ascii: "-"):
      return !isDigit(index + 1)
    case _: return true
    }
  }

  /// The position behind the blanks from `index` on; line ends count, blank lines do not.
  func skippingBlanks(_ index: Int) -> Int {
    var index = index
    var lines = 0
    while index < count, folded[index] == UInt8(ascii: " ") || folded[index] == UInt8(ascii: "\n") {
      lines += folded[index] == UInt8(ascii: "\n") ? 1 : 0
      if lines > 1 { return index }
      index += 1
    }
    return index
  }

  /// The key of the word that starts at `index`, with its end.
  func word(at index: Int) -> (key: String, end: Int)? {
    guard isWordByte(index), !isWordByte(index - 1) else { return nil }
    var end = index
    while end < count, isWordByte(end), end - index < Self.longestKey { end += 1 }
    return (Self.key(folded[index..<end]), end)
  }

  /// Whether a text begins with another one, scalar by scalar.
  static func begins(_ text: String, with start: String) -> Bool { text.utf8.starts(with: start.utf8) }

  /// Which sentence holds the position, counted from 0.
  func sentence(of position: Int) -> Int {
    var (low, high) = (0, sentences.count)
    while low < high {
      let middle = (low + high) / 2
      if sentences[middle] <= position { low = middle + 1 } else { high = middle }
    }
    return low - 1
  }

  func range(ofSentence number: Int) -> Range<Int> {
    guard sentences.indices.contains(number) else { return 0..<0 }
    return sentences[number]..<(number + 1 < sentences.count ? sentences[number + 1] : count)
  }
}

extension ScalarText {
  /// Longer runs of letters and digits are cut for comparison: no list holds such a word.
  private static let longestKey = 64

  static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

  static func isWordByte(_ byte: UInt8) -> Bool {
    isDigit(byte) || byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z") || byte == Fold.letter
      || byte == Fold.mark
  }

  private static func key(_ bytes: ArraySlice<UInt8>) -> String {
    String(decoding: bytes.lazy.filter { $0 != Fold.mark }, as: UTF8.self)
  }

  private static func fold(_ scalar: Unicode.Scalar) -> UInt8 {
    switch scalar.value {
    case 0x41...0x5A: UInt8(scalar.value + 32)
    case 0x09, 0x20, 0xA0, 0x202F, 0x2009: UInt8(ascii: " ")
    case 0x0A, 0x0D, 0x2028, 0x2029: UInt8(ascii: "\n")
    case 0x21...0x7E: UInt8(scalar.value)
    case 0x2010...0x2015: UInt8(ascii: "-")
    case 0xC0...0xC5, 0xE0...0xE5, 0xAA: UInt8(ascii: "a")
    case 0xC7, 0xE7: UInt8(ascii: "c")
    case 0xC8...0xCB, 0xE8...0xEB: UInt8(ascii: "e")
    case 0xCC...0xCF, 0xEC...0xEF: UInt8(ascii: "i")
    case 0xD1, 0xF1: UInt8(ascii: "n")
    case 0xD2...0xD6, 0xF2...0xF6, 0xBA, 0xB0: UInt8(ascii: "o")
    case 0xD9...0xDC, 0xF9...0xFC: UInt8(ascii: "u")
    case 0x300...0x36F: Fold.mark
    case _: scalar.value > 0x7F && scalar.properties.isAlphabetic ? Fold.letter : Fold.other
    }
  }

  private static func words(_ scalars: [Unicode.Scalar], _ folded: [UInt8]) -> [Word] {
    var words: [Word] = []
    var index = 0
    while index < folded.count {
      guard isWordByte(folded[index]) else {
        index += 1
        continue
      }
      let start = index
      while index < folded.count, isWordByte(folded[index]) { index += 1 }
      let own = scalars[start..<index]
      words.append(
        Word(
          range: start..<index, key: key(folded[start..<min(index, start + longestKey)]),
          isCapitalised: isUpper(scalars[start]) || isDigit(folded[start]),
          isAllCapitals: own.allSatisfy { isUpper($0) }, isASCII: own.allSatisfy(\.isASCII)))
    }
    return words
  }

  private static func isUpper(_ scalar: Unicode.Scalar) -> Bool {
    scalar.isASCII ? (0x41...0x5A).contains(scalar.value) : scalar.properties.isUppercase
  }
}

extension ScalarText {
  /// A sentence ends at `.`, `!` or `?` before a capital, and at a blank line.
  private func sentenceStarts() -> [Int] {
    var starts = [0]
    var index = 0
    while index < count {
      let byte = folded[index]
      let ends = byte == UInt8(ascii: ".") || byte == UInt8(ascii: "!") || byte == UInt8(ascii: "?")
      let blankLine = byte == UInt8(ascii: "\n") && isBlankLine(after: index)
      if blankLine || ends && endsSentence(index) {
        var next = index + 1
        while next < count, folded[next] == UInt8(ascii: " ") || folded[next] == UInt8(ascii: "\n") {
          next += 1
        }
        if next < count { starts.append(next) }
        index = next
      } else {
        index += 1
      }
    }
    return starts
  }

  private func isBlankLine(after index: Int) -> Bool {
    var next = index + 1
    while next < count, folded[next] == UInt8(ascii: " ") { next += 1 }
    return at(next) == UInt8(ascii: "\n")
  }

  private func endsSentence(_ index: Int) -> Bool {
    let next = skippingBlanks(index + 1)
    guard next > index + 1, next < count, let following = word(at: next) else { return false }
    let first = scalars[next]
    guard Self.isUpper(first) || Self.isDigit(folded[next]) else { return false }
    guard at(index) == UInt8(ascii: ".") else { return true }
    if Self.openers.contains(following.key) { return true }
    var start = index
    while start > 0, isWordByte(start - 1), index - start < Self.longestKey { start -= 1 }
    let previous = Self.key(folded[start..<index])
    return previous.count > 1 && !Self.abbreviations.contains(previous)
  }

  /// Words that open a sentence even after an abbreviation such as `S.A.`.
  private static let openers: Set<String> = [
    "a", "o", "as", "os", "em", "no", "na", "segundo", "para", "com", "de", "por", "nao", "ainda", "ja", "um",
    "uma", "ao", "apos", "se", "cabe", "procurada", "foram", "foi", "entre", "ela", "ele", "essa", "esse",
    "esta",
    "este", "tambem", "alem", "conforme", "caso", "quando", "houve", "quem",
  ]
  private static let abbreviations: Set<String> = [
    "cia", "ind", "com", "art", "inc", "dr", "dra", "sr", "sra", "proc", "n", "no", "num", "av", "pag", "ltd",
  ]
}

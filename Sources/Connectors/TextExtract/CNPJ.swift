/// The number of a Brazilian legal entity, its check digits verified: twelve characters and two digits.
///
/// Since July 2026 the first twelve may be letters as well (Receita Federal, Instrução Normativa 2.229/2024);
/// a character counts as its ASCII code less 48, which leaves the rule for numbers unchanged.
public struct CNPJ: Hashable, Sendable {
  /// Fourteen characters without separators, letters in upper case.
  public let text: String

  /// Nil where the length, a character, a check digit or the branch number 0000 says that it cannot be one.
  public init?(_ characters: some Collection<UInt8>) {
    let bytes = Array(characters)
    guard bytes.count == 14, bytes.allSatisfy(Self.isAllowed), bytes[12...].allSatisfy(ScalarText.isDigit),
      Set(bytes).count > 1, bytes[8..<12] != ArraySlice("0000".utf8)
    else { return nil }
    let values = bytes.map { Int($0) - 48 }
    guard Self.checkDigit(values[..<12]) == values[12], Self.checkDigit(values[..<13]) == values[13]
    else { return nil }
    text = String(decoding: bytes, as: UTF8.self)
  }

  /// Such as `08.773.135/0001-00`.
  public var formatted: String {
    let all = Array(text)
    return "\(String(all[0..<2])).\(String(all[2..<5])).\(String(all[5..<8]))/"
      + "\(String(all[8..<12]))-\(String(all[12..<14]))"
  }

  /// Weights 2 to 9 from the right, over and over; the rest of the sum by 11, taken from 11, where 10 and 11
  /// are 0.
  private static func checkDigit(_ values: ArraySlice<Int>) -> Int {
    var sum = 0
    for (place, value) in values.reversed().enumerated() { sum += value * (2 + place % 8) }
    return sum % 11 < 2 ? 0 : 11 - sum % 11
  }

  private static func isAllowed(_ byte: UInt8) -> Bool {
    ScalarText.isDigit(byte) || byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
  }
}

/// Finds CNPJs: `12.345.678/0001-95`, `12345678/0001-95` and fourteen characters in a row.
struct CNPJRule {
  let text: ScalarText

  private static let separators: [[Int: UInt8]] = [
    [2: UInt8(ascii: "."), 6: UInt8(ascii: "."), 10: UInt8(ascii: "/"), 15: UInt8(ascii: "-")],
    [8: UInt8(ascii: "/"), 13: UInt8(ascii: "-")],
    [:],
  ]

  func find() -> [RegulatoryEntity] {
    text.words.compactMap { word in
      text.startsToken(word.range.lowerBound) ? match(at: word.range.lowerBound) : nil
    }
  }

  private func match(at start: Int) -> RegulatoryEntity? {
    for form in Self.separators {
      let end = start + 14 + form.count
      guard end <= text.count, text.endsToken(end), let bytes = characters(start..<end, form),
        let cnpj = CNPJ(bytes)
      else { continue }
      let labelled = isLabelled(start)
      let hasLetters = !cnpj.text.utf8.allSatisfy(ScalarText.isDigit)
      // Fourteen letters and digits in a row are a CNPJ only where the text says so: one code in 121 of any
      // kind passes the check digits.
      if form.isEmpty && hasLetters && !labelled { return nil }
      let confidence = form.isEmpty ? (labelled ? 0.97 : 0.8) : 0.99
      return RegulatoryEntity(
        type: .cnpj, text: text.text(start..<end), confidence: confidence, range: start..<end,
        value: .cnpj(cnpj.text))
    }
    return nil
  }

  private func characters(_ range: Range<Int>, _ form: [Int: UInt8]) -> [UInt8]? {
    var bytes: [UInt8] = []
    for index in range {
      if let separator = form[index - range.lowerBound] {
        guard text.at(index) == separator else { return nil }
      } else {
        guard text.scalars[index].isASCII, text.isWordByte(index) else { return nil }
        bytes.append(UInt8(text.scalars[index].value))
      }
    }
    return bytes
  }

  /// Whether one of the two words before is `CNPJ` (`CNPJ nº`, `CNPJ/MF`).
  private func isLabelled(_ start: Int) -> Bool {
    let window = max(0, start - 16)..<start
    let before = String(decoding: text.folded[window].filter { $0 != ScalarText.Fold.mark }, as: UTF8.self)
    return before.contains("cnpj")
  }
}

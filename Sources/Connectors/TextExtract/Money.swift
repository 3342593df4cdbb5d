/// Finds amounts in reais: `R$ 1.234.567,89`, `R$ 2,5 milhões`, `300 mil reais`, `de R$ 2 a 3 milhões`.
struct MoneyRule {
  let text: ScalarText

  /// Hundredths of a real, exact; amounts beyond this are not claimed.
  private static let mostDigits = 15
  private static let scales: [String: Int64] = [
    "mil": 1_000, "mi": 1_000_000, "milhao": 1_000_000, "milhoes": 1_000_000, "bi": 1_000_000_000,
    "bilhao": 1_000_000_000, "bilhoes": 1_000_000_000, "trilhao": 1_000_000_000_000,
    "trilhoes": 1_000_000_000_000,
  ]

  /// A number as it is written: its digits, how many of them are decimals, and the word behind it.
  private struct Number {
    var mantissa: Int64
    var decimals: Int
    var isPlain: Bool
    var scale: Int64?
    var end: Int

    /// In hundredths, rounded half up; nil beyond what is claimed.
    func cents(scale other: Int64? = nil) -> Int64? {
      let (product, overflow) = mantissa.multipliedReportingOverflow(by: (scale ?? other ?? 1))
      let (hundredfold, second) = product.multipliedReportingOverflow(by: 100)
      guard !overflow, !second else { return nil }
      var divisor: Int64 = 1
      for _ in 0..<decimals { divisor *= 10 }
      return (hundredfold + divisor / 2) / divisor
    }
  }

  func find() -> [RegulatoryEntity] {
    var found: [RegulatoryEntity] = []
    var index = 0
    while index < text.count {
      let entity = withSymbol(at: index) ?? withWord(at: index)
      if let entity { found.append(entity) }
      index = max(index + 1, entity?.range.upperBound ?? 0)
      // A number that is no amount is stepped over whole, so that no digit is looked at twice.
      if entity == nil, text.isDigit(index - 1) { while text.isDigit(index) { index += 1 } }
    }
    return found
  }

  private func withSymbol(at start: Int) -> RegulatoryEntity? {
    guard let behind = symbol(at: start), let first = number(at: behind) else { return nil }
    if let range = range(from: start, first) { return range }
    guard let cents = first.cents() else { return nil }
    return entity(start..<first.end, .money(cents: cents, upTo: nil), 0.99)
  }

  private func withWord(at start: Int) -> RegulatoryEntity? {
    guard text.isDigit(start), text.startsToken(start), !followsSymbol(start), let number = number(at: start),
      let cents = number.cents()
    else { return nil }
    var next = text.skippingBlanks(number.end)
    if let word = text.word(at: next), word.key == "de" { next = text.skippingBlanks(word.end) }
    guard let word = text.word(at: next), word.key == "reais" || word.key == "real" else { return nil }
    return entity(start..<word.end, .money(cents: cents, upTo: nil), 0.9)
  }

  private func entity(_ range: Range<Int>, _ value: RegulatoryEntity.Value, _ confidence: Double)
    -> RegulatoryEntity
  {
    RegulatoryEntity(type: .money, text: text.text(range), confidence: confidence, range: range, value: value)
  }

  /// The position behind `R$` and its blanks. A letter before it makes another currency: `US$`, `CR$`.
  private func symbol(at index: Int) -> Int? {
    guard text.at(index) == UInt8(ascii: "r"), text.at(index + 1) == UInt8(ascii: "$"),
      !text.isWordByte(index - 1)
    else { return nil }
    return text.skippingBlanks(index + 2)
  }

  private func followsSymbol(_ index: Int) -> Bool {
    var before = index - 1
    while text.at(before) == UInt8(ascii: " "), before > index - 4, before >= 0 { before -= 1 }
    return text.at(before) == UInt8(ascii: "$")
  }

  /// `R$ 2 a 3 milhões`, `R$ 300 mil a R$ 500 mil`, `entre R$ 1 milhão e R$ 2 milhões`.
  private func range(from start: Int, _ first: Number) -> RegulatoryEntity? {
    var next = text.skippingBlanks(first.end)
    if text.at(next) == UInt8(ascii: "-") {
      next += 1
    } else {
      guard let word = text.word(at: next) else { return nil }
      guard word.key == "a" || word.key == "ate" || word.key == "e" && follows("entre", start) else {
        return nil
      }
      next = word.end
    }
    next = text.skippingBlanks(next)
    let behindSymbol = symbol(at: next)
    guard let second = number(at: behindSymbol ?? next) else { return nil }
    // Without a second R$, only a scale that both share makes a range: "R$ 500 mil a 2 mil clientes" is none.
    guard behindSymbol != nil || first.scale == nil && second.scale != nil else { return nil }
    let shared = first.isPlain ? second.scale : nil
    guard let low = first.cents(scale: shared), let high = second.cents(), low <= high else { return nil }
    return entity(start..<second.end, .money(cents: low, upTo: high), 0.95)
  }

  private func follows(_ key: String, _ start: Int) -> Bool {
    var end = start
    while end > 0, text.at(end - 1) == UInt8(ascii: " ") { end -= 1 }
    let from = end - key.utf8.count
    return from >= 0 && text.word(at: from).map { $0.key == key && $0.end == end } ?? false
  }
}

extension MoneyRule {
  /// `1.234.567,89`, `1234,5`, `2.5 milhões`, with the scale behind it.
  private func number(at start: Int) -> Number? {
    var digits: [UInt8] = []
    var index = start
    func take() {
      while text.isDigit(index) {
        digits.append(text.at(index) - UInt8(ascii: "0"))
        index += 1
      }
    }
    take()
    guard !digits.isEmpty else { return nil }
    let leading = digits.count
    while leading <= 3, text.at(index) == UInt8(ascii: "."), isGroup(index + 1) {
      index += 1
      take()
    }
    let isPlain = digits.count == leading && leading <= 3
    let whole = digits.count
    if let point = decimalPoint(index, grouped: whole > leading) {
      index = point
      take()
    }
    let decimals = digits.count - whole
    guard digits.count <= Self.mostDigits, decimals <= 6,
      text.endsToken(index) || text.at(index) == UInt8(ascii: "-")
    else { return nil }
    let mantissa = digits.reduce(Int64(0)) { $0 * 10 + Int64($1) }
    let scale = scale(behind: index)
    return Number(
      mantissa: mantissa, decimals: decimals, isPlain: isPlain, scale: scale?.factor, end: scale?.end ?? index
    )
  }

  private func isGroup(_ index: Int) -> Bool {
    (0..<3).allSatisfy { text.isDigit(index + $0) } && !text.isDigit(index + 3)
  }

  /// The position behind a decimal comma, or behind a point that only a decimal can be (`2.5 milhões`).
  private func decimalPoint(_ index: Int, grouped: Bool) -> Int? {
    guard text.isDigit(index + 1) else { return nil }
    if text.at(index) == UInt8(ascii: ",") { return index + 1 }
    guard text.at(index) == UInt8(ascii: "."), !grouped else { return nil }
    var end = index + 1
    while text.isDigit(end), end < index + 4 { end += 1 }
    return end - index <= 3 && scale(behind: end) != nil ? index + 1 : nil
  }

  private func scale(behind index: Int) -> (factor: Int64, end: Int)? {
    let next = text.skippingBlanks(index)
    guard let word = text.word(at: next), let factor = Self.scales[word.key] else { return nil }
    // "R$ 5 mil milhões" is not Brazilian; "mil" before another scale is taken as that word alone.
    return (factor, word.end)
  }
}

extension JSONReader {
  mutating func number() throws(JSONFault) -> JSON {
    let start = position
    let isNegative = next == UInt8(ascii: "-")
    if isNegative { position += 1 }
    let digits = position
    try wholePart()
    guard next == UInt8(ascii: ".") || next | 0x20 == UInt8(ascii: "e") else {
      if let int = integer(digits..<position, isNegative: isNegative) { return .int(int) }
      return try double(start..<position)
    }
    if next == UInt8(ascii: ".") {
      position += 1
      try someDigits()
    }
    if next | 0x20 == UInt8(ascii: "e") {
      position += 1
      if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { position += 1 }
      try someDigits()
    }
    return try double(start..<position)
  }

  private var isDigit: Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= next }

  private mutating func wholePart() throws(JSONFault) {
    guard next == UInt8(ascii: "0") else { return try someDigits() }
    position += 1
    if isDigit {
      throw fault(
        "A number does not begin with 0 and another digit.",
        pt: "Um número não começa com 0 seguido de outro dígito.", at: position - 1)
    }
  }

  private mutating func someDigits() throws(JSONFault) {
    guard isDigit else { throw fault("A digit is expected here.", pt: "Aqui se espera um dígito.") }
    repeat { position += 1 } while isDigit
  }

  /// Nil where the number does not fit.
  private func integer(_ digits: Range<Int>, isNegative: Bool) -> Int64? {
    var value: Int64 = 0
    for index in digits {
      let digit = Int64(bytes[index] - UInt8(ascii: "0"))
      let (tens, tooLarge) = value.multipliedReportingOverflow(by: 10)
      let (sum, overflow) =
        isNegative ? tens.subtractingReportingOverflow(digit) : tens.addingReportingOverflow(digit)
      if tooLarge || overflow { return nil }
      value = sum
    }
    return value
  }

  private func double(_ range: Range<Int>) throws(JSONFault) -> JSON {
    if let value = shortDouble(range) { return .double(value) }
    guard let value = Double(String(decoding: bytes[range], as: UTF8.self)), value.isFinite else {
      throw fault(
        "The number is too large.", pt: "O número é grande demais.", at: range.lowerBound)
    }
    return .double(value)
  }

  /// Exact without a general conversion: up to 15 digits are a whole `Double`, powers of ten up to 22 too,
  /// and one division or multiplication of exact values is rounded right.
  private func shortDouble(_ range: Range<Int>) -> Double? {
    var value: Int64 = 0
    var scale = 0
    var fraction = false
    for index in range {
      switch bytes[index] {
      case UInt8(ascii: "0")...UInt8(ascii: "9"):
        value = value * 10 + Int64(bytes[index] - UInt8(ascii: "0"))
        if value >= 1_000_000_000_000_000 { return nil }
        if fraction { scale += 1 }
      case UInt8(ascii: "."): fraction = true
      case UInt8(ascii: "-"): break
      case _: return nil
      }
    }
    guard scale < Self.powersOfTen.count else { return nil }
    let magnitude = Double(value) / Self.powersOfTen[scale]
    return bytes[range.lowerBound] == UInt8(ascii: "-") ? -magnitude : magnitude
  }

  private static let powersOfTen: [Double] = [
    1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
  ]
}

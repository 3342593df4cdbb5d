extension Duration {
  /// Reads `90s`, `5m`, `2h`, `1d`, `3.5s`, `250ms`, `1h30m`, also with a minus before all.
  ///
  /// Units: `d h m s ms us ns`, a day being 24 hours. Nil for anything else, for more than nine decimals and
  /// for more seconds than `Int64` has nanoseconds (292 years).
  public init?(text: String) {
    var rest = text.utf8[...]
    let isNegative = rest.first == UInt8(ascii: "-")
    if isNegative { rest.removeFirst() }
    guard !rest.isEmpty else { return nil }
    var total: Int64 = 0
    while !rest.isEmpty {
      guard let part = Self.nanoseconds(&rest) else { return nil }
      let (sum, overflow) = total.addingReportingOverflow(part)
      if overflow { return nil }
      total = sum
    }
    self = .nanoseconds(isNegative ? -total : total)
  }

  /// The shortest text in one unit that `init(text:)` reads back: `90s`, `5m`, `1d`, `250ms`, `3.5s`.
  ///
  /// What is finer than a nanosecond is cut off.
  public var text: String {
    let (seconds, attoseconds) = components
    if attoseconds != 0 {
      let isMilliseconds = seconds == 0 && attoseconds % 1_000_000_000_000_000 == 0
      return isMilliseconds ? "\(attoseconds / 1_000_000_000_000_000)ms" : secondsText
    }
    for (name, size) in [("d", Int64(86_400)), ("h", 3600), ("m", 60)]
    where seconds != 0 && seconds.isMultiple(of: size) {
      return "\(seconds / size)\(name)"
    }
    return "\(seconds)s"
  }

  /// Always in seconds: `5400s`, `3.5s`. The form of JSON output and expressions.
  public var secondsText: String {
    let (seconds, attoseconds) = components
    let nanoseconds = Int((attoseconds / 1_000_000_000).magnitude)
    let sign = seconds < 0 || attoseconds <= -1_000_000_000 ? "-" : ""
    if nanoseconds == 0 { return "\(sign)\(seconds.magnitude)s" }
    var digits = padded(nanoseconds, 9)
    while digits.hasSuffix("0") { digits.removeLast() }
    return "\(sign)\(seconds.magnitude).\(digits)s"
  }

  /// One number and its unit from the front.
  private static func nanoseconds(_ text: inout Substring.UTF8View) -> Int64? {
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    let whole = text.prefix { digits.contains($0) }
    text.removeFirst(whole.count)
    guard let count = Int64(String(decoding: whole, as: UTF8.self)) else { return nil }
    var reader = DigitReader(text: text)
    let fraction = reader.take(".") ? reader.fraction() : 0
    let letters = reader.text.prefix { UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 }
    guard let fraction, let unit = size(ofUnit: String(decoding: letters, as: UTF8.self)) else { return nil }
    text = reader.text.dropFirst(letters.count)
    let (main, tooLarge) = count.multipliedReportingOverflow(by: unit)
    let more = fraction == 0 ? 0 : (Int128(fraction) * Int128(unit)) / 1_000_000_000
    let (sum, overflow) = main.addingReportingOverflow(Int64(more))
    return tooLarge || overflow ? nil : sum
  }

  private static func size(ofUnit unit: String) -> Int64? {
    switch unit {
    case "ns": 1
    case "us": 1000
    case "ms": 1_000_000
    case "s": 1_000_000_000
    case "m": 60_000_000_000
    case "h": 3_600_000_000_000
    case "d": 86_400_000_000_000
    case _: nil
    }
  }
}

import Model

/// Timestamps and durations: arithmetic, and what a clock in a zone shows.
enum Times {
  static let functions: [Function] =
    [
      part("getFullYear") { Int64($0.date.year) },
      part("getMonth") { Int64($0.date.month - 1) },
      part("getDate") { Int64($0.date.day) },
      part("getDayOfMonth") { Int64($0.date.day - 1) },
      part("getDayOfWeek") { Int64($0.date.weekday) },
      part("getDayOfYear") { Int64($0.date.dayOfYear - 1) },
    ] + [
      clock("getHours", { Int64($0.hour) }, { $0 / 3_600_000_000_000 }),
      clock("getMinutes", { Int64($0.minute) }, { $0 / 60_000_000_000 }),
      clock("getSeconds", { Int64($0.second) }, { $0 / 1_000_000_000 }),
      clock("getMilliseconds", { Int64($0.nanosecond / 1_000_000) }, { $0 / 1_000_000 % 1_000 }),
    ]

  /// The years 1 to 9999, which RFC 3339 can write.
  static let seconds: ClosedRange<Int64> = -62_135_596_800...253_402_300_799

  private static func part(_ name: String, _ read: @escaping @Sendable (CivilTime) -> Int64) -> Function {
    Function(
      "." + name, "(timestamp) -> int", "(timestamp, string) -> int",
      unary: { value, frame throws(ExpressionError) in try civil(value, in: nil, frame).map { .int(read($0)) }
      },
      binary: { value, zone, frame throws(ExpressionError) in
        guard case .string(let name) = zone else { return nil }
        return try civil(value, in: name, frame).map { .int(read($0)) }
      })
  }

  private static func clock(
    _ name: String, _ read: @escaping @Sendable (CivilTime) -> Int64,
    _ measure: @escaping @Sendable (Int64) -> Int64
  ) -> Function {
    let base = part(name, read)
    return Function(
      "." + name, "(timestamp) -> int", "(timestamp, string) -> int", "(duration) -> int",
      unary: { value, frame throws(ExpressionError) in
        if case .duration(let seconds, let nanoseconds) = value {
          return .int(measure(seconds &* 1_000_000_000 &+ Int64(nanoseconds)))
        }
        return try base.unary?(value, &frame)
      }, binary: base.binary)
  }

  /// What a clock in this zone shows; nil for what is no timestamp.
  static func civil(_ value: Value, in zone: String?, _ frame: Frame) throws(ExpressionError) -> CivilTime? {
    guard case .timestamp(let seconds, let nanoseconds) = value else { return nil }
    let offset =
      try zone.map { name throws(ExpressionError) in try self.zone(name, frame).offset(at: seconds) } ?? 0
    return CivilTime(seconds: seconds, nanosecond: Int(nanoseconds), offset: offset)
  }

  /// An IANA name, `UTC`, or an offset such as `-03:00`.
  static func zone(_ name: String, _ frame: Frame) throws(ExpressionError) -> Zone {
    if name == "UTC" || name == "Z" || name.isEmpty { return .utc }
    if let offset = offset(name) { return Zone(name: name, offset: offset) }
    if let zone = frame.zones.zone(name) { return zone }
    throw frame.failure(
      "There is no time zone `\(name)`.", pt: "Não existe o fuso horário `\(name)`.",
      remedy: Bilingual(
        "Write America/Sao_Paulo, UTC or -03:00.", pt: "Escreva America/Sao_Paulo, UTC ou -03:00."))
  }

  private static func offset(_ text: String) -> Int? {
    let isWest = text.hasPrefix("-")
    let digits = isWest || text.hasPrefix("+") ? text.dropFirst() : text[...]
    let parts = digits.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, parts.allSatisfy({ $0.utf8.count == 2 && $0.utf8.allSatisfy(\.isDigit) }),
      let hours = Int(parts[0]), let minutes = Int(parts[1]), hours < 24, minutes < 60
    else { return nil }
    return (hours * 3600 + minutes * 60) * (isWest ? -1 : 1)
  }

  // Arithmetic

  static func timestamp(seconds: Int64, nanoseconds: Int64, _ frame: Frame) throws(ExpressionError) -> Value {
    let (carry, rest) = floored(nanoseconds)
    let (sum, overflow) = seconds.addingReportingOverflow(carry)
    guard !overflow, self.seconds.contains(sum) else {
      throw frame.failure(
        "A timestamp lies in the years 1 to 9999.", pt: "Um timestamp fica nos anos 1 a 9999.")
    }
    return .timestamp(seconds: sum, nanoseconds: rest)
  }

  private static func floored(_ nanoseconds: Int64) -> (seconds: Int64, rest: Int32) {
    let (quotient, remainder) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
    return remainder < 0 ? (quotient - 1, Int32(remainder + 1_000_000_000)) : (quotient, Int32(remainder))
  }

  static func duration(seconds: Int64, nanoseconds: Int64, _ frame: Frame) throws(ExpressionError) -> Value {
    let (scaled, tooLarge) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, overflow) = scaled.addingReportingOverflow(nanoseconds)
    guard !tooLarge, !overflow else {
      throw frame.failure("A duration has at most 292 years.", pt: "Uma duração tem no máximo 292 anos.")
    }
    return .duration(seconds: sum / 1_000_000_000, nanoseconds: Int32(sum % 1_000_000_000))
  }

  static func duration(_ duration: Duration) -> Value {
    let (seconds, attoseconds) = duration.components
    return .duration(seconds: seconds, nanoseconds: Int32(attoseconds / 1_000_000_000))
  }

  /// Nil where the two are not a timestamp and a duration.
  static func moved(
    _ time: Value, by duration: Value, forward: Bool, _ frame: Frame
  ) throws(ExpressionError) -> Value? {
    guard case .timestamp(let s, let n) = time, case .duration(let t, let m) = duration else { return nil }
    let sign: Int64 = forward ? 1 : -1
    return try timestamp(seconds: s + sign * t, nanoseconds: Int64(n) + sign * Int64(m), frame)
  }

  static func sum(_ a: Value, _ b: Value, negated: Bool, _ frame: Frame) throws(ExpressionError) -> Value? {
    guard case .duration(let s, let n) = a, case .duration(let t, let m) = b else { return nil }
    let sign: Int64 = negated ? -1 : 1
    return try duration(seconds: s + sign * t, nanoseconds: Int64(n) + sign * Int64(m), frame)
  }

  // Text

  static func text(seconds: Int64, nanoseconds: Int32) -> String {
    RFC3339(seconds: seconds, nanosecond: Int(nanoseconds)).text
  }

  static func durationText(seconds: Int64, nanoseconds: Int32) -> String {
    (Duration.seconds(seconds) + .nanoseconds(Int64(nanoseconds))).secondsText
  }
}

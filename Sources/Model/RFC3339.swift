/// A moment as RFC 3339 writes it: `2026-11-20T19:00:00.25-03:00`.
public struct RFC3339: Hashable, Sendable {
  /// Since 1970 UTC.
  public var seconds: Int64
  public var nanosecond: Int
  /// Seconds east of UTC at which it was written.
  public var offset: Int

  public init(seconds: Int64, nanosecond: Int = 0, offset: Int = 0) {
    (self.seconds, self.nanosecond, self.offset) = (seconds, nanosecond, offset)
  }

  /// Nil for anything else: a missing zone, a space for the `T`, a second 60, more than nine decimals, and a
  /// moment whose year in UTC has no four digits, since nobody could write it.
  public init?(_ text: String) {
    var reader = DigitReader(text: text.utf8[...])
    guard let date = reader.date(), reader.take("T") || reader.take("t"), var time = reader.time(on: date)
    else { return nil }
    if reader.take(".") {
      guard let fraction = reader.fraction() else { return nil }
      time.nanosecond = fraction
    }
    guard let offset = reader.offset(), reader.text.isEmpty else { return nil }
    let seconds = time.seconds - Int64(offset)
    guard Self.writable.contains(seconds) else { return nil }
    self.init(seconds: seconds, nanosecond: time.nanosecond, offset: offset)
  }

  /// The years 0 to 9999 in UTC.
  private static let writable =
    CivilDate(year: 0, month: 1, day: 1).daysSince1970 * 86_400..<CivilDate(year: 10_000, month: 1, day: 1)
    .daysSince1970 * 86_400

  /// The shortest form: decimals only where they are not zero, `Z` where the offset is zero.
  public var text: String {
    let time = CivilTime(seconds: seconds, nanosecond: nanosecond, offset: offset)
    // Every job and every message has several: a `String` for each part would cost ten times as much.
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Self.longest)
    time.date.write(to: &bytes)
    bytes.append(UInt8(ascii: "T"))
    bytes.append(time.hour, width: 2)
    bytes.append(UInt8(ascii: ":"))
    bytes.append(time.minute, width: 2)
    bytes.append(UInt8(ascii: ":"))
    bytes.append(time.second, width: 2)
    writeDecimals(to: &bytes)
    writeZone(to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// `2026-11-20T19:00:00.123456789-03:00`
  private static let longest = 35

  private func writeDecimals(to bytes: inout [UInt8]) {
    if nanosecond == 0 { return }
    bytes.append(UInt8(ascii: "."))
    var (rest, unit) = (nanosecond, 100_000_000)
    while rest > 0 {
      bytes.append(UInt8(ascii: "0") + UInt8(rest / unit))
      (rest, unit) = (rest % unit, unit / 10)
    }
  }

  private func writeZone(to bytes: inout [UInt8]) {
    if offset == 0 { return bytes.append(UInt8(ascii: "Z")) }
    let minutes = Int(offset.magnitude) / 60
    bytes.append(offset < 0 ? UInt8(ascii: "-") : UInt8(ascii: "+"))
    bytes.append(minutes / 60, width: 2)
    bytes.append(UInt8(ascii: ":"))
    bytes.append(minutes % 60, width: 2)
  }
}

extension Timestamp {
  /// Any offset is taken; what is finer than a microsecond is cut off. Nil for anything but RFC 3339.
  public init?(rfc3339 text: String) {
    guard let moment = RFC3339(text) else { return nil }
    self.init(microseconds: moment.seconds * 1_000_000 + Int64(moment.nanosecond / 1000))
  }

  /// In UTC: `2026-11-20T22:00:00.25Z`.
  public var rfc3339: String { rfc3339(offset: 0) }

  /// As a clock `offset` seconds east of UTC shows it.
  public func rfc3339(offset: Int) -> String {
    let seconds = ZoneRule.floor(microseconds, 1_000_000)
    let rest = Int(microseconds &- seconds &* 1_000_000)
    return RFC3339(seconds: seconds, nanosecond: rest * 1000, offset: offset).text
  }
}

/// Numbers of a fixed width, taken from the front.
struct DigitReader {
  var text: Substring.UTF8View

  mutating func take(_ letter: Unicode.Scalar) -> Bool {
    guard let byte = text.first, UInt32(byte) == letter.value else { return false }
    text.removeFirst()
    return true
  }

  mutating func number(_ width: Int) -> Int? {
    let digits = text.prefix(width)
    guard digits.count == width else { return nil }
    var value = 0
    for digit in digits {
      guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= digit else { return nil }
      value = value * 10 + Int(digit - UInt8(ascii: "0"))
    }
    text.removeFirst(width)
    return value
  }

  mutating func date() -> CivilDate? {
    guard let year = number(4), take("-"), let month = number(2), take("-"), let day = number(2) else {
      return nil
    }
    return CivilDate(checking: year, month, day)
  }

  mutating func time(on date: CivilDate) -> CivilTime? {
    guard let hour = number(2), take(":"), let minute = number(2), take(":"), let second = number(2),
      hour < 24, minute < 60, second < 60
    else { return nil }
    return CivilTime(date: date, hour: hour, minute: minute, second: second)
  }

  /// One to nine decimals, as nanoseconds.
  mutating func fraction() -> Int? {
    let count = text.prefix { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }.count
    guard 1...9 ~= count, var value = number(count) else { return nil }
    for _ in count..<9 { value *= 10 }
    return value
  }

  /// `Z` or `+hh:mm`, in seconds.
  mutating func offset() -> Int? {
    if take("Z") || take("z") { return 0 }
    let isWest = take("-")
    guard isWest || take("+"), let hours = number(2), take(":"), let minutes = number(2), hours < 24,
      minutes < 60
    else { return nil }
    return (hours * 3600 + minutes * 60) * (isWest ? -1 : 1)
  }
}

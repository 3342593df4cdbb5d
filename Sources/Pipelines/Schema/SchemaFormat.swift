/// The values of `format`, each of which is checked.
enum SchemaFormat: String, Sendable, CaseIterable {
  case date
  case dateTime = "date-time"
  case time, duration, uuid, uri, email

  func accepts(_ text: String) -> Bool {
    var reader = FormatReader(text)
    switch self {
    case .date: return reader.date() && reader.isAtEnd
    case .time: return reader.time() && reader.isAtEnd
    case .dateTime: return reader.date() && reader.take("Tt ") && reader.time() && reader.isAtEnd
    case .duration: return reader.duration() && reader.isAtEnd
    case .uuid: return reader.uuid() && reader.isAtEnd
    case .uri: return reader.uri()
    case .email: return reader.email()
    }
  }
}

/// Reads one text from its start; each function takes what it names, and says whether it was there.
private struct FormatReader {
  private var rest: ArraySlice<UInt8>

  init(_ text: String) { rest = Array(text.utf8)[...] }

  var isAtEnd: Bool { rest.isEmpty }

  mutating func take(_ letters: String) -> Bool {
    guard let next = rest.first, letters.utf8.contains(next) else { return false }
    rest.removeFirst()
    return true
  }

  private mutating func number(digits: Int) -> Int? {
    guard rest.count >= digits, rest.prefix(digits).allSatisfy({ (0x30...0x39).contains($0) }) else {
      return nil
    }
    defer { rest = rest.dropFirst(digits) }
    return rest.prefix(digits).reduce(0) { $0 * 10 + Int($1 - 0x30) }
  }

  mutating func date() -> Bool {
    guard let year = number(digits: 4), take("-"), let month = number(digits: 2), take("-"),
      let day = number(digits: 2), (1...12).contains(month)
    else { return false }
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    return (1...days[month - 1]).contains(day)
  }

  /// RFC 3339: a zone is part of it. Second 60 is taken where a leap second can be.
  mutating func time() -> Bool {
    guard let hour = number(digits: 2), take(":"), let minute = number(digits: 2), take(":"),
      let second = number(digits: 2), hour < 24, minute < 60, second <= 60
    else { return false }
    if take(".") {
      let digits = rest.prefix { (0x30...0x39).contains($0) }.count
      if digits == 0 { return false }
      rest = rest.dropFirst(digits)
    }
    if take("Zz") { return second < 60 || (hour == 23 && minute == 59) }
    guard let sign = rest.first, take("+-"), let zoneHour = number(digits: 2), take(":"),
      let zoneMinute = number(digits: 2), zoneHour < 24, zoneMinute < 60
    else { return false }
    let offset = (zoneHour * 60 + zoneMinute) * (sign == UInt8(ascii: "-") ? -1 : 1)
    let minuteInUTC = ((hour * 60 + minute - offset) % 1440 + 1440) % 1440
    return second < 60 || minuteInUTC == 1439
  }

  /// ISO 8601 as RFC 3339 appendix A writes it: `P3Y6M4DT12H30M5S`, or weeks alone.
  mutating func duration() -> Bool {
    guard take("P") else { return false }
    var units = Array("YMWD".utf8)[...]
    var (seen, inTime, usesWeeks) = (0, false, false)
    while !rest.isEmpty {
      if !inTime, take("T") {
        (inTime, units) = (true, Array("HMS".utf8)[...])
        if rest.isEmpty { return false }
        continue
      }
      let digits = rest.prefix { (0x30...0x39).contains($0) }.count
      rest = rest.dropFirst(digits)
      guard digits > 0, let unit = rest.first, let place = units.firstIndex(of: unit) else { return false }
      rest.removeFirst()
      units = units[(place + 1)...]
      usesWeeks = usesWeeks || unit == UInt8(ascii: "W")
      seen += 1
    }
    return seen > 0 && (!usesWeeks || seen == 1)
  }

  mutating func uuid() -> Bool {
    for (index, length) in [8, 4, 4, 4, 12].enumerated() {
      if index > 0, !take("-") { return false }
      guard rest.count >= length, rest.prefix(length).allSatisfy(Self.isHexadecimal) else { return false }
      rest = rest.dropFirst(length)
    }
    return true
  }

  /// RFC 3986: a scheme, a colon, and only characters that may stand in a URI.
  mutating func uri() -> Bool {
    guard let first = rest.first, Self.isLetter(first) else { return false }
    let scheme = rest.prefix { Self.isLetter($0) || (0x30...0x39).contains($0) || "+-.".utf8.contains($0) }
    rest = rest.dropFirst(scheme.count)
    guard take(":") else { return false }
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%") {
        guard rest.count >= 2, rest.prefix(2).allSatisfy(Self.isHexadecimal) else { return false }
        rest = rest.dropFirst(2)
        continue
      }
      let isPlain = Self.isLetter(byte) || (0x30...0x39).contains(byte)
      guard isPlain || "-._~:/?#[]@!$&'()*+,;=".utf8.contains(byte) else { return false }
    }
    return true
  }

  /// One name of RFC 5321's plain form, an @, and a domain of labels.
  mutating func email() -> Bool {
    guard rest.count <= 254, let at = rest.lastIndex(of: UInt8(ascii: "@")) else { return false }
    let (name, domain) = (rest[..<at], rest[(at + 1)...])
    let dot = UInt8(ascii: ".")
    guard (1...64).contains(name.count), name.first != dot, name.last != dot else { return false }
    guard !zip(name, name.dropFirst()).contains(where: { $0 == dot && $1 == dot }) else { return false }
    let special = "!#$%&'*+-/=?^_`{|}~.".utf8
    guard name.allSatisfy({ Self.isLetter($0) || (0x30...0x39).contains($0) || special.contains($0) }) else {
      return false
    }
    return domain.split(separator: dot, omittingEmptySubsequences: false).allSatisfy { label in
      let hyphen = UInt8(ascii: "-")
      return (1...63).contains(label.count) && label.first != hyphen && label.last != hyphen
        && label.allSatisfy { Self.isLetter($0) || (0x30...0x39).contains($0) || $0 == hyphen }
    }
  }

  private static func isLetter(_ byte: UInt8) -> Bool { (0x41...0x5A).contains(byte & 0xDF) && byte < 0x80 }
  private static func isHexadecimal(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || ((0x41...0x46).contains(byte & 0xDF) && byte >= 0x41)
  }
}

import Model

@testable import Connectors

/// A line is taken or refused by its words alone, whatever the spaces between them, and what is taken is due
/// at ascending moments.
enum CronBody {
  @Sendable static func check(_ bytes: [UInt8]) throws(Broken) {
    for dialect in Cron.Dialect.allCases { try check(bytes.decoded, dialect) }
  }

  private static func check(_ text: String, _ dialect: Cron.Dialect) throws(Broken) {
    guard let cron = read(text, dialect) else { return }
    let spaced =
      "  " + text.utf8.split { $0 == 0x20 || $0 == 0x09 }.map { String($0) ?? "" }.joined(separator: "   ")
    try promise(read(spaced, dialect) != nil || spaced.utf8.count > 256, "Spaces change \(text).")
    try promise(text.utf8.allSatisfy(isLetter), "\(text) has a letter that no cron line has.")
    var last = Timestamp(microseconds: 1_772_000_000_000_000)
    for _ in 0..<20 {
      guard let due = cron.next(after: last, in: zone) else { break }
      try promise(due.at > last, "\(text) is due at \(due.at.rfc3339) behind \(last.rfc3339).")
      last = due.at
    }
  }

  private static func read(_ text: String, _ dialect: Cron.Dialect) -> Cron? {
    do throws(CronFault) { return try Cron(text, dialect: dialect, seed: "demo/a") } catch { return nil }
  }

  /// One that puts its clocks forward and back.
  private static let zone =
    ZoneDatabase { SmallFile.read("/usr/share/zoneinfo/\($0)", limit: 1 << 20) }
    .zone("America/New_York") ?? .utc

  private static func isLetter(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "A")...UInt8(ascii: "Z"):
      true
    case _: " \t,-*/?#()@.".utf8.contains(byte)
    }
  }
}

/// Both forms in which a duration is written read as the same.
enum DurationBody {
  @Sendable static func check(_ bytes: [UInt8]) throws(Broken) {
    guard let duration = Duration(text: bytes.decoded) else { return }
    for text in [duration.text, duration.secondsText] {
      try promise(Duration(text: text) == duration, "\(duration) is written \(text).")
    }
  }
}

/// A moment is written so that it reads as the same, at its own offset and in UTC.
enum MomentBody {
  @Sendable static func check(_ bytes: [UInt8]) throws(Broken) {
    let text = bytes.decoded
    if let moment = RFC3339(text) {
      try promise(RFC3339(moment.text) == moment, "\(text) is written \(moment.text).")
    }
    if let time = Timestamp(rfc3339: text) {
      try promise(Timestamp(rfc3339: time.rfc3339) == time, "\(text) is written \(time.rfc3339).")
    }
    if let date = CivilDate(text) {
      try promise(date.text == text, "\(text) is written \(date.text).")
      try promise(CivilDate(daysSince1970: date.daysSince1970) == date, "\(text) is another day.")
    }
  }
}

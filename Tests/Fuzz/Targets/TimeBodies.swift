import Model

@testable import Pipelines

/// A line is taken or refused by its words alone, whatever the spaces between them.
enum CronBody {
  @Sendable static func check(_ bytes: [UInt8]) throws(Broken) {
    let text = bytes.decoded
    let isTaken = CronSyntax.fault(in: text) == nil
    let words = text.split(separator: " ").map(String.init)
    let spaced = "  " + words.joined(separator: "   ")
    try promise((CronSyntax.fault(in: spaced) == nil) == isTaken, "Spaces change \(text).")
    guard isTaken else { return }
    try promise(
      text.utf8.allSatisfy(isLetter), "\(text) has a letter that no cron line has.")
    for word in words {
      // A field that is taken is also taken as a part of a list.
      let field = words.map { $0 == word ? "\($0),\($0)" : $0 }
      try promise(CronSyntax.fault(in: field.joined(separator: " ")) == nil, "\(field) is refused.")
    }
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "A")...UInt8(ascii: "Z"):
      true
    case _: " ,-*/".utf8.contains(byte)
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

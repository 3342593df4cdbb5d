/// When something is due again and again: a line as cron has it, or a distance.
///
/// The line is read as Vixie's cron reads it (`man 5 crontab`): five fields, names, lists, ranges, steps,
/// `@hourly … @yearly`. Where both days, of the month and of the week, are restricted, one of them is enough.
/// From Jenkins come `H`, `H(a-b)` and `H/n`: a place that the seed decides, so that many schedules do not
/// start in the same minute. `@every 90s` counts from 1970-01-01T00:00Z, so that all nodes count alike.
///
/// Where clocks change, a schedule whose hours are not restricted (`*`, `*/n`, `H/n`) follows real time: what
/// the clock skips does not happen, what it shows twice happens twice. Any other is due once for each time
/// that it names: at the first moment after a gap, and at the first of two.
public struct Cron: Sendable, Hashable {
  public enum Dialect: String, Sendable, Hashable, CaseIterable {
    /// Five fields: minute, hour, day of the month, month, day of the week (0 and 7 are Sunday).
    case unix
    /// Six: the same behind the second.
    case seconds
    /// Six or seven, as Quartz has them: the second first, perhaps the year last, Sunday is 1; `?`, `L`, `W`,
    /// `#`.
    case quartz
  }

  enum Rule: Sendable, Hashable {
    case fields(CronFields)
    /// Seconds.
    case every(Int64)
  }

  /// As it was written.
  public let text: String
  let rule: Rule

  /// - Parameter seed: decides the places of `H`, such as the id of the schedule.
  public init(_ text: String, dialect: Dialect = .unix, seed: String = "") throws(CronFault) {
    var reader = try CronReader(text, dialect: dialect, seed: seed)
    self.text = text
    rule = try reader.rule()
  }

  /// A number below `count` that a text decides, always the same and evenly spread: what `H` and jitter use.
  public static func spread(_ seed: String, below count: UInt64) -> UInt64 {
    count == 0 ? 0 : CronField.hash(seed, .second) % count
  }

  /// The first moment behind `moment` at which it is due. Nil where there is none within a hundred years.
  public func next(after moment: Timestamp, in zone: Zone) -> DueTime? {
    let seconds = moment.wholeSeconds
    switch rule {
    case .every(let distance):
      return DueTime(seconds: (ZoneRule.floor(seconds, distance) + 1) * distance, note: nil)
    case .fields(let fields):
      return fields.followsRealTime
        ? fields.nextInRealTime(after: seconds, zone) : fields.nextOfClock(after: seconds, zone)
    }
  }
}

/// A moment at which a schedule is due.
public struct DueTime: Sendable, Hashable {
  public var at: Timestamp
  public var note: Note?

  /// What a change of the clocks did to it.
  public enum Note: Sendable, Hashable {
    /// The clock never shows the time that the schedule names; this is the first moment after the gap.
    case moved(from: CivilTime)
    /// The clock shows this time twice, and the schedule is due at the first alone.
    case onlyFirst
    /// The clock shows this time twice, and this is the first or second time.
    case first
    case second
  }

  init(seconds: Int64, note: Note?) { (at, self.note) = (Timestamp(microseconds: seconds * 1_000_000), note) }
}

/// Why a line is none.
public struct CronFault: Error, Sendable, Hashable {
  public var message: Bilingual
  public var remedy: Bilingual
  /// Where in the text, in UTF-8 bytes.
  public var range: Range<Int>
}

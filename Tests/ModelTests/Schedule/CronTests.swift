import Model
import Testing

@Suite("A cron line", .timeLimit(.minutes(1)))
struct CronTests {
  /// The next moments, on the zone's clock.
  static func next(
    _ line: String, _ dialect: Cron.Dialect = .unix, zone: String = "UTC", after start: String,
    count: Int = 3,
    seed: String = ""
  ) throws -> [String] {
    let cron = try Cron(line, dialect: dialect, seed: seed)
    let zone = try #require(ZoneTests.database.zone(zone))
    var moment = try #require(Timestamp(rfc3339: start))
    var found: [String] = []
    while found.count < count, let due = cron.next(after: moment, in: zone) {
      moment = due.at
      let clock = moment.rfc3339(offset: zone.offset(at: moment.wholeSeconds))
      found.append(clock + (due.note.map { " \(Self.word($0))" } ?? ""))
    }
    return found
  }

  private static func word(_ note: DueTime.Note) -> String {
    switch note {
    case .moved(let wanted): "instead of \(wanted.hour):\(wanted.minute)"
    case .onlyFirst: "once"
    case .first: "first"
    case .second: "second"
    }
  }

  @Test(
    "is read as the manual of cron says",
    arguments: [
      ("*/20 9-10 * * *", ["2026-01-01T09:00:00Z", "2026-01-01T09:20:00Z", "2026-01-01T09:40:00Z"]),
      ("5/25 0 1 JAN *", ["2026-01-01T00:05:00Z", "2026-01-01T00:30:00Z", "2026-01-01T00:55:00Z"]),
      ("0 0 * * 7", ["2026-01-04T00:00:00Z", "2026-01-11T00:00:00Z", "2026-01-18T00:00:00Z"]),
      ("0 0 * * fri-sat", ["2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z", "2026-01-09T00:00:00Z"]),
      // Both days restricted: one of them is enough.
      ("0 0 13 * 5", ["2026-01-02T00:00:00Z", "2026-01-09T00:00:00Z", "2026-01-13T00:00:00Z"]),
      // A star with a step restricts nothing beside the other day.
      ("0 0 */2 * 5", ["2026-01-09T00:00:00Z", "2026-01-23T00:00:00Z", "2026-02-13T00:00:00Z"]),
      ("0 0 29 2 *", ["2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z", "2036-02-29T00:00:00Z"]),
      ("@monthly", ["2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z"]),
      ("@every 36h", ["2026-01-02T12:00:00Z", "2026-01-04T00:00:00Z", "2026-01-05T12:00:00Z"]),
    ])
  func read(line: String, expected: [String]) throws {
    #expect(try Self.next(line, after: "2026-01-01T00:00:00Z") == expected)
  }

  @Test(
    "may begin with seconds, or be of Quartz, where it says so",
    arguments: [
      (Cron.Dialect.seconds, "*/30 0 0 * * *", ["2026-01-01T00:00:30Z", "2026-01-02T00:00:00Z"]),
      (.quartz, "0 0 12 L * ?", ["2026-01-31T12:00:00Z", "2026-02-28T12:00:00Z"]),
      (.quartz, "0 0 12 L-3 * ?", ["2026-01-28T12:00:00Z", "2026-02-25T12:00:00Z"]),
      (.quartz, "0 0 12 LW * ?", ["2026-01-30T12:00:00Z", "2026-02-27T12:00:00Z"]),
      // 1 February 2026 is a Sunday, 1 August a Saturday: never into another month.
      (.quartz, "0 0 12 1W FEB,AUG ?", ["2026-02-02T12:00:00Z", "2026-08-03T12:00:00Z"]),
      (.quartz, "0 0 12 ? * 6#3", ["2026-01-16T12:00:00Z", "2026-02-20T12:00:00Z"]),
      (.quartz, "0 0 12 ? * FRIL", ["2026-01-30T12:00:00Z", "2026-02-27T12:00:00Z"]),
      // Sunday is 1 there.
      (.quartz, "0 0 12 ? * 1", ["2026-01-04T12:00:00Z", "2026-01-11T12:00:00Z"]),
      (.quartz, "0 0 0 1 1 ? 2030/5", ["2030-01-01T00:00:00Z", "2035-01-01T00:00:00Z"]),
    ])
  func dialects(dialect: Cron.Dialect, line: String, expected: [String]) throws {
    #expect(try Self.next(line, dialect, after: "2026-01-01T00:00:00Z", count: 2) == expected)
  }

  @Test("is over when its years are")
  func over() throws {
    #expect(
      try Self.next("0 0 0 1 1 ? 2027", .quartz, after: "2026-01-01T00:00:00Z") == ["2027-01-01T00:00:00Z"])
  }

  @Test("spreads H by the seed, always the same, and within its range")
  func spread() throws {
    func minutes(_ seed: String) throws -> [String] {
      try Self.next("H H(2-4) * * *", after: "2026-01-01T00:00:00Z", count: 2, seed: seed)
    }
    #expect(try minutes("demo/a") == minutes("demo/a"))
    let all = try (0..<200).map { try minutes("demo/p\($0)")[0] }
    #expect(Set(all).count > 100)
    #expect(all.allSatisfy { "02" <= $0.dropFirst(11).prefix(2) && $0.dropFirst(11).prefix(2) <= "04" })
    let quarters = try Self.next("H/15 * * * *", after: "2026-01-01T00:00:00Z", count: 5, seed: "demo/a")
    #expect(Set(quarters.map { $0.dropFirst(14).prefix(2) }).count == 4)
  }

  @Test(
    "meets the changes of the clocks",
    arguments: [
      // New York leaves out 02:00 to 03:00 on 8 March 2026, and has 01:00 to 02:00 twice on 1 November.
      (
        "30 2 * * *", "America/New_York", "2026-03-07T12:00:00Z",
        ["2026-03-08T03:00:00-04:00 instead of 2:30", "2026-03-09T02:30:00-04:00"]
      ),
      // Two times in one gap are one.
      (
        "0,30 2 * * *", "America/New_York", "2026-03-07T12:00:00Z",
        ["2026-03-08T03:00:00-04:00 instead of 2:0", "2026-03-09T02:00:00-04:00"]
      ),
      (
        "0 2,3 * * *", "America/New_York", "2026-03-07T12:00:00Z",
        ["2026-03-08T03:00:00-04:00 instead of 2:0", "2026-03-09T02:00:00-04:00"]
      ),
      (
        "30 1 * * *", "America/New_York", "2026-10-31T12:00:00Z",
        ["2026-11-01T01:30:00-04:00 once", "2026-11-02T01:30:00-05:00"]
      ),
      (
        "30 * * * *", "America/New_York", "2026-11-01T05:00:00Z",
        [
          "2026-11-01T01:30:00-04:00 first", "2026-11-01T01:30:00-05:00 second", "2026-11-01T02:30:00-05:00",
        ]
      ),
      (
        "30 * * * *", "America/New_York", "2026-03-08T06:00:00Z",
        ["2026-03-08T01:30:00-05:00", "2026-03-08T03:30:00-04:00"]
      ),
      // São Paulo put its clocks forward at midnight, and has not since 2019.
      (
        "0 0 * * *", "America/Sao_Paulo", "2018-11-03T12:00:00Z",
        ["2018-11-04T01:00:00-02:00 instead of 0:0", "2018-11-05T00:00:00-02:00"]
      ),
      (
        "0 0 * * *", "America/Sao_Paulo", "2026-10-31T12:00:00Z",
        ["2026-11-01T00:00:00-03:00", "2026-11-02T00:00:00-03:00"]
      ),
      // Samoa left out the whole of 30 December 2011; Lord Howe puts its clocks by half an hour.
      (
        "0 12 30 12 *", "Pacific/Apia", "2011-12-01T00:00:00Z",
        ["2011-12-31T00:00:00+14:00 instead of 12:0", "2012-12-30T12:00:00+14:00"]
      ),
      (
        "15 2 * * *", "Australia/Lord_Howe", "2026-10-02T16:00:00Z",
        ["2026-10-04T02:30:00+11:00 instead of 2:15", "2026-10-05T02:15:00+11:00"]
      ),
    ])
  func clocks(line: String, zone: String, start: String, expected: [String]) throws {
    #expect(try Self.next(line, zone: zone, after: start, count: expected.count) == expected)
  }

  @Test(
    "that cannot be read is told at its place",
    arguments: [
      (Cron.Dialect.unix, "* * * *", 0..<7), (.unix, "0 25 * * *", 2..<4), (.unix, "* * * jam *", 6..<9),
      (.unix, "1,,2 * * * *", 2..<2), (.unix, "*/0 * * * *", 0..<3), (.unix, "+5 * * * *", 0..<2),
      (.unix, "0 22-2 * * *", 2..<6), (.unix, "0 0 L * *", 4..<5), (.unix, "0 0 30 2 *", 0..<10),
      (.unix, "H(5 * * * *", 0..<3), (.unix, "H(9-5) * * * *", 0..<6), (.unix, "@often", 0..<6),
      (.unix, "@every 0s", 0..<9), (.unix, "@every 1500ms", 0..<13), (.unix, "@daily 3", 0..<8),
      (.seconds, "* * * * *", 0..<9), (.seconds, "60 * * * * *", 0..<2),
      (.quartz, "0 0 12 1 * 2", 7..<12), (.quartz, "0 0 12 32W * ?", 7..<10),
      (.quartz, "0 0 12 ? * 6#6", 11..<14), (.quartz, "0 0 12 ? * 0", 11..<12), (.unix, "", 0..<0),
      (.unix, "5\u{301} * * * *", 0..<3), (.unix, String(repeating: "1,", count: 200), 0..<400),
    ])
  func faults(dialect: Cron.Dialect, line: String, place: Range<Int>) {
    #expect {
      try Cron(line, dialect: dialect)
    } throws: { error in
      guard let fault = error as? CronFault else { return false }
      #expect(fault.message.english != fault.message.portuguese && !fault.remedy.english.isEmpty)
      return fault.range == place
    }
  }
}

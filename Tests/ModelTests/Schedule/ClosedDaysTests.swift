import Model
import Testing

@Suite("A calendar of closed days")
struct ClosedDaysTests {
  private func reasons(_ days: ClosedDays, _ dates: [String]) -> [String?] {
    dates.map { CivilDate($0).flatMap { days.reason(on: $0) } }
  }

  @Test("is a list of days, perhaps with names, and perhaps all weekends")
  func list() throws {
    let list = try ClosedDays(["2026-12-25 Natal", "2027-01-01"])
    #expect(
      reasons(list, ["2026-12-24", "2026-12-25", "2027-01-01", "2027-12-25"]) == [
        nil, "Natal", "2027-01-01", nil,
      ])
    let weekends = try ClosedDays(["days": ["2026-12-25 Natal"], "weekends": true])
    #expect(
      reasons(weekends, ["2026-12-25", "2026-12-26", "2026-12-27", "2026-12-28"]) == [
        "Natal", "weekend", "weekend", nil,
      ])
  }

  @Test("may be folded within what people see as one letter")
  func folded() throws {
    let file =
      "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:20261102\r\nSUMMARY:Sa\r\n \u{303}o\r\nEND:VEVENT\r\n"
    #expect(reasons(try ClosedDays(.string(file)), ["2026-11-02"]) == ["Sa\u{303}o"])
  }

  private static let file = """
    BEGIN:VCALENDAR\r
    VERSION:2.0\r
    PRODID:-//test//EN\r
    BEGIN:VEVENT\r
    UID:1\r
    DTSTART;VALUE=DATE:20200907\r
    DTEND;VALUE=DATE:20200908\r
    RRULE:FREQ=YEARLY\r
    EXDATE;VALUE=DATE:20250907\r
    SUMMARY:Independência do Brasil\\, fe\r
     riado nacional\r
    END:VEVENT\r
    BEGIN:VEVENT\r
    DTSTART;VALUE=DATE:20270208\r
    DTEND;VALUE=DATE:20270211\r
    SUMMARY;LANGUAGE=pt:Carnaval\r
    END:VEVENT\r
    BEGIN:VEVENT\r
    DTSTART;TZID="America/Sao_Paulo:x":20270301T180000\r
    DTEND;TZID=America/Sao_Paulo:20270302T060000\r
    SUMMARY:Night freeze\r
    END:VEVENT\r
    BEGIN:VEVENT\r
    DTSTART;VALUE=DATE:20270310\r
    STATUS:CANCELLED\r
    SUMMARY:Called off\r
    END:VEVENT\r
    BEGIN:VEVENT\r
    DTSTART;VALUE=DATE:20201231\r
    DTEND;VALUE=DATE:20210102\r
    RRULE:FREQ=YEARLY;INTERVAL=2;COUNT=3\r
    SUMMARY:New year\r
    END:VEVENT\r
    END:VCALENDAR\r

    """

  @Test("is read from an iCalendar file: all-day and timed events, yearly ones, exceptions")
  func iCalendar() throws {
    let days = try ClosedDays(.string(Self.file))
    let independence = "Independência do Brasil, feriado nacional"
    #expect(
      reasons(days, ["2019-09-07", "2020-09-07", "2025-09-07", "2026-09-07", "2026-09-08"]) == [
        nil, independence, nil, independence, nil,
      ])
    #expect(
      reasons(days, ["2027-02-07", "2027-02-08", "2027-02-10", "2027-02-11"]) == [
        nil, "Carnaval", "Carnaval", nil,
      ])
    #expect(
      reasons(days, ["2027-02-28", "2027-03-01", "2027-03-02", "2027-03-03", "2027-03-10"]) == [
        nil, "Night freeze", "Night freeze", nil, nil,
      ])
    // 2020, 2022 and 2024, each over the turn of the year; no more.
    #expect(
      reasons(days, ["2021-01-01", "2021-12-31", "2023-01-01", "2024-12-31", "2026-12-31"]) == [
        "New year", nil, "New year", "New year", nil,
      ])
  }

  @Test(
    "is refused with what is wrong, rather than read in part",
    arguments: [
      ("\"2026-12-25\"", "BEGIN:VCALENDAR"), ("[\"25/12/2026\"]", "\"25/12/2026\" is no day"),
      ("[\"2026-02-30\"]", "is no day"), ("{\"feriados\": []}", "\"feriados\""), ("7", "a list of days"),
      (
        "\"BEGIN:VCALENDAR\\nBEGIN:VEVENT\\nDTSTART:20270101\\nRRULE:FREQ=MONTHLY\\n"
          + "SUMMARY:Pay\\nEND:VEVENT\\n\"",
        "\"Pay\" repeats as FREQ=MONTHLY"
      ),
      (
        "\"BEGIN:VCALENDAR\\nBEGIN:VEVENT\\nDTSTART:20270101\\nRRULE:FREQ=YEARLY;BYDAY=1MO\\nEND:VEVENT\\n\"",
        "repeats as"
      ),
      ("\"BEGIN:VCALENDAR\\nBEGIN:VEVENT\\nSUMMARY:Never\\nEND:VEVENT\\n\"", "has no day"),
    ])
  func refused(text: String, message: String) throws {
    let value = try JSON(parsing: text)
    let fault = #expect(throws: CalendarFault.self) { _ = try ClosedDays(value) }
    #expect(fault?.message.english.contains(message) == true, "\(fault?.message.english ?? "")")
  }
}

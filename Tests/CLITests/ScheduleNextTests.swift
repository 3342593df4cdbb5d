import Model
import Testing

@testable import CLI

@Suite("schedule next", .timeLimit(.minutes(1)))
struct ScheduleNextTests {
  @Test("shows when a line is due, and what the clocks do to it")
  func around() async {
    let bench = TestBench()
    let line =
      "schedule next --cron '30 2 * * *' --zone America/New_York --from 2027-03-13T00:00:00Z --count 3"
    #expect(await bench.run(line) == 0)
    #expect(
      bench.out == """
        DUE                   DAY  NOTE
        2027-03-13 02:30 -05  Sat
        2027-03-14 03:00 -04  Sun  02:30 does not exist: the clock skips it
        2027-03-15 02:30 -04  Mon
        Clock changes in America/New_York:
          2027-03-14 02:00 -05 → 2027-03-14 03:00 -04
          2027-11-07 02:00 -04 → 2027-11-07 01:00 -05

        """, "\(bench.out)")
  }

  @Test("says that a zone's clocks no longer change")
  func abolished() async {
    let bench = TestBench()
    #expect(
      await bench.run("schedule next --cron '30 2 * * *' --zone America/Sao_Paulo --count 1 --lang pt-BR")
        == 0)
    #expect(
      bench.out.contains("Nenhuma mudança de relógio nos próximos 12 meses em America/Sao_Paulo."),
      "\(bench.out)")
  }

  @Test("gives programs each moment in RFC 3339")
  func json() async throws {
    let bench = TestBench()
    let line = "schedule next --cron '30 1 * * *' --zone America/New_York --from 2026-11-01T00:00:00Z"
    #expect(await bench.run("\(line) --count 2 -o json") == 0)
    #expect(
      try JSON(parsing: Array(bench.out.utf8)) == [
        ["due": "2026-11-01T01:30:00-04:00", "note": "the clock shows this time twice; due at the first"],
        ["due": "2026-11-02T01:30:00-05:00"],
      ])
  }

  @Test(
    "refuses what it cannot read, with exit code 2",
    arguments: [
      ("schedule next", "--cron is missing"),
      ("schedule next --cron '0 25 * * *'", "\"25\" is no valid hour"),
      ("schedule next --cron '0 6 * * *' --zone Mars", "There is no time zone \"Mars\""),
      ("schedule next --cron '0 6 * * *' --dialect spring", "There is no dialect \"spring\""),
      ("schedule next --cron '0 6 * * *' --from tomorrow", "\"tomorrow\" is no moment"),
      ("schedule next --cron '0 6 * * *' --count 0", "--count"),
    ])
  func refused(line: String, message: String) async {
    let bench = TestBench()
    #expect(await bench.run(line) == 2)
    #expect(bench.errors.contains(message), "\(bench.errors)")
  }
}

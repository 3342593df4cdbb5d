import Foundation
import Model
import Testing

/// Debian's croniter as the other implementation, on lines that both read alike: ranges ascend, there is no
/// step from a single weekday, and no two restricted days of which one is all days, which croniter takes for
/// a star.
@Suite("A cron line beside croniter", .timeLimit(.minutes(3)))
struct CroniterTests {
  static let isThere = (try? Python.run("import croniter", arguments: [], ofDebian: true)) != nil

  static let program = """
    import random, sys
    from croniter import CroniterBadDateError, croniter
    random.seed(int(sys.argv[1]))
    months = 'jan feb mar apr may jun jul aug sep oct nov dec'.split()
    weekdays = 'sun mon tue wed thu fri sat'.split()
    def field(low, high, names=(), star=0.5, steps=True):
        if random.random() < star: return '*'
        def word(value):
            return names[value - low] if names and random.random() < 0.4 else str(value)
        items = []
        for _ in range(random.choice([1, 1, 1, 2, 3])):
            first = random.randint(low, high - 1)
            last = random.randint(first + 1, high)
            kind = random.random()
            if kind < 0.45: items.append(word(first))
            elif kind < 0.75 and last - first < high - low: items.append(word(first) + '-' + word(last))
            elif kind < 0.9 and last - first < high - low:
                items.append(f'{first}-{last}/{random.randint(1, last - first)}')
            elif steps: items.append(f'{first}/{random.randint(1, high - low)}')
            else: items.append(str(first))
        return ','.join(items)
    def some(low, high): return ','.join(str(random.randint(low, high)) for _ in range(random.randint(1, 3)))
    for _ in range(2000):
        days, week = random.choice([('*', '*'), (field(1, 31, star=0), '*'), (some(1, 28), some(0, 6)),
                                    ('*', field(0, 6, weekdays, star=0, steps=False))])
        line = ' '.join([field(0, 59, star=0.3), field(0, 23, star=0.4), days,
                         field(1, 12, months, star=0.6), week])
        start = 1767225600 + random.randint(0, 4 * 365 * 86400)
        try:
            times = croniter(line, float(start))
            print(line, start, *[int(times.get_next(float)) for _ in range(4)], sep='|')
        except CroniterBadDateError:
            print(line, start, 'never', sep='|')
    """

  @Test(
    "has the same four next times, for 2,000 random lines",
    .enabled(if: isThere, "python3-croniter is missing"))
  func same() throws {
    let text = String(
      decoding: try Python.run(Self.program, arguments: ["20261126"], ofDebian: true), as: UTF8.self)
    let rows = text.split(separator: "\n").map { $0.split(separator: "|").map(String.init) }
    #expect(rows.count == 2_000)
    for row in rows {
      if row[2] == "never" {
        #expect(throws: CronFault.self, "\(row[0])") { try Cron(row[0]) }
        continue
      }
      let cron = try Cron(row[0])
      var moment = Timestamp(microseconds: try #require(Int64(row[1])) * 1_000_000)
      var found: [String] = []
      while found.count < 4, let due = cron.next(after: moment, in: .utc) {
        moment = due.at
        found.append(String(moment.wholeSeconds))
      }
      #expect(found == Array(row.dropFirst(2)), "\(row[0]) after \(row[1])")
    }
  }
}

import Model
import Testing

@testable import Watchdog

@Suite("What a pipeline is expected to do", .timeLimit(.minutes(1)))
struct ExpectationTests {
  @Test("a pipeline that has never succeeded is late once the time has passed since it was first seen")
  func neverSucceeded() throws {
    let post = try Post()
    post.pipeline(expect: ["success_every": "1d"])
    #expect(post.look().isEmpty)
    #expect(post.look(after: .seconds(86_399)).isEmpty)
    #expect(post.look(after: .seconds(1)).told == ["firing demo/daily success_every no-success"])
  }

  @Test("a success puts the deadline off, and one that comes late resolves the alert")
  func success() throws {
    let post = try Post()
    post.pipeline(expect: ["success_every": "1d"])
    _ = post.look()
    post.advance(by: .seconds(80_000))
    post.ledger.write { [now = post.now] in $0.success["demo/daily"] = now }
    #expect(post.look(after: .seconds(86_399)).isEmpty)
    #expect(post.look(after: .seconds(2)).told == ["firing demo/daily success_every no-success"])
    post.ledger.write { [now = post.now] in $0.success["demo/daily"] = now }
    #expect(post.look().told == ["resolved demo/daily success_every fine"])
  }

  @Test("it is looked again at the deadline, and not only at the next full interval")
  func nextLook() throws {
    let post = try Post()
    post.pipeline(expect: ["success_every": "10s"])
    #expect(post.round().next == .seconds(10))
    post.pipeline(expect: ["success_every": "1d"])
    #expect(post.round().next == Watcher.interval)
  }

  @Test("another text of the same key is another expectation, whose time begins anew")
  func changedText() throws {
    let post = try Post()
    post.pipeline(expect: ["success_every": "2d"])
    _ = post.look(after: .seconds(86_400))
    post.pipeline(expect: ["success_every": "1d"])
    #expect(post.look(after: .seconds(86_399)).isEmpty)
    #expect(post.look(after: .seconds(86_400)).told == ["firing demo/daily success_every no-success"])
  }

  @Test("a restart of the watcher does not begin the time anew")
  func restart() throws {
    let post = try Post()
    post.pipeline(expect: ["success_every": "1d"])
    _ = post.look()
    post.advance(by: .seconds(50_000))
    try post.restart()
    #expect(post.look(after: .seconds(36_400)).told == ["firing demo/daily success_every no-success"])
  }

  @Test("events are not expected on days that the calendar closes")
  func calendar() throws {
    // A Friday, in UTC.
    let post = try Post(at: "2026-11-20T18:00:00Z")
    let closed = try ClosedDays(["days": ["2026-11-23 Feriado"], "weekends": true])
    post.ledger.write { $0.calendars["days_off"] = closed }
    post.pipeline(expect: ["event_every": "24h", "calendar": "days_off", "timezone": "UTC"])
    post.ledger.write { [now = post.now] in $0.event["demo/daily"] = now }
    #expect(post.look().isEmpty)
    // Six hours of Friday, eighteen of Tuesday.
    #expect(post.look(after: .seconds(4 * 86_400 - 1)).isEmpty)
    #expect(post.look(after: .seconds(1)).told == ["firing demo/daily event_every no-event"])
  }

  @Test("a calendar that is not there is told of: nothing could be watched by it")
  func missingCalendar() throws {
    let post = try Post()
    post.pipeline(expect: ["event_every": "24h", "calendar": "nowhere"])
    #expect(post.look().told == ["firing demo/daily event_every no-calendar"])
  }

  @Test("a job that waits too long for its beginning")
  func queued() throws {
    let post = try Post()
    post.pipeline(expect: ["start_within": "10m"])
    _ = post.look()
    post.ledger.write { [now = post.now] in
      $0.unstarted["demo/daily"] = Unstarted(job: "019a", createdAt: now)
    }
    #expect(post.look(after: .seconds(599)).isEmpty)
    #expect(post.look(after: .seconds(1)).told == ["firing demo/daily start_within not-begun"])
    post.ledger.write { $0.unstarted = [:] }
    #expect(post.look().told == ["resolved demo/daily start_within fine"])
  }

  @Test("a due time that the engine does nothing with is seen from the schedule's own reckoning")
  func undecided() throws {
    let post = try Post(at: "2026-11-20T05:00:00Z")
    let schedule = Watched.Schedule(
      name: "morning", cron: try Cron("0 6 * * *"), zone: .utc, jitter: .seconds(60))
    post.pipeline(expect: ["start_within": "10m"], schedules: [schedule])
    let decided = post.now
    post.ledger.write {
      $0.fires["demo/daily morning"] = Fires(decidedUntil: decided, last: nil, isPaused: false)
    }
    #expect(post.look().isEmpty)
    // Due at six, a minute of jitter, ten minutes of patience.
    #expect(post.look(after: .seconds(3_600 + 659)).isEmpty)
    #expect(post.look(after: .seconds(1)).told == ["firing demo/daily start_within undecided-due"])
  }

  @Test("a due time that was missed while nothing ran, until a later one begins")
  func missed() throws {
    let post = try Post(at: "2026-11-20T05:00:00Z")
    let schedule = Watched.Schedule(name: "morning", cron: try Cron("0 6 * * *"), zone: .utc, jitter: .zero)
    post.pipeline(expect: ["start_within": "10m"], schedules: [schedule])
    _ = post.look()
    let due = try Timestamp.of("2026-11-20T06:00:00Z")
    func fires(_ outcome: Fires.Last.Outcome, _ reason: String?, paused: Bool = false) {
      post.ledger.write {
        $0.fires["demo/daily morning"] = Fires(
          decidedUntil: due, last: .init(due: due, outcome: outcome, reason: reason), isPaused: paused)
      }
    }
    fires(.notBegun, "down")
    #expect(post.look(after: .seconds(4_000)).told == ["firing demo/daily start_within missed-due"])
    fires(.notBegun, "down", paused: true)
    #expect(post.look().told == ["resolved demo/daily start_within fine"])
    fires(.leftOut, "calendar")
    #expect(post.look().isEmpty)
  }

  @Test("finished by a time of the day: late until a job succeeds on that day")
  func finishBy() throws {
    let post = try Post(at: "2026-11-20T10:00:00Z")
    post.pipeline(expect: ["finish_by": ["at": "09:30", "timezone": "UTC"]])
    #expect(post.look().isEmpty, "The deadline of today was before anybody expected something.")
    let early = try Timestamp.of("2026-11-20T23:59:00Z")
    post.ledger.write { $0.success["demo/daily"] = early }
    #expect(post.look(after: .seconds(23 * 3_600 + 1_799)).isEmpty)
    #expect(post.look(after: .seconds(1)).told == ["firing demo/daily finish_by not-finished"])
    post.ledger.write { [now = post.now] in $0.success["demo/daily"] = now }
    #expect(post.look().told == ["resolved demo/daily finish_by fine"])
    #expect(post.look(after: .seconds(86_399)).isEmpty, "The success of today is in time for today.")
  }

  @Test("what is due in the evening and finished in the morning belongs to the morning's deadline")
  func overMidnight() throws {
    let post = try Post(at: "2026-11-20T12:00:00Z")
    let schedule = Watched.Schedule(
      name: "night", cron: try Cron("0 23 * * 1-5"), zone: .utc, jitter: .zero)
    post.pipeline(expect: ["finish_by": ["at": "01:00", "timezone": "UTC"]], schedules: [schedule])
    _ = post.look()
    let evening = try Timestamp.of("2026-11-20T23:40:00Z")
    post.ledger.write { $0.success["demo/daily"] = evening }
    #expect(post.look(after: .seconds(14 * 3_600)).isEmpty)
    // Saturday and Sunday have no due time, so neither Sunday nor Monday has a deadline.
    #expect(post.look(after: .seconds(2 * 86_400)).isEmpty)
    #expect(post.look(after: .seconds(86_400)).told == ["firing demo/daily finish_by not-finished"])
  }

  @Test("what is not expected any more resolves its alert")
  func withdrawn() throws {
    let post = try Post()
    post.pipeline(expect: ["success_every": "1h"])
    _ = post.look()
    #expect(post.look(after: .seconds(3_600)).told == ["firing demo/daily success_every no-success"])
    post.ledger.write { $0.watched = [] }
    #expect(post.look().told == ["resolved demo/daily success_every withdrawn"])
  }

  @Test("a pause is no excuse, and the alert names it")
  func paused() throws {
    let post = try Post()
    post.pipeline(expect: ["success_every": "1h"])
    _ = post.look()
    post.ledger.write { $0.watched[0].pause = .init(by: "local:ana", reason: "moving") }
    let told = post.look(after: .seconds(3_600))
    #expect(told.count == 1)
    #expect(told.first?.text.english.contains("paused by local:ana: moving") == true)
  }
}

@Suite("A number against what it was", .timeLimit(.minutes(1)))
struct VolumeTests {
  private static let day = Duration.seconds(86_400)

  /// Jobs on one day after another, of which the last is today's.
  private func verdict(
    _ values: [Double?], compare: String, minimum: String = "50%", jobs: Int64 = 14
  ) throws -> [String] {
    let post = try Post()
    post.pipeline(
      expect: [
        "timezone": "UTC",
        "volume": [
          "metric": "total", "compare": .string(compare), "minimum": .string(minimum), "jobs": .int(jobs),
        ],
      ])
    let samples = values.enumerated().map { index, value in
      Sample(job: "\(index)", endedAt: post.now + Self.day * (index - values.count), value: value)
    }
    post.ledger.write { $0.samples["demo/daily"] = samples }
    return post.look().told
  }

  @Test("below the share of the mean of the jobs before it")
  func mean() throws {
    #expect(try verdict([100, 110, 90, 49.9], compare: "mean") == ["firing demo/daily volume low-volume"])
    #expect(try verdict([100, 110, 90, 50], compare: "mean").isEmpty)
  }

  @Test("the median is not moved by one day that was out of order")
  func median() throws {
    #expect(try verdict([100, 1_000_000, 100, 60], compare: "median").isEmpty)
    #expect(try verdict([100, 1_000_000, 100, 60], compare: "mean").count == 1)
  }

  @Test("the same weekday: a quiet Sunday is compared with quiet Sundays")
  func sameWeekday() throws {
    let week: [Double?] = [5, 100, 100, 100, 100, 100, 100]
    #expect(try verdict(week + week + week + [5], compare: "same_weekday").isEmpty)
    #expect(try verdict(week + week + week + [2], compare: "same_weekday").count == 1)
    #expect(try verdict(week + week + week + [5], compare: "mean").count == 1)
  }

  @Test("with fewer than three jobs before it there is no verdict")
  func learning() throws {
    #expect(try verdict([100, 100, 1], compare: "mean").isEmpty)
    #expect(try verdict([100, 100, 100, 1], compare: "mean").count == 1)
  }

  @Test("only so many jobs count as the file says")
  func window() throws {
    #expect(try verdict([1_000, 1_000, 10, 10, 10, 10], compare: "mean", jobs: 3).isEmpty)
    #expect(try verdict([1_000, 1_000, 10, 10, 10, 10], compare: "mean", jobs: 5).count == 1)
  }

  @Test("nothing at all is low, however small the share")
  func zero() throws {
    #expect(try verdict([10, 10, 10, 0], compare: "mean", minimum: "1%").count == 1)
  }

  @Test("a job without the number cannot be judged, and that is told")
  func noMetric() throws {
    #expect(try verdict([100, 100, 100, nil], compare: "mean") == ["firing demo/daily volume no-metric"])
  }

  @Test("the next good job resolves it, and earlier values outlive their jobs")
  func recovery() throws {
    let post = try Post()
    post.pipeline(expect: ["volume": ["metric": "total", "compare": "mean", "minimum": "50%"]])
    func end(_ job: String, _ value: Double) {
      post.ledger.write { [now = post.now] in
        // Retention has removed those before.
        $0.samples["demo/daily"] = [Sample(job: job, endedAt: now, value: value)]
      }
    }
    for job in ["a", "b", "c"] {
      end(job, 100)
      #expect(post.look(after: Self.day).isEmpty)
    }
    end("d", 1)
    #expect(post.look().told == ["firing demo/daily volume low-volume"])
    try post.restart()
    end("e", 100)
    #expect(post.look().told == ["resolved demo/daily volume fine"])
  }
}

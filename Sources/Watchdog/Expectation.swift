public import Model

/// What a pipeline is expected to do: one line of its `expect:`.
public struct Expectation: Sendable {
  public enum Rule: Sendable, Hashable {
    /// A job ends in `success` at least so often.
    case successEvery(Duration)
    /// What is due or was asked for begins within this time.
    case startWithin(Duration)
    /// On each day on which it is due, a job has ended in `success` by this time.
    case finishBy(hour: Int, minute: Int)
    /// Something comes to its triggers at least so often.
    case eventEvery(Duration)
    /// A number among the outputs stays in proportion to earlier ones.
    case volume(Volume)

    public var word: String {
      switch self {
      case .successEvery: "success_every"
      case .startWithin: "start_within"
      case .finishBy: "finish_by"
      case .eventEvery: "event_every"
      case .volume: "volume"
      }
    }
  }

  public struct Volume: Sendable, Hashable {
    public enum Comparison: String, Sendable, Hashable, CaseIterable {
      case mean, median
      /// The mean of the same day of earlier weeks.
      case sameWeekday = "same_weekday"
    }
    /// The name of an output of the pipeline.
    public var metric: String
    public var comparison: Comparison
    /// How many earlier jobs are compared with.
    public var jobs: Int
    /// Percent of what they had.
    public var minimum: Double

    public static let usualJobs = 14
    /// With fewer earlier jobs than this there is no verdict.
    public static let fewestJobs = 3
    public static let mostJobs = 366
  }

  /// The days that do not count; nil days: the setting is missing or no calendar.
  public struct Calendar: Sendable {
    public var name: String
    public var days: ClosedDays?
    public init(name: String, days: ClosedDays?) { (self.name, self.days) = (name, days) }
  }

  /// `namespace/name`.
  public var pipeline: String
  public var rule: Rule
  /// As the file says it; another text is another expectation, which begins anew.
  public var text: String
  public var zone: Zone
  public var calendar: Calendar?

  /// For people: `7d`, `09:30 America/Sao_Paulo`, `total at least 50% of the mean`.
  public var wanted: Bilingual {
    let short: String
    switch rule {
    case .successEvery(let time), .startWithin(let time), .eventEvery(let time): short = time.text
    case .finishBy(let hour, let minute):
      let digits = [hour, minute].map { String($0 + 100).dropFirst() }
      short = "\(digits[0]):\(digits[1]) \(zone.name)"
    case .volume(let volume):
      let share = "\(volume.metric) ≥ \(JSON.double(volume.minimum).text.replacing(".0", with: ""))%"
      return Bilingual(
        "\(share) of \(volume.comparison.rawValue)", pt: "\(share) de \(volume.comparison.rawValue)")
    }
    return Bilingual(short, pt: short)
  }

  /// `namespace/name success_every`: unique among all that is watched.
  public var key: String { "\(pipeline) \(rule.word)" }
}

extension Expectation {
  /// The lines of an `expect:` that was checked when its file was read; what cannot be understood is left
  /// out.
  ///
  /// The zone is that of `timezone`, else of `finish_by`, else of the pipeline's first schedule, else UTC.
  public static func all(
    of pipeline: Watched, zones: ZoneDatabase, calendar: (String) -> ClosedDays?
  ) -> [Expectation] {
    guard case .object(let expect) = pipeline.expect else { return [] }
    let named = expect["timezone"]?.string ?? expect["finish_by"]?["timezone"]?.string
    let zone = named.flatMap { $0 == "UTC" ? .utc : zones.zone($0) } ?? pipeline.schedules.first?.zone ?? .utc
    let calendar = expect["calendar"]?.string.map { Calendar(name: $0, days: calendar($0)) }
    return expect.compactMap { member in
      Rule(member.key, member.value).map { rule in
        Expectation(
          pipeline: pipeline.name, rule: rule, text: member.value.text, zone: zone, calendar: calendar)
      }
    }
  }
}

extension Expectation.Rule {
  /// Nil for keys such as `calendar`, which are about the others.
  init?(_ key: String, _ value: JSON) {
    let duration = value.string.flatMap { Duration(text: $0) }
    switch key {
    case "success_every":
      guard let duration else { return nil }
      self = .successEvery(duration)
    case "start_within":
      guard let duration else { return nil }
      self = .startWithin(duration)
    case "event_every":
      guard let duration else { return nil }
      self = .eventEvery(duration)
    case "finish_by":
      let parts = (value["at"]?.string ?? "").split(separator: ":").map { Int($0) }
      guard parts.count == 2, let hour = parts[0], let minute = parts[1] else { return nil }
      self = .finishBy(hour: hour, minute: minute)
    case "volume":
      guard let volume = Expectation.Volume(value) else { return nil }
      self = .volume(volume)
    case _: return nil
    }
  }
}

extension Expectation.Volume {
  fileprivate init?(_ value: JSON) {
    guard let metric = value["metric"]?.string,
      let comparison = value["compare"]?.string.flatMap(Comparison.init(rawValue:)),
      let minimum = value["minimum"]?.string.flatMap({ Double($0.prefix { $0 != "%" }) })
    else { return nil }
    let jobs = value["jobs"]?.int.map { Int($0) } ?? Self.usualJobs
    (self.metric, self.comparison, self.minimum) = (metric, comparison, minimum)
    self.jobs = min(max(jobs, Self.fewestJobs), Self.mostJobs)
  }
}

/// A pipeline with an `expect:`, as its newest revision says it.
public struct Watched: Sendable {
  /// `namespace/name`.
  public var name: String
  public var expect: JSON
  public var schedules: [Schedule]
  public var pause: Pause?

  /// A schedule that is enabled.
  public struct Schedule: Sendable {
    public var name: String
    public var cron: Cron
    public var zone: Zone
    /// A due time may start so much later.
    public var jitter: Duration
    public init(name: String, cron: Cron, zone: Zone, jitter: Duration) {
      (self.name, self.cron, self.zone, self.jitter) = (name, cron, zone, jitter)
    }
  }

  public struct Pause: Sendable, Hashable {
    public var by: String
    public var reason: String
    public init(by: String, reason: String) { (self.by, self.reason) = (by, reason) }
  }

  public init(name: String, expect: JSON, schedules: [Schedule], pause: Pause?) {
    (self.name, self.expect, self.schedules, self.pause) = (name, expect, schedules, pause)
  }
}

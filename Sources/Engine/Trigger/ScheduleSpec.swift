public import Model
internal import Pipelines

/// When a trigger of kind `schedule` is due, and what is done where that is in somebody's way: the map below
/// `schedule:`, with the calendar that it names.
public struct ScheduleSpec: Sendable {
  /// What is done with a due time while a job of this schedule is live.
  public enum Overlap: String, Sendable, CaseIterable {
    /// It is left out.
    case skip
    /// One due time waits; further ones are left out.
    case bufferOne = "buffer_one"
    case bufferAll = "buffer_all"
    /// The live job is cancelled; the newest due time takes its place once it has ended (S20).
    case cancelRunning = "cancel_running"
    case allow

    /// `queue` is another word for `buffer_one`.
    init?(word: String) { self.init(rawValue: word == "queue" ? "buffer_one" : word) }
  }

  /// Which due times of a downtime are made up for (S19).
  public struct CatchUp: Sendable, Hashable {
    /// The newest so many.
    public var last: Int
    /// Older ones are missed.
    public var within: Duration
    public init(last: Int, within: Duration) { (self.last, self.within) = (last, within) }

    public static let none = CatchUp(last: 0, within: .zero)
    public static let usual = CatchUp(last: 1, within: .seconds(86_400))
  }

  public var cron: Cron
  public var zone: Zone
  public var overlap: Overlap
  public var catchUp: CatchUp
  /// A due time starts up to so much later, always by the same amount for the same one.
  public var jitter: Duration
  /// The name of a calendar, and its days; nil where it is not set or cannot be read.
  public var calendar: (name: String, days: ClosedDays?)?
  /// Decides the places of `H` and the jitter.
  let seed: String
  /// Another text is another schedule, whose past is not made up for.
  let rule: String

  /// Nil for a map that the reader of the file would have refused.
  public init?(
    spec: JSON, seed: String, zone zoneOf: (String) -> Zone?, calendar calendarOf: (String) -> ClosedDays?
  ) {
    guard let text = spec["cron"]?.string,
      let dialect = Cron.Dialect(rawValue: spec["dialect"]?.string ?? Cron.Dialect.unix.rawValue),
      let cron = try? Cron(text, dialect: dialect, seed: seed),
      let zone = zoneOf(spec["timezone"]?.string ?? "UTC"),
      let overlap = Overlap(word: spec["overlap"]?.string ?? "skip"),
      let catchUp = CatchUp(spec["catch_up"])
    else { return nil }
    (self.cron, self.zone, self.overlap, self.catchUp, self.seed) = (cron, zone, overlap, catchUp, seed)
    jitter = spec["jitter"]?.string.flatMap { Duration(text: $0) } ?? .zero
    guard ScheduleLimits.jitter.contains(jitter) else { return nil }
    calendar = spec["calendar"]?.string.map { ($0, calendarOf($0)) }
    rule = "\(dialect.rawValue) \(zone.name) \(text)"
  }

  /// As the trigger of this name has it, over the settings of its namespace.
  public init?(
    _ spec: JSON, of pipeline: PipelineName, trigger: String, zones: ZoneDatabase, settings: JSONObject
  ) {
    self.init(
      spec: spec, seed: "\(pipeline) \(trigger)", zone: { $0 == "UTC" ? .utc : zones.zone($0) },
      calendar: { name in settings[name].flatMap { try? ClosedDays($0) } })
  }

  /// When a due time starts.
  public func release(_ due: Timestamp) -> Timestamp {
    let most = jitter.microseconds
    if most <= 0 { return due }
    return due + .microseconds(Int64(Cron.spread("\(seed) \(due.microseconds)", below: UInt64(most))))
  }

  /// The day on the schedule's own clock.
  func date(of due: Timestamp) -> CivilDate {
    let seconds = due.wholeSeconds
    return CivilTime(seconds: seconds, offset: zone.offset(at: seconds)).date
  }
}

extension ScheduleSpec.CatchUp {
  /// `none`, `all`, or `{last, within}`; the usual one where there is nothing.
  fileprivate init?(_ spec: JSON?) {
    let most = Int(ScheduleLimits.caughtUp.upperBound)
    switch spec {
    case nil: self = .usual
    case .string("none"): self = .none
    case .string("all"): self.init(last: most, within: Self.usual.within)
    case .object(let map):
      var (last, within) = (1, Self.usual.within)
      if let word = map["last"], word != "all" {
        guard let count = word.int, ScheduleLimits.caughtUp.contains(count) else { return nil }
        last = Int(count)
      } else if map["last"] != nil {
        last = most
      }
      if let text = map["within"] {
        guard let limit = text.string.flatMap({ Duration(text: $0) }), ScheduleLimits.within.contains(limit)
        else { return nil }
        within = limit
      }
      self.init(last: last, within: within)
    case .null, .bool, .int, .double, .string, .array: return nil
    }
  }
}

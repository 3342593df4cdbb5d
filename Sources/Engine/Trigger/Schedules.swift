internal import Model
internal import Pipelines

/// The schedules of the pipelines, and which of their jobs are live. Knows order and time, and no rules of
/// jobs. Part of `Jobs`.
struct Schedules {
  typealias Place = TriggerLines.Place

  private struct Track {
    var spec: ScheduleSpec
    /// When the next due time is released.
    var next: Timestamp?
  }

  /// Of all that are stored, also the disabled.
  private(set) var rows: [Place: ScheduleRow] = [:]
  private var tracks: [Place: Track] = [:]
  private var live: [Place: Set<JobNumber>] = [:]
  private var places: [JobNumber: Place] = [:]
  /// The earliest moment for which a timer was set.
  var alarm: Timestamp?

  func spec(at place: Place) -> ScheduleSpec? { tracks[place]?.spec }

  /// Takes over what the store keeps, before the triggers are known.
  mutating func restore(_ stored: [ScheduleRow]) {
    for row in stored { rows[Place(row.pipeline, row.trigger)] = row }
  }

  /// From now on these are the triggers of the pipeline. What is new begins now, and so does what was changed
  /// or disabled: its past is not made up for.
  mutating func take(
    _ entries: [TriggerBook.Entry], of pipeline: PipelineName, at now: Timestamp
  ) -> [ScheduleChange] {
    var changes: [ScheduleChange] = []
    var named: Set<Place> = []
    for entry in entries where entry.trigger.kind == "schedule" {
      let place = Place(pipeline, entry.trigger.name)
      named.insert(place)
      let isActive = entry.isEnabled && entry.schedule != nil
      let rule = entry.schedule?.rule ?? rows[place]?.rule ?? ""
      var row =
        rows[place]
        ?? ScheduleRow(
          pipeline: pipeline, trigger: entry.trigger.name, rule: rule, isActive: isActive, decidedUntil: now)
      if row.rule != rule || isActive && !row.isActive { row.decidedUntil = max(row.decidedUntil, now) }
      (row.rule, row.isActive) = (rule, isActive)
      if rows[place] != row { changes.append(.put(row)) }
      rows[place] = row
      tracks[place] = isActive ? entry.schedule.map { Track(spec: $0) } : nil
      setNext(place)
    }
    for (place, row) in rows where place.pipeline == pipeline && !named.contains(place) {
      (rows[place], tracks[place]) = (nil, nil)
      changes.append(.remove(row.pipeline, trigger: row.trigger))
    }
    return changes
  }

  /// The pipelines whose schedules are stored.
  var pipelines: Set<PipelineName> { Set(rows.keys.map(\.pipeline)) }

  private mutating func setNext(_ place: Place) {
    guard let track = tracks[place], let row = rows[place] else { return }
    tracks[place]?.next = DueTimes(spec: track.spec, pause: row.pause).release(after: row.decidedUntil)
  }

  /// When to look again.
  var next: Timestamp? { tracks.values.lazy.compactMap(\.next).min() }

  /// What is due, in the order of the places. From now on it is decided.
  mutating func takeDue(at now: Timestamp) -> [(place: Place, verdict: DueTimes.Verdict)] {
    let due = tracks.filter { $0.value.next.map { $0 <= now } ?? false }.keys
      .sorted { ($0.pipeline.description, $0.trigger) < ($1.pipeline.description, $1.trigger) }
    return due.compactMap { place in
      guard let spec = tracks[place]?.spec, var row = rows[place] else { return nil }
      let verdict = DueTimes(spec: spec, pause: row.pause).decide(after: row.decidedUntil, until: now)
      row.decidedUntil = verdict.decidedUntil
      if let end = row.pause?.until, end <= now { row.pause = nil }
      rows[place] = row
      setNext(place)
      return (place, verdict)
    }
  }

  mutating func pause(_ place: Place, _ pause: ScheduleRow.Pause) -> ScheduleRow? {
    rows[place]?.pause = pause
    return rows[place]
  }

  /// Ends the pause. With `catchesUp` what it held back is decided again, as a downtime would be.
  mutating func resume(_ place: Place, catchesUp: Bool, at now: Timestamp) -> DueTimes.Verdict? {
    guard let row = rows[place], let pause = row.pause else { return nil }
    rows[place]?.pause = nil
    guard catchesUp, let spec = tracks[place]?.spec else { return nil }
    return DueTimes(spec: spec, pause: nil).decide(
      after: pause.at, until: min(now, row.decidedUntil), isForced: true)
  }
}

// Its live jobs.
extension Schedules {
  mutating func enter(_ job: JobNumber, at place: Place) {
    live[place, default: []].insert(job)
    places[job] = place
  }

  /// The place that it leaves.
  mutating func leave(_ job: JobNumber) -> Place? {
    guard let place = places.removeValue(forKey: job) else { return nil }
    live[place]?.remove(job)
    if live[place]?.isEmpty == true { live[place] = nil }
    return place
  }

  func live(at place: Place) -> [JobNumber] { (live[place] ?? []).sorted() }
}

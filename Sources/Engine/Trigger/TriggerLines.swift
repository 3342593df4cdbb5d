internal import Model

/// What lies before the triggers, in memory: one line for each trigger, whose first is under way, and the
/// parts of joins. It knows order and places and no rules of jobs.
struct TriggerLines {
  struct Place: Hashable {
    var pipeline: PipelineName
    var trigger: ScalarString
    /// A backfill has a line of its own beside that of its schedule.
    var backfill: ID<Backfill>?
    init(_ pipeline: PipelineName, _ trigger: String, backfill: ID<Backfill>? = nil) {
      (self.pipeline, self.trigger, self.backfill) = (pipeline, ScalarString(trigger), backfill)
    }
  }

  /// A join and what its key gave.
  struct Group: Hashable {
    var place: Place
    var key: ScalarString
  }

  enum Element: Hashable {
    case message(ID<TriggerMessage>)
    case join(Group)
  }

  private struct Line {
    var elements = Deque<Element>()
    var isUnderWay = false
    /// Somebody woke the line while its first was under way: that may have seen what was before.
    var isWoken = false
    /// How often the first was put off in a row.
    var delays = 0
    /// Nothing of the line is tried meanwhile.
    var rest: Rest?
  }

  private enum Rest {
    /// Put off, on the monotonic clock.
    case retry(at: Duration)
    /// Its pipeline is paused until then.
    case until(Timestamp)
    /// Until somebody wakes the line.
    case open
  }

  private struct Key: Hashable {
    var place: Place
    var key: ScalarString
  }

  private var lines: [Place: Line] = [:]
  private var rows: [ID<TriggerMessage>: TriggerMessageRow] = [:]
  private var keys: [Key: ID<TriggerMessage>] = [:]
  private var counts: [Place: Int] = [:]
  /// The parts that have come, by what the join's key gave and the pipeline that ended.
  private var joins: [Place: [ScalarString: [String: ID<TriggerMessage>]]] = [:]
  /// Those whose parts are all there and stand in their line.
  private var whole: Set<Group> = []

  /// The first is tried again after so long, then twice that, up to the longest.
  static let firstDelay = Duration.seconds(1)
  static let longestDelay = Duration.seconds(60)
  /// Messages of one trigger that are open at once; more are refused (S24).
  static let mostOpen = 10_000

  var isEmpty: Bool { rows.isEmpty }

  subscript(id: ID<TriggerMessage>) -> TriggerMessageRow? { rows[id] }

  func open(_ key: String, at place: Place) -> ID<TriggerMessage>? {
    keys[Key(place: place, key: ScalarString(key))]
  }

  /// All that are open, those of joins too.
  func count(at place: Place) -> Int { counts[place] ?? 0 }

  /// The row without its body, which stays in the store.
  mutating func know(_ row: TriggerMessageRow) {
    var slim = row
    slim.body = []
    if rows.updateValue(slim, forKey: row.id) == nil { counts[row.place, default: 0] += 1 }
    keys[Key(place: row.place, key: ScalarString(row.key))] = row.id
  }

  /// A join stands in its line once: whatever comes until its turn is part of it.
  mutating func line(up element: Element, at place: Place) {
    if case .join(let group) = element, !whole.insert(group).inserted { return }
    lines[place, default: Line()].elements.append(element)
  }

  func isUnderWay(_ place: Place) -> Bool { lines[place]?.isUnderWay ?? false }

  /// Whether nothing of the line is tried now, though nothing of it is under way.
  func rests(_ place: Place, at moment: Duration) -> Bool {
    guard let line = lines[place], !line.isUnderWay else { return false }
    return switch line.rest {
    case .retry(let due): due > moment
    case .until, .open: true
    case nil: false
    }
  }

  func messages(at place: Place) -> [ID<TriggerMessage>] {
    (lines[place]?.elements.all ?? []).compactMap { if case .message(let id) = $0 { id } else { nil } }
  }

  /// Begins with the first of the line; nil where there is none, or something of it is under way or rests.
  mutating func begin(_ place: Place, at moment: Duration) -> Element? {
    guard var line = lines[place], !line.isUnderWay, !rests(place, at: moment),
      let first = line.elements.first
    else { return nil }
    (line.isUnderWay, line.isWoken, line.rest) = (true, false, nil)
    lines[place] = line
    return first
  }

  /// The first is done with.
  mutating func finish(_ place: Place) {
    lines[place]?.isUnderWay = false
    lines[place]?.delays = 0
    if case .join(let group)? = lines[place]?.elements.popFirst() { whole.remove(group) }
    if lines[place]?.elements.isEmpty == true { lines[place] = nil }
  }

  /// The first stays first, and is tried again after the pause that is returned.
  mutating func delay(_ place: Place, at moment: Duration) -> Duration {
    guard var line = lines[place] else { return .zero }
    let pause = min(Self.longestDelay, Self.firstDelay * (1 << min(line.delays, 10)))
    (line.isUnderWay, line.delays, line.rest) = (false, line.delays + 1, .retry(at: moment + pause))
    lines[place] = line
    return pause
  }

  /// The first stays first until that moment, or until somebody wakes the line. False where somebody did
  /// while the first was under way: it is to be tried again at once.
  mutating func rest(_ place: Place, until moment: Timestamp?) -> Bool {
    guard var line = lines[place] else { return true }
    let isWoken = line.isWoken
    (line.isUnderWay, line.isWoken) = (false, false)
    line.rest = isWoken ? nil : moment.map(Rest.until) ?? .open
    lines[place] = line
    return !isWoken
  }

  /// Those of a pipeline may be tried at once.
  mutating func wake(_ pipeline: PipelineName) -> [Place] {
    let woken = lines.keys.filter { $0.pipeline == pipeline }
    for place in woken {
      lines[place]?.rest = nil
      if isUnderWay(place) { lines[place]?.isWoken = true }
    }
    return woken.sorted { $0.trigger < $1.trigger }
  }

  /// What held this one up may be gone.
  mutating func wake(_ place: Place) {
    lines[place]?.rest = nil
    if isUnderWay(place) { lines[place]?.isWoken = true }
  }

  /// Those whose pause is over may be tried at once.
  mutating func wake(at now: Timestamp) {
    for (place, line) in lines {
      if case .until(let end) = line.rest, end <= now { lines[place]?.rest = nil }
    }
  }

  var places: [Place] {
    lines.keys.sorted { ($0.pipeline.description, $0.trigger) < ($1.pipeline.description, $1.trigger) }
  }

  mutating func forget(_ id: ID<TriggerMessage>) {
    guard let row = rows.removeValue(forKey: id) else { return }
    counts[row.place, default: 1] -= 1
    if counts[row.place] == 0 { counts[row.place] = nil }
    let key = Key(place: row.place, key: ScalarString(row.key))
    if keys[key] == id { keys[key] = nil }
    guard let group = row.joinGroup, let part = row.part, parts(of: group)[part] == id else { return }
    joins[row.place]?[group.key]?[part] = nil
    if parts(of: group).isEmpty { joins[row.place]?[group.key] = nil }
    if joins[row.place]?.isEmpty == true { joins[row.place] = nil }
  }

  /// Takes messages of this pipeline out of their lines and joins, each line in one pass, and gives those
  /// that were taken. One that is under way or whose join is whole stays: it becomes a job in this very
  /// moment. So does one whose files are being moved, unless it is forsaken: nobody would go on with it.
  mutating func withdraw(
    _ ids: Set<ID<TriggerMessage>>, of pipeline: PipelineName,
    isForsaken: (TriggerMessageRow) -> Bool
  ) -> Set<ID<TriggerMessage>> {
    var taken: Set<ID<TriggerMessage>> = []
    var waiting: [Place: Set<ID<TriggerMessage>>] = [:]
    for id in ids {
      guard let row = rows[id], row.pipeline == pipeline else { continue }
      switch row.state {
      case .waiting: waiting[row.place, default: []].insert(id)
      case .claiming: if isForsaken(row) { taken.insert(id) }
      case .gathered: if let group = row.joinGroup, !whole.contains(group) { taken.insert(id) }
      }
    }
    for (place, wanted) in waiting { taken.formUnion(take(wanted, from: place)) }
    return taken
  }

  private mutating func take(
    _ wanted: Set<ID<TriggerMessage>>, from place: Place
  ) -> Set<ID<TriggerMessage>> {
    guard var line = lines[place] else { return [] }
    var (taken, rest): (Set<ID<TriggerMessage>>, Deque<Element>) = ([], Deque())
    for (position, element) in line.elements.all.enumerated() {
      if case .message(let id) = element, wanted.contains(id), position > 0 || !line.isUnderWay {
        taken.insert(id)
      } else {
        rest.append(element)
      }
    }
    line.elements = rest
    lines[place] = rest.isEmpty ? nil : line
    return taken
  }
}

// Joins.
extension TriggerLines {
  /// The part joins those that came before it. A later end of the same pipeline takes the place of the
  /// earlier one, which is returned.
  mutating func gather(_ id: ID<TriggerMessage>, in group: Group, part: String) -> ID<TriggerMessage>? {
    let earlier = parts(of: group)[part]
    joins[group.place, default: [:]][group.key, default: [:]][part] = id
    return earlier == id ? nil : earlier
  }

  func parts(of group: Group) -> [String: ID<TriggerMessage>] { joins[group.place]?[group.key] ?? [:] }

  /// When the time of the group is over, if it has a part and is not whole.
  func expiry(of group: Group) -> Timestamp? {
    whole.contains(group) ? nil : parts(of: group).values.compactMap { rows[$0]?.expiresAt }.min()
  }

  /// When the next join is given up: of this place, or of all.
  func nextExpiry(at place: Place? = nil) -> Timestamp? {
    guard let place else { return joins.keys.compactMap { nextExpiry(at: $0) }.min() }
    return expiries(at: place).map(\.expiry).min()
  }

  func expired(at now: Timestamp) -> [Group] {
    joins.keys.flatMap { expiries(at: $0) }.filter { $0.expiry <= now }.map(\.group)
      .sorted { ($0.place.pipeline.description, $0.key) < ($1.place.pipeline.description, $1.key) }
  }

  /// Of the joins of a place that may be given up. What came in time and still stands in the line, because
  /// the pipeline is paused or the line is slow, may be the part that is missing: its turn comes first.
  private func expiries(at place: Place) -> [(group: Group, expiry: Timestamp)] {
    let oldest = oldestMessage(at: place)
    return (joins[place] ?? [:]).keys.compactMap { key in
      let group = Group(place: place, key: key)
      guard let expiry = expiry(of: group), oldest.map({ $0 > expiry }) ?? true else { return nil }
      return (group, expiry)
    }
  }

  private func oldestMessage(at place: Place) -> Timestamp? {
    for case .message(let id) in lines[place]?.elements.all ?? [] { return rows[id]?.receivedAt }
    return nil
  }
}

extension TriggerMessageRow {
  var place: TriggerLines.Place { TriggerLines.Place(pipeline, trigger, backfill: backfill) }

  /// Of a message for one of its due times.
  var backfill: ID<Backfill>? { kind == Self.backfillKind ? group.flatMap { ID<Backfill>($0) } : nil }

  /// Of a gathered one.
  var joinGroup: TriggerLines.Group? {
    group.map { TriggerLines.Group(place: place, key: ScalarString($0)) }
  }
}

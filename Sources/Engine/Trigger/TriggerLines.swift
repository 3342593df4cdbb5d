internal import Model

/// What lies before the triggers, in memory: one line for each trigger, whose first is under way, and the
/// parts of joins. It knows order and places and no rules of jobs.
struct TriggerLines {
  struct Place: Hashable {
    var pipeline: PipelineName
    var trigger: ScalarString
    init(_ pipeline: PipelineName, _ trigger: String) {
      (self.pipeline, self.trigger) = (pipeline, ScalarString(trigger))
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
    /// How often the first was put off in a row.
    var delays = 0
    /// Until then nothing of the line is tried.
    var rests: Duration?
  }

  private struct Key: Hashable {
    var place: Place
    var key: ScalarString
  }

  private var lines: [Place: Line] = [:]
  private var rows: [ID<TriggerMessage>: TriggerMessageRow] = [:]
  private var keys: [Key: ID<TriggerMessage>] = [:]
  private var counts: [Place: Int] = [:]
  /// The parts that have come, by the pipeline that ended.
  private var joins: [Group: [String: ID<TriggerMessage>]] = [:]
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

  mutating func line(up element: Element, at place: Place) {
    if case .join(let group) = element { whole.insert(group) }
    lines[place, default: Line()].elements.append(element)
  }

  /// Whether nothing of the line is tried now, though nothing of it is under way.
  func rests(_ place: Place, at moment: Duration) -> Bool {
    guard let line = lines[place], !line.isUnderWay, let rests = line.rests else { return false }
    return rests > moment
  }

  func messages(at place: Place) -> [ID<TriggerMessage>] {
    (lines[place]?.elements.all ?? []).compactMap { if case .message(let id) = $0 { id } else { nil } }
  }

  /// Begins with the first of the line; nil where there is none, or something of it is under way or rests.
  mutating func begin(_ place: Place, at moment: Duration) -> Element? {
    guard let line = lines[place], !line.isUnderWay, line.rests.map({ $0 <= moment }) ?? true,
      let first = line.elements.first
    else { return nil }
    lines[place]?.isUnderWay = true
    lines[place]?.rests = nil
    return first
  }

  /// The first is done with.
  mutating func finish(_ place: Place) {
    lines[place]?.isUnderWay = false
    lines[place]?.delays = 0
    _ = lines[place]?.elements.popFirst()
    if lines[place]?.elements.isEmpty == true { lines[place] = nil }
  }

  /// The first stays first, and is tried again after the pause that is returned.
  mutating func delay(_ place: Place, at moment: Duration) -> Duration {
    guard var line = lines[place] else { return .zero }
    let pause = min(Self.longestDelay, Self.firstDelay * (1 << min(line.delays, 10)))
    (line.isUnderWay, line.delays, line.rests) = (false, line.delays + 1, moment + pause)
    lines[place] = line
    return pause
  }

  /// The first stays first until that moment, or until somebody wakes the line.
  mutating func rest(_ place: Place, until moment: Duration = .seconds(Int64.max)) {
    lines[place]?.isUnderWay = false
    lines[place]?.rests = moment
  }

  /// Those of a pipeline may be tried at once.
  mutating func wake(_ pipeline: PipelineName) -> [Place] {
    let woken = lines.keys.filter { $0.pipeline == pipeline }
    for place in woken { lines[place]?.rests = nil }
    return woken.sorted { $0.trigger < $1.trigger }
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
    guard let group = row.joinGroup, let part = row.part, joins[group]?[part] == id else { return }
    joins[group]?[part] = nil
    guard joins[group]?.isEmpty == true else { return }
    joins[group] = nil
    whole.remove(group)
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
    let earlier = joins[group]?[part]
    joins[group, default: [:]][part] = id
    return earlier == id ? nil : earlier
  }

  func parts(of group: Group) -> [String: ID<TriggerMessage>] { joins[group] ?? [:] }

  /// When the group is given up, if it has a part and is not whole.
  func expiry(of group: Group) -> Timestamp? {
    whole.contains(group) ? nil : parts(of: group).values.compactMap { rows[$0]?.expiresAt }.min()
  }

  var nextExpiry: Timestamp? { joins.keys.compactMap { expiry(of: $0) }.min() }

  func isWhole(_ group: Group) -> Bool { whole.contains(group) }

  func expired(at now: Timestamp) -> [Group] {
    joins.keys.filter { group in expiry(of: group).map { $0 <= now } ?? false }
      .sorted { ($0.place.pipeline.description, $0.key) < ($1.place.pipeline.description, $1.key) }
  }
}

extension TriggerMessageRow {
  var place: TriggerLines.Place { TriggerLines.Place(pipeline, trigger) }

  /// Of a gathered one.
  var joinGroup: TriggerLines.Group? {
    group.map { TriggerLines.Group(place: place, key: ScalarString($0)) }
  }
}

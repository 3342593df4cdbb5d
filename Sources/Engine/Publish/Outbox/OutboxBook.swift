internal import Model

extension JobNumber {
  /// In a timer: no job, but the outbox.
  static let outbox = JobNumber(-5)
}

/// Who is told what, and what is on its way. Part of `Jobs`; the messages themselves lie in the store.
struct OutboxBook {
  /// Those that are set up, and those that only have messages left. One that was there once keeps its place.
  private(set) var lines: [Line]
  /// Whether anybody is told anything: the one question of a turn where nobody is.
  private(set) var hasListeners: Bool
  /// Messages on their way, over all destinations.
  private(set) var flying = 0
  /// Destinations with due messages that found no place, in order.
  private var hungry = Deque<Int>()
  private var known: [PipelineName: Listeners] = [:]
  /// Of the reading of what is set up.
  private var reading = 0
  /// Jobs that were erased while messages were on their way: what comes of those is not kept.
  private var erased: Set<ID<Job>> = []
  /// The earliest moment for which a timer was set.
  var alarm: Timestamp?

  /// Messages on their way at once, over all destinations and to one.
  static let mostFlying = 16
  static let mostFlyingToOne = 8
  /// Heads of lanes that one reading gives.
  static let page = 64
  private static let mostKnown = 10_000

  /// What is read of one destination, and what of it is on its way.
  struct Line {
    var destination: ConfiguredDestination
    /// False: nobody set it up, and what waits for it becomes dead letters.
    var isConfigured = true
    var isDisabled = false
    var isReading = false
    /// There may be more than the last reading found.
    var isStale = true
    /// An order to look at it is under way.
    var isCalled = false
    var heads = Deque<OutboxHead>()
    var flying: Set<ScalarString> = []
    /// When something is due that was not at the last reading.
    var next: Timestamp?
    /// Rows that wait, never too few; nil: the store knows.
    var count: Int?
  }

  /// Who is told what of one pipeline.
  struct Listeners {
    var types: EventTypes = []
    var each: [(line: Int, types: EventTypes)] = []
  }

  init(_ destinations: [ConfiguredDestination]) {
    lines = destinations.map { Line(destination: $0) }
    hasListeners = destinations.contains { !$0.events.isEmpty }
  }

  /// Takes over what the store says: who is disabled, and for whom something waits that nobody set up.
  mutating func restore(_ disabled: [DisabledDestination], _ waiting: [String]) {
    for row in disabled { if let line = line(of: row.name) { lines[line].isDisabled = true } }
    let names = Set(lines.map { ScalarString($0.destination.name) })
    for name in waiting where !names.contains(ScalarString(name)) {
      let left = ConfiguredDestination(
        name: name, kind: "none", events: [], receiver: UnknownDestination(name: name))
      lines.append(Line(destination: left, isConfigured: false))
    }
  }

  subscript(line: Int) -> Line {
    get { lines[line] }
    set { lines[line] = newValue }
  }

  func line(of name: String) -> Int? {
    lines.firstIndex { ScalarString($0.destination.name) == ScalarString(name) }
  }

  /// Nil where nobody set it up.
  func configuredLine(of name: String) -> Int? {
    line(of: name).flatMap { lines[$0].isConfigured ? $0 : nil }
  }

  /// What is set up has changed. Gives those that are to be looked at; a later reading counts.
  mutating func configure(_ destinations: [ConfiguredDestination], reading number: Int) -> [Int] {
    guard number > reading else { return [] }
    (reading, known) = (number, [:])
    var called: [Int] = []
    for destination in destinations {
      let line = self.line(of: destination.name) ?? lines.endIndex
      if line == lines.endIndex { lines.append(Line(destination: destination)) }
      lines[line].destination = destination
      (lines[line].isConfigured, lines[line].isStale) = (true, true)
      called.append(line)
    }
    let names = Set(destinations.map { ScalarString($0.name) })
    for line in lines.indices where lines[line].isConfigured {
      let name = lines[line].destination.name
      if names.contains(ScalarString(name)) { continue }
      lines[line].destination = ConfiguredDestination(
        name: name, kind: "none", events: [], receiver: UnknownDestination(name: name))
      (lines[line].isConfigured, lines[line].isStale) = (false, true)
      called.append(line)
    }
    hasListeners = destinations.contains { !$0.events.isEmpty }
    return called
  }

  mutating func listeners(of pipeline: PipelineName) -> Listeners {
    if let found = known[pipeline] { return found }
    let found = listeners(of: pipeline, in: pipeline.namespace)
    if known.count >= Self.mostKnown { known.removeAll() }
    known[pipeline] = found
    return found
  }

  func listeners(of pipeline: PipelineName?, in namespace: String) -> Listeners {
    var found = Listeners()
    for (line, state) in lines.enumerated() {
      let types = state.destination.types(of: pipeline, in: namespace)
      if types.isEmpty { continue }
      found.types.formUnion(types)
      found.each.append((line, types))
    }
    return found
  }

  /// The next that may leave now. Its lane has nothing else on its way until `landed`.
  mutating func takeOff(_ line: Int) -> OutboxHead? {
    while let head = lines[line].heads.first {
      guard flying < Self.mostFlying, lines[line].flying.count < Self.mostFlyingToOne else {
        if flying >= Self.mostFlying, !hungry.all.contains(line) { hungry.append(line) }
        return nil
      }
      _ = lines[line].heads.popFirst()
      guard lines[line].flying.insert(ScalarString(head.lane)).inserted else { continue }
      flying += 1
      return head
    }
    return nil
  }

  mutating func landed(_ lane: String, _ line: Int) {
    if lines[line].flying.remove(ScalarString(lane)) != nil { flying -= 1 }
    lines[line].isStale = true
    if flying == 0 { erased = [] }
  }

  /// The rows of these jobs go.
  mutating func forget(_ jobs: Set<ID<Job>>) {
    for line in lines.indices { (lines[line].count, lines[line].isStale) = (nil, true) }
    if flying > 0 { erased.formUnion(jobs) }
  }

  func isErased(_ job: ID<Job>) -> Bool { erased.contains(job) }

  mutating func takeHungry() -> Int? { hungry.popFirst() }

  mutating func wake(at now: Timestamp) -> [Int] {
    alarm = nil
    let due = lines.indices.filter { line in lines[line].next.map { $0 <= now } ?? false }
    for line in due { (lines[line].next, lines[line].isStale) = (nil, true) }
    return due
  }

  var nextAlarm: Timestamp? { lines.compactMap(\.next).min() }
}

/// Where messages go whose destination is not set up any more: nowhere, and each becomes a dead letter.
struct UnknownDestination: Destination {
  var name: String
  func deliver(_ message: OutgoingMessage) async -> DeliveryOutcome {
    DeliveryOutcome(
      .refused, code: "no-destination", message: "There is no destination \(name) any more.")
  }
}

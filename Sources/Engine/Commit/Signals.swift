internal import Model

/// Who waits for which signal, and the inbox: the signals that nobody has taken (`semantics.md`, S13, S14).
///
/// It knows places and rows and no rules of jobs; `Jobs` gives out what lies here.
struct Signals {
  /// Where signals and waits meet.
  struct Channel: Hashable {
    var namespace: ScalarString
    var name: ScalarString
    var key: ScalarString
    init(_ namespace: String, _ name: String, _ key: String) {
      (self.namespace, self.name, self.key) = (ScalarString(namespace), ScalarString(name), ScalarString(key))
    }
  }

  struct Waiter: Hashable {
    var job: JobNumber
    var node: NodeNumber
    var since: Timestamp
    var isBroadcast: Bool
  }

  private var waiters: [Channel: [Waiter]] = [:]
  private var places: [JobNumber: Places] = [:]
  private var inbox: [Channel: Line] = [:]
  private var sizes: [ScalarString: Size] = [:]
  private var newest = Timestamp(microseconds: 0)
  /// The earliest moment at which a kept signal expires, as far as a timer was set for it.
  private(set) var alarm: Timestamp?
  /// What was taken in this turn.
  private var lent: [Loan] = []

  typealias Loan = (job: JobNumber, row: SignalRow)

  struct Size {
    var count = 0
    var bytes = 0
  }

  /// Signals of one channel, oldest first. What was taken lies before `head` until half of it is.
  private struct Line {
    var rows: [SignalRow] = []
    var head = 0

    var first: SignalRow? { head < rows.count ? rows[head] : nil }
    var kept: ArraySlice<SignalRow> { rows[head...] }

    mutating func sort() {
      rows = kept.sorted { ($0.receivedAt, $0.id) < ($1.receivedAt, $1.id) }
      head = 0
    }

    mutating func takeFirst() -> SignalRow? {
      guard head < rows.count else { return nil }
      let row = rows[head]
      rows[head].payload = []
      head += 1
      if head > 32, head * 2 > rows.count {
        rows.removeSubrange(0..<head)
        head = 0
      }
      return row
    }
  }
}

// Those who wait.
extension Signals {
  mutating func add(_ waiter: Waiter, to channel: Channel) {
    if places[waiter.job]?[waiter.node] == channel { return }
    remove(waiter.job, waiter.node)
    places[waiter.job, default: Places()][waiter.node] = channel
    // Behind all that are older, which is at the end but after a restart.
    waiters[channel, default: []].insert(waiter, after: { !waiter.isOlder(than: $0) })
  }

  mutating func remove(_ job: JobNumber, _ node: NodeNumber) {
    guard let channel = places[job]?[node] else { return }
    places[job]?[node] = nil
    if places[job]?.isEmpty == true { places[job] = nil }
    waiters[channel]?.removeAll { $0.job == job && $0.node == node }
    if waiters[channel]?.isEmpty == true { waiters[channel] = nil }
  }

  mutating func removeAll(of job: JobNumber) {
    for place in places[job]?.inOrder ?? [] { remove(job, place.node) }
  }

  /// Oldest first.
  func waiters(at channel: Channel) -> [Waiter] { waiters[channel] ?? [] }

  /// The waits of a job by node, each with where it waits.
  func waits(of job: JobNumber) -> [(waiter: Waiter, channel: Channel)] {
    (places[job]?.inOrder ?? []).compactMap { place in
      waiters[place.channel]?.first { $0.job == job && $0.node == place.node }.map { ($0, place.channel) }
    }
  }

  /// The other jobs that may take the signal which a node waits for (S14), oldest first.
  func rivals(of waiter: Waiter, at channel: Channel) -> [JobNumber] {
    if waiter.isBroadcast { return [] }
    return waiters(at: channel).filter { $0.job != waiter.job && !$0.isBroadcast }.map(\.job)
  }
}

// The inbox.
extension Signals {
  func size(of namespace: String) -> Size { sizes[ScalarString(namespace)] ?? Size() }

  /// Later than that of all that are kept.
  func nextMoment(_ now: Timestamp) -> Timestamp { max(now, newest + .microseconds(1)) }

  mutating func keep(_ row: SignalRow) {
    newest = max(newest, row.receivedAt)
    inbox[row.channel, default: Line()].rows.append(row)
    sizes[row.channel.namespace, default: Size()].count += 1
    sizes[row.channel.namespace, default: Size()].bytes += row.payload.count
  }

  func first(at channel: Channel) -> SignalRow? { inbox[channel]?.first }

  mutating func takeFirst(at channel: Channel) -> SignalRow? {
    guard let row = inbox[channel]?.takeFirst() else { return nil }
    if inbox[channel]?.first == nil { inbox[channel] = nil }
    forget(row)
    return row
  }

  /// Takes out what has expired, in the order in which it came.
  mutating func takeExpired(at now: Timestamp) -> [SignalRow] {
    var expired: [SignalRow] = []
    for channel in Array(inbox.keys) {
      guard let line = inbox[channel], line.kept.contains(where: { $0.expiresAt <= now }) else { continue }
      let left = line.kept.filter { $0.expiresAt > now }
      expired += line.kept.filter { $0.expiresAt <= now }
      inbox[channel] = left.isEmpty ? nil : Line(rows: left)
    }
    for row in expired { forget(row) }
    return expired.sorted { ($0.receivedAt, $0.id) < ($1.receivedAt, $1.id) }
  }

  mutating func lend(_ row: SignalRow, to job: JobNumber) { lent.append((job, row)) }

  /// What was taken since the last call: it is decided with the commit of that turn whether it stays taken.
  mutating func takeLent() -> [Loan] {
    defer { lent = [] }
    return lent
  }

  /// Takes back what these jobs took in a turn that was committed without them.
  mutating func takeBack(_ lent: [Loan], from jobs: [JobNumber]) -> [Channel] {
    let back = lent.filter { jobs.contains($0.job) }.map(\.row)
    for row in back {
      keep(row)
      inbox[row.channel]?.sort()
    }
    return back.map(\.channel)
  }

  /// The same message came once more.
  mutating func repeated(_ row: SignalRow) {
    guard let index = inbox[row.channel]?.rows.firstIndex(where: { $0.id == row.id }) else { return }
    inbox[row.channel]?.rows[index].duplicates = row.duplicates
  }

  /// When to look for expired signals, where that is earlier than what was asked for last.
  mutating func nextAlarm(for moment: Timestamp) -> Timestamp? {
    if let alarm, alarm <= moment { return nil }
    alarm = moment
    return moment
  }

  /// The alarm went off: the next one, if anything is kept.
  mutating func resetAlarm() -> Timestamp? {
    alarm = inbox.values.lazy.flatMap { $0.kept.lazy.map(\.expiresAt) }.min()
    return alarm
  }

  private mutating func forget(_ row: SignalRow) {
    let namespace = row.channel.namespace
    guard var size = sizes[namespace] else { return }
    size.count -= 1
    size.bytes -= row.payload.count
    sizes[namespace] = size.count == 0 ? nil : size
  }
}

extension Signals.Waiter {
  /// Across a restart too: by the moment of the wait, and then by the job's place.
  fileprivate func isOlder(than other: Self) -> Bool {
    (since, job, node) < (other.since, other.job, other.node)
  }
}

extension SignalRow {
  var channel: Signals.Channel { Signals.Channel(namespace, name, key) }
}

extension [Signals.Waiter] {
  /// Searched from the end, and in place: many may wait at one channel.
  fileprivate mutating func insert(_ waiter: Element, after precedes: (Element) -> Bool) {
    var place = endIndex
    while place > startIndex, !precedes(self[place - 1]) { place -= 1 }
    insert(waiter, at: place)
  }
}

/// Where the nodes of a job wait. Most jobs wait at one place, for which a list is half of a dictionary.
private struct Places {
  private enum Storage {
    case few([(node: NodeNumber, channel: Signals.Channel)])
    case many([NodeNumber: Signals.Channel])
  }

  private var storage = Storage.few([])
  /// Beyond it a dictionary is faster.
  private static let few = 8

  var isEmpty: Bool {
    switch storage {
    case .few(let places): places.isEmpty
    case .many(let places): places.isEmpty
    }
  }

  var inOrder: [(node: NodeNumber, channel: Signals.Channel)] {
    switch storage {
    case .few(let places): places.sorted { $0.node < $1.node }
    case .many(let places): places.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
  }

  subscript(node: NodeNumber) -> Signals.Channel? {
    get {
      switch storage {
      case .few(let places): places.first { $0.node == node }?.channel
      case .many(let places): places[node]
      }
    }
    set {
      switch storage {
      case .few(var places):
        storage = .few([])
        places.removeAll { $0.node == node }
        if let newValue { places.append((node, newValue)) }
        guard places.count > Self.few else {
          storage = .few(places)
          return
        }
        storage = .many(Dictionary(uniqueKeysWithValues: places.map { ($0.node, $0.channel) }))
      case .many(var places):
        storage = .few([])
        places[node] = newValue
        storage = .many(places)
      }
    }
  }
}

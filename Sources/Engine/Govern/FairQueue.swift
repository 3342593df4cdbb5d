internal import Model

/// Who waits for one thing, and who is next: namespaces take turns, each with as many as its weight; inside
/// one its fair keys take turns; inside a key priority and age decide (`semantics.md`, S23).
///
/// Ordered by what came in alone, so the same waiters in the same order give the same turns on every machine.
struct FairQueue {
  struct Waiter {
    var claimant: Claimant
    var namespace: String
    var weight: Int
    var fairKey: ScalarString
    var priority: Int
    /// Since when it queues: age outlives a move from one queue to another.
    var since: Timestamp
  }

  private struct Entry {
    var waiter: Waiter
    var ticket: UInt64
  }

  private struct Lane {
    var namespace: String
    var weight: Int
    var deficit = 0
    var keys: [ScalarString: KeyLine] = [:]
    /// The keys whose turn comes, the next one first.
    var order = Deque<ScalarString>()
    var count = 0
  }

  private var entries: [Claimant: Entry] = [:]
  private var lanes: [Lane] = []
  private var cursor = 0
  /// Whether the lane at the cursor was given its turns of this round.
  private var isCharged = false
  private var nextTicket: UInt64 = 0

  var isEmpty: Bool { entries.isEmpty }
  var count: Int { entries.count }

  func contains(_ claimant: Claimant) -> Bool { entries[claimant] != nil }
  func waiter(_ claimant: Claimant) -> Waiter? { entries[claimant]?.waiter }

  /// A claimant stands in the queue once: a second time it moves.
  mutating func join(_ waiter: Waiter) {
    leave(waiter.claimant)
    nextTicket += 1
    entries[waiter.claimant] = Entry(waiter: waiter, ticket: nextTicket)
    let lane = lane(of: waiter)
    lanes[lane].count += 1
    if lanes[lane].keys[waiter.fairKey] == nil { lanes[lane].order.append(waiter.fairKey) }
    lanes[lane].keys[waiter.fairKey, default: KeyLine()].add(
      Ticket(number: nextTicket, claimant: waiter.claimant, since: waiter.since), waiter.priority)
  }

  private mutating func lane(of waiter: Waiter) -> Int {
    if let lane = lanes.firstIndex(where: { $0.namespace == waiter.namespace }) {
      lanes[lane].weight = waiter.weight
      return lane
    }
    lanes.append(Lane(namespace: waiter.namespace, weight: waiter.weight))
    return lanes.count - 1
  }

  /// Its ticket stays behind and is passed over when its turn comes.
  @discardableResult
  mutating func leave(_ claimant: Claimant) -> Waiter? {
    guard let entry = entries.removeValue(forKey: claimant) else { return nil }
    if entries.isEmpty {
      removeAll()
    } else if let lane = lanes.firstIndex(where: { $0.namespace == entry.waiter.namespace }) {
      lanes[lane].count -= 1
      if lanes[lane].count == 0 { remove(lane) }
    }
    return entry.waiter
  }

  private mutating func removeAll() {
    (lanes, cursor, isCharged) = ([], 0, false)
  }

  private mutating func remove(_ lane: Int) {
    lanes.remove(at: lane)
    if lane == cursor { isCharged = false }
    if lane < cursor { cursor -= 1 }
  }

  /// Takes whose turn it is.
  mutating func take(at now: Timestamp) -> Waiter? {
    while !lanes.isEmpty {
      if cursor >= lanes.count { cursor = 0 }
      if !isCharged {
        lanes[cursor].deficit += max(1, lanes[cursor].weight)
        isCharged = true
      }
      if lanes[cursor].deficit >= 1, let claimant = first(ofLane: cursor, at: now) {
        lanes[cursor].deficit -= 1
        return leave(claimant)
      }
      (cursor, isCharged) = (cursor + 1, false)
    }
    return nil
  }

  private mutating func first(ofLane lane: Int, at now: Timestamp) -> Claimant? {
    while let key = lanes[lane].order.popFirst() {
      guard let index = lanes[lane].keys.index(forKey: key) else { continue }
      let ticket = lanes[lane].keys.values[index].take(at: now) { [entries] ticket in
        entries[ticket.claimant]?.ticket == ticket.number
      }
      guard let ticket else {
        lanes[lane].keys.remove(at: index)
        continue
      }
      lanes[lane].order.append(key)
      return ticket.claimant
    }
    return nil
  }

  /// The first `most` in the order in which they would be taken now.
  func order(at now: Timestamp, most: Int) -> [Claimant] {
    var copy = self
    var order: [Claimant] = []
    while order.count < most, let next = copy.take(at: now) { order.append(next.claimant) }
    return order
  }

  /// All of them, in no order that means anything.
  var waiters: some Sequence<Waiter> { entries.values.lazy.map(\.waiter) }
}

/// A place in the queue: dead once the claimant has left or moved.
private struct Ticket {
  var number: UInt64
  var claimant: Claimant
  var since: Timestamp
}

/// Who waits under one fair key: of each priority the oldest first.
private struct KeyLine {
  private var levels: [(priority: Int, tickets: Deque<Ticket>)] = []

  mutating func add(_ ticket: Ticket, _ priority: Int) {
    let level: Int
    if let known = levels.firstIndex(where: { $0.priority == priority }) {
      level = known
    } else {
      levels.append((priority, Deque()))
      level = levels.count - 1
    }
    levels[level].tickets.insert(ticket) { ($0.since, $0.claimant) <= ($1.since, $1.claimant) }
  }

  /// The highest by priority and age; of equals the one that came first.
  mutating func take(at now: Timestamp, where isAlive: (Ticket) -> Bool) -> Ticket? {
    var best: (level: Int, rank: Int, ticket: Ticket)?
    for level in levels.indices {
      while let head = levels[level].tickets.first, !isAlive(head) { _ = levels[level].tickets.popFirst() }
      guard let head = levels[level].tickets.first else { continue }
      let rank = Ageing.rank(levels[level].priority, since: head.since, at: now)
      if let known = best {
        let isEarlier = (head.since, head.claimant) < (known.ticket.since, known.ticket.claimant)
        if rank < known.rank || (rank == known.rank && !isEarlier) { continue }
      }
      best = (level, rank, head)
    }
    guard let best else { return nil }
    return levels[best.level].tickets.popFirst()
  }
}

/// Waiting raises a priority, so that nothing waits for ever behind what is more important (S22).
enum Ageing {
  static let step = Duration.seconds(600)
  static let most = 3
  static let highest = 9

  static func rank(_ priority: Int, since: Timestamp, at now: Timestamp) -> Int {
    let waited = max(.zero, now - since)
    let steps = Int(waited.microseconds / step.microseconds)
    return min(highest, priority + min(most, steps))
  }
}

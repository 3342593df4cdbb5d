internal import Model

/// How often something started of late: in no span of `per` more than `limit` times.
///
/// Moments are those of a clock that never jumps; what is stored are ages, so that a restart neither forgets
/// a start nor lets a jump of the wall clock grant one too many (S12).
struct RateWindow: Hashable {
  /// Starts that happened at once are one entry.
  private struct Entry: Hashable {
    var at: Duration
    var count: Int
  }

  /// As many entries as are kept at most: of a larger limit neighbouring starts count as the later one.
  static let mostEntries = 1_000

  private var entries: [Entry] = []
  private var head = 0
  /// The longest span that was asked for: older starts are forgotten.
  private var longest = Duration.zero

  init() {}

  /// When so many starts in a span of `per` leave room for one more; not before `now`.
  mutating func due(_ limit: Int, per: Duration, at now: Duration) -> Duration {
    longest = max(longest, per)
    forget(before: now - longest)
    var room = limit
    // From the newest: the start that fills the window must have left it.
    for index in entries.indices.reversed() where index >= head {
      room -= entries[index].count
      if room <= 0 { return max(now, entries[index].at + per) }
    }
    return now
  }

  mutating func note(_ limit: Int, per: Duration, at now: Duration) {
    longest = max(longest, per)
    let last = entries.indices.last.flatMap { $0 >= head ? $0 : nil }
    // Counted as later than it was: the limit holds all the more.
    let grain = limit > Self.mostEntries ? per / Self.mostEntries : .zero
    if let last, now - entries[last].at <= grain {
      entries[last].count += 1
      entries[last].at = now
    } else {
      entries.append(Entry(at: now, count: 1))
    }
  }

  /// The newest starts, those since `moment`, happened only at `now`. Says by how much later.
  mutating func move(since moment: Duration, to now: Duration) -> Duration {
    guard entries.count > head, let last = entries.indices.last, entries[last].at >= moment else {
      return .zero
    }
    defer { entries[last].at = max(entries[last].at, now) }
    return max(.zero, now - entries[last].at)
  }

  /// A difference that need not be stored.
  var grain: Duration { longest / Self.mostEntries }

  private mutating func forget(before moment: Duration) {
    while head < entries.count, entries[head].at <= moment { head += 1 }
    if head > 256, head * 2 > entries.count {
      entries.removeSubrange(0..<head)
      head = 0
    }
  }

  /// Whether nothing of it counts any more.
  func isOver(at now: Duration) -> Bool { entries.last.map { $0.at + longest <= now } ?? true }

  /// `[[microseconds ago, count], …]`.
  func state(at now: Duration) -> JSON {
    [
      "per": .int(longest.microseconds),
      "starts": .array(
        entries[head...].map { [.int((now - $0.at).microseconds), .int(Int64($0.count))] }),
    ]
  }

  /// As it was stored `passed` ago by the wall clock, which may lie: what it says counts from 0 to the whole
  /// span.
  init(state: JSON, passed: Duration, at now: Duration) {
    longest = .microseconds(state["per"]?.int ?? 0)
    let passed = max(.zero, passed)
    for start in state["starts"]?.array ?? [] {
      let age = Duration.microseconds(start[0]?.int ?? 0) + passed
      entries.append(Entry(at: now - age, count: Int(start[1]?.int ?? 1)))
    }
  }
}

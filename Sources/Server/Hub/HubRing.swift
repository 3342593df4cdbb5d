import Model

/// The newest messages of one channel, for those who have not taken them yet. Places in it count what
/// was ever appended, from 0.
struct HubRing {
  private var entries: [HubEntry?] = []
  /// Entries in front that are gone, until there are enough of them to be swept out.
  private var gone = 0
  /// Of the oldest entry that is held.
  private(set) var first = 0
  private(set) var bytes = 0
  /// Of the newest entry that was dropped or left.
  private var lastLeft: Int64?
  /// Where the newest dropped entry stood that may not be left out.
  private var lastDroppedForGood = -1

  var end: Int { first + entries.count - gone }

  struct Taken: Sendable {
    var entries: [HubEntry] = []
    /// Where the next ones are taken from.
    var next: Int
    /// How many before them were dropped since the place that was asked for.
    var missed = 0
    /// Whether one of those may not be left out.
    var hasLoss = false
  }

  /// Drops the oldest beyond the limits.
  mutating func append(_ new: [HubEntry], bytes limit: Int, messages: Int) {
    for entry in new {
      entries.append(entry)
      bytes += entry.weight
    }
    while end - first > messages || bytes > limit, end > first {
      if let entry = entries[gone], !entry.kind.isThin { lastDroppedForGood = first }
      leave()
    }
  }

  /// All have what stands before this place.
  mutating func release(before place: Int) {
    while first < min(place, end) { leave() }
  }

  private mutating func leave() {
    if let entry = entries[gone] {
      bytes -= entry.weight
      lastLeft = entry.sequence ?? lastLeft
    }
    entries[gone] = nil
    (gone, first) = (gone + 1, first + 1)
    if gone == entries.count {
      entries.removeAll(keepingCapacity: gone <= HubLimits.takenMessages)
      gone = 0
    } else if gone >= HubLimits.takenMessages, gone * 2 >= entries.count {
      entries.removeFirst(gone)
      gone = 0
    }
  }

  /// Whether nothing behind that sequence number was dropped of what stood at this place or later.
  func holdsAll(after sequence: Int64, from place: Int) -> Bool {
    place >= first || (lastLeft ?? .min) <= sequence
  }

  func take(from place: Int, messages: Int, bytes limit: Int) -> Taken {
    var taken = Taken(next: max(place, first))
    taken.missed = taken.next - place
    taken.hasLoss = lastDroppedForGood >= place
    var room = limit
    while taken.next < end, taken.entries.count < messages, room > 0,
      let entry = entries[gone + taken.next - first]
    {
      taken.entries.append(entry)
      room -= entry.weight
      taken.next += 1
    }
    return taken
  }
}

internal import Model

/// The node's places for attempts, and who waits for one, first come first served.
struct Slots {
  /// By `ConnectorDescription.Place`.
  private(set) var free: [Int]
  private var waiting: [[Waiter]] = [[], []]
  private var heads = [0, 0]

  struct Waiter: Hashable {
    var job: JobNumber
    var node: NodeNumber
  }

  init(node: Int, process: Int) { free = [node, process] }

  /// What a decision took.
  mutating func set(_ free: [Int]) { self.free = free }

  mutating func release(_ place: ConnectorDescription.Place) { free[Int(place.rawValue)] += 1 }

  mutating func queue(_ waiter: Waiter, for place: ConnectorDescription.Place) {
    waiting[Int(place.rawValue)].append(waiter)
  }

  mutating func leave(_ waiter: Waiter) {
    for place in waiting.indices {
      waiting[place].removeSubrange(0..<heads[place])
      heads[place] = 0
      waiting[place].removeAll { $0 == waiter }
    }
  }

  /// The next waiter that a free place can serve.
  mutating func next() -> Waiter? {
    for place in free.indices where free[place] > 0 && heads[place] < waiting[place].count {
      defer { compact(place) }
      heads[place] += 1
      return waiting[place][heads[place] - 1]
    }
    return nil
  }

  private mutating func compact(_ place: Int) {
    guard heads[place] > 1_024, heads[place] * 2 > waiting[place].count else { return }
    waiting[place].removeSubrange(0..<heads[place])
    heads[place] = 0
  }
}

internal import Model

// Whoever waits lends its priority to those that hold what it waits for, so that something unimportant does
// not keep something important waiting (`semantics.md`, S22).
extension Governors {
  /// So far a priority is lent on: from a waiter to a holder, to what that waits for, and so on.
  static let lendingDepth = 8

  /// Makes the priorities of all waiters what they are and what they are lent.
  mutating func lend() {
    lendingIsDue = false
    let before = lent
    lent = [:]
    let claimants = waiting.keys.sorted()
    for claimant in claimants {
      guard let known = waiting[claimant], case .slot(let key)? = known.resource else { continue }
      let own = max(known.claim.priority, entrants[claimant.job]?.priority ?? 0)
      lend(own, toHoldersOf: key, Self.lendingDepth)
    }
    if lent == before { return }
    for claimant in claimants where changes(claimant.job, before) { requeue(claimant) }
    for place in queues.indices {
      let waiters = queues[place].waiters.filter {
        waiting[$0.claimant] == nil && changes($0.claimant.job, before)
      }
      for waiter in waiters.sorted(by: { $0.claimant < $1.claimant }) {
        wait(waiter.claimant, for: place == 0 ? .node : .process, since: waiter.since)
      }
    }
  }

  private func changes(_ job: JobNumber, _ before: [JobNumber: Int]) -> Bool { lent[job] != before[job] }

  private mutating func requeue(_ claimant: Claimant) {
    if let resource = waiting[claimant]?.resource { join(claimant, resource) }
  }

  private mutating func lend(_ priority: Int, toHoldersOf key: ScalarString, _ depth: Int) {
    guard depth > 0 else { return }
    for holder in slots.holders(of: key) where holdings[holder]?.holdsOthers == true {
      lend(priority, to: holder.job, holder.node, depth)
    }
  }

  private mutating func lend(_ priority: Int, to job: JobNumber, _ node: NodeNumber?, _ depth: Int) {
    guard depth > 0, max(entrants[job]?.priority ?? 0, lent[job] ?? 0) < priority else { return }
    lent[job] = priority
    for (claimant, known) in waiting where claimant.job == job {
      if case .slot(let key)? = known.resource { lend(priority, toHoldersOf: key, depth - 1) }
    }
    for (child, entrant) in entrants where entrant.parent?.job == job {
      lend(priority, to: child, nil, depth - 1)
    }
  }
}

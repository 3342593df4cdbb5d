internal import Model

/// Why a claimant has not started.
struct Standing: Sendable, Hashable {
  enum Kind: String, Sendable { case place, slot, rate }
  var kind: Kind
  /// Empty for a place of the node.
  var key: String
  /// Slots, or starts in `per`.
  var limit: Int
  var per: Duration?
  var holders: [JobNumber]
  /// From 1; nil where more than `Governors.shownPositions` come first.
  var position: Int?
  var waiting: Int
  /// When a rate has room again.
  var until: Timestamp?
  /// What its own priority was raised to.
  var lent: Int?
}

extension Governors {
  /// So far a place in a queue is counted.
  static let shownPositions = 1_000

  /// Where these nodes of a job, or with nil the job itself, stand.
  func standings(of claimants: [Claimant], at moment: Moment) -> [Claimant: Standing] {
    var orders: [Resource: [Claimant]] = [:]
    var standings: [Claimant: Standing] = [:]
    for claimant in claimants {
      guard let resource = resource(of: claimant), let line = line(resource) else { continue }
      let order = orders[resource] ?? line.order(at: moment.wall, most: Self.shownPositions)
      orders[resource] = order
      var standing = standing(at: resource, moment)
      standing.position = order.firstIndex(of: claimant).map { $0 + 1 }
      standing.waiting = line.count
      standing.lent = lent[claimant.job]
      standings[claimant] = standing
    }
    return standings
  }

  private func resource(of claimant: Claimant) -> Resource? {
    if let known = waiting[claimant] { return known.resource }
    return queues.indices.first { queues[$0].contains(claimant) }.map { .place($0) }
  }

  private func line(_ resource: Resource) -> FairQueue? {
    switch resource {
    case .place(let place): queues[place]
    case .slot, .rate: lines[resource]
    }
  }

  private func standing(at resource: Resource, _ moment: Moment) -> Standing {
    switch resource {
    case .place:
      return Standing(kind: .place, key: "", limit: 0, holders: [], waiting: 0)
    case .slot(let key):
      return Standing(
        kind: .slot, key: key.string, limit: slots.limit(of: key) ?? 1,
        holders: slots.holders(of: key).map(\.job), waiting: 0)
    case .rate(let key):
      let claim = rates[key]?.claim
      let until = dues[key].map { moment.wall + max(.zero, $0 - moment.before) }
      return Standing(
        kind: .rate, key: key.string, limit: claim?.limit ?? 1, per: claim?.per, holders: [], waiting: 0,
        until: until)
    }
  }
}

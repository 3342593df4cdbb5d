internal import Model

/// Who asks the governors: a step execution, or with nil the job itself.
struct Claimant: Hashable, Comparable {
  var job: JobNumber
  var node: NodeNumber?

  init(_ job: JobNumber, _ node: NodeNumber?) { (self.job, self.node) = (job, node) }

  /// For lists that are shown or stored: by job, the job itself before its steps.
  static func < (left: Claimant, right: Claimant) -> Bool {
    if left.job != right.job { return left.job < right.job }
    return left.node.map { Int64($0) } ?? -1 < right.node.map { Int64($0) } ?? -1
  }
}

/// What the governors know of a job for as long as a node drives it.
struct Entrant: Hashable {
  var namespace: String
  /// How many turns the namespace has in one round.
  var weight: Int
  /// Within the namespace; the pipeline where the file says nothing.
  var fairKey: ScalarString
  /// 0 to 9.
  var priority: Int
  var parent: Claimant?

  static let weights = 1...100

  /// From what admission pinned: a job keeps its place when settings change. The priority is the job's own,
  /// which a person may have changed since.
  init(_ pipeline: PipelineName, context: JSON?, priority: Int, parent: Claimant?) {
    namespace = pipeline.namespace
    let weight = Int(context?["settings"]?["fair_weight"]?.int ?? 1)
    self.weight = min(max(weight, Self.weights.lowerBound), Self.weights.upperBound)
    fairKey = ScalarString(context?["fair_key"]?.string ?? pipeline.name)
    (self.priority, self.parent) = (priority, parent)
  }
}

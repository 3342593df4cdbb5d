public import Model
internal import Pipelines

/// How a job stands: what those who begin to listen are given first.
public struct JobSnapshot: Sendable, Hashable {
  /// Of the last stored decision in it: the changes behind it are what has happened since.
  public var sequence: UInt32
  public var status: JobStatus
  public var startedAt: Timestamp?
  public var endedAt: Timestamp?
  /// How many step executions have which status.
  public var counts: [StepStatus: Int]
  /// The first ones, in the order in which they came to be.
  public var steps: [Step]

  public struct Step: Sendable, Hashable {
    public var path: String
    public var status: StepStatus
    public var attempt: Int
  }

  public static let mostSteps = 200

  package init(
    sequence: UInt32, status: JobStatus, startedAt: Timestamp? = nil, endedAt: Timestamp? = nil,
    counts: [StepStatus: Int], steps: [Step]
  ) {
    (self.sequence, self.status, self.counts, self.steps) = (sequence, status, counts, steps)
    (self.startedAt, self.endedAt) = (startedAt, endedAt)
  }
}

extension Node {
  /// All that was committed before this was asked is in it.
  public func snapshot(_ job: ID<Job>) async throws(Problem) -> JobSnapshot {
    if let live = await live(job) { return JobSnapshot(live.state, live.plan) }
    let history = jobHistory
    return try await offThread { () throws(Problem) in
      let folded = try history.fold(job)
      return JobSnapshot(folded.state, folded.plan)
    }
  }

  /// Reads the changes of a job from the first one on.
  public func changes(of job: ID<Job>) throws(Problem) -> ChangeHistory { try ChangeHistory(jobHistory, job) }
}

extension JobSnapshot {
  init(_ state: JobState, _ plan: Plan) {
    let nodes = 0..<min(state.nextNode, NodeNumber(Self.mostSteps))
    self.init(
      sequence: state.sequence, status: state.status, startedAt: state.startedAt.orNil,
      endedAt: state.endedAt.orNil, counts: state.counts,
      steps: nodes.map { node in
        Step(
          path: state.path(of: node, in: plan), status: state[node].status, attempt: Int(state[node].attempt))
      })
  }
}

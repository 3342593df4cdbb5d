public import Model
public import Pipelines

/// The engine's rules: one job, its plan, and the event at hand. Pure: the same state, event and time give
/// the same facts on every machine.
///
/// A value that owns the job while it decides, so that Swift changes the state in place. What ends or becomes
/// ready goes into a queue instead of a recursion: a chain of 5,000 values takes no deeper stack than one.
public struct Decider {
  enum Work {
    case ready(NodeNumber)
    case ended(NodeNumber)
  }

  /// A job's own identity and the limits of its node: what a decision may use beside the state.
  public struct Setting: Sendable {
    /// Enters retry jitter and step keys.
    public var job: ID<Job>
    public var crashBudget = 2
    public var cancelGrace = Duration.seconds(30)
    public var handlersTimeout = Duration.seconds(300)
    public var maxItems = 50_000
    public init(job: ID<Job>) { self.job = job }
  }

  public internal(set) var state: JobState
  let plan: Plan
  let setting: Setting
  let now: Timestamp
  public internal(set) var decision: Decision
  var queue: [Work] = []
  /// Fan-outs that go on in a later decision.
  var cutShort: Set<NodeNumber> = []

  public init(_ state: JobState, _ plan: Plan, _ setting: Setting, now: Timestamp, decision: Decision) {
    (self.state, self.plan, self.setting, self.now) = (state, plan, setting, now)
    self.decision = decision
  }

  /// Decides one event. An event that no longer means anything leaves no fact at all.
  public mutating func decide(_ event: Event) {
    // In the turn of its end a job may still be told of late results: its history is closed.
    if state.phase == .ended, !event.reachesEnded { return }
    if state.quarantine != nil, !event.reachesQuarantined { return }
    switch event {
    case .admitted(let creation, let context): admit(creation, context)
    case .finished(let node, let token, let end): finish(node, token, end)
    case .fired(let wake): fire(wake)
    case .slotFreed(let node): if state[node].status == .queued { start(node) }
    case .cancelled(let actor, let reason): cancel(actor, reason)
    case .killed(let actor, let reason): kill(actor, reason)
    case .recovered(let name): recover(name)
    case .examined(let node, let token, let end): examine(node, token, end)
    case .resolved(let node, let resolution, let actor): resolve(node, resolution, actor)
    case .adopted(let node, let actor): adopt(node, actor)
    case .quarantined(let reason): emit(.quarantined(reason: reason))
    case .released: release()
    case .granted(let node): granted(node)
    case .limited(let node): limited(node)
    case .refused(let node, let failure): refused(node, failure)
    case .cached(let node, let output, let from): cached(node, output, from: from)
    case .signalled(let node, let id, let payload): signalled(node, id, payload)
    case .answered(let node, let answer): answered(node, answer)
    case .delegated(let node, let handover): delegated(node, handover)
    case .reminded(let node, let ask): remind(node, ask)
    case .childAdmitted(let node, let child): childAdmitted(node, child)
    case .childRefused(let node, let failure): childRefused(node, failure)
    case .childEnded(let node, let child, let status, let failure, let outputs):
      childEnded(node, child, status, failure, outputs)
    case .counted(let node, let count): counted(node, count)
    case .sliced(let node, let value): sliced(node, value)
    case .replaced(let newer): replaced(by: newer)
    case .retried(let actor, let paths): retried(actor, paths)
    case .updated(let actor, let priority, let labels): update(actor, priority, labels)
    }
    drain()
    settle()
  }

  private mutating func drain() {
    var position = 0
    while position < queue.count {
      if decision.facts > Decision.factLimit { return giveUp() }
      switch queue[position] {
      case .ready(let node): ready(node)
      case .ended(let node): propagate(node)
      }
      position += 1
    }
    queue.removeAll(keepingCapacity: true)
  }

  private mutating func giveUp() {
    queue.removeAll()
    for effect in decision.effects {
      guard case .execute(let order) = effect, case .connector(let call) = plan.steps[Int(order.step)].kind
      else { continue }
      decision.freeSlots[Int(call.connector.place.rawValue)] += 1
    }
    decision.effects.removeAll()
    emit(.quarantined(reason: "One decision needed more than \(Decision.factLimit) facts."))
  }
}

extension Event {
  /// A quarantined job moves only by a person.
  var reachesQuarantined: Bool {
    switch self {
    case .killed, .released, .quarantined: true
    case .admitted, .finished, .fired, .slotFreed, .cancelled, .recovered, .examined, .resolved, .adopted,
      .granted, .limited, .refused, .cached, .signalled, .answered, .delegated, .reminded, .childAdmitted,
      .childRefused, .childEnded, .counted, .sliced, .replaced, .retried, .updated:
      false
    }
  }

  /// An ended job is moved only by a person who opens it again.
  fileprivate var reachesEnded: Bool {
    if case .retried = self { true } else { false }
  }
}

extension Failure {
  /// How a step ends that fails so.
  var status: StepStatus {
    switch errorClass {
    case .timeout: .timeout
    case .cancelled: .cancelled
    case .transient, .rateLimited, .configuration, .credential, .data, .expression, .exhausted,
      .outputTooLarge, .lost, .internal, .exit, .circuitOpen:
      .failed
    }
  }
}

extension StepFact {
  /// Whether the projection of the node shows it.
  fileprivate var changesRow: Bool {
    switch self {
    case .limited, .awaiting, .asked, .calling, .reused: true
    case .signalled, .answered, .assigned, .reminded, .called, .settled, .counting, .sliced: false
    }
  }
}

// What every rule uses.
extension Decider {
  /// Adds a fact to the decision and folds it into the state: the two cannot differ.
  mutating func emit(_ fact: Fact) {
    if state.hasAsks { closeAsk(endedBy: fact) }
    let sequence = decision.sequence(after: state.sequence)
    if let node = fact.endedNode { leaveSignal(node) }
    decision.add(fact)
    if decision.isHeard {
      let sight = Sight(before: fact, state)
      state.apply(fact, sequence: sequence, at: now)
      decision.moves += sight.moves(to: state, sequence: sequence)
    } else {
      state.apply(fact, sequence: sequence, at: now)
    }
    switch fact {
    case .succeeded(let node, _, _), .failed(let node, _, _, _, _):
      decision.changed.append(node)
      queue.append(.ended(node))
      if step(of: node).limits != nil { decision.effects.append(.unclaim(node)) }
    case .skipped(let first, let count, _):
      for node in first..<first + count {
        decision.changed.append(node)
        queue.append(.ended(node))
      }
    case .retrying(let node, _, _, _, _, _), .delayed(let node, _, _), .question(let node, _),
      .resolved(let node, _, _):
      decision.changed.append(node)
      if step(of: node).limits != nil { decision.effects.append(.unclaim(node)) }
    case .lost(let node, _):
      if step(of: node).limits != nil { decision.effects.append(.unclaim(node)) }
    case .created, .opened, .items, .round, .entered, .queued, .started, .deadline, .superseded, .adopted,
      .stopping, .cancelRequested, .killed, .overdue, .phase, .outcome, .status, .recovered,
      .quarantined, .aside, .reopened, .updated:
      break
    case .step(let node, let fact):
      if fact.changesRow { decision.changed.append(node) }
      if case .reused = fact { queue.append(.ended(node)) }
    }
  }

  mutating func body(_ value: JSON) -> Body { decision.add(value, after: state.sequence) }

  /// The node could not do what it is for: its handlers run and its rescue takes over, where it has them.
  mutating func fail(_ node: NodeNumber, _ failure: Failure, as status: StepStatus? = nil) {
    let status = status ?? failure.status
    if hasHandlersToRun(node) { return settle(node, failure, as: status) }
    if let rescue = rescue(of: node, from: failure) {
      return open(rescue, for: failure, as: status, of: node)
    }
    failForGood(node, failure, as: status)
  }

  mutating func failForGood(_ node: NodeNumber, _ failure: Failure, as status: StepStatus) {
    let message = body(.string(failure.message))
    emit(.failed(node, status, failure.errorClass, code: failure.code, message: message))
  }

  /// Ends a node with a value, unless the value is larger than any may be.
  mutating func succeed(_ node: NodeNumber, _ status: StepStatus, _ value: JSON?) {
    guard let value else { return emit(.succeeded(node, status, output: nil)) }
    let output = body(value)
    emit(.succeeded(node, status, output: output))
  }

  func step(of node: NodeNumber) -> StepPlan { plan.steps[Int(state[node].step)] }

  mutating func wake(_ wake: Wake, after pause: Duration) {
    decision.effects.append(.wake(wake, after: max(.zero, pause)))
  }
}

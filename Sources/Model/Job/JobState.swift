/// All that is known of a job: the fold of its facts. Steps are found by number, never by name.
///
/// Only `apply` changes it. Values of users lie beside the nodes, and a job that waits for its first step
/// pays nothing for them.
public struct JobState: Sendable {
  public internal(set) var sequence: UInt32 = 0
  public internal(set) var status = JobStatus.pending
  public internal(set) var phase = JobPhase.main
  public internal(set) var creation: Fact.Creation?
  /// `{inputs, vars, settings, trigger}`.
  public internal(set) var context: Body?
  public internal(set) var nodes: [StepState] = []
  /// The scopes that have no parent: the job's own steps, then handlers.
  public internal(set) var roots: [Root] = []
  public internal(set) var createdAt = Timestamp.never
  public internal(set) var startedAt = Timestamp.never
  public internal(set) var endedAt = Timestamp.never
  public internal(set) var deadline = Timestamp.never
  public internal(set) var deadlineAfter = Duration.zero
  /// Whether the deadline of the phase has passed.
  public internal(set) var isOverdue = false
  public internal(set) var cancel: Request?
  public internal(set) var kill: Request?
  /// How the job's own steps ended; set before its handlers run.
  public internal(set) var outcome: JobStatus?
  public internal(set) var failure: Failure?
  public internal(set) var outputs: Body?
  public internal(set) var quarantine: String?
  /// What a person gave it in place of the priority that it was admitted with.
  public internal(set) var priority: Int?
  /// The same of its labels: all of them, as one object.
  public internal(set) var labels: Body?
  /// Nodes with an attempt, a retry or a pause under way.
  public internal(set) var active: UInt32 = 0
  /// Nodes that wait for people, a signal, a time or a limit.
  public internal(set) var passive: UInt32 = 0
  /// How often the job was opened again after its end.
  public internal(set) var round: UInt32 = 0
  /// Executions of `after_each` steps that have not ended.
  public internal(set) var openAfters: UInt32 = 0
  /// Nodes whose question is open.
  public internal(set) var questions: UInt32 = 0

  /// By node; shorter than `nodes` until the last one has an output.
  var kept: [KeptOutput?] = []
  var failures: [NodeNumber: KeptFailure] = [:]
  /// Of the newest round of each loop alone.
  var carries: [NodeNumber: Body] = [:]
  var fanOuts: [NodeNumber: Items] = [:]
  var lateResults: [NodeNumber: LateResult] = [:]
  var asked: [NodeNumber: String] = [:]
  @usableFromInline var inputs: [NodeNumber: Body] = [:]
  var limited: Set<NodeNumber> = []
  @usableFromInline var waits: [NodeNumber: JSON] = [:]
  @usableFromInline var asks: [NodeNumber: OpenAsk] = [:]
  @usableFromInline var calls: [NodeNumber: SubJob] = [:]
  @usableFromInline var asides: [NodeNumber: [Aside]] = [:]
  var settlements: [NodeNumber: Settlement] = [:]
  /// Steps after a node of which some have not ended: they may still ask for its values. Made from the nodes.
  var afters: [NodeNumber: Aside] = [:]
  /// By the number of the `after_each` step in the plan.
  var lanes: [UInt32: AfterLane] = [:]
  /// Of fan-outs over lines the artifact's handle.
  @usableFromInline var sources: [NodeNumber: JSON] = [:]
  /// Of their items those that have been read and not ended.
  var slices: [NodeNumber: Body] = [:]
  /// Of fan-outs that were opened again the items that are to begin again, the first of them last.
  var again: [NodeNumber: [NodeNumber]] = [:]

  public init() {}

  public struct Root: Sendable, Hashable {
    public var step: UInt32
    public var first: NodeNumber
    public var count: UInt32
    public var open: UInt32
  }

  public struct Request: Sendable, Hashable {
    public var actor: String
    public var reason: String
    public var at: Timestamp
  }

  public struct LateResult: Sendable, Hashable {
    public var token: UInt32
    public var output: Body?
  }

  // What every decision asks many times over can be inlined: a call from another module would first copy all
  // of the state aside for it.
  @inlinable public subscript(node: NodeNumber) -> StepState { nodes[Int(node)] }

  /// Nil also of a node that nobody can ask any more: what it gave lies at `place(of:)`.
  public func output(of node: NodeNumber) -> JSON? { kept(of: node)?.value }

  /// The output with its place, while it can be asked for.
  public func body(of node: NodeNumber) -> Body? {
    guard let kept = kept(of: node), let value = kept.value else { return nil }
    return Body(place: kept.place, value: value)
  }

  /// Where the output lies, whether or not it can still be asked for.
  public func place(of node: NodeNumber) -> BodyPlace? { kept(of: node)?.place }

  private func kept(of node: NodeNumber) -> KeptOutput? {
    kept.indices.contains(Int(node)) ? kept[Int(node)] : nil
  }

  /// Without its message where nobody can ask for it any more: that lies at `messagePlace(of:)`.
  public func failure(of node: NodeNumber) -> Failure? {
    failures.isEmpty ? nil : failures[node]?.failure
  }

  /// Where a failure's message lies that has left memory.
  public func messagePlace(of node: NodeNumber) -> BodyPlace? {
    guard let failure = failures[node], failure.message == nil else { return nil }
    return failure.place
  }
  public func items(of fanOut: NodeNumber) -> Items? { fanOuts.isEmpty ? nil : fanOuts[fanOut] }
  public func lateResult(of node: NodeNumber) -> LateResult? { lateResults[node] }
  public func question(of node: NodeNumber) -> String? { asked[node] }

  /// What a step execution was given, from its first attempt to its end; nil where the file itself says it.
  @inlinable public func input(of node: NodeNumber) -> JSON? {
    inputs.isEmpty ? nil : inputs[node]?.value
  }

  /// What the round carries.
  public func carry(of round: NodeNumber) -> JSON? { carries[round]?.value }

  /// `{name, key, broadcast}` of a node that waits for a signal.
  @inlinable public func wait(of node: NodeNumber) -> JSON? { waits.isEmpty ? nil : waits[node] }
  public func ask(of node: NodeNumber) -> OpenAsk? { asks[node] }
  @inlinable public var hasAsks: Bool { !asks.isEmpty }
  public func subJob(of node: NodeNumber) -> SubJob? { calls[node] }
  /// What stands beside a node and holds it up, in the order in which it came to be.
  public func asides(of node: NodeNumber) -> [Aside] { asides[node] ?? [] }
  /// What of it has not ended.
  public func openAside(of node: NodeNumber) -> Aside? { asides[node]?.last { $0.open > 0 } }
  /// The executions of an `after_each` step that have not ended.
  public func lane(of step: UInt32) -> AfterLane { lanes[step] ?? AfterLane() }
  public func settlement(of node: NodeNumber) -> Settlement? {
    settlements.isEmpty ? nil : settlements[node]
  }
  public func source(of fanOut: NodeNumber) -> JSON? { sources[fanOut] }
  public func slice(of item: NodeNumber) -> JSON? { slices[item]?.value }
  /// The item that begins next, of those that were opened again.
  public func nextAgain(of fanOut: NodeNumber) -> NodeNumber? { again[fanOut]?.last }

  /// The scope that the running phase runs.
  public var currentRoot: Root? { phase == .main ? roots.first : roots.last }

  public func isLimited(_ node: NodeNumber) -> Bool { limited.contains(node) }

  /// Whether an attempt of the node is under way.
  @inlinable public func runsAttempt(_ node: NodeNumber) -> Bool {
    self[node].status == .running && !holdsOthers(node) && (calls.isEmpty || calls[node] == nil)
      && (sources.isEmpty || sources[node] == nil)
  }

  /// Whether the node's work is that of others: of those inside it or beside it.
  @inlinable public func holdsOthers(_ node: NodeNumber) -> Bool {
    self[node].firstChild != StepState.none || (!asides.isEmpty && asides[node] != nil)
  }

  /// The places of the nodes inside a node.
  public func children(of node: NodeNumber) -> Range<NodeNumber> {
    let state = self[node]
    return state.firstChild == StepState.none ? 0..<0 : state.firstChild..<state.firstChild + state.childCount
  }

  /// The number that the next node gets.
  @inlinable public var nextNode: NodeNumber { NodeNumber(nodes.count) }
}

extension JobState {
  /// Whether every node that a fact names exists, and the new ones it makes come next. A history that was
  /// changed by hand may name any number.
  public func accepts(_ fact: Fact) -> Bool {
    func exists(_ node: NodeNumber) -> Bool { Int(node) < nodes.count }
    func follows(_ first: NodeNumber, _ count: UInt32) -> Bool {
      first == nextNode && count <= Self.mostNodes
    }
    switch fact {
    case .opened(let parent, let first, _, let count):
      return follows(first, count) && (parent.map(exists) ?? true)
    case .items(let parent, let first, let count, _, let items, let isWindow):
      return follows(first, count) && exists(parent)
        && Items(items, isWindow: isWindow).agrees(with: count)
    case .round(let parent, let node, _, _, _): return follows(node, 1) && exists(parent)
    case .skipped(let first, let count, _):
      return count > 0 && UInt64(first) + UInt64(count) <= UInt64(nodes.count)
    case .entered(let node), .queued(let node), .started(let node, _, _, _), .succeeded(let node, _, _),
      .failed(let node, _, _, _, _), .retrying(let node, _, _, _, _, _), .delayed(let node, _, _),
      .lost(let node, _), .question(let node, _), .resolved(let node, _, _), .superseded(let node, _, _),
      .adopted(let node, _), .stopping(let node, _):
      return exists(node)
    case .deadline(let node, _, _): return node.map(exists) ?? true
    case .aside(let parent, _, let first, _, let count): return follows(first, count) && exists(parent)
    case .step(let node, _): return exists(node)
    case .reopened(_, _, let nodes): return nodes.allSatisfy(exists)
    case .created, .cancelRequested, .killed, .overdue, .phase, .outcome, .status, .recovered, .quarantined,
      .updated:
      return true
    }
  }

  /// More nodes than any legal job has.
  static let mostNodes: UInt32 = 1 << 22

  /// An event without facts moves the sequence all the same.
  public mutating func passed(sequence: UInt32) { self.sequence = sequence }

  /// The value of a body that the state still holds.
  public func value(at place: BodyPlace) -> JSON? {
    // A fact that names an earlier body names a new one.
    if let output = kept.last(where: { $0?.place == place && $0?.value != nil }) { return output?.value }
    if let held = settlements.values.first(where: { $0.output?.place == place }) { return held.output?.value }
    return lateResults.values.first { $0.output?.place == place }?.output?.value
  }
}

internal import Expressions
internal import Model
internal import Pipelines

// What the end of a node means for those around it.
extension Decider {
  /// The largest value that a step may give.
  static let maxOutput = 4 << 20

  mutating func propagate(_ node: NodeNumber) {
    let ended = state[node]
    if let kind = ended.beside {
      asideEnded(node, kind, of: ended.parent)
    } else if ended.hasParent {
      switch ended.layer {
      case .item: itemEnded(in: ended.parent)
      case .round: roundEnded(node, in: ended.parent)
      case .step: childEnded(node, in: ended.parent)
      }
    }
    if ended.layer == .step { wakeSuccessors(of: node) }
    if plan.afterEach != nil { record(node) }
  }

  private mutating func asideEnded(_ node: NodeNumber, _ kind: AsideKind, of parent: NodeNumber) {
    switch kind {
    case .rescue: rescueEnded(node, of: parent)
    case .onFailure, .onCancel, .finally:
      if state.openAside(of: parent) == nil, !state[parent].status.hasEnded { runHandlers(of: parent) }
    case .afterEach: startNext(ofLane: state[node].step)
    }
  }

  private mutating func wakeSuccessors(of node: NodeNumber) {
    let successors = step(of: node).successors
    guard !successors.isEmpty, let first = state.sibling(of: node) else { return }
    for successor in successors {
      let waiting = NodeNumber(Int64(node) + Int64(successor.step.value) - Int64(state[node].step))
      guard waiting >= first, state[waiting].status == .pending else { continue }
      switch verdict(on: waiting, first) {
      case .wait: break
      case .run: queue.append(.ready(waiting))
      case .skip: emit(.skipped(first: waiting, count: 1, .upstreamFailed))
      }
    }
  }

  /// Whether a step of a scope could begin now.
  func needsAreMet(_ node: NodeNumber) -> Bool {
    guard let first = state.sibling(of: node) else { return false }
    return verdict(on: node, first) == .run
  }

  enum Verdict { case wait, run, skip }

  func verdict(on node: NodeNumber, _ first: NodeNumber) -> Verdict {
    var fails = false
    for need in step(of: node).needs {
      let needed = state[NodeNumber(Int64(node) + Int64(need.step.value) - Int64(state[node].step))]
      guard needed.status.hasEnded else { return .wait }
      let isMet =
        switch need.strength {
        case .weak: true
        case .strong:
          needed.status.hasOutput || (needed.status == .skipped && needed.skipCause.satisfiesStrongNeeds)
        }
      if !isMet { fails = true }
    }
    return fails ? .skip : .run
  }

  /// A step inside a group, or the branch of a choice, has ended.
  private mutating func childEnded(_ child: NodeNumber, in parent: NodeNumber) {
    // Several that end at once are told one after the other: the first has opened what stands beside.
    guard state[parent].open == 0, !state[parent].status.hasEnded, asidesOfThisRound(parent).isEmpty else {
      return
    }
    if state[parent].stopping != .pending { return endStopped(parent) }
    switch step(of: parent).kind {
    case .choose: endAsBranch(child, parent)
    case .group: endGroup(parent)
    case .connector, .value, .call, .ask, .wait, .end: break
    }
  }

  private mutating func endAsBranch(_ branch: NodeNumber, _ choice: NodeNumber) {
    guard state[branch].status.hasOutput else { return endLike(branch, choice) }
    emit(.succeeded(choice, state[branch].status, output: state.body(of: branch)))
  }

  private mutating func endGroup(_ group: NodeNumber) {
    let children = state.children(of: group)
    if state[group].failed > 0, let failed = children.first(where: { state[$0].status.isFailure }) {
      return endLike(failed, group)
    }
    let isPartial = state[group].partial > 0
    do {
      let output = try groupOutput(group, children)
      finishBody(group, output, isPartial: isPartial)
    } catch {
      fail(group, Failure(expression: error))
    }
  }

  private func groupOutput(
    _ group: NodeNumber, _ children: Range<NodeNumber>
  ) throws(ExpressionError) -> JSON {
    if let template = step(of: group).output { return try template.evaluate(resolver(at: group)) }
    var map = JSONObject()
    for child in children {
      if let output = state.output(of: child) { map[step(of: child).name] = output }
    }
    return .object(map)
  }

  /// Ends a node with the value of its body.
  mutating func finishBody(_ node: NodeNumber, _ value: JSON, isPartial: Bool = false) {
    if value.isDeeper(than: JSON.depthLimit) { return fail(node, tooDeep("output", node)) }
    let output = keeps(outputOf: node) ? body(value) : nil
    if output != nil, let size = decision.bodies.last?.range.count, size > Self.maxOutput {
      let text = "The output of \(path(node)) has \(size) bytes; the most are \(Self.maxOutput). "
      let failure = Failure(.outputTooLarge, code: "output-too-large", text + "Store it as an artifact.")
      decision.withdrawLastBody()
      return fail(node, failure)
    }
    let status: StepStatus = isPartial ? .partial : .success
    if hasHandlersToRun(node) {
      emit(.step(node, .settled(status, output: output, failure: nil)))
      return runHandlers(of: node)
    }
    emit(.succeeded(node, status, output: output))
  }

  /// What could be written and not be read again.
  func tooDeep(_ what: String, _ node: NodeNumber) -> Failure {
    let limit = JSON.depthLimit
    let text = "The \(what) of \(path(node)) is nested more than \(limit) deep. Make it flatter."
    return Failure(.data, code: "value-too-deep", text)
  }

  /// Whether a node's output may be asked for again: of items only as the file says.
  func keeps(outputOf node: NodeNumber) -> Bool {
    guard state[node].layer == .item, let forEach = step(of: node).forEach else { return true }
    return forEach.keeps(count: Int(state[state[node].parent].childCount))
  }

  /// The parent fails as its child did.
  mutating func endLike(_ child: NodeNumber, _ parent: NodeNumber) {
    // Silence that the file takes for no answer is no failure of those around it either.
    if state[child].status == .skipped, state[child].skipCause == .expired {
      return emit(.skipped(first: parent, count: 1, .expired))
    }
    let failure = state.failure(of: child) ?? Failure(.internal, "\(path(child)) ended without a reason.")
    fail(parent, failure, as: state[child].status == .skipped ? .failed : state[child].status)
  }

  /// All that was inside a stopped node has ended.
  mutating func endStopped(_ node: NodeNumber) {
    let status = state[node].stopping
    fail(node, stopFailure(node, status), as: status)
  }

  func stopFailure(_ node: NodeNumber, _ status: StepStatus) -> Failure {
    status == .timeout
      ? Failure(.timeout, code: "deadline", "\(path(node)) did not end in its time.")
      : Failure(.cancelled, code: "confirmed", "\(path(node)) was cancelled.")
  }
}

extension ForEachPlan {
  /// Up to this many items their outputs are kept unless the file says otherwise.
  static let keptItems = 1_000

  func keeps(count: Int) -> Bool {
    switch keep {
    case .all: true
    case .failed: false
    case nil: count <= Self.keptItems
    }
  }
}

extension StepStatus {
  var isFailure: Bool {
    switch self {
    case .failed, .timeout, .cancelled: true
    case .pending, .queued, .running, .waiting, .retrying, .success, .partial, .skipped, .needsAttention:
      false
    }
  }
}

extension JobState {
  /// The first node of the scope that a step node lies in.
  func sibling(of node: NodeNumber) -> NodeNumber? {
    let state = self[node]
    if state.beside != nil { return asides(of: state.parent).last { $0.contains(node) }?.first }
    if state.hasParent { return self[state.parent].firstChild }
    return roots.last { $0.first <= node }?.first
  }
}

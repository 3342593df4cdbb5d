internal import Expressions
internal import Model
internal import Pipelines

// Sub-jobs: a job of its own, whose end is the end of the step.
extension Decider {
  /// So many jobs may call one another in a row.
  static let callDepth = 16

  mutating func call(_ node: NodeNumber, _ plan: SubJobPlan) throws(ExpressionError) {
    let inputs = try plan.inputs.evaluate(resolver(at: node))
    if isRerun, reuse(node, given: inputs) { return }
    let name = PipelineName(namespace: plan.namespace, name: plan.pipeline)
    let pinned = state.context?.value["calls"]?[name.description]?.int
    guard let revision = plan.revision ?? pinned.map({ Int($0) }) else {
      let text = "\(path(node)) calls \(name), which did not exist when this job was admitted."
      return fail(node, Failure(.configuration, code: "no-pipeline", text))
    }
    guard depth < Self.callDepth else {
      let text = "\(path(node)) calls \(name) \(depth + 1) calls deep; the most are \(Self.callDepth)."
      return fail(node, Failure(.configuration, code: "call-depth", text))
    }
    if inputs.isDeeper(than: JSON.depthLimit) { return fail(node, tooDeep("inputs", node)) }
    if name.namespace != self.plan.namespace, inputs.holdsArtifact {
      let text =
        "\(path(node)) gives an artifact of \(self.plan.namespace) to \(name); it can be read there alone."
      return fail(node, Failure(.configuration, code: "artifact-namespace", text))
    }
    let body = body(inputs)
    emit(.step(node, .calling(pipeline: name.description, revision: revision, inputs: body)))
    try limitBody(node, step(of: node))
    order(node)
  }

  private var depth: Int { Int(state.context?.value["parent"]?["depth"]?.int ?? 0) }

  /// Asked again after a crash: the key leads to the sub-job that there is.
  private mutating func order(_ node: NodeNumber) {
    guard case .call(let plan) = step(of: node).kind, let call = state.subJob(of: node) else { return }
    let path = path(node)
    decision.effects.append(
      .startChild(
        ChildOrder(
          node: node, pipeline: PipelineName(namespace: plan.namespace, name: plan.pipeline),
          revision: call.revision, inputs: call.inputs.object ?? JSONObject(),
          idempotencyKey: StepKey.text(job: setting.job, path: path, round: Int(state[node].round) + 1),
          path: path, depth: depth + 1)))
  }

  mutating func recoverCall(_ node: NodeNumber) {
    guard let call = state.subJob(of: node) else { return }
    guard let child = call.id else { return order(node) }
    decision.effects.append(.awaitChild(node, child))
    if state[node].stopping != .pending { cancelChild(child, of: node) }
  }

  mutating func childRefused(_ node: NodeNumber, _ failure: Failure) {
    if isCalling(node) { fail(node, failure) }
  }

  /// Whether the node waits for its sub-job.
  private func isCalling(_ node: NodeNumber) -> Bool {
    Int(node) < state.nodes.count && state.awaitsChild(node)
  }

  mutating func childAdmitted(_ node: NodeNumber, _ child: ID<Job>) {
    guard isCalling(node), state.subJob(of: node)?.id == nil else { return }
    emit(.step(node, .called(child)))
    guard case .call(let plan) = step(of: node).kind, plan.detach else { return }
    finishBody(node, ["job": .string(child.description)])
  }

  mutating func childEnded(
    _ node: NodeNumber, _ child: ID<Job>, _ status: JobStatus, _ failure: Failure?, _ outputs: JSON?
  ) {
    guard isCalling(node), state.subJob(of: node)?.id == child else { return }
    switch status {
    case .success, .partial:
      return finishBody(node, outputs ?? .object(JSONObject()), isPartial: status == .partial)
    case .pending, .queued, .running, .waiting, .failed, .cancelled, .timeout, .needsAttention: break
    }
    if state[node].stopping != .pending { return endStopped(node) }
    let place = failure.map { $0.step.isEmpty ? "" : " at \($0.step)" } ?? ""
    let text = "The sub-job \(child) ended \(status.word)\(place): \(failure?.message ?? "no message")"
    let word: StepStatus =
      switch status {
      case .timeout: .timeout
      case .cancelled: .cancelled
      case .pending, .queued, .running, .waiting, .success, .partial, .failed, .needsAttention: .failed
      }
    fail(node, Failure(failure?.errorClass ?? .internal, code: failure?.code ?? "", text), as: word)
  }

  /// A sub-job that was not admitted yet never will be; another one is waited for until it has ended.
  mutating func stopCall(_ node: NodeNumber, as status: StepStatus) {
    guard let child = state.subJob(of: node)?.id else { return endNow(node, as: status) }
    emit(.stopping(node, status))
    cancelChild(child, of: node)
  }

  private mutating func cancelChild(_ child: ID<Job>, of node: NodeNumber) {
    let reason = state[node].stopping == .timeout ? "its time is over" : "it was cancelled"
    decision.effects.append(
      .cancelChild(child, kills: false, reason: "\(path(node)) of \(setting.job) stops: \(reason)"))
  }
}

extension JobState {
  /// Whether the node is a call that has not ended, nor has its sub-job.
  func awaitsChild(_ node: NodeNumber) -> Bool {
    self[node].status == .running && subJob(of: node) != nil && openAside(of: node) == nil
  }
}

extension JSON {
  /// Whether an artifact's handle lies anywhere in it.
  fileprivate var holdsArtifact: Bool {
    if ArtifactHandle(self) != nil { return true }
    switch self {
    case .array(let elements): return elements.contains(where: \.holdsArtifact)
    case .object(let object): return object.members.contains { $0.value.holdsArtifact }
    case .null, .bool, .int, .double, .string: return false
    }
  }
}

internal import Model
internal import Pipelines

/// Shows what a rerun would do: the engine's own rules decide a job that is never stored, as far as they can
/// without performing a step. So what is shown and what will happen cannot differ.
struct RerunPlanning {
  let prepared: RerunPreparation.Prepared
  let request: RerunRequest
  let state: JobState
  private let plan: Plan
  private let ends: [ScalarString: StepStatus]
  private let results: [ScalarString: EarlierResult]

  init(_ prepared: RerunPreparation.Prepared, _ request: RerunRequest, now: Timestamp) {
    (self.prepared, self.request, plan) = (prepared, request, prepared.job.plan)
    (ends, results) = (prepared.earlier.collected.ends, prepared.earlier.collected.results)
    var context = prepared.job.context.object ?? JSONObject()
    context["limits"] = nil
    var decision = Decision()
    decision.freeSlots = decision.freeSlots.map { _ in .max / 2 }
    var decider = Decider(
      JobState(), plan, .init(job: prepared.job.id), now: now, decision: decision)
    let creation = Fact.Creation(
      namespace: plan.namespace, pipeline: plan.name, revision: prepared.job.revision, engine: "",
      key: prepared.job.key)
    decider.decide(.admitted(creation, context: .object(context)))
    state = decider.state
  }

  var view: RerunPlan {
    var entries: [RerunPlan.Entry] = []
    for node in 0..<state.nextNode where state[node].layer == .step || isItemBody(node) {
      if let entry = entry(node) { entries.append(entry) }
    }
    let known = Set(plan.steps.map { ScalarString($0.path) })
    for step in prepared.earlier.plan.steps where !known.contains(ScalarString(step.path)) {
      entries.append(
        entry(step.path, .removed, Bilingual("is not in the file any more", pt: "não está mais no arquivo")))
    }
    return RerunPlan(
      pipeline: "\(plan.namespace)/\(plan.name)", revision: prepared.job.revision,
      earlierRevision: prepared.earlier.summary.revision, entries: entries)
  }

  private func isItemBody(_ node: NodeNumber) -> Bool {
    state[node].layer == .item && state[node].firstChild == StepState.none
  }

  private func entry(_ node: NodeNumber) -> RerunPlan.Entry? {
    let current = state[node]
    let step = plan.steps[Int(current.step)]
    let path = state.path(of: node, in: plan)
    switch current.status {
    case .success, .partial, .failed, .cancelled, .timeout:
      // Computed just now, or taken: what holds others is shown by them.
      guard isLeaf(step, current) else { return nil }
      return entry(path, .reuse, Bilingual("same step, same inputs", pt: "mesmo passo, mesmas entradas"))
    case .skipped:
      if !current.skipCause.satisfiesStrongNeeds { return nil }
      return entry(path, .skip, Bilingual("its condition does not hold", pt: "a condição não vale"))
    case .running, .queued, .waiting, .retrying, .needsAttention:
      guard isLeaf(step, current) else { return nil }
      let (text, repeats) = (reason(path, node), ends[ScalarString(path)].map { $0 != .skipped } ?? false)
      return entry(path, .rerun, text, repeatsEffect: repeats && isOnce(step))
    case .pending:
      let waits = waitsFor(node)
      let had = ends[ScalarString(path)]?.hasOutput == true
      return entry(
        path, had ? .invalidated : .rerun,
        Bilingual("waits for \(waits), which runs again", pt: "espera por \(waits), que roda de novo"),
        repeatsEffect: had && isOnce(step))
    }
  }

  private func entry(
    _ path: String, _ action: RerunPlan.Action, _ reason: Bilingual, repeatsEffect: Bool = false
  ) -> RerunPlan.Entry {
    RerunPlan.Entry(path: path, action: action, reason: reason, repeatsEffect: repeatsEffect)
  }

  private func isLeaf(_ step: StepPlan, _ node: StepState) -> Bool {
    if node.firstChild != StepState.none || (node.layer == .step && step.forEach != nil) { return false }
    switch step.kind {
    case .connector, .ask, .call, .wait: return true
    case .group, .choose, .value, .end: return false
    }
  }

  private func isOnce(_ step: StepPlan) -> Bool {
    guard case .connector(let call) = step.kind else { return false }
    return call.connector.effectClass(with: .object(JSONObject()), idempotent: step.idempotent) == .once
      && !request.sameKeys
  }

  private func reason(_ path: String, _ node: NodeNumber) -> Bilingual {
    let step = Int(state[node].step)
    if request.from == .start { return Bilingual("everything runs again", pt: "tudo roda de novo") }
    if prepared.forced.contains(step) {
      return Bilingual("runs again as asked with --from", pt: "roda de novo como pedido com --from")
    }
    guard let end = ends[ScalarString(path)] else {
      return Bilingual("did not run last time", pt: "não rodou da última vez")
    }
    guard let earlier = results[ScalarString(path)] else {
      if end == .skipped { return Bilingual("was skipped last time", pt: "foi pulado da última vez") }
      return Bilingual("ended \(end.word) last time", pt: "terminou \(end.word) da última vez")
    }
    if earlier.definition != plan.steps[step].definition {
      return Bilingual("the file says something else of it", pt: "o arquivo diz outra coisa sobre ele")
    }
    if case .ask = plan.steps[step].kind {
      return Bilingual("what it shows has changed", pt: "o que ele mostra mudou")
    }
    return Bilingual("its inputs have changed", pt: "as entradas mudaram")
  }

  /// The first step that it waits for and that will run.
  private func waitsFor(_ node: NodeNumber) -> String {
    let step = plan.steps[Int(state[node].step)]
    for need in step.needs {
      let other = NodeNumber(Int64(node) + Int64(need.step.value) - Int64(state[node].step))
      if !state[other].status.hasEnded { return state.path(of: other, in: plan) }
    }
    return step.needs.first.map { plan.steps[$0.step.position].path } ?? plan.name
  }
}

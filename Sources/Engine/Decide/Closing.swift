internal import Expressions
internal import Model
internal import Pipelines

// `end`: the job is over, wherever the step stands.
extension Decider {
  /// The outcome is decided at once and by the first `end` alone; what still runs is stopped.
  mutating func close(_ node: NodeNumber, _ plan: EndPlan) throws(ExpressionError) {
    let resolver = resolver(at: node)
    let message = try plan.message?.text(resolver)
    let outputs = try plan.outputs?.evaluate(resolver)
    if let outputs, outputs.isDeeper(than: JSON.depthLimit) { return fail(node, tooDeep("outputs", node)) }
    let isFirst = state.outcome == nil && state.phase == .main
    if isFirst { conclude(plan.status, failure(of: plan, message, node), outputs) }
    finishBody(
      node, ["status": .string(plan.status.word), "message": message.map { .string($0) } ?? .null])
    if isFirst { stopScope(as: .cancelled) }
  }

  private func failure(of plan: EndPlan, _ message: String?, _ node: NodeNumber) -> Failure? {
    let path = path(node)
    switch plan.status {
    case .failed, .timeout:
      let text = message ?? "The job was ended as failed by \(path)."
      return Failure(plan.errorClass, code: "ended", text, step: path)
    case .cancelled:
      return Failure(.cancelled, code: "ended", message ?? "The job was ended by \(path).", step: path)
    case .success, .partial, .pending, .queued, .running, .waiting, .needsAttention: return nil
    }
  }
}

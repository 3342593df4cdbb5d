import Engine
import Model
import Pipelines

extension Hook {
  /// Where it is found.
  var place: ScalarString { ScalarString("\(pipeline.namespace)/\(path)") }
}

extension PipelineApplier {
  static func hooks(of plans: [Plan]) -> [Hook] {
    plans.flatMap { plan in
      let name = PipelineName(namespace: plan.namespace, name: plan.name)
      return plan.triggers.compactMap { Hook($0, of: name) }
    }
  }

  /// A path of a webhook leads to one trigger of its namespace: not to one of another pipeline, nor to two of
  /// these.
  func checkHooks(of plans: [Plan]) throws(Problem) {
    let applied = Set(plans.map { PipelineName(namespace: $0.namespace, name: $0.name) })
    var taken: [ScalarString: Hook] = [:]
    func take(_ hook: Hook) throws(Problem) {
      if let other = taken.updateValue(hook, forKey: hook.place) { throw Self.pathTaken(hook, other) }
    }
    let standing = backend.node?.triggers.all.filter { !applied.contains($0.pipeline) } ?? []
    for hook in standing.compactMap({ Hook($0.trigger, of: $0.pipeline) }) {
      // What was applied before this was refused is nobody's fault now.
      taken[hook.place] = hook
    }
    for hook in Self.hooks(of: plans) { try take(hook) }
  }

  private static func pathTaken(_ hook: Hook, _ other: Hook) -> Problem {
    let (own, first) = ("\(hook.pipeline)/\(hook.trigger)", "\(other.pipeline)/\(other.trigger)")
    return Problem(
      "hook-path-taken",
      Bilingual(
        "The path \(hook.path) of \(own) leads to \(first).",
        pt: "O caminho \(hook.path) de \(own) leva a \(first)."),
      remedy: Bilingual(
        "Give each webhook of a namespace its own path.",
        pt: "Dê a cada webhook do espaço um caminho próprio."))
  }
}

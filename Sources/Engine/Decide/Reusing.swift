internal import Crypto
internal import Model
internal import Pipelines

// A rerun takes earlier results again where nothing about them has changed (`semantics.md`, S29).
extension Decider {
  /// Whether the job repeats another: then what a step is given is looked at before anything is done.
  var isRerun: Bool { state.round == 0 && state.context?.value["rerun"] != nil }

  /// Ends the node with the result that the repeated job had, if the file says the same of the step and it is
  /// given the same.
  mutating func reuse(_ node: NodeNumber, given: JSON) -> Bool {
    guard let rerun = state.context?.value["rerun"],
      let result = EarlierResult(rerun["results"]?[path(node)]),
      result.definition == step(of: node).definition, result.given == EarlierResult.hash(given)
    else { return false }
    let output = result.output.map { body($0) }
    emit(.step(node, .reused(result.status, from: rerun["of"]?.string ?? "", output: output)))
    return true
  }
}

extension JobState {
  /// The job whose name enters the step keys: of a rerun with the same keys the one that it repeats.
  func keyJob(_ own: ID<Job>) -> ID<Job> {
    context?.value["rerun"]?["keys_of"]?.string.flatMap { ID($0) } ?? own
  }

  /// The name under which the outside knows a step execution.
  func stepKey(of node: NodeNumber, at path: String, job: ID<Job>) -> String {
    StepKey.text(job: keyJob(job), path: path, round: Int(self[node].round) + 1)
  }
}

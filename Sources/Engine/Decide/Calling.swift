internal import Expressions
internal import Model
internal import Pipelines

// Sub-jobs.
extension Decider {
  mutating func call(_ node: NodeNumber, _ plan: SubJobPlan) throws(ExpressionError) {}

  mutating func child(_ event: Event) {}
}

internal import Expressions
internal import Model
internal import Pipelines

// Times and signals (`semantics.md`, S13 and S14).
extension Decider {
  mutating func wait(_ node: NodeNumber, _ plan: WaitPlan) throws(ExpressionError) {}

  mutating func waitEnded(_ node: NodeNumber) {}

  mutating func signalled(_ node: NodeNumber, _ id: String, _ payload: JSON) {}
}

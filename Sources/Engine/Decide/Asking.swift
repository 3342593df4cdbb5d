internal import Expressions
internal import Model
internal import Pipelines

// Questions to people (`semantics.md`, S15).
extension Decider {
  mutating func ask(_ node: NodeNumber, _ plan: AskPlan) throws(ExpressionError) {}

  mutating func answered(_ node: NodeNumber, _ answer: GivenAnswer) {}

  mutating func delegated(_ node: NodeNumber, to: String, _ actor: String) {}

  mutating func askTimer(_ node: NodeNumber, _ wake: Wake) {}
}

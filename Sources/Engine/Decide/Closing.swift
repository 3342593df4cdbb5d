internal import Expressions
internal import Model
internal import Pipelines

// `end`, rescues, the handlers of groups, and `after_each`.
extension Decider {
  mutating func close(_ node: NodeNumber, _ plan: EndPlan) throws(ExpressionError) {}
}

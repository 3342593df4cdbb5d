internal import Expressions
internal import Model
internal import Pipelines

// Limits that are not the node's own: the governors answer.
extension Decider {
  mutating func granted(_ node: NodeNumber?) {}

  mutating func refused(_ node: NodeNumber, _ failure: Failure) {}

  mutating func cached(_ node: NodeNumber, _ output: JSON, from: String) {}

  mutating func replaced(by newer: ID<Job>) {}
}

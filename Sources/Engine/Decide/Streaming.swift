internal import Expressions
internal import Model
internal import Pipelines

// Fan-outs over the lines of an artifact.
extension Decider {
  mutating func counted(_ node: NodeNumber, _ count: Result<Int, Failure>) {}

  mutating func sliced(_ node: NodeNumber, _ value: Result<JSON, Failure>) {}
}

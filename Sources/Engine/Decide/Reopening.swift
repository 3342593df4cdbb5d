internal import Expressions
internal import Model
internal import Pipelines

// `job retry`: an ended job goes on in place.
extension Decider {
  mutating func retried(_ actor: String, _ paths: [String]) {}
}

public import Model

/// How something failed, in words: what failed alike has the same one. Dead letters are grouped by it, and
/// jobs are found by it.
public struct ErrorFingerprint: Sendable, Hashable {
  public var code: String
  public var pipeline: PipelineName
  /// The step's path without its items and rounds; empty where no step failed.
  public var place: String

  public init(_ failure: Failure, of pipeline: PipelineName) {
    (code, self.pipeline, place) = (failure.code, pipeline, Self.place(failure.step))
  }

  /// `CODE NAMESPACE/PIPELINE STEP`; nil where it is none.
  public init?(_ text: String) {
    let parts = text.cut(at: " ", most: 3)
    let names = parts.count > 1 ? parts[1].cut(at: "/") : []
    guard names.count == 2, ([parts[0]] + names).allSatisfy({ !$0.isEmpty }) else { return nil }
    (code, pipeline) = (parts[0], PipelineName(namespace: names[0], name: names[1]))
    place = parts.count == 3 ? parts[2] : ""
  }

  public var text: String { "\(code) \(pipeline) \(place)" }

  /// Conditions that hold for all jobs that failed so, and for few others: a store cannot read a path.
  public var terms: [JobTerm] {
    var terms = [
      JobTerm(.column(.namespace, [TextPattern(exactly: pipeline.namespace)])),
      JobTerm(.column(.pipeline, [TextPattern(exactly: pipeline.name)])), JobTerm(.error([code])),
    ]
    if let step = place.cut(at: ".").last, !step.isEmpty { terms.append(JobTerm(.error([step]))) }
    return terms
  }

  /// A path without its items and rounds, so that those of one fan-out are one group.
  private static func place(_ path: String) -> String {
    var (place, depth, isRound) = ("", 0, false)
    for scalar in path.unicodeScalars {
      if scalar == "[" { depth += 1 }
      if scalar == "#" { isRound = true }
      if scalar == "." { isRound = false }
      if depth == 0, !isRound { place.unicodeScalars.append(scalar) }
      if scalar == "]" { depth = max(0, depth - 1) }
    }
    return place
  }
}

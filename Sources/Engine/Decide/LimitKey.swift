internal import Model
internal import Pipelines

/// How limits are called across jobs: `demo/ingest` of a pipeline, `demo/ingest/load` of a step, and with a
/// key of the file `demo/ingest:KEY`, or of the whole namespace `demo:KEY`. Names have neither `/` nor `:`,
/// so no two of them are the same by chance.
struct LimitKey {
  var namespace: String
  var pipeline: String

  /// Characters of a key that a file computes.
  static let longest = 256

  func job(_ scope: LimitScope, _ key: String?) -> String {
    guard let key else { return "\(namespace)/\(pipeline)" }
    return named(scope, key)
  }

  func step(_ scope: LimitScope, _ key: String?, _ path: String) -> String {
    guard let key else { return "\(namespace)/\(pipeline)/\(path)" }
    return named(scope, key)
  }

  func named(_ scope: LimitScope, _ key: String) -> String {
    switch scope {
    case .pipeline: "\(namespace)/\(pipeline):\(key)"
    case .namespace: "\(namespace):\(key)"
    }
  }

  func queue(_ name: String) -> String { "\(namespace)@\(name)" }
}

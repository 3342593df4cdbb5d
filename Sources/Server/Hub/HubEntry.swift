import Engine
import Model

/// A message of a channel as all its subscribers get it: encoded once.
struct HubEntry: Sendable {
  /// Of the channel; nil where the message has none, as a log line among a job's changes.
  var sequence: Int64?
  var text: String
  var kind: Kind
  /// For channels of several namespaces.
  var namespace = ""

  enum Kind: Sendable {
    case log(Line)
    case progress
    case ask(assignees: [String])
    /// Of a change, an end or an emitted event: never left out.
    case told

    /// Whether it may be left out, with a count, where a client is slow.
    var isThin: Bool {
      switch self {
      case .log, .progress: true
      case .ask, .told: false
      }
    }
  }

  struct Line: Sendable, Hashable {
    var level: LogLevel
    var path: ScalarString
    var attempt: Int
  }

  /// About how many bytes it holds.
  var weight: Int { text.utf8.count + 160 }
}

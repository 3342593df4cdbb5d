import Expressions
import Model

/// What a step does, in a few words.
extension StepPlan {
  /// The word of the file: a connector's name, or the kind.
  var does: String {
    switch kind {
    case .connector(let call): call.connector.name
    case .group: "steps"
    case .choose: "choose"
    case .value: "value"
    case .call(let call): "call \(call.namespace)/\(call.pipeline)"
    case .ask: "ask"
    case .wait(.pause), .wait(.until): "wait"
    case .wait(.signal(let signal)): "wait \(signal.name.source)"
    case .end(let end): "end \(end.status.word)"
    }
  }

  /// The scope of the steps inside, of a group or a `choose`.
  var inside: Int? {
    switch kind {
    case .group(let scope), .choose(let scope): scope
    case .connector, .value, .call, .ask, .wait, .end: nil
    }
  }

  /// The scopes that belong to it, with the word of the file; nil for its own inside.
  var scopes: [(word: String?, scope: Int)] {
    let all: [(String?, Int?)] = [
      (nil, inside), ("on_failure", handlers.onFailure), ("on_cancel", handlers.onCancel),
      ("finally", handlers.finally), ("rescue", rescue?.scope),
    ]
    return all.compactMap { word, scope in scope.map { (word, $0) } }
  }
}

extension Plan {
  /// The scopes that belong to the job, with the word of the file; nil for its own steps.
  var topScopes: [(word: String?, scope: Int)] {
    let all: [(String?, Int?)] = [
      (nil, 0), ("on_failure", onFailure), ("on_cancel", onCancel), ("finally", finally),
      ("after_each", afterEach),
    ]
    return all.compactMap { word, scope in scope.map { (word, $0) } }
  }
}

extension Template {
  /// As a file would say it: a text without quotes, anything else as JSON, expressions in `${{ }}`.
  var source: String {
    if case .literal(.string(let text)) = self { return text }
    switch self {
    case .literal(let json): return json.text
    case .expression(let bound): return "${{ \(bound.expression.source) }}"
    case .text(let parts):
      return parts.map { part in
        switch part {
        case .literal(let text): text
        case .expression(let bound): "${{ \(bound.expression.source) }}"
        }
      }.joined()
    case .array(let items): return "[" + items.map(\.source).joined(separator: ", ") + "]"
    case .object(let members):
      return "{" + members.map { "\($0.key): \($0.value.source)" }.joined(separator: ", ") + "}"
    }
  }
}

extension Timing {
  var source: String {
    switch self {
    case .fixed(let duration): duration.text
    case .computed(let bound): "${{ \(bound.expression.source) }}"
    }
  }
}

extension Count {
  var source: String {
    switch self {
    case .fixed(let count): String(count)
    case .computed(let bound): "${{ \(bound.expression.source) }}"
    }
  }
}

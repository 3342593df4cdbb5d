import Model

/// Shows what came of `pipeline test`.
struct RehearsalText {
  let call: Invocation
  let pipeline: String
  private var words: Words { Words(language: call.language) }

  init(call: Invocation, pipeline: String) { (self.call, self.pipeline) = (call, pipeline) }

  func show(_ result: RehearsalResult) {
    switch call.format {
    case .table: table(result)
    case .json: call.console.out(json(result).prettyText)
    case .jsonl: for step in result.steps { call.console.out(step.json.text) }
    case .id: break
    }
  }

  private func table(_ result: RehearsalResult) {
    let steps = result.steps.filter(\.isWorthALine)
    let widths = (
      path: steps.map { $0.path.unicodeScalars.count }.max() ?? 0,
      status: steps.map { $0.status.unicodeScalars.count }.max() ?? 0
    )
    if !call.isQuiet {
      for step in steps {
        let time = step.connector == nil ? "" : words.duration(step.duration ?? .zero)
        let line = [
          step.path.padded(to: widths.path), step.status.padded(to: widths.status), time.padded(to: 5),
          detail(step),
        ].joined(separator: "  ")
        call.console.out(line.withoutTrailingSpaces.printable)
      }
    }
    if let left = result.left { call.console.out(call.text(left)) }
    var line = "\(pipeline): \(result.status)"
    if let outputs = result.outputs { line += "  \(outputs.spacedText)" }
    call.console.out(line)
    if let failure = result.failure {
      call.console.out("  \(failure.step.isEmpty ? "" : failure.step + ": ")\(failure.message)".printable)
    }
  }

  /// The first line of what a script said, else the output; of what failed the reason.
  private func detail(_ step: RehearsedStep) -> String {
    if let failure = step.failure, step.output == nil {
      return "\(failure.errorClass.rawValue): \(words.value(.string(failure.message)))"
    }
    if let cause = step.skipCause { return words.cause(cause) }
    guard let output = step.output else { return "" }
    for stream in ["stdout", "stderr"] {
      if let text = output[stream]?.string, !text.isEmpty {
        return "\(stream): \(words.value(.string(text)))"
      }
    }
    if output["stdout"] != nil { return "" }
    return words.value(output)
  }

  private func json(_ result: RehearsalResult) -> JSON {
    var json = JSONObject([
      ("pipeline", .string(pipeline)), ("status", .string(result.status)),
      ("outputs", result.outputs ?? .null), ("steps", .array(result.steps.map(\.json))),
    ])
    if let failure = result.failure { json["error"] = failure.shown }
    if let left = result.left { json["left"] = .string(call.text(left)) }
    return .object(json)
  }
}

extension RehearsedStep {
  /// What only holds others is shown by them.
  fileprivate var isWorthALine: Bool {
    !["group", "steps", "item", "round", "repeat", "choose"].contains(kind) || failure != nil
  }
}

extension JSON {
  /// On one line with a space behind commas and colons, as people write it.
  fileprivate var spacedText: String {
    switch self {
    case .object(let object):
      "{"
        + object.members.map { "\(JSON.string($0.key).text): \($0.value.spacedText)" }.joined(separator: ", ")
        + "}"
    case .array(let elements): "[" + elements.map(\.spacedText).joined(separator: ", ") + "]"
    case .null, .bool, .int, .double, .string: text
    }
  }
}

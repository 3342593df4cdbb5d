import Model

/// Reads what stands beside a step's kind: times, counts, retries.
extension Draft {
  static let longestDuration = Duration.seconds(3650 * 86_400)

  /// `90s 5m 2h 1d`, or an expression.
  func timing(_ node: Node, path: String, view: View, step: Int?) -> TimingDraft? {
    if node.string != nil, node.text.firstRange(ofUTF8: "${{") != nil {
      return expression(node, path: path, view: view, step: step).map(TimingDraft.computed)
    }
    return report.duration(node, path: path).map { .fixed($0, node.span) }
  }

  /// A whole number in a range, or an expression; `isBare`: also without `${{ }}`.
  func count(
    _ node: Node, path: String, view: View, step: Int?, in range: ClosedRange<Int>, isBare: Bool = false
  ) -> CountDraft? {
    switch node.content {
    case .int(let value) where range.contains(Int(value)): return .fixed(Int(value))
    case .string where isBare || node.text.firstRange(ofUTF8: "${{") != nil:
      return expression(node, path: path, view: view, step: step).map(CountDraft.computed)
    case .int, .double, .string, .null, .bool, .list, .map:
      report.error(
        "wrong-value", at: node.span, path: path,
        Bilingual(
          "this must be a whole number from \(range.lowerBound) to \(range.upperBound), or an expression.",
          pt:
            "isto deve ser um número inteiro de \(range.lowerBound) a \(range.upperBound), ou uma expressão.")
      )
      return nil
    }
  }

  private func number(_ node: Node, path: String, in range: ClosedRange<Double>) -> Double? {
    if let value = node.json.number, range.contains(value) { return value }
    report.error(
      "wrong-value", at: node.span, path: path,
      Bilingual(
        "this must be a number from \(range.lowerBound) to \(range.upperBound).",
        pt: "isto deve ser um número de \(range.lowerBound) a \(range.upperBound)."))
    return nil
  }

  func retry(_ node: Node, path: String, view: View, step: Int?) -> RetryDraft? {
    guard let map = MapReading(node, path: path, report: report) else { return nil }
    map.check(.retry)
    var retry = RetryDraft(attempts: .fixed(3))
    if let entry = map["attempts"] {
      let place = map.place("attempts")
      retry.attempts = count(entry.value, path: place, view: view, step: step, in: 1...20) ?? retry.attempts
    }
    if let entry = map["backoff"] {
      readBackoff(entry.value, path: map.place("backoff"), view: view, step: step, into: &retry)
    }
    if let entry = map["classes"] { retry.classes = classes(entry.value, path: map.place("classes")) }
    return retry
  }

  private func readBackoff(_ node: Node, path: String, view: View, step: Int?, into retry: inout RetryDraft) {
    guard let map = MapReading(node, path: path, report: report) else { return }
    map.check(.backoff)
    if let entry = map["initial"] {
      let place = map.place("initial")
      retry.initial = timing(entry.value, path: place, view: view, step: step) ?? retry.initial
    }
    if let entry = map["max"] {
      retry.max = timing(entry.value, path: map.place("max"), view: view, step: step) ?? retry.max
    }
    if let entry = map["factor"] {
      retry.factor = number(entry.value, path: map.place("factor"), in: 1...100) ?? retry.factor
    }
    if let entry = map["jitter"] {
      retry.jitter = number(entry.value, path: map.place("jitter"), in: 0...1) ?? retry.jitter
    }
    if case .fixed(let initial, let span) = retry.initial, case .fixed(let max, _) = retry.max, max < initial,
      map["initial"] != nil, map["max"] != nil
    {
      report.error(
        "inner-limit", at: span, path: map.place("initial"),
        Bilingual(
          "the first pause is longer than the longest.", pt: "a primeira pausa é maior que a maior permitida."
        ))
    }
  }

  func classes(_ node: Node, path: String) -> Set<ErrorClass> {
    guard let items = node.items else {
      report.wrongKind(
        node, path: path, wanted: Bilingual("a list of error classes", pt: "uma lista de classes de erro"))
      return []
    }
    let words = ErrorClass.allCases.map(\.rawValue)
    let known = items.enumerated().compactMap { index, item in
      report.word(item, path: "\(path)[\(index)]", among: words).flatMap(ErrorClass.init(rawValue:))
    }
    return Set(known)
  }

  /// `N`, `"P%"` or `all`.
  func allowFailed(_ node: Node, path: String) -> ForEachPlan.AllowFailed? {
    switch node.content {
    case .int(let count) where count >= 0: return .count(Int(count))
    case .string:
      if node.text == "all" { return .all }
      if node.text.hasSuffix("%"), let percent = Double(node.text.dropLast()), (0...100).contains(percent) {
        return .percent(percent)
      }
    case .int, .double, .null, .bool, .list, .map: break
    }
    report.error(
      "wrong-value", at: node.span, path: path,
      Bilingual(
        "this must be a number, a share such as 20%, or all.",
        pt: "isto deve ser um número, uma parte como 20%, ou all."))
    return nil
  }
}

extension Report {
  /// A literal duration.
  func duration(_ node: Node, path: String) -> Duration? {
    switch node.content {
    case .int, .double:
      error(
        "duration-unit", at: node.span, path: path,
        Bilingual("the duration \(node.text) has no unit.", pt: "a duração \(node.text) não tem unidade."),
        remedy: Bilingual(
          "Write \(node.text)s, \(node.text)m, \(node.text)h or \(node.text)d.",
          pt: "Escreva \(node.text)s, \(node.text)m, \(node.text)h ou \(node.text)d."))
      return nil
    case .string:
      if let duration = Duration(text: node.text), duration >= .zero, duration <= Draft.longestDuration {
        return duration
      }
      error(
        "bad-duration", at: node.span, path: path,
        Bilingual("\"\(node.text)\" is no duration.", pt: "\"\(node.text)\" não é uma duração."),
        remedy: Bilingual("Write it like 90s, 5m, 2h or 1d.", pt: "Escreva como 90s, 5m, 2h ou 1d."))
      return nil
    case .null, .bool, .list, .map:
      wrongKind(
        node, path: path, wanted: Bilingual("a duration such as 5m", pt: "uma duração como 5m"))
      return nil
    }
  }
}

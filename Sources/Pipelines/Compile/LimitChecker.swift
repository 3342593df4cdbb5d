import Model

/// Finds times that cannot be reached because something around them ends earlier.
struct LimitChecker {
  /// A limit that holds around a place.
  private struct Outer {
    var duration: Duration
    var name: Bilingual
  }

  let draft: Draft

  func check() {
    for index in draft.steps.indices { check(index) }
  }

  private func check(_ index: Int) {
    let step = draft.steps[index]
    let around = outer(of: index)
    let own = step.deadline.flatMap { limit($0, "deadline", of: step) }
    for (key, timing) in [("timeout", step.timeout), ("queue_timeout", step.queueTimeout)] {
      if let timing { compare(timing, key, of: step, with: [own].compactMap(\.self) + around) }
    }
    if let deadline = step.deadline { compare(deadline, "deadline", of: step, with: around) }
  }

  /// The limits of the groups around a step, and the job's.
  private func outer(of index: Int) -> [Outer] {
    var found: [Outer] = []
    var scope = draft.steps[index].scope
    while let owner = draft.scopes[scope].owner {
      let step = draft.steps[owner]
      found += [step.timeout.flatMap { limit($0, "timeout", of: step) }].compactMap(\.self)
      found += [step.deadline.flatMap { limit($0, "deadline", of: step) }].compactMap(\.self)
      scope = step.scope
    }
    if draft.scopes[scope].home == .job, case .fixed(let duration, _) = draft.head.deadline {
      found.append(
        Outer(
          duration: duration,
          name: Bilingual(
            "the deadline of the job (\(duration.text))", pt: "o deadline do job (\(duration.text))")))
    }
    return found
  }

  private func limit(_ timing: TimingDraft, _ key: String, of step: StepDraft) -> Outer? {
    guard case .fixed(let duration, _) = timing else { return nil }
    return Outer(
      duration: duration,
      name: Bilingual(
        "the \(key) of \(step.path) (\(duration.text))", pt: "o \(key) de \(step.path) (\(duration.text))"))
  }

  private func compare(_ timing: TimingDraft, _ key: String, of step: StepDraft, with outer: [Outer]) {
    guard case .fixed(let duration, let span) = timing,
      let shortest = outer.filter({ $0.duration < duration }).min(by: { $0.duration < $1.duration })
    else { return }
    draft.report.error(
      "inner-limit", at: span, path: "\(step.keyPath).\(key)",
      Bilingual(
        "\(key) \(duration.text) can never be reached: \(shortest.name.english) ends first.",
        pt: "\(key) de \(duration.text) nunca é alcançado: \(shortest.name.portuguese) termina antes."),
      remedy: Bilingual(
        "Shorten this one or lengthen the outer one.", pt: "Diminua este ou aumente o de fora."))
  }
}

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
    let everything = [own].compactMap(\.self) + around
    switch step.kind {
    case .ask(let ask): check(ask, of: step, everything)
    case .wait(.pause(let timing)): compare(timing, "wait.for", of: step, with: everything)
    case .wait, .connector, .group, .choose, .value, .call, .end, .unknown: break
    }
  }

  /// What comes after a question has expired never comes.
  private func check(_ ask: AskDraft, of step: StepDraft, _ outer: [Outer]) {
    let key = String(ask.path.dropFirst(step.keyPath.count + 1))
    compare(ask.expires, "\(key).expires", of: step, with: outer)
    let expiry = [limit(ask.expires, "expires", of: step)].compactMap(\.self)
    if let remind = ask.remindEvery { compare(remind, "\(key).remind", of: step, with: expiry) }
    if let escalate = ask.escalate {
      compare(escalate.after, "\(key).escalate.after", of: step, with: expiry)
    }
  }

  /// The limits of the groups around a step, and the job's.
  private func outer(of index: Int) -> [Outer] {
    var found: [Outer] = []
    var scope = draft.steps[index].scope
    while let owner = draft.scopes[scope].owner {
      let step = draft.steps[owner]
      let role = draft.scopes[scope].role
      scope = step.scope
      // A handler and a rescue begin when the time of their owner may have passed.
      if role == .handler || role == .rescue { continue }
      found += [step.timeout.flatMap { limit($0, "timeout", of: step) }].compactMap(\.self)
      found += [step.deadline.flatMap { limit($0, "deadline", of: step) }].compactMap(\.self)
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
    guard case .fixed(let duration, let span) = timing, !span.isEmpty,
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

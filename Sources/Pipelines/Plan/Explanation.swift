public import Model

extension Plan {
  /// The steps of a scope in an order in which they could run; those that could run at once stand in the
  /// order of the file.
  public func order(ofScope scope: Int) -> [StepIndex] {
    var waiting: [Int: Int] = [:]
    for step in scopes[scope].steps { waiting[step] = steps[step].needs.count }
    var ready = scopes[scope].steps.filter { waiting[$0] == 0 }
    var order: [StepIndex] = []
    while let step = ready.min() {
      ready.removeAll { $0 == step }
      order.append(StepIndex(step))
      for need in steps[step].successors {
        let successor = need.step.position
        waiting[successor, default: 0] -= 1
        if waiting[successor] == 0 { ready.append(successor) }
      }
    }
    return order
  }

  /// `2 steps; order: greet -> count (count reads greet.output)`. Beyond a few edges their reasons are left
  /// to `explanation`.
  public func summary(_ language: Language) -> String {
    let names = order(ofScope: 0).map { steps[$0.position].name }.joined(separator: " -> ")
    let reasons = scopes[0].steps.flatMap { step in
      steps[step].needs.map { reason(of: $0, to: step)[language] }
    }
    let count = steps.count
    let head = Bilingual(
      count == 1 ? "1 step" : "\(count) steps", pt: count == 1 ? "1 passo" : "\(count) passos")[language]
    let order = Bilingual("order", pt: "ordem")[language]
    let tail = (1...4).contains(reasons.count) ? " (" + reasons.joined(separator: "; ") + ")" : ""
    return "\(head); \(order): \(names)\(tail)"
  }

  /// A line for each edge with its reason, scope by scope in the order of running; a step that waits for
  /// nothing has a line of its own.
  public func explanation(_ language: Language) -> String {
    scopes.indices.flatMap { scope in
      order(ofScope: scope).flatMap { lines(of: $0.position, language) }
    }.joined(separator: "\n")
  }

  private func lines(of step: Int, _ language: Language) -> [String] {
    let path = steps[step].path
    guard !steps[step].needs.isEmpty else { return ["\(path) (\(Self.nothing[language]))"] }
    return steps[step].needs.map { need in
      "\(steps[need.step.position].path) -> \(path) (\(reason(of: need, to: step)[language]))"
    }
  }

  private static let nothing = Bilingual("waits for nothing", pt: "não espera por nada")

  func reason(of need: Need, to step: Int) -> Bilingual {
    let (name, other) = (steps[step].name, steps[need.step.position].name)
    guard need.reason == Need.byHand else {
      let read = need.reason.hasPrefix("steps.") ? String(need.reason.dropFirst(6)) : need.reason
      return Bilingual("\(name) reads \(read)", pt: "\(name) lê \(read)")
    }
    switch need.strength {
    case .strong: return Bilingual("\(name) needs \(other)", pt: "\(name) precisa de \(other)")
    case .weak:
      return Bilingual("\(name) waits until \(other) has ended", pt: "\(name) espera \(other) terminar")
    }
  }
}

extension Need {
  /// The reason of an edge that `needs` names.
  static let byHand = "needs"
}

import Model

/// Numbers the steps of a file, scope by scope: the job's own first, then what lies inside, level by level in
/// the order of the file; the handlers last. The numbers are part of the stored history.
struct StructureReader {
  static let maxSteps = 5_000
  static let maxNesting = 16

  let draft: Draft
  let connectors: ConnectorCatalogue
  let defaults: DefaultsDraft
  private var queue: [Waiting] = []

  /// A block of steps that has no numbers yet.
  private struct Waiting {
    var node: Node
    var keyPath: String
    var planPath: String
    var owner: Int?
    var isBranches: Bool
    var home: ScopeDraft.Home
    var depth: Int
    var number: Int
  }

  init(draft: Draft, connectors: ConnectorCatalogue, defaults: DefaultsDraft) {
    (self.draft, self.connectors, self.defaults) = (draft, connectors, defaults)
  }

  mutating func read(_ top: MapReading) {
    let steps = top["steps"]?.value
    _ = enqueue(steps, keyPath: "steps", planPath: "", home: .job)
    drain()
    let handlers: [(String, ScopeDraft.Home)] = [
      ("on_failure", .onFailure), ("on_cancel", .onCancel), ("finally", .finally),
    ]
    for (key, home) in handlers {
      guard let node = top[key]?.value else { continue }
      let number = enqueue(node, keyPath: key, planPath: key + ".", home: home)
      switch home {
      case .onFailure: draft.head.onFailure = number
      case .onCancel: draft.head.onCancel = number
      case .finally: draft.head.finally = number
      case .job: break
      }
    }
    drain()
  }

  private mutating func enqueue(_ node: Node?, keyPath: String, planPath: String, home: ScopeDraft.Home)
    -> Int
  {
    let number = draft.scopes.count
    draft.scopes.append(ScopeDraft(steps: 0..<0, owner: nil, isBranches: false, home: home))
    if let node {
      queue.append(
        Waiting(
          node: node, keyPath: keyPath, planPath: planPath, owner: nil, isBranches: false, home: home,
          depth: 1, number: number))
    }
    return number
  }

  private mutating func drain() {
    var next = 0
    while next < queue.count {
      let waiting = queue[next]
      next += 1
      readScope(waiting)
    }
    queue = []
  }

  private mutating func readScope(_ waiting: Waiting) {
    let first = draft.steps.count
    draft.scopes[waiting.number].steps = first..<first
    guard let map = MapReading(waiting.node, path: waiting.keyPath, report: draft.report) else { return }
    guard isAllowed(waiting, map) else { return }
    draft.scopes[waiting.number].steps = first..<first + map.entries.count
    for entry in map.entries {
      draft.steps.append(
        StepDraft(
          name: entry.key, path: waiting.planPath + entry.key, keyPath: map.place(entry.key),
          nameSpan: entry.keySpan, scope: waiting.number,
          isConditional: entry.value["if"] != nil && !waiting.isBranches))
    }
    for (offset, entry) in map.entries.enumerated() { readStep(first + offset, entry, waiting) }
    if waiting.isBranches { checkBranches(first..<first + map.entries.count, map) }
  }

  private func isAllowed(_ waiting: Waiting, _ map: MapReading) -> Bool {
    let report = draft.report
    if map.entries.isEmpty {
      report.error(
        "no-steps", at: map.span, path: map.path,
        Bilingual("there are no steps here.", pt: "não há passos aqui."),
        remedy: Bilingual("Write at least one.", pt: "Escreva pelo menos um."))
      return false
    }
    if waiting.depth > Self.maxNesting {
      report.error(
        "too-deep", at: map.span, path: map.path,
        Bilingual(
          "steps nest more than \(Self.maxNesting) deep here.",
          pt: "há mais de \(Self.maxNesting) níveis de passos aqui."))
      return false
    }
    if draft.steps.count + map.entries.count > Self.maxSteps {
      report.error(
        "too-many-steps", at: map.span, path: map.path,
        Bilingual(
          "a file has at most \(Self.maxSteps) steps.",
          pt: "um arquivo tem no máximo \(Self.maxSteps) passos."))
      return false
    }
    return true
  }

  private mutating func readStep(_ index: Int, _ entry: Node.Entry, _ waiting: Waiting) {
    var step = draft.steps[index]
    if !Names.isName(step.name) { draft.report.badName(step.name, at: step.nameSpan, path: step.keyPath) }
    let node = defaults.merged(into: entry.value, connectors: connectors)
    let reader = StepReader(
      draft: draft, connectors: connectors, index: index, isBranch: waiting.isBranches)
    let inside = reader.read(node, into: &step)
    if let inside {
      let number = draft.scopes.count
      draft.scopes.append(
        ScopeDraft(steps: 0..<0, owner: index, isBranches: inside.isBranches, home: waiting.home))
      step.kind = inside.isBranches ? .choose(number) : .group(number)
      queue.append(
        Waiting(
          node: inside.node, keyPath: step.keyPath + (inside.isBranches ? ".choose" : ".steps"),
          planPath: step.path + ".", owner: index, isBranches: inside.isBranches, home: waiting.home,
          depth: waiting.depth + 1, number: number))
      reader.readInside(node, scope: inside.isBranches ? nil : number, into: &step)
    } else {
      reader.readInside(node, scope: nil, into: &step)
    }
    draft.steps[index] = step
  }

  /// Every branch has an `if`, or is the last and says `else: true`.
  private func checkBranches(_ range: Range<Int>, _ map: MapReading) {
    for (index, entry) in zip(range, map.entries) {
      let (condition, otherwise) = (entry.value["if"], entry.value["else"])
      let path = draft.steps[index].keyPath
      if let otherwise {
        var isTrue = false
        if case .bool(true) = otherwise.content { isTrue = true }
        if !isTrue {
          draft.report.error(
            "wrong-value", at: otherwise.span, path: path + ".else",
            Bilingual("else is always true.", pt: "else é sempre true."))
        }
      }
      if condition != nil, let otherwise {
        draft.report.error(
          "two-kinds", at: otherwise.span, path: path,
          Bilingual("a branch has either if or else, not both.", pt: "um ramo tem if ou else, não os dois."))
      } else if condition == nil, otherwise == nil, entry.value.entries != nil {
        draft.report.missingKey("if", at: entry.keySpan, path: path)
      } else if otherwise != nil, index + 1 < range.upperBound {
        draft.report.error(
          "else-not-last", at: entry.keySpan, path: path,
          Bilingual("the branch with else must be the last.", pt: "o ramo com else deve ser o último."))
      }
    }
  }
}

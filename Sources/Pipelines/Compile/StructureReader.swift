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
    var role: ScopeDraft.Role
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
      ("on_failure", .onFailure), ("on_cancel", .onCancel), ("finally", .finally), ("after_each", .afterEach),
    ]
    for (key, home) in handlers {
      guard let node = top[key]?.value else { continue }
      let number = enqueue(node, keyPath: key, planPath: key + ".", home: home)
      switch home {
      case .onFailure: draft.head.onFailure = number
      case .onCancel: draft.head.onCancel = number
      case .finally: draft.head.finally = number
      case .afterEach: draft.head.afterEach = number
      case .job: break
      }
    }
    drain()
  }

  private mutating func enqueue(_ node: Node?, keyPath: String, planPath: String, home: ScopeDraft.Home)
    -> Int
  {
    let number = draft.scopes.count
    let role: ScopeDraft.Role = home == .job || home == .afterEach ? .steps : .handler
    draft.scopes.append(ScopeDraft(steps: 0..<0, owner: nil, role: role, home: home))
    if let node {
      queue.append(
        Waiting(
          node: node, keyPath: keyPath, planPath: planPath, owner: nil, role: role, home: home, depth: 1,
          number: number))
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
          isConditional: entry.value["if"] != nil && waiting.role != .branches))
    }
    for (offset, entry) in map.entries.enumerated() { readStep(first + offset, entry, waiting) }
    if waiting.role == .branches { checkBranches(first..<first + map.entries.count, map) }
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
    step.source = entry.value
    let node = defaults.merged(into: entry.value, connectors: connectors)
    let reader = StepReader(
      draft: draft, connectors: connectors, index: index, role: waiting.role)
    let inside = reader.read(node, into: &step)
    if let inside {
      let isChoice = inside.role == .branches
      let number = open(
        inside.node, at: step.keyPath + (isChoice ? ".choose" : ".steps"), step.path + ".", of: index,
        inside.role, waiting.home, waiting)
      step.kind = isChoice ? .choose(number) : .group(number)
      if !isChoice { openHandlers(node, of: index, waiting, into: &step) }
      reader.readInside(node, scope: isChoice ? nil : number, into: &step)
    } else {
      reader.readInside(node, scope: nil, into: &step)
    }
    if let rescue = node.entries?.first(where: { $0.key == "rescue" }) {
      openRescue(rescue, of: index, waiting, into: &step)
    }
    draft.steps[index] = step
  }

  /// A block of steps that belongs to a step.
  private mutating func open(
    _ node: Node, at keyPath: String, _ planPath: String, of owner: Int, _ role: ScopeDraft.Role,
    _ home: ScopeDraft.Home, _ outer: Waiting
  ) -> Int {
    let number = draft.scopes.count
    draft.scopes.append(ScopeDraft(steps: 0..<0, owner: owner, role: role, home: home))
    queue.append(
      Waiting(
        node: node, keyPath: keyPath, planPath: planPath, owner: owner, role: role, home: home,
        depth: outer.depth + 1, number: number))
    return number
  }

  private mutating func openHandlers(
    _ node: Node, of index: Int, _ waiting: Waiting, into step: inout StepDraft
  ) {
    let all: [(String, ScopeDraft.Home, WritableKeyPath<HandlersPlan, Int?>)] = [
      ("on_failure", .onFailure, \.onFailure), ("on_cancel", .onCancel, \.onCancel),
      ("finally", .finally, \.finally),
    ]
    for (key, home, place) in all {
      guard let block = node[key] else { continue }
      step.handlers[keyPath: place] = open(
        block, at: "\(step.keyPath).\(key)", "\(step.path).\(key).", of: index, .handler, home, waiting)
    }
  }

  /// A scope of one step, named `rescue`.
  private mutating func openRescue(
    _ entry: Node.Entry, of index: Int, _ waiting: Waiting, into step: inout StepDraft
  ) {
    let path = step.keyPath + ".rescue"
    guard entry.value.entries != nil else {
      draft.report.wrongKind(
        entry.value, path: path, wanted: Bilingual("a step, with classes", pt: "um passo, com classes"))
      return
    }
    var block = entry.value
    block.content = .map([entry])
    let scope = open(block, at: step.keyPath, step.path + ".", of: index, .rescue, waiting.home, waiting)
    let classes = entry.value["classes"].map { draft.classes($0, path: path + ".classes") }
    step.rescue = RescueDraft(
      classes: classes ?? Set(ErrorClass.allCases).subtracting([.cancelled]), scope: scope)
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

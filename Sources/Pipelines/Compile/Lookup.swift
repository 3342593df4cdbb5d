import Expressions
import Model

/// Finds what a name means, looking outwards.
extension Draft {
  /// The nearest step of that name. Branches of a `choose` are not seen from inside it; handlers see their
  /// own steps and then the job's.
  func step(_ name: String, from scope: Int) -> Int? {
    for scope in scopesOutwards(from: scope) {
      if let step = stepsByName[scope][ScalarString(name)] { return step }
    }
    return nil
  }

  func indexNames() {
    stepsByName = scopes.map { scope in
      Dictionary(
        scope.steps.map { (ScalarString(steps[$0].name), $0) }, uniquingKeysWith: { first, _ in first })
    }
  }

  func visibleSteps(from scope: Int) -> [String] {
    scopesOutwards(from: scope).flatMap { scopes[$0].steps.map { steps[$0].name } }
  }

  private func scopesOutwards(from start: Int) -> [Int] {
    var found: [Int] = []
    var scope: Int? = start
    while let current = scope {
      let role = scopes[current].role
      if role != .branches, role != .rescue { found.append(current) }
      if role == .handler { found.append(handled(by: current)) }
      scope = scopes[current].owner.map { steps[$0].scope }
    }
    return found
  }

  /// The steps that a handler is for: the children of its group, or the job's own.
  private func handled(by scope: Int) -> Int {
    guard let owner = scopes[scope].owner, case .group(let inside) = steps[owner].kind else { return 0 }
    return inside
  }

  /// Whether the place is in a handler for what the step belongs to: then it may not have run.
  func isHandled(_ step: Int, from start: Int) -> Bool {
    var scope: Int? = start
    while let current = scope {
      if steps[step].scope == current { return false }
      if scopes[current].role == .handler, steps[step].scope == handled(by: current) { return true }
      scope = scopes[current].owner.map { steps[$0].scope }
    }
    return false
  }

  /// Whether the place is in the rescue or in a handler of the step: then it has ended, and has no output.
  func isBeside(_ step: Int, from start: Int) -> Bool {
    var scope: Int? = start
    while let current = scope {
      let (role, owner) = (scopes[current].role, scopes[current].owner)
      if owner == step { return role == .handler || role == .rescue }
      scope = owner.map { steps[$0].scope }
    }
    return false
  }

  func span(of place: Edge.Place) -> Range<Int> {
    switch place {
    case .span(let span): return span
    case .mention(let range, let index):
      let site = sites[index]
      let part = range.lowerBound + site.offset..<range.upperBound + site.offset
      return report.source.span(of: part, in: site.node)
    }
  }

  /// `after_each` sees no step of the job by its name: which of them has ended is never certain.
  func outerStep(_ name: String, from scope: Int) -> Bilingual? {
    guard scopes[scope].home == .afterEach,
      steps.contains(where: { ScalarString($0.name) == ScalarString(name) })
    else { return nil }
    return Bilingual(
      "after_each sees the step that ended as step, and none by its name.",
      pt: "after_each vê o passo que terminou como step, e nenhum pelo nome.")
  }

  /// Where a step of that name hides inside a group, as a remedy.
  func hiddenStep(_ name: String) -> Bilingual? {
    guard let step = steps.first(where: { ScalarString($0.name) == ScalarString(name) }),
      let owner = scopes[step.scope].owner
    else { return nil }
    let group = steps[owner].name
    return Bilingual(
      "There is one inside \"\(group)\", which cannot be seen from outside: give \(group) an output.",
      pt: "Há um dentro de \"\(group)\", que não é visível de fora: dê uma saída (output) a \(group).")
  }

  /// The nearest step around a place that fits, the own one included as far as the place is inside of it.
  func surrounding(_ view: View, where fits: (Int) -> Bool, layer: View.Layer) -> Int? {
    guard let step = view.step else { return nil }
    if view.layer.rawValue >= layer.rawValue, fits(step) { return step }
    var scope = steps[step].scope
    while let owner = scopes[scope].owner {
      // A rescue stands around all rounds of its owner, inside its item; each round has its own handlers.
      let isBeside = scopes[scope].role == .rescue
      if !(isBeside && layer == .round), fits(owner) { return owner }
      scope = steps[owner].scope
    }
    return nil
  }
}

/// The types of names that every pipeline knows.
enum WellKnown {
  /// Which of its members a trigger gives depends on its kind: a missing one is an error of the run.
  static let trigger = record([
    ("id", .string), ("type", .string), ("time", .timestamp), ("actor", .string), ("message", .dyn),
    ("body", .dyn), ("headers", .map(.string, .string)), ("query", .map(.string, .string)),
    ("files", .list(.dyn)), ("batch_sha256", .string), ("job", .dyn), ("jobs", .map(.string, .dyn)),
  ])

  static let step = record([
    ("id", .string), ("path", .string), ("key", .string), ("kind", .string), ("round", .int),
    ("attempt", .int), ("iteration", .int),
  ])

  /// The step execution that an `after_each` is about. `output`, `error` and `iteration` are null where there
  /// is none; `duration` is in seconds; `needs` are the paths of what it waited for.
  static let ended = record([
    ("id", .string), ("path", .string), ("key", .string), ("kind", .string), ("round", .int),
    ("attempt", .int), ("iteration", .dyn), ("status", .string), ("output", .dyn), ("error", .dyn),
    ("duration", .double), ("needs", .list(.string)),
  ])

  static let error = record([
    ("class", .string), ("code", .string), ("message", .string), ("step", .string), ("fingerprint", .string),
  ])

  static let counts = record([("total", .int), ("success", .int), ("failed", .int), ("skipped", .int)])

  static func job(in view: View, home: ScopeDraft.Home) -> CELType {
    var fields: [(String, CELType)] = [
      ("id", .string), ("namespace", .string), ("pipeline", .string), ("revision", .int),
      ("created_at", .timestamp),
    ]
    if view.part != .key { fields.append(("key", .string)) }
    if view.part == .body || view.part == .outputs {
      fields += [("started_at", .timestamp), ("status", .string)]
    }
    guard case .record(var record) = record(fields) else { return .dyn }
    guard home != .job else { return .record(record) }
    record.fields["error"] = Record.Field(error, isRequired: home == .onFailure)
    record.fields["failures"] = Record.Field(.list(error))
    return .record(record)
  }

  static func record(_ fields: [(String, CELType)]) -> CELType {
    .record(Record(fields: Dictionary(fields.map { ($0.0, Record.Field($0.1)) }, uniquingKeysWith: { $1 })))
  }
}

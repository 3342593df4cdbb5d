internal import Expressions
internal import Model
internal import Pipelines

/// What names mean for one node of one job. Lives only while the expressions of one place are evaluated; an
/// object, so that each of them is handed a reference and no copy of the state.
final class Resolver: ReferenceResolver {
  fileprivate(set) var state: JobState
  let plan: Plan
  let job: ID<Job>
  let now: Timestamp
  /// Nil: the job itself, as for `outputs`.
  let node: NodeNumber?
  /// An item whose node does not exist yet, for a fan-out's `key`.
  var item: (step: StepIndex, value: JSON, index: Int)?
  /// What `step` means to the `if` of an after_each step, whose node does not exist yet.
  var followed: NodeNumber?

  init(_ state: consuming JobState, _ plan: Plan, job: ID<Job>, now: Timestamp, node: NodeNumber?) {
    (self.state, self.plan, self.job, self.now, self.node) = (state, plan, job, now, node)
  }

  func value(of reference: Reference) throws(ExpressionError) -> Value {
    switch reference {
    case .inputs: context("inputs")
    case .input(let name): try member(name, of: "inputs")
    case .vars: context("vars")
    case .variable(let name): try member(name, of: "vars")
    case .settings: context("settings")
    case .trigger: Value(moments: state.context?.value["trigger"] ?? .object(JSONObject()))
    case .job: Value(moments: jobMap)
    case .now: Value(time: now)
    case .step(let step, let field): try value(of: field, step)
    case .item(let step): try itemValue(step)
    case .itemIndex(let step):
      if let item, item.step == step {
        .int(Int64(item.index))
      } else {
        .int(Int64(try ancestor(.item, step).1.ordinal))
      }
    case .carry(let step): Value(state.carry(of: try ancestor(.round, step).0) ?? .object(JSONObject()))
    case .iteration(let step): .int(Int64(try ancestor(.round, step).1.ordinal))
    case .lastIteration(let step): .bool(try isLastRound(of: step))
    case .this: Value(thisMap)
    }
  }

  private func context(_ name: String) -> Value {
    Value(state.context?.value[name] ?? .object(JSONObject()))
  }

  private func member(_ name: String, of map: String) throws(ExpressionError) -> Value {
    guard let value = state.context?.value[map]?[name] else { throw missing("\(map).\(name)") }
    return Value(value)
  }

  private func itemValue(_ step: StepIndex) throws(ExpressionError) -> Value {
    if let item, item.step == step { return Value(item.value) }
    let (node, item) = try ancestor(.item, step)
    guard let value = state.slice(of: node) ?? state.items(of: item.parent)?.value(at: item.ordinal) else {
      throw missing("item")
    }
    return Value(value)
  }

  private func isLastRound(of step: StepIndex) throws(ExpressionError) -> Bool {
    let (_, round) = try ancestor(.round, step)
    return round.ordinal == state[round.parent].bound
  }

  /// The nearest node of a layer of a step, looking outwards.
  private func ancestor(
    _ layer: StepState.Layer, _ step: StepIndex
  ) throws(ExpressionError) -> (NodeNumber, StepState) {
    var current = node
    while let number = current {
      let candidate = state[number]
      if candidate.layer == layer, candidate.step == step.value { return (number, candidate) }
      current = candidate.hasParent ? candidate.parent : nil
    }
    throw missing(plan.steps[step.position].path)
  }

  func missing(_ name: String) -> ExpressionError {
    ExpressionError(
      .evaluation,
      Bilingual("\(name) has no value here.", pt: "\(name) não tem valor aqui."), at: 0..<0)
  }
}

// Steps, as expressions see them.
extension Resolver {
  /// The node of a step of this scope or one further out; nil where its scope was never opened.
  private func find(_ step: StepIndex) -> NodeNumber? {
    var current = node
    var isBeside = false
    while let number = current {
      let candidate = state[number]
      let offset = Int64(step.value) - Int64(candidate.childStep)
      // Its rescue and its handlers see the step itself as it ended.
      if isBeside, candidate.step == step.value { return number }
      if let beside = sibling(number, step) { return beside }
      if candidate.childStep != StepState.none, offset >= 0, offset < Int64(candidate.childCount) {
        return candidate.firstChild + NodeNumber(offset)
      }
      if candidate.layer == .round, candidate.step == step.value { return number }
      isBeside = candidate.beside != nil
      current = candidate.hasParent ? candidate.parent : nil
    }
    for root in state.roots.reversed() where step.value >= root.step && step.value - root.step < root.count {
      return root.first + (step.value - root.step)
    }
    return nil
  }

  /// The step of that number which stands beside its parent as this node does.
  private func sibling(_ node: NodeNumber, _ step: StepIndex) -> NodeNumber? {
    guard state[node].beside != nil, let first = state.sibling(of: node) else { return nil }
    let (own, wanted) = (Int64(state[node].step), Int64(step.value))
    let sibling = Int64(node) + wanted - own
    guard sibling >= Int64(first), sibling < Int64(state.nextNode) else { return nil }
    let found = state[NodeNumber(sibling)]
    let isBeside = found.parent == state[node].parent && found.beside == state[node].beside
    return isBeside && found.step == step.value ? NodeNumber(sibling) : nil
  }

  private func value(of field: StepField, _ step: StepIndex) throws(ExpressionError) -> Value {
    guard let found = find(step) else { throw missing("steps.\(plan.steps[step.position].name)") }
    if field == .whole { return Value(try map(of: found)) }
    guard let value = try self.field(field, of: found) else {
      throw missing("steps.\(plan.steps[step.position].name).\(field)")
    }
    return Value(value)
  }

  private func map(of node: NodeNumber) throws(ExpressionError) -> JSON {
    var map = JSONObject()
    for (name, field) in Self.fields { map[name] = try self.field(field, of: node) }
    return .object(map)
  }

  private static let fields: [(String, StepField)] = [
    ("output", .output), ("status", .status), ("error", .error), ("counts", .counts), ("outputs", .outputs),
    ("results", .results), ("errors", .errors), ("branch", .branch),
  ]

  private func field(_ field: StepField, of node: NodeNumber) throws(ExpressionError) -> JSON? {
    let current = state[node]
    var isFanOut: Bool { state.items(of: node) != nil }
    switch field {
    case .whole: return nil
    case .output: return current.status.hasOutput ? state.output(of: node) : nil
    case .status:
      let settled = current.status.hasEnded ? nil : state.settlement(of: node)?.status
      return .string((settled ?? current.status).word)
    case .error:
      let settled = current.status.hasEnded ? nil : state.settlement(of: node)?.failure
      return (settled ?? state.failure(of: node)).map(\.json)
    case .branch:
      guard case .choose = plan.steps[Int(current.step)].kind, current.firstChild != StepState.none else {
        return nil
      }
      return .string(plan.steps[Int(state[current.firstChild].step)].name)
    case .counts:
      guard isFanOut else { return nil }
      return [
        "total": .int(Int64(current.childCount)), "success": .int(Int64(current.succeeded + current.partial)),
        "failed": .int(Int64(current.failed)), "skipped": .int(Int64(current.skipped)),
      ]
    case .outputs:
      guard isFanOut else { return nil }
      try refuseLargeUnkept(node)
      return .array(
        state.children(of: node).compactMap {
          state[$0].status.hasOutput ? state.output(of: $0) ?? .null : nil
        })
    case .results:
      guard let items = state.items(of: node) else { return nil }
      if items.isWindow { throw unkept("results", node) }
      return .array(state.children(of: node).map { result(of: $0, node) })
    case .errors:
      guard isFanOut else { return nil }
      return .array(
        state.children(of: node).lazy.filter { self.state[$0].status.isFailure }.prefix(Items.errorsShown).map
        {
          error(of: $0, node)
        })
    }
  }

  private func refuseLargeUnkept(_ node: NodeNumber) throws(ExpressionError) {
    guard let forEach = plan.steps[Int(state[node].step)].forEach,
      !forEach.keeps(count: Int(state[node].childCount))
    else { return }
    throw unkept("outputs", node)
  }

  /// What a large fan-out does not keep unless the file says so.
  private func unkept(_ field: String, _ node: NodeNumber) -> ExpressionError {
    let path = state.path(of: node, in: plan)
    return ExpressionError(
      .evaluation,
      Bilingual(
        "The \(field) of \(path) were not kept: it has more than \(ForEachPlan.keptItems) items.",
        pt: "Os \(field) de \(path) não foram guardados: são mais de \(ForEachPlan.keptItems) itens."),
      remedy: Bilingual(
        "Say keep: all; or use counts and errors.", pt: "Escreva keep: all; ou use counts e errors."),
      at: 0..<0)
  }

  /// `{key, item, class, code, message, step, fingerprint}`.
  private func error(of item: NodeNumber, _ fanOut: NodeNumber) -> JSON {
    let items = state.items(of: fanOut)
    let ordinal = state[item].ordinal
    var error = JSONObject([
      ("key", .string(items?.key(at: ordinal) ?? "")), ("item", items?.value(at: ordinal) ?? .null),
    ])
    var failure = state.failure(of: item)
    failure?.step = state.path(of: item, in: plan)
    for member in failure?.json.object ?? JSONObject() { error[member.key] = member.value }
    return .object(error)
  }

  private func result(of item: NodeNumber, _ fanOut: NodeNumber) -> JSON {
    let items = state.items(of: fanOut)
    let ordinal = state[item].ordinal
    var result = JSONObject([
      ("key", .string(items?.key(at: ordinal) ?? "")), ("item", items?.value(at: ordinal) ?? .null),
      ("status", .string(state[item].status.word)),
    ])
    if let output = state.output(of: item) { result["output"] = output }
    if let failure = state.failure(of: item) { result["error"] = failure.json }
    return .object(result)
  }
}

// The job and the asking step, as expressions see them.
extension Resolver {
  private var jobMap: JSON {
    let creation = state.creation
    var map = JSONObject([
      ("id", .string(job.description)), ("key", .string(creation?.key ?? job.description)),
      ("namespace", .string(plan.namespace)), ("pipeline", .string(plan.name)),
      ("revision", .int(Int64(creation?.revision ?? 0))), ("created_at", .string(state.createdAt.rfc3339)),
      ("started_at", .string(state.startedAt.rfc3339)),
      ("status", .string((state.outcome ?? state.status).word)),
    ])
    if let failure = state.failure { map["error"] = failure.json }
    map["failures"] = .array(failures)
    return .object(map)
  }

  private var failures: [JSON] {
    guard let root = state.roots.first else { return [] }
    return (root.first..<root.first + root.count).compactMap { node in
      guard state[node].status.isFailure, var failure = state.failure(of: node) else { return nil }
      failure.step = state.path(of: node, in: plan)
      return failure.json
    }
  }

  private var thisMap: JSON {
    guard let node else { return .object(JSONObject()) }
    if let followed = followed ?? self.followed(by: node) { return followedMap(of: followed) }
    var map = map(ofStep: node)
    if let rescued = rescued(by: node) {
      map["error"] = state.settlement(of: rescued)?.failure?.json ?? .null
    }
    return .object(map)
  }

  private func map(ofStep node: NodeNumber) -> JSONObject {
    let current = state[node]
    let path = state.path(of: node, in: plan)
    var map = JSONObject([
      ("id", .string(plan.steps[Int(current.step)].name)), ("path", .string(path)),
      ("key", .string(state.stepKey(of: node, at: path, job: job))),
      ("kind", .string(plan.steps[Int(current.step)].kind.word)), ("round", .int(Int64(current.round) + 1)),
      ("attempt", .int(Int64(current.attempt) + 1)),
    ])
    var outer: NodeNumber? = node
    while let number = outer {
      if state[number].layer == .round {
        map["iteration"] = .int(Int64(state[number].ordinal))
        break
      }
      outer = state[number].hasParent ? state[number].parent : nil
    }
    return map
  }

  /// The step execution that the after_each step follows whose inside this is.
  private func followed(by node: NodeNumber) -> NodeNumber? { holder(of: node, .afterEach) }

  /// The step that the rescue is for whose inside this is.
  private func rescued(by node: NodeNumber) -> NodeNumber? { holder(of: node, .rescue) }

  private func holder(of node: NodeNumber, _ kind: AsideKind) -> NodeNumber? {
    var current = node
    while state[current].hasParent {
      if state[current].beside == kind { return state[current].parent }
      current = state[current].parent
    }
    return nil
  }

  /// A step execution that has ended. `output` and `error` are null where there is none, and `duration` is in
  /// seconds.
  private func followedMap(of node: NodeNumber) -> JSON {
    var map = map(ofStep: node)
    let (current, step) = (state[node], plan.steps[Int(state[node].step)])
    if current.layer == .step, step.forEach != nil {
      map["kind"] = "for_each"
    } else if current.layer != .round, step.loop != nil {
      map["kind"] = "repeat"
    }
    map["attempt"] = .int(Int64(current.attempt))
    map["status"] = .string(current.status.word)
    // Null where there is none, so that one expression fits every step.
    map["output"] = (current.status.hasOutput ? state.output(of: node) : nil) ?? .null
    map["error"] = state.failure(of: node)?.json ?? .null
    let began = current.startedAt.orNil ?? current.readyAt
    map["duration"] = .double(max(.zero, current.endedAt - began).seconds)
    if map["iteration"] == nil { map["iteration"] = .null }
    map["needs"] = .array(needs(of: node).map { .string(state.path(of: $0, in: plan)) })
    return .object(map)
  }

  /// What the step waited for; an item or a round as the step that it belongs to.
  private func needs(of node: NodeNumber) -> [NodeNumber] {
    var owner = node
    while state[owner].layer != .step { owner = state[owner].parent }
    return plan.steps[Int(state[owner].step)].needs.map {
      NodeNumber(Int64(owner) + Int64($0.step.value) - Int64(state[owner].step))
    }
  }
}

extension Decider {
  func resolver(at node: NodeNumber?) -> Resolver {
    Resolver(state, plan, job: setting.job, now: now, node: node)
  }

  /// The same for the one evaluation of `body`, to which the state is lent: to copy it takes as long as a
  /// short expression does.
  mutating func evaluating<Result>(
    at node: NodeNumber?, _ body: (Resolver) throws(ExpressionError) -> Result
  ) throws(ExpressionError) -> Result {
    var lent = JobState()
    swap(&lent, &state)
    let resolver = Resolver(consume lent, plan, job: setting.job, now: now, node: node)
    defer { swap(&state, &resolver.state) }
    return try body(resolver)
  }

  func path(_ node: NodeNumber) -> String { state.path(of: node, in: plan) }
}

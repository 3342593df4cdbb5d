internal import Crypto
internal import Model
internal import Pipelines

/// What a step execution of an earlier job gave, and under which conditions it may be taken again.
struct EarlierResult: Sendable, Hashable {
  /// Of the step, as the earlier revision said it.
  var definition: String
  /// The hash of what it was given.
  var given: String
  var status: StepStatus
  var output: JSON?

  /// Of JSON values in which the order of members means nothing.
  static func hash(_ given: JSON) -> String {
    String(SHA256.hex(given.canonical.serialized()).prefix(32))
  }

  var json: JSON {
    [
      "definition": .string(definition), "given": .string(given), "status": .string(status.word),
      "output": output ?? .null, "has_output": .bool(output != nil),
    ]
  }

  init(definition: String, given: String, status: StepStatus, output: JSON?) {
    (self.definition, self.given, self.status, self.output) = (definition, given, status, output)
  }

  init?(_ json: JSON?) {
    guard let json, let definition = json["definition"]?.string, let given = json["given"]?.string,
      let status = json["status"]?.string.flatMap(StepStatus.init(word:))
    else { return nil }
    self.init(
      definition: definition, given: given, status: status,
      output: json["has_output"]?.bool == true ? json["output"] : nil)
  }
}

/// Reads a history for what each step execution was given and gave.
struct ResultCollector {
  let plan: Plan
  private var given: [NodeNumber: String] = [:]
  /// The last result of each path that succeeded.
  private(set) var results: [ScalarString: EarlierResult] = [:]
  /// The plan's step of each path.
  private(set) var steps: [ScalarString: Int] = [:]
  /// How each path ended last.
  private(set) var ends: [ScalarString: StepStatus] = [:]

  init(plan: Plan) { self.plan = plan }

  /// `state` is that after the fact.
  mutating func take(_ fact: Fact, _ state: JobState) {
    switch fact {
    case .started(let node, _, _, let input):
      if let value = input?.value ?? literal(of: node, state) { given[node] = EarlierResult.hash(value) }
    case .delayed(let node, _, _): if isLeaf(node, state) { given[node] = EarlierResult.hash(.null) }
    case .succeeded(let node, let status, let output): keep(node, status, output?.value, state)
    case .failed(let node, let status, _, _, _): end(node, status, state)
    case .skipped(let first, let count, _):
      for node in first..<first + count { end(node, .skipped, state) }
    case .step(let node, let fact): take(fact, of: node, state)
    case .created, .opened, .items, .round, .entered, .queued, .retrying, .deadline, .lost, .question,
      .resolved, .superseded, .adopted, .stopping, .cancelRequested, .killed, .overdue, .phase, .outcome,
      .status, .recovered, .quarantined, .aside, .reopened, .updated:
      break
    }
  }

  private mutating func take(_ fact: StepFact, of node: NodeNumber, _ state: JobState) {
    switch fact {
    case .asked(_, let content): given[node] = EarlierResult.hash(content.value["shown_sha256"] ?? .null)
    case .awaiting(let wait): given[node] = EarlierResult.hash(wait.value)
    case .calling(_, _, let inputs): given[node] = EarlierResult.hash(inputs.value)
    case .reused(let status, _, let output):
      let path = state.path(of: node, in: plan)
      given[node] = EarlierResult(state.context?.value["rerun"]?["results"]?[path])?.given
      keep(node, status, output?.value, state)
    case .limited, .signalled, .answered, .assigned, .reminded, .called, .settled, .counting, .sliced: break
    }
  }

  private mutating func keep(_ node: NodeNumber, _ status: StepStatus, _ output: JSON?, _ state: JobState) {
    end(node, status, state)
    guard isLeaf(node, state), let given = given[node] else { return }
    let path = ScalarString(state.path(of: node, in: plan))
    results[path] = EarlierResult(
      definition: plan.steps[Int(state[node].step)].definition, given: given, status: status, output: output)
  }

  private mutating func end(_ node: NodeNumber, _ status: StepStatus, _ state: JobState) {
    let path = ScalarString(state.path(of: node, in: plan))
    (ends[path], steps[path]) = (status, Int(state[node].step))
    if !status.hasOutput { results[path] = nil }
  }

  /// Only what acts or asks is taken again; what is computed is computed anew.
  private func isLeaf(_ node: NodeNumber, _ state: JobState) -> Bool {
    if state[node].firstChild != StepState.none { return false }
    switch plan.steps[Int(state[node].step)].kind {
    case .connector, .call, .ask, .wait: return true
    case .group, .choose, .value, .end: return false
    }
  }

  private func literal(of node: NodeNumber, _ state: JobState) -> JSON? {
    guard case .connector(let call) = plan.steps[Int(state[node].step)].kind,
      case .literal(let with) = call.with
    else { return nil }
    return with
  }
}

extension JSON {
  /// The same with every object's members in the order of their keys.
  var canonical: JSON {
    switch self {
    case .object(let object):
      .object(
        JSONObject(
          object.members.sorted { ScalarString($0.key) < ScalarString($1.key) }
            .map { ($0.key, $0.value.canonical) }))
    case .array(let elements): .array(elements.map(\.canonical))
    case .null, .bool, .int, .double, .string: self
    }
  }
}

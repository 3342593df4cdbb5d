public import Model

extension Plan {
  /// The same plan with a stand-in for what these steps do: in their places the connector `mock` is called
  /// with `{step, with}`, where `with` is what the step itself would have been given. Items, rounds, retries
  /// and conditions stay as they are. Paths that name no step change nothing.
  public func mocking(_ paths: Set<String>, by mock: ConnectorDescription) -> Plan {
    let names = Set(paths.map { ScalarString($0) })
    return Plan(
      namespace: namespace, name: name, title: title, description: description, labels: labels,
      inputs: inputs, key: key, vars: vars, deadline: deadline,
      steps: steps.map { names.contains(ScalarString($0.path)) ? $0.calling(mock) : $0 }, scopes: scopes,
      onFailure: onFailure, onCancel: onCancel, finally: finally, outputs: outputs, triggers: triggers,
      files: files, identity: identity, afterEach: afterEach)
  }
}

extension StepPlan {
  fileprivate func calling(_ mock: ConnectorDescription) -> StepPlan {
    let with: Template = .object([("step", .literal(.string(path))), ("with", given)])
    return StepPlan(
      name: name, path: path, scope: scope, kind: .connector(CallPlan(connector: mock, with: with)),
      condition: condition, needs: needs, successors: successors, forEach: forEach, loop: loop, retry: retry,
      timeout: timeout, queueTimeout: queueTimeout, deadline: deadline, idempotent: true, rescue: rescue,
      limits: limits, runsOnKill: runsOnKill, definition: definition)
  }

  /// What the step's expressions give to whom it calls.
  private var given: Template {
    switch kind {
    case .connector(let call): call.with
    case .value(let value): value
    case .call(let call): call.inputs
    case .ask(let ask): ask.show
    case .group, .choose, .wait, .end: .literal(.object(JSONObject()))
    }
  }
}

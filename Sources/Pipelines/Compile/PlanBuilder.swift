import Expressions
import Model

/// Makes the plan of a file in which nothing is wrong.
struct PlanBuilder {
  let draft: Draft

  init(draft: Draft) { self.draft = draft }

  /// Nil where an expression has no typed form, which was reported.
  func plan() -> Plan? {
    guard !draft.report.hasErrors else { return nil }
    let head = draft.head
    var steps: [StepPlan] = []
    let successors = successors
    for index in draft.steps.indices {
      guard let step = step(index, successors[index]) else { return nil }
      steps.append(step)
    }
    return Plan(
      namespace: head.namespace, name: head.name, title: head.title, description: head.description,
      labels: head.labels, inputs: head.inputs.map(input), key: head.key.map(template),
      vars: head.vars.map { ($0.name, template($0.value)) }, deadline: head.deadline.flatMap(timing),
      steps: steps,
      scopes: draft.scopes.map { Scope(steps: $0.steps, owner: $0.owner?.stepIndex) },
      onFailure: head.onFailure, onCancel: head.onCancel, finally: head.finally,
      outputs: head.outputs.map { ($0.name, template($0.value)) }, triggers: head.triggers.map(trigger),
      files: files, identity: identity, afterEach: head.afterEach)
  }

  private var files: [String] {
    var seen = Set<ScalarString>()
    return draft.head.files.map(\.name).filter { seen.insert(ScalarString($0)).inserted }
  }

  private func input(_ input: InputDraft) -> InputPlan {
    InputPlan(
      name: input.name, schema: input.schema, defaultValue: input.defaultValue.map(template),
      isPersonal: input.schema.isPersonal)
  }

  private func trigger(_ trigger: TriggerDraft) -> TriggerPlan {
    TriggerPlan(
      name: trigger.name, kind: trigger.kind, spec: trigger.spec,
      condition: trigger.condition.flatMap(expression), inputs: trigger.inputs.map(template),
      idempotencyKey: trigger.idempotencyKey.map(template), enabled: trigger.enabled.flatMap(expression),
      deliver: trigger.deliver.map(deliver), completion: trigger.completion.map(completion),
      schema: trigger.schema)
  }

  private func step(_ index: Int, _ successors: [Need]) -> StepPlan? {
    let draft = self.draft.steps[index]
    let kind: StepKind
    switch draft.kind {
    case .unknown: return nil
    case .group(let scope): kind = .group(scope)
    case .choose(let scope): kind = .choose(scope)
    case .value(let value): kind = .value(template(value))
    case .call(let call): kind = .call(subJob(call))
    case .ask(let ask): kind = .ask(self.ask(ask))
    case .wait(let wait):
      guard let wait = self.wait(wait) else { return nil }
      kind = .wait(wait)
    case .end(let end): kind = .end(self.end(end))
    case .connector(let call):
      kind = .connector(
        CallPlan(
          connector: call.description ?? .standIn(call.name, major: call.major ?? 1),
          with: template(call.with),
          connection: call.connection,
          credential: call.credential))
    }
    return StepPlan(
      name: draft.name, path: draft.path, scope: draft.scope, kind: kind,
      condition: draft.condition.flatMap(expression), needs: needs(of: index), successors: successors,
      forEach: draft.forEach.flatMap(forEach), loop: draft.loop.flatMap(loop),
      retry: draft.retry.map(retry) ?? .once, timeout: draft.timeout.flatMap(timing),
      queueTimeout: draft.queueTimeout.flatMap(timing), deadline: draft.deadline.flatMap(timing),
      idempotent: draft.idempotent, output: draft.output.map(template),
      rescue: draft.rescue.map { RescuePlan(classes: $0.classes, scope: $0.scope) },
      handlers: draft.handlers, limits: draft.limits.map(limits), isolation: draft.isolation,
      runsOnKill: draft.runsOnKill, definition: draft.definition)
  }

  /// The edges turned round.
  private var successors: [[Need]] {
    var successors = [[Need]](repeating: [], count: draft.steps.count)
    for index in draft.steps.indices {
      for need in needs(of: index) {
        let back = Need(step: index.stepIndex, strength: need.strength, reason: need.reason)
        successors[need.step.position].append(back)
      }
    }
    return successors
  }

  private func needs(of index: Int) -> [Need] {
    draft.edges[index].map { Need(step: $0.step.stepIndex, strength: $0.strength, reason: $0.reason) }
  }

  private func forEach(_ forEach: ForEachDraft) -> ForEachPlan? {
    guard let items = forEach.items.flatMap(expression) else { return nil }
    return ForEachPlan(
      items: items, name: forEach.name, key: forEach.key.map(template),
      maxParallel: count(forEach.maxParallel), allowFailed: forEach.allowFailed, keep: forEach.keep,
      isLines: forEach.isLines, batch: forEach.batch.map(count))
  }

  private func loop(_ loop: LoopDraft) -> LoopPlan {
    LoopPlan(
      max: count(loop.max), carry: template(loop.carry), until: loop.until.flatMap(expression),
      next: loop.next.map(template), delay: loop.delay.flatMap(timing), onMax: loop.onMax)
  }

  private func retry(_ retry: RetryDraft) -> RetryPlan {
    RetryPlan(
      attempts: count(retry.attempts), initial: timing(retry.initial) ?? .fixed(.seconds(1)),
      factor: retry.factor, max: timing(retry.max) ?? .fixed(.seconds(60)), jitter: retry.jitter,
      classes: retry.classes)
  }

  func timing(_ timing: TimingDraft) -> Timing? {
    switch timing {
    case .fixed(let duration, _): .fixed(duration)
    case .computed(let site): expression(site).map(Timing.computed)
    }
  }

  func count(_ count: CountDraft) -> Count {
    switch count {
    case .fixed(let value): .fixed(value)
    case .computed(let site): expression(site).map(Count.computed) ?? .fixed(1)
    }
  }

  func expression(_ site: Int) -> BoundExpression? { draft.sites[site].bound }

  func template(_ template: TemplateDraft) -> Template {
    if let json = template.json { return .literal(json) }
    switch template {
    case .literal(let json, _): return .literal(json)
    case .expression(let site, _): return expression(site).map(Template.expression) ?? .literal(.null)
    case .text(let parts, _):
      return .text(
        parts.compactMap { part in
          switch part {
          case .literal(let text): .literal(text)
          case .expression(let site): expression(site).map(Template.Part.expression)
          }
        })
    case .list(let items, _): return .array(items.map(self.template))
    case .map(let members, _): return .object(members.map { ($0.key, self.template($0.value)) })
    }
  }
}

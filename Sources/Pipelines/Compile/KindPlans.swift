import Model

/// The plans of the kinds beside connectors and groups.
extension PlanBuilder {
  func ask(_ ask: AskDraft) -> AskPlan {
    AskPlan(
      title: template(ask.title), show: template(ask.show), to: people(ask.to),
      requesterMayAnswer: ask.requesterMayAnswer, quorum: count(ask.quorum),
      choices: ask.choices.map { choice in
        AskPlan.Choice(
          name: choice.name, label: choice.label.map(template), approves: choice.approves, form: choice.form)
      },
      expires: timing(ask.expires) ?? .fixed(AskPlan.defaultExpiry), onExpiry: ask.onExpiry,
      remindEvery: ask.remindEvery.flatMap(timing),
      escalate: ask.escalate.flatMap { escalate in
        timing(escalate.after).map { AskPlan.Escalation(after: $0, to: people(escalate.to)) }
      },
      failing: ask.failing)
  }

  private func people(_ people: AskDraft.People) -> AskPlan.People {
    AskPlan.People(users: people.users.map(template), groups: people.groups.map(template))
  }

  func wait(_ wait: WaitDraft) -> WaitPlan? {
    switch wait {
    case .pause(let timing): self.timing(timing).map(WaitPlan.pause)
    case .until(let site): expression(site).map(WaitPlan.until)
    case .signal(let signal):
      .signal(
        SignalPlan(
          name: template(signal.name), key: signal.key.map(template), schema: signal.schema,
          broadcast: signal.broadcast))
    }
  }

  func subJob(_ call: SubJobDraft) -> SubJobPlan {
    SubJobPlan(
      namespace: call.namespace, pipeline: call.pipeline, inputs: template(call.inputs),
      revision: call.revision, detach: call.detach)
  }

  func end(_ end: EndDraft) -> EndPlan {
    EndPlan(
      status: end.status, errorClass: end.errorClass, message: end.message.map(template),
      outputs: end.outputs.map(template))
  }
}

import Expressions
import Model
import Pipelines
import Testing

@Suite("The plan of a step", .timeLimit(.minutes(1)))
struct KindPlanTests {
  private func plan(_ steps: String, head: String = "") throws -> Plan {
    let text = Fixture.file(steps, head: head)
    return try #require(Fixture.compile(text).plan, "\(Fixture.rendered(text))")
  }

  private func kind(_ step: String) throws -> StepKind { try plan("a: {\(step)}").steps[0].kind }

  @Test("that asks holds who, what, the choices and what silence means")
  func ask() throws {
    let kind = try kind(
      "ask: {title: t, show: {n: 1}, to: {users: [ana], groups: g}, requester_may_answer: false, quorum: 2, "
        + "choices: {go: {label: Go, approves: true}, stop: {form: {type: object}}}, expires: 1h, "
        + "on_expiry: stop, remind: 10m, escalate: {after: 30m, to: {groups: [chiefs]}}}")
    guard case .ask(let ask) = kind else { throw Unexpected() }
    #expect(literal(ask.title) == "t")
    #expect(literal(ask.show) == ["n": 1])
    #expect(ask.to.users.map(literal) == ["ana"])
    #expect(ask.to.groups.map(literal) == "g")
    #expect(!ask.requesterMayAnswer)
    #expect(ask.choices.map(\.name) == ["go", "stop"])
    #expect(ask.choices.map(\.approves) == [true, false])
    #expect(ask.choices.map { $0.form != nil } == [false, true])
    #expect(ask.onExpiry == .choice("stop"))
    #expect(ask.failing == [])
    guard case .fixed(2) = ask.quorum, case .fixed(.seconds(3_600)) = ask.expires,
      case .fixed(.seconds(600)) = ask.remindEvery, case .fixed(.seconds(1_800)) = ask.escalate?.after
    else { throw Unexpected() }
    #expect(ask.escalate?.to.groups.map(literal) == ["chiefs"])
  }

  @Test("that asks without more waits seven days and then fails")
  func askDefaults() throws {
    guard case .ask(let ask) = try kind("ask: {title: t, to: {users: u}, choices: {x: {}}}"),
      case .fixed(.seconds(604_800)) = ask.expires
    else { throw Unexpected() }
    #expect(ask.onExpiry == .fail)
    #expect(ask.requesterMayAnswer)
    #expect(literal(ask.show) == .object(JSONObject()))
  }

  @Test("that is human.approve is a question whose reject fails it")
  func approve() throws {
    let kind = try kind("uses: human.approve, with: {title: t, to: {users: u}, quorum: 3, on_expiry: skip}")
    guard case .ask(let ask) = kind, case .fixed(3) = ask.quorum else { throw Unexpected() }
    #expect(ask.choices.map(\.name) == ["approve", "reject"])
    #expect(ask.choices.map(\.approves) == [true, false])
    #expect(ask.failing == ["reject"])
    #expect(ask.onExpiry == .skip)
  }

  @Test("that waits knows for what")
  func wait() throws {
    guard case .wait(.pause(.fixed(.seconds(300)))) = try kind("wait: {for: 5m}"),
      case .wait(.until(let moment)) = try kind("wait: {until: now}"),
      case .wait(.signal(let signal)) = try kind(
        "wait: {signal: {name: n, key: k, schema: {type: object, required: [x]}, broadcast: true}}"),
      case .wait(.signal(let file)) = try kind("wait: {signal: {name: n, schema: s/x.json}}")
    else { throw Unexpected() }
    #expect(moment.expression.type == .timestamp)
    #expect(literal(signal.name) == "n")
    #expect(signal.key.map(literal) == "k")
    #expect(signal.schema?.violations(in: .object(JSONObject())).count == 1)
    #expect(signal.broadcast)
    #expect(file.schema?.json == .object(JSONObject()))
    #expect(try plan("a: {wait: {signal: {name: n, schema: s/x.json}}}").files == ["s/x.json"])
  }

  @Test("that calls names a pipeline, its own namespace's where none is given")
  func call() throws {
    guard case .call(let near) = try kind("call: {pipeline: other}"),
      case .call(let far) = try kind("call: {pipeline: ns/other, inputs: {x: 1}, revision: 3, detach: true}")
    else { throw Unexpected() }
    #expect([near.namespace, near.pipeline] == ["demo", "other"])
    #expect(near.revision == nil && !near.detach)
    #expect([far.namespace, far.pipeline] == ["ns", "other"])
    #expect(far.revision == 3 && far.detach)
    #expect(literal(far.inputs) == ["x": 1])
  }

  @Test("that ends the job knows as what")
  func end() throws {
    guard
      case .end(let end) = try kind("end: {status: failed, class: exhausted, message: m, outputs: {x: 1}}"),
      case .end(let plain) = try kind("end: {status: failed}")
    else { throw Unexpected() }
    #expect(end.status == .failed)
    #expect(end.errorClass == .exhausted)
    #expect(end.message.map(literal) == "m")
    #expect(end.outputs.map(literal) == ["x": 1])
    #expect(plain.errorClass == .data)
  }

  @Test("has its rescue and handlers in scopes of their own, numbered after its inside")
  func asides() throws {
    let plan = try plan(
      """
      first: {value: "1"}
      load:
        steps: {run: {value: "2"}}
        on_failure: {tell: {value: steps.first.output + steps.run.?output.orValue(0)}}
        finally: {clean: {value: "1"}, after: {needs: [clean], value: "1"}}
        rescue: {classes: [exit, data], value: steps.last.output}
      last: {value: "3", rescue: {value: "4"}}
      """,
      head: "after_each: {log: {value: step.path}}\nfinally: {z: {value: '1', on_kill: run}}\n")
    #expect(
      plan.steps.map(\.path) == [
        "first", "load", "last", "load.run", "load.on_failure.tell", "load.finally.clean",
        "load.finally.after", "load.rescue", "last.rescue", "finally.z", "after_each.log",
      ])
    #expect(plan.scopes.map { $0.owner?.position } == [nil, 1, 1, 1, 1, 2, nil, nil])
    #expect(plan.steps[1].handlers == HandlersPlan(onFailure: 2, onCancel: nil, finally: 3))
    #expect(plan.steps[1].rescue?.scope == 4)
    #expect(plan.steps[1].rescue?.classes == [.exit, .data])
    #expect(plan.steps[2].rescue?.classes == Set(ErrorClass.allCases).subtracting([.cancelled]))
    #expect((plan.finally, plan.afterEach) == (6, 7))
    #expect(plan.steps.map(\.runsOnKill) == (0..<11).map { $0 == 9 })
    #expect(plan.steps[1].needs.map(\.reason) == ["steps.first.output", "steps.last.output"])
    #expect(plan.steps[6].needs.map(\.step.position) == [5])
    #expect(
      plan.explanation(.english).contains("load.finally.clean -> load.finally.after (after needs clean)"))
    #expect(plan.explanation(.english).contains("after_each.log (waits for nothing)"))
  }

  @Test("gives what it and its rescue have in common")
  func common() {
    let steps = """
      a:
        value: {x: 1, y: 2}
        rescue: {value: {x: 3}}
      b: {value: steps.a.output.x + 1}
      """
    #expect(Fixture.codes(Fixture.file(steps)) == [])
    #expect(Fixture.codes(Fixture.file(steps + "\nc: {value: steps.a.output.y}")) == ["type-error"])
  }

  private static let shape =
    "{type: object, required: [n], additionalProperties: false, properties: {n: {type: integer}}}"
  static let given: [(String, String)] = [
    ("ask: {title: t, to: {users: u}, choices: {x: {form: \(shape)}}}", "form.n + 1"),
    ("ask: {title: t, to: {users: u}, choices: {x: {}}}", "choice + steps.a.output.shown_sha256"),
    ("wait: {signal: {name: n, schema: \(shape)}}", "n + 1"), ("wait: {for: 5m}", "at + 'x'"),
    ("call: {pipeline: x}", "anything"),
  ]

  @Test("gives the answer's form, a signal's payload, a wait's moment", arguments: given)
  func outputs(step: String, read: String) {
    #expect(Fixture.codes(Fixture.file("a: {\(step)}\nb: {value: steps.a.output.\(read)}")) == [])
    let wrong = Fixture.codes(Fixture.file("a: {\(step)}\nb: {value: steps.a.output.nothing_of_the_kind}"))
    #expect(wrong == (step.hasPrefix("call") ? [] : ["type-error"]))
  }

  @Test("that waits for the signal of another is warned of")
  func sameSignal() {
    func found(_ a: String, _ b: String) -> [String] {
      Fixture.codes(Fixture.file("a: {wait: {signal: {\(a)}}}\nb: {wait: {signal: {\(b)}}}"))
    }
    #expect(found("name: n, key: k", "name: n, key: k") == ["same-signal"])
    #expect(found("name: n", "name: n, key: ''") == ["same-signal"])
    #expect(found("name: n, key: k", "name: n, key: l") == [])
    #expect(found("name: n, key: k, broadcast: true", "name: n, key: k") == [])
    #expect(found("name: n, key: '${{ job.id }}'", "name: n, key: '${{ job.id }}'") == [])
  }

  private struct Unexpected: Error {}

  private func literal(_ template: Template) -> JSON? {
    if case .literal(let json) = template { json } else { nil }
  }
}

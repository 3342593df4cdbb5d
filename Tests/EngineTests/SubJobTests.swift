import Engine
import Model
import Testing

@Suite("call", .timeLimit(.minutes(1)))
struct SubJobTests {
  static let child = """
    inputs: {n: {type: integer, default: 1}}
    steps: {work: {uses: test.keyed, with: {hold: true, value: {}}}}
    outputs: {n: "${{ inputs.n + 1 }}"}
    """

  private func child(_ harness: Harness, _ job: ID<Job>, _ path: String = "sub") async throws -> ID<Job> {
    try await harness.happened(job, "called", path)
    return try #require(try await harness.view(job).steps.first { $0.path == path }?.child)
  }

  @Test("starts a job whose outputs become the step's", arguments: Backend.all)
  func outputs(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    try await harness.apply(Self.child, id: "child")
    let job = try await harness.start(
      """
      steps: {sub: {call: {pipeline: child, inputs: {n: 41}}}}
      outputs: {n: "${{ steps.sub.output.n }}"}
      """)
    let child = try await child(harness, job)
    await harness.stage.holding("work")
    #expect(try await harness.node.why(job).map(\.kind) == ["sub_job"])
    #expect(try await harness.node.why(job)[0].text.english.contains("\(child)"))
    await harness.stage.end("work")
    let view = try await harness.ended(job)
    #expect(view.summary.status == .success)
    #expect(view.outputs == ["n": 42])
    let summary = try await harness.view(child).summary
    #expect(summary.triggerType == "call" && summary.actor == "local:test")
    #expect(summary.identity.parent == view.summary.number)
    for id in [job, child] { #expect(try harness.history().replay(id).differences == []) }
  }

  @Test("a failed sub-job fails the step with its class, its id and the step's path")
  func failure() async throws {
    let harness = try Harness()
    try await harness.apply("steps: {g: {steps: {work: {uses: test.pure, with: {fail: exit}}}}}", id: "child")
    let job = try await harness.start(
      "steps: {sub: {call: {pipeline: child}}, rest: {call: {pipeline: child}, rescue: {value: 3}}}")
    let view = try await harness.ended(job)
    let sub = try #require(view.steps.first { $0.path == "sub" })
    #expect(sub.status == .failed && sub.failure?.errorClass == .exit && sub.failure?.code == "told")
    #expect(sub.failure?.message.contains("\(try #require(sub.child)) ended failed at g") == true)
    #expect(view.steps.first { $0.path == "rest" }?.output == 3)
  }

  @Test("a pipeline that does not exist fails the step; the newest at the admission is the one")
  func revisions() async throws {
    let harness = try Harness()
    let none = try await harness.start("steps: {sub: {call: {pipeline: nobody}}}")
    let failure = try await harness.ended(none).steps[0].failure
    #expect(failure?.errorClass == .configuration && failure?.code == "no-pipeline")
    try await harness.apply("steps: {one: {value: 1}}\noutputs: {v: 1}", id: "child")
    let job = try await harness.start(
      """
      steps:
        first: {uses: test.keyed, with: {hold: true}}
        sub: {needs: [first], call: {pipeline: child}}
        fixed: {needs: [first], call: {pipeline: demo/child, revision: 7}}
      """)
    try await harness.apply("steps: {one: {value: 1}}\noutputs: {v: 2}", id: "child")
    await harness.stage.end("first")
    let view = try await harness.ended(job)
    #expect(view.steps.first { $0.path == "sub" }?.output == ["v": 1])
    #expect(view.steps.first { $0.path == "fixed" }?.failure?.code == "no-pipeline")
  }

  @Test("inputs that the sub-job refuses fail the step with class data")
  func inputs() async throws {
    let harness = try Harness()
    try await harness.apply(Self.child, id: "child")
    let job = try await harness.start("steps: {sub: {call: {pipeline: child, inputs: {n: x}}}}")
    let failure = try await harness.ended(job).steps[0].failure
    #expect(failure?.errorClass == .data && failure?.code == "invalid-input")
  }

  @Test(
    "a cancel and a deadline cascade, and the caller waits for the end", arguments: ["cancel", "deadline"])
  func cascade(_ how: String) async throws {
    let harness = try Harness(.sqlite)
    try await harness.apply(
      Self.child + "\non_cancel: {undo: {uses: test.keyed, with: {hold: true}}}", id: "child")
    let job = try await harness.start("steps: {sub: {deadline: 1m, call: {pipeline: child}}}")
    let child = try await child(harness, job)
    await harness.stage.holding("work")
    if how == "cancel" {
      try await harness.node.cancel(job, actor: "local:ana", reason: "enough")
    } else {
      harness.clock.advance(by: .seconds(61))
    }
    await harness.stage.holding("on_cancel.undo")
    #expect(try await harness.view(job).summary.status == .running)
    await harness.stage.end("on_cancel.undo")
    let view = try await harness.ended(job)
    #expect(try await harness.ended(child).summary.status == .cancelled)
    #expect(view.steps[0].status == (how == "cancel" ? .cancelled : .timeout))
    #expect(view.summary.status == (how == "cancel" ? .cancelled : .failed))
  }

  @Test("a kill cascades in the same commit")
  func kill() async throws {
    let harness = try Harness()
    try await harness.apply("steps: {deep: {call: {pipeline: leaf}}}", id: "child")
    try await harness.apply(Self.child, id: "leaf")
    let missing = try await harness.start("steps: {sub: {call: {pipeline: child}}}")
    let child = try await child(harness, missing)
    let leaf = try await self.child(harness, child, "deep")
    await harness.stage.holding("work")
    _ = try await harness.node.kill(missing, actor: "local:ana", reason: "wild")
    try await harness.crashAndReopen()
    for id in [missing, child, leaf] {
      #expect(try await harness.view(id).summary.status == .cancelled)
      #expect(try harness.history().replay(id).differences == [])
    }
  }

  @Test("detached: the step ends with the start, and the sub-job goes its own way")
  func detached() async throws {
    let harness = try Harness()
    try await harness.apply(Self.child, id: "child")
    let job = try await harness.start("steps: {sub: {call: {pipeline: child, detach: true}}}")
    let view = try await harness.ended(job)
    #expect(view.summary.status == .success)
    let child = try #require(view.steps[0].child)
    #expect(view.steps[0].output == ["job": .string(child.description)])
    await harness.stage.end("work")
    #expect(try await harness.ended(child).summary.status == .success)
  }

  @Test("more than 16 calls in a row are refused")
  func depth() async throws {
    let harness = try Harness()
    try await harness.apply("steps: {again: {call: {pipeline: test}}}")
    let job = try await harness.start("steps: {again: {call: {pipeline: test}}}")
    let view = try await harness.ended(job)
    #expect(view.steps[0].failure?.code == "call-depth")
    #expect(try harness.readModel.jobs(JobFilter(), before: nil, limit: 100).count == 17)
  }

  @Test("many at once, as items", arguments: Backend.all)
  func items(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    try await harness.apply(
      "inputs: {n: {type: integer}}\nsteps: {w: {uses: test.pure}}\noutputs: {n: \"${{ inputs.n }}\"}",
      id: "child")
    let job = try await harness.start(
      """
      steps:
        each:
          for_each: "lists.range(40)"
          max_parallel: 10
          call: {pipeline: child, inputs: {n: "${{ item }}"}}
      outputs: {sum: "${{ lists.sum(steps.each.outputs.map(o, o.n)) }}"}
      """)
    #expect(try await harness.ended(job).outputs == ["sum": 780])
  }

  @Test("an artifact stays in its namespace")
  func artifacts() async throws {
    let harness = try Harness()
    let job = try await harness.start(
      """
      steps:
        file:
          uses: test.pure
          with: {value: {file: {artifact: aa, name: a.txt, size: 1, media_type: text/plain}}}
        sub: {call: {pipeline: other/child, revision: 1, inputs: {file: "${{ steps.file.output.file }}"}}}
      """)
    let failure = try await harness.ended(job).steps[1].failure
    #expect(failure?.errorClass == .configuration && failure?.code == "artifact-namespace")
  }
}

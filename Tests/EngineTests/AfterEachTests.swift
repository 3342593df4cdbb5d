import Engine
import Model
import Testing

@Suite("after_each", .timeLimit(.minutes(1)))
struct AfterEachTests {
  @Test("runs after every step execution whose if holds, in the order of the commits", arguments: Backend.all)
  func follows(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await harness.start(
      """
      steps:
        one: {uses: test.keyed, with: {value: {n: 1}}}
        two: {needs: [one], uses: test.keyed, with: {fail: data}}
        skipped: {if: "false", value: 3}
        group: {steps: {inner: {value: 4}}, finally: {sweep: {value: 5}}}
      after_each:
        log:
          if: step.kind in ['uses', 'value']
          uses: test.pure
          with:
            value:
              id: ${{ step.id }}
              status: ${{ step.status }}
              output: ${{ step.output }}
              needs: ${{ step.needs }}
              took: ${{ step.duration >= 0.0 }}
              error: "${{ step.error == null ? null : step.error.class }}"
      finally: {last: {value: 6}}
      """)
    let view = try await harness.ended(job)
    #expect(view.summary.status == .failed)
    let logged = view.steps.filter { $0.path.hasSuffix(".after_each.log") }
    #expect(
      Set(logged.map(\.path)) == [
        "one.after_each.log", "two.after_each.log", "group.inner.after_each.log",
      ])
    #expect(logged.allSatisfy { $0.status == .success })
    #expect(
      logged.first { $0.path == "two.after_each.log" }?.output == [
        "id": "two", "status": "failed", "output": .null, "needs": ["one"], "took": true, "error": "data",
      ])
    #expect(logged.first { $0.path == "one.after_each.log" }?.output?["output"] == ["n": 1])
    #expect(try harness.history().replay(job).differences == [])
  }

  @Test("blocks nothing, one after the other for each of its steps, and the job's end waits")
  func lanes() async throws {
    let harness = try Harness()
    let job = try await harness.start(
      """
      steps:
        one: {value: 1}
        two: {needs: [one], value: 2}
        three: {needs: [two], uses: test.keyed}
      after_each:
        slow: {uses: test.keyed, with: {hold: true}}
        fast: {uses: test.pure}
      finally: {sweep: {uses: test.keyed}}
      """)
    await harness.stage.begun("finally.sweep")
    await harness.stage.holding("one.after_each.slow")
    await harness.stage.begun("three.after_each.fast")
    #expect(harness.stage.starts(of: "two.after_each.slow") == 0)
    #expect(try await harness.view(job).summary.status == .running)
    for step in ["one", "two", "three"] { await harness.stage.end("\(step).after_each.slow") }
    let view = try await harness.ended(job)
    #expect(view.summary.status == .success)
    let slow = harness.stage.starts.map(\.path).filter { $0.hasSuffix("slow") }
    #expect(slow == ["one.after_each.slow", "two.after_each.slow", "three.after_each.slow"])
  }

  @Test("that fails is a warning and fails no job; one that hangs ends with the handlers' time")
  func warns() async throws {
    let harness = try Harness { $0.handlersTimeout = .seconds(30) }
    let job = try await harness.start(
      """
      steps: {one: {value: 1}, two: {needs: [one], value: 2}}
      after_each:
        bad: {if: "step.id == 'one'", uses: test.pure, with: {fail: data}}
        broken: {if: "step.id == 'one' && step.output.missing == 1", value: 1}
        hangs: {uses: test.keyed, with: {hold: true}}
      """)
    await harness.stage.holding("one.after_each.hangs")
    try await harness.happened(job, "ended", "one.after_each.bad")
    try await harness.happened(job, "phase")
    harness.clock.advance(by: .seconds(31))
    let view = try await harness.ended(job)
    #expect(view.summary.status == .success)
    #expect(
      try await harness.statuses(job) == [
        "one": .success, "two": .success, "one.after_each.bad": .failed, "one.after_each.broken": .failed,
        "one.after_each.hangs": .timeout, "two.after_each.hangs": .skipped,
      ])
    #expect(
      view.warnings.map(\.path) == ["one.after_each.bad", "one.after_each.broken", "one.after_each.hangs"])
    #expect(try harness.history().replay(job).differences == [])
  }

  @Test("records what ended of a cancelled job, also over a crash")
  func cancelled() async throws {
    let harness = try Harness(.sqlite)
    let job = try await harness.start(
      """
      steps: {one: {uses: test.keyed}, two: {needs: [one], uses: test.keyed, with: {hold: true}}}
      after_each: {log: {uses: test.keyed, with: {hold: true, door: log}}}
      """)
    await harness.stage.holding("two")
    await harness.stage.holding("log")
    try await harness.node.cancel(job, actor: "local:ana", reason: "")
    try await harness.happened(job, "ended", "two")
    try await harness.crashAndReopen()
    await harness.stage.begun("one.after_each.log", 2)
    await harness.stage.end("log")
    await harness.stage.begun("two.after_each.log")
    await harness.stage.end("log")
    let view = try await harness.ended(job)
    #expect(view.summary.status == .cancelled)
    #expect(
      try await harness.statuses(job) == [
        "one": .success, "two": .cancelled, "one.after_each.log": .success, "two.after_each.log": .success,
      ])
    #expect(try harness.history().replay(job).differences == [])
  }

  @Test("of 10,000 items takes time in proportion to their number", .timeLimit(.minutes(3)))
  func many() async throws {
    func took(_ count: Int) async throws -> Duration {
      let harness = try Harness()
      let (clock, start) = (ContinuousClock(), ContinuousClock.now)
      let job = try await harness.start(
        """
        steps: {each: {for_each: "lists.range(\(count))", max_parallel: 50, value: 1}}
        after_each: {log: {if: step.kind == 'value', value: "${{ step.status }}"}}
        """)
      let view = try await harness.ended(job)
      #expect(view.summary.status == .success)
      #expect(view.steps.count == 2 * count + 1)
      return clock.now - start
    }
    let (few, many) = (try await took(1_000), try await took(10_000))
    #expect(many < few * 40, "1,000 took \(few), 10,000 took \(many)")
  }
}

import Engine
import Model
import Testing

@Suite("end", .timeLimit(.minutes(1)))
struct EndTests {
  struct Place: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var steps: String
    init(_ name: String, _ steps: String) { (testDescription, self.steps) = (name, steps) }
  }

  static let places = [
    Place("a step", "steps: {stop: {end: {status: success, outputs: {n: 7}}}}"),
    Place("a group", "steps: {g: {steps: {stop: {end: {status: success, outputs: {n: 7}}}}}}"),
    Place(
      "a loop in a group",
      """
      steps:
        g:
          steps:
            l:
              repeat: {max: 5, carry: {n: 6}, until: "false", next: {n: "${{ carry.n + 1 }}"}}
              steps:
                stop: {if: carry.n == 7, end: {status: success, outputs: {n: "${{ carry.n }}"}}}
                go: {needs: [stop], value: 1}
      """),
    Place(
      "an item",
      """
      steps:
        each:
          for_each: "[6, 7, 8]"
          max_parallel: 1
          steps: {stop: {if: item == 7, end: {status: success, outputs: {n: "${{ item }}"}}}}
      """),
    Place(
      "a branch",
      """
      steps:
        c:
          choose: {one: {if: "false", value: 1}, two: {else: true, end: {status: success, outputs: {n: 7}}}}
      """),
  ]

  @Test("closes the job from wherever it stands, with its own outputs", arguments: places)
  func closes(_ place: Place) async throws {
    let harness = try Harness()
    let job = try await harness.start(place.steps + "\noutputs: {n: 1}\nfinally: {sweep: {uses: test.pure}}")
    let view = try await harness.ended(job)
    #expect(view.summary.status == .success)
    #expect(view.outputs == ["n": 7])
    let stop = try #require(view.steps.last { $0.path.hasSuffix("stop") || $0.path == "c.two" })
    #expect(stop.status == .success)
    #expect(view.steps.last?.path == "finally.sweep")
    #expect(view.steps.allSatisfy { $0.status.hasEnded })
    #expect(try harness.history().replay(job).differences == [])
  }

  @Test(
    "stops what runs and what waits, starts nothing more, and then the handlers run", arguments: Backend.all)
  func stops(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await harness.start(
      """
      steps:
        long: {uses: test.keyed, with: {hold: true}}
        asked: {ask: {title: Go on?, to: {users: [ana]}, choices: {yes_please: {approves: true}}}}
        after: {needs: [long], uses: test.keyed}
        first: {uses: test.keyed, with: {hold: true}}
        stop: {needs: [first], end: {status: failed, class: data, message: "nothing for ${{ 1 + 1 }}"}}
      on_failure: {tell: {value: "${{ job.error.class + ': ' + job.error.message }}"}}
      on_cancel: {never: {value: 1}}
      finally: {sweep: {value: "${{ job.status }}"}}
      """)
    await harness.stage.holding("long")
    await harness.stage.end("first")
    let view = try await harness.ended(job)
    #expect(view.summary.status == .failed)
    #expect(view.summary.failure?.errorClass == .data)
    #expect(view.summary.failure?.message == "nothing for 2")
    #expect(view.summary.failure?.step == "stop")
    #expect(
      try await harness.statuses(job) == [
        "long": .cancelled, "asked": .cancelled, "after": .skipped, "first": .success, "stop": .success,
        "on_failure.tell": .success, "finally.sweep": .success,
      ])
    #expect(view.steps.first { $0.path == "on_failure.tell" }?.output == "data: nothing for 2")
    #expect(view.steps.first { $0.path == "finally.sweep" }?.output == "failed")
    #expect(try harness.history().replay(job).differences == [])
  }

  @Test("of two the one that is committed first decides")
  func two() async throws {
    let harness = try Harness()
    let job = try await harness.start(
      """
      steps:
        one: {uses: test.keyed, with: {hold: true}}
        two: {uses: test.keyed, with: {hold: true, deaf: true}}
        good: {needs: [one], end: {status: cancelled, message: enough}}
        bad: {needs: [two], end: {status: failed, class: data, message: late}}
      on_cancel: {tell: {uses: test.pure}}
      """)
    await harness.stage.holding("two")
    await harness.stage.end("one")
    try await harness.happened(job, "outcome")
    await harness.stage.end("two")
    let view = try await harness.ended(job)
    #expect(view.summary.status == .cancelled)
    #expect(view.summary.failure?.message == "enough")
    #expect(try await harness.statuses(job)["bad"] == .skipped)
    #expect(try await harness.statuses(job)["on_cancel.tell"] == .success)
  }

  @Test("decided before a crash stands after it")
  func crash() async throws {
    let harness = try Harness(.sqlite)
    let job = try await harness.start(
      """
      steps:
        long: {uses: test.keyed, with: {hold: true, deaf: true}}
        stop: {end: {status: success, outputs: {n: 7}}}
      finally: {sweep: {uses: test.pure}}
      """)
    try await harness.happened(job, "outcome")
    try await harness.crashAndReopen()
    let view = try await harness.ended(job)
    #expect(view.summary.status == .success)
    #expect(view.outputs == ["n": 7])
    #expect(view.steps.map(\.status) == [.cancelled, .success, .success])
  }
}

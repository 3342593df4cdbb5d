import Engine
import Model
import Testing

@Suite("rescue", .timeLimit(.minutes(1)))
struct RescueTests {
  @Test("takes over after the last try, and its output becomes the step's", arguments: Backend.all)
  func rescues(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await harness.start(
      """
      steps:
        fetch:
          uses: test.keyed
          with: {fail: transient}
          retry: {attempts: 2, backoff: {initial: 1s, jitter: 0}}
          rescue:
            classes: [transient]
            uses: test.pure
            with: {value: {from: "${{ steps.fetch.error.code }}"}}
        use: {value: "${{ steps.fetch.output.from }}"}
      outputs: {from: "${{ steps.use.output }}"}
      finally: {count: {value: "${{ size(job.failures) }}"}}
      """)
    try await harness.happened(job, "retrying", "fetch")
    harness.clock.advance(by: .seconds(2))
    let view = try await harness.ended(job)
    #expect(view.summary.status == .success)
    #expect(view.outputs == ["from": "told"])
    #expect(harness.stage.starts.map(\.path) == ["fetch", "fetch", "fetch.rescue"])
    let fetch = try #require(view.steps.first { $0.path == "fetch" })
    #expect(fetch.status == .success)
    #expect(fetch.rescued?.errorClass == .transient)
    #expect(fetch.failure == nil)
    #expect(view.steps.first { $0.path == "finally.count" }?.output == 0)
    #expect(try harness.history().replay(job).differences == [])
  }

  @Test("has the lock that its step held, also over the loss of its node", arguments: Backend.all)
  func lock(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await harness.start(
      """
      steps:
        work:
          uses: test.keyed
          exclusive: lock
          timeout: 5m
          with: {hold: true, deaf: true}
          rescue: {uses: test.keyed, exclusive: lock}
      """)
    await harness.stage.holding("work")
    harness.clock.advance(by: .seconds(300))
    try await harness.happened(job, "limited", "work.rescue")
    try await harness.crashAndReopen()
    #expect(try await harness.ended(job).summary.status == .success)
    #expect(harness.stage.starts.map(\.path) == ["work", "work.rescue"])
    #expect(try harness.store.heldSlots().isEmpty)
  }

  @Test("is not for other classes, and its own failure is the step's")
  func fails() async throws {
    let harness = try Harness()
    let job = try await harness.start(
      """
      steps:
        other: {uses: test.pure, with: {fail: data}, rescue: {classes: [transient], uses: test.pure}}
        both: {uses: test.pure, with: {fail: data}, rescue: {uses: test.pure, with: {fail: exit}}}
        weak: {value: "${{ steps.both.error.class }}"}
      """)
    let view = try await harness.ended(job)
    #expect(view.summary.status == .failed)
    func failure(_ path: String) -> ErrorClass? { view.steps.first { $0.path == path }?.failure?.errorClass }
    #expect(failure("other") == .data)
    #expect(failure("both") == .exit)
    #expect(view.steps.first { $0.path == "weak" }?.output == "exit")
    #expect(view.steps.filter { $0.path.hasSuffix(".rescue") }.map(\.status) == [.failed])
    #expect(try harness.history().replay(job).differences == [])
  }

  @Test("stands around each item, around all rounds, and around a group, a choice and a value")
  func layers() async throws {
    let harness = try Harness()
    let job = try await harness.start(
      """
      steps:
        each:
          for_each: "[1, 2]"
          uses: test.pure
          with: {fail: data}
          rescue: {uses: test.pure, with: {value: {n: "${{ item }}"}}}
        rounds:
          repeat: {max: 2, until: "false"}
          value: 1
          rescue: {classes: [exhausted], value: 9}
        group:
          steps: {inner: {uses: test.pure, with: {fail: data}}}
          rescue: {value: {inner: 8}}
        choice:
          choose: {never: {if: "false", value: 1}}
          rescue: {classes: [data], value: 7}
        computed: {value: "${{ 1 / (size(vars.none) ) }}", rescue: {classes: [expression], value: 6}}
      vars: {none: []}
      outputs:
        each: "${{ steps.each.outputs }}"
        rest: >-
          ${{ [steps.rounds.output, steps.group.output.inner, steps.choice.output, steps.computed.output] }}
      """)
    let view = try await harness.ended(job)
    #expect(view.summary.status == .success, "\(view.summary.failure?.message ?? "")")
    #expect(view.outputs == ["each": [["n": 1], ["n": 2]], "rest": [9, 8, 7, 6]])
    let paths = view.steps.map(\.path).filter { $0.hasSuffix("rescue") }
    #expect(
      Set(paths) == [
        "each[0].rescue", "each[1].rescue", "rounds.rescue", "group.rescue", "choice.rescue",
        "computed.rescue",
      ])
    #expect(try harness.history().replay(job).differences == [])
  }

  @Test("is stopped by a cancel of the job, and does not begin after one")
  func cancelled() async throws {
    let harness = try Harness()
    let job = try await harness.start(
      """
      steps:
        fetch: {uses: test.pure, with: {fail: data}, rescue: {uses: test.keyed, with: {hold: true}}}
        other: {uses: test.keyed, with: {hold: true, deaf: true}, rescue: {uses: test.keyed}}
      """)
    await harness.stage.holding("fetch.rescue")
    await harness.stage.holding("other")
    try await harness.node.cancel(job, actor: "local:ana", reason: "")
    await harness.stage.end("other", .failure(Failure(.data, "no")))
    let view = try await harness.ended(job)
    #expect(view.summary.status == .cancelled)
    #expect(
      try await harness.statuses(job) == [
        "fetch": .cancelled, "fetch.rescue": .cancelled, "other": .cancelled,
      ])
    #expect(try harness.history().replay(job).differences == [])
  }

  @Test("follows a group's timeout, and ends with the step's deadline")
  func times() async throws {
    let harness = try Harness()
    let job = try await harness.start(
      """
      steps:
        slow:
          timeout: 10s
          deadline: 1m
          steps: {inner: {uses: test.keyed, with: {hold: true}}}
          rescue: {classes: [timeout], uses: test.keyed, with: {hold: true}}
      """)
    await harness.stage.holding("slow.inner")
    harness.clock.advance(by: .seconds(11))
    await harness.stage.holding("slow.rescue")
    harness.clock.advance(by: .seconds(30))
    try await harness.crashAndReopen()
    await harness.stage.begun("slow.rescue", 2)
    harness.clock.advance(by: .seconds(25))
    let view = try await harness.ended(job)
    #expect(view.summary.status == .failed)
    #expect(view.steps.first { $0.path == "slow" }?.status == .timeout)
    #expect(view.steps.first { $0.path == "slow.rescue" }?.status == .timeout)
  }

  @Test("fences the attempt that it takes over from: a late result is kept aside")
  func late() async throws {
    let harness = try Harness()
    let job = try await harness.start(
      """
      steps:
        slow:
          uses: test.keyed
          with: {hold: true, deaf: true}
          timeout: 5s
          rescue: {uses: test.keyed, with: {hold: true}}
      """)
    await harness.stage.holding("slow")
    harness.clock.advance(by: .seconds(6))
    await harness.stage.holding("slow.rescue")
    await harness.stage.end("slow", .success(AttemptOutput(["late": true])))
    try await harness.happened(job, "superseded", "slow")
    await harness.stage.end("slow.rescue", .success(AttemptOutput(["rescued": true])))
    let view = try await harness.ended(job)
    #expect(view.steps.first { $0.path == "slow" }?.output == ["rescued": true])
  }
}

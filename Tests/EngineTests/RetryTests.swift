import Engine
import Model
import Testing

/// `job retry`: the same job goes on in place.
@Suite("S29: a retry in place", .timeLimit(.minutes(1)))
struct RetryTests {
  private static let chain = """
    steps:
      a: {uses: test.keyed, with: {value: {n: 1}}}
      b: {uses: test.keyed, with: {hold: true, value: {n: "${{ steps.a.output.n }}"}}}
      c: {needs: [b], uses: test.keyed, with: {value: {done: true}}}
      other: {uses: test.keyed, with: {value: {}}}
    finally: {clean: {uses: test.keyed, with: {}}}
    outputs: {done: "${{ steps.c.output.done }}"}
    """

  @Test("runs what failed and all that waited for it, and nothing else", arguments: Backend.all)
  func chain(backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await harness.start(Self.chain)
    await harness.stage.holding("b")
    await harness.stage.end("b", .failure(Failure(.data, code: "bad", "no")))
    #expect(try await harness.ended(job).summary.status == .failed)

    try await harness.node.retry(job, actor: "local:ana")
    await harness.stage.holding("b")
    await harness.stage.end("b")
    let view = try await harness.ended(job)
    #expect(view.summary.status == .success)
    #expect(view.outputs == ["done": true])
    #expect(view.summary.failure == nil)
    let counts = ["a", "b", "c", "other", "finally.clean"].map { harness.stage.starts(of: $0) }
    #expect(counts == [1, 2, 1, 1, 2])
    let keys = harness.stage.starts.filter { $0.path == "b" }.map(\.key)
    #expect(Set(keys).count == 2, "It is done again, so the outside sees another key.")
    #expect(try harness.history().replay(job).differences.isEmpty)
  }

  @Test("survives a crash at any time", arguments: Backend.all)
  func crash(backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await harness.start(Self.chain)
    await harness.stage.holding("b")
    await harness.stage.end("b", .failure(Failure(.data, "no")))
    _ = try await harness.ended(job)
    try await harness.node.retry(job, actor: "local:ana")
    await harness.stage.holding("b")
    try await harness.crashAndReopen()
    await harness.stage.holding("b")
    await harness.stage.end("b")
    #expect(try await harness.ended(job).summary.status == .success)
    #expect(harness.stage.starts(of: "a") == 1)
  }

  @Test("of a fan-out runs the failed items alone, no more at once than may")
  func items() async throws {
    let harness = try Harness()
    let job = try await harness.start(
      """
      steps:
        each:
          for_each: "[1, 2, 3, 4, 5, 6]"
          max_parallel: 2
          allow_failed: all
          uses: test.keyed
          with: {value: {n: "${{ item }}"}, fail: data, fail_times: "${{ item % 2 == 0 ? 1 : 0 }}"}
        after: {uses: test.keyed, with: {value: "${{ steps.each.outputs.map(o, o.n) }}"}}
      """)
    #expect(try await harness.ended(job).summary.status == .partial)
    try await harness.node.retry(job, actor: "local:ana")
    let view = try await harness.ended(job)
    #expect(view.summary.status == .success)
    #expect(view.steps.last { $0.path == "after" }?.output == [1, 2, 3, 4, 5, 6])
    #expect((0..<6).map { harness.stage.starts(of: "each[\($0)]") } == [1, 2, 1, 2, 1, 2])
    #expect(harness.stage.starts(of: "after") == 2, "Its inputs have changed.")
    #expect(harness.stage.most <= 2)
  }

  @Test("goes on inside groups and items: what succeeded there stands")
  func inside() async throws {
    let harness = try Harness()
    let job = try await harness.start(
      """
      steps:
        all:
          for_each: "['x', 'y', 'z']"
          as: s
          key: ${{ s }}
          max_parallel: 1
          allow_failed: all
          steps:
            one: {uses: test.keyed, with: {value: {}}}
            two: {needs: [one], uses: test.keyed, with: {fail: data, fail_times: 1}}
            three: {needs: [two], uses: test.keyed, with: {value: {}}}
      """)
    // Every item failed, which allow_failed takes for partial.
    #expect(try await harness.ended(job).summary.status == .partial)
    try await harness.node.retry(job, actor: "local:ana")
    #expect(try await harness.ended(job).summary.status == .success)
    for key in ["x", "y", "z"] {
      let counts = ["one", "two", "three"].map { harness.stage.starts(of: "all[\(key)].\($0)") }
      #expect(counts == [1, 2, 1], "all[\(key)]")
    }
    #expect(harness.stage.most == 1)
  }

  @Test("takes only the steps that it is told")
  func chosen() async throws {
    let harness = try Harness()
    let job = try await harness.start(
      """
      steps:
        a: {uses: test.keyed, with: {fail: data, fail_times: 1}}
        b: {uses: test.keyed, with: {fail: data, fail_times: 1}}
      """)
    _ = try await harness.ended(job)
    try await harness.node.retry(job, paths: ["b"], actor: "local:ana")
    let view = try await harness.ended(job)
    #expect(view.summary.status == .failed && view.summary.failure?.step == "a")
    #expect(harness.stage.starts(of: "a") == 1 && harness.stage.starts(of: "b") == 2)
  }

  @Test("of a cancelled job runs what was cut off and what never began")
  func cancelled() async throws {
    let harness = try Harness()
    let job = try await harness.start(Self.chain)
    await harness.stage.holding("b")
    try await harness.node.cancel(job, actor: "local:ana", reason: "wait")
    #expect(try await harness.ended(job).summary.status == .cancelled)
    try await harness.node.retry(job, actor: "local:ana")
    // The stage remembers the cancel of b, so it is cut off once more.
    #expect(try await harness.ended(job).summary.status == .failed)
    #expect(harness.stage.starts(of: "b") == 2)
  }

  @Test("is refused where nothing failed, where the job lives, and where its key lives on another job")
  func refused() async throws {
    let harness = try Harness()
    let done = try await harness.start("steps: {a: {uses: test.keyed, with: {}}}")
    _ = try await harness.ended(done)
    await #expect(throws: Problem.self) { try await harness.node.retry(done, actor: "a") }

    let keyed = "key: one\nsteps: {a: {uses: test.keyed, with: {hold: true}}}"
    let first = try await harness.start(keyed)
    await harness.stage.holding("a")
    #expect(await Self.code { try await harness.node.retry(first, actor: "a") } == "job-live")
    await harness.stage.end("a", .failure(Failure(.data, "no")))
    _ = try await harness.ended(first)
    let second = try await harness.start(keyed)
    #expect(second != first)
    await harness.stage.holding("a")
    #expect(await Self.code { try await harness.node.retry(first, actor: "a") } == "key-live")
    #expect(await Self.code { try await harness.node.retry(first, paths: ["x"], actor: "a") } == "not-failed")
    await harness.stage.end("a")
    _ = try await harness.ended(second)
  }

  private static func code(_ body: () async throws -> Void) async -> String? {
    do {
      try await body()
      return nil
    } catch {
      return (error as? Problem)?.code
    }
  }

  @Test("of a job with a limit waits for its slot again, and takes it", arguments: Backend.all)
  func limited(backend: Backend) async throws {
    let harness = try Harness(backend)
    let file = """
      concurrency: {limit: 1}
      steps: {a: {uses: test.keyed, with: {hold: true}}}
      """
    let first = try await harness.start(file)
    await harness.stage.holding("a")
    await harness.stage.end("a", .failure(Failure(.data, "no")))
    #expect(try await harness.ended(first).summary.status == .failed)
    let second = try await harness.start(file)
    await harness.stage.holding("a")
    try await harness.node.retry(first, actor: "local:ana")
    #expect(try await harness.view(first).summary.status == .queued)
    #expect(try await harness.node.why(first).map(\.kind) == ["limit"])
    await harness.stage.end("a")
    #expect(try await harness.ended(second).summary.status == .success)
    await harness.stage.holding("a")
    await harness.stage.end("a")
    #expect(try await harness.ended(first).summary.status == .success)
    #expect(try harness.readModel.readSlots().isEmpty)
  }

  @Test("can be asked for again and again; attempts go on counting")
  func again() async throws {
    let harness = try Harness()
    let job = try await harness.start("steps: {a: {uses: test.keyed, with: {fail: data, fail_times: 3}}}")
    for round in 1...3 {
      #expect(try await harness.ended(job).summary.status == .failed)
      try await harness.node.retry(job, actor: "local:ana")
      try await harness.happened(job, "reopened", count: round)
    }
    let view = try await harness.ended(job)
    #expect(view.summary.status == .success && view.steps[0].attempts == 4)
  }
}

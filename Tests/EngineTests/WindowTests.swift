import Engine
import Model
import Testing

@Suite("S26: a large fan-out", .timeLimit(.minutes(1)))
struct WindowTests {
  /// Items 0, 1,000 and 2,000 fail.
  static let file = """
    inputs: {n: {type: integer, default: 3000}}
    steps:
      each:
        for_each: lists.range(inputs.n)
        as: n
        allow_failed: all
        choose:
          bad: {if: n % 1000 == 0, uses: test.pure, with: {fail: data}}
          good: {else: true, value: {square: "${{ n * n }}"}}
      wait: {needs: [each], uses: test.keyed, with: {hold: true}}
    outputs:
      counts: ${{ steps.each.counts }}
      errors: "${{ steps.each.errors.map(e, [e.key, string(e.item), e.message]) }}"
    """

  @Test("has rows of what failed alone, and its pages show everything", arguments: Backend.all)
  func rows(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await harness.start(Self.file)
    await harness.stage.holding("wait")
    try await harness.crashAndReopen()
    await harness.stage.end("wait")
    let view = try await harness.ended(job)
    #expect(
      view.outputs == [
        "counts": ["total": 3_000, "success": 2_997, "failed": 3, "skipped": 0],
        "errors": [
          ["0", "0", "told to fail"], ["1000", "1000", "told to fail"], ["2000", "2000", "told to fail"],
        ],
      ])
    // The fan-out, `wait`, and of three items the item and its branch.
    #expect(try harness.readModel.stepRows(of: view.summary.number).count == 8)
    #expect(view.counts == [.success: 5_995, .partial: 1, .failed: 6])
    let good = try #require(view.steps.first { $0.path == "each[7].good" })
    #expect(good.output == ["square": 49])
    #expect(view.steps.first { $0.path == "each[1000].bad" }?.failure?.message == "told to fail")
    #expect(try harness.history().replay(job).differences == [])
  }

  @Test("has a snapshot that says what is alike once", arguments: Backend.all)
  func snapshot(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await harness.start(Self.file.replacing("default: 3000", with: "default: 20000"))
    await harness.stage.holding("wait")
    let summary = try #require(try harness.readModel.job(job))
    let snapshot = try #require(try harness.store.snapshot(of: summary.number))
    #expect(snapshot.state.count < 1 << 20, "A snapshot of 40,000 nodes has \(snapshot.state.count) bytes.")
    try await harness.crashAndReopen()
    await harness.stage.end("wait")
    #expect(try await harness.ended(job).outputs?["counts"]?["success"] == 19_980)
  }

  @Test("shows the first 100 errors in the order of its items, and its pages the text of all")
  func errors() async throws {
    let harness = try Harness()
    let job = try await harness.start(
      """
      inputs: {n: {type: integer, default: 1200}}
      steps:
        each:
          for_each: lists.range(inputs.n)
          max_parallel: 40
          allow_failed: all
          uses: test.pure
          with: {fail: data}
      outputs:
        keys: "${{ steps.each.errors.map(e, e.key) }}"
        items: "${{ steps.each.errors.map(e, e.item) }}"
      """)
    let view = try await harness.ended(job)
    #expect(view.outputs?["keys"] == .array((0..<100).map { .string(String($0)) }))
    #expect(view.outputs?["items"] == .array((0..<100).map { .int($0) }))
    #expect(view.steps.last?.failure?.message == "told to fail")
  }

  @Test("refuses outputs and results with the remedy", arguments: ["outputs", "results"])
  func unkept(field: String) async throws {
    let harness = try Harness()
    let job = try await harness.start(
      """
      inputs: {n: {type: integer, default: 1001}}
      steps:
        each: {for_each: lists.range(inputs.n), value: 1}
        sum: {value: "${{ steps.each.\(field).size() }}"}
      """)
    let failure = try #require(try await harness.ended(job).summary.failure)
    #expect(failure.errorClass == .expression)
    #expect(failure.message.contains("The \(field) of each were not kept"))
  }

  @Test("that is retried runs again also the items whose values had left memory")
  func retried() async throws {
    let harness = try Harness(.sqlite)
    let job = try await harness.start(
      """
      inputs: {n: {type: integer, default: 1100}}
      steps:
        each:
          for_each: lists.range(inputs.n).map(n, 'item ' + string(n))
          allow_failed: 1099
          uses: test.keyed
          with: {fail: data, fail_times: 1, value: "${{ item }}"}
      outputs: {counts: "${{ steps.each.counts }}"}
      """)
    #expect(try await harness.ended(job).summary.status == .failed)
    try await harness.node.retry(job, paths: [], actor: "local:ana")
    let view = try await harness.ended(job)
    #expect(view.outputs?["counts"]?["success"] == 1_100)
    #expect(view.steps.last?.output == nil)
    #expect(try harness.history().replay(job).differences == [])
  }

  @Test("of 50,000 items is the most; the error says which batch would do")
  func tooMany() async throws {
    let harness = try Harness()
    let job = try await harness.start(
      """
      inputs: {n: {type: integer, default: 120000}}
      steps: {each: {for_each: lists.range(inputs.n), value: 1}}
      """)
    let failure = try #require(try await harness.ended(job).summary.failure)
    #expect(failure.code == "too-many-items")
    #expect(failure.message.contains("batch: 3 or more"))
  }

  @Test("in batches has slices for items, the last one shorter", arguments: Backend.all)
  func batch(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await harness.start(
      """
      inputs: {n: {type: integer, default: 7}}
      steps: {each: {for_each: lists.range(inputs.n), batch: 3, value: "${{ item }}"}}
      outputs: {all: "${{ steps.each.outputs }}", items: "${{ steps.each.results.map(r, r.item) }}"}
      """)
    let slices: JSON = [[0, 1, 2], [3, 4, 5], [6]]
    #expect(try await harness.ended(job).outputs == ["all": slices, "items": slices])
  }

  @Test("ends soon when it is cancelled with 10,000 items in the queue")
  func massCancel() async throws {
    let harness = try Harness { $0.nodeSlots = 2 }
    let job = try await harness.start(
      """
      inputs: {n: {type: integer, default: 10000}}
      steps:
        each: {for_each: lists.range(inputs.n), max_parallel: 10000, uses: test.keyed, with: {hold: true}}
      """)
    await harness.stage.holding("each[1]")
    try await harness.happened(job, "queued", "each[9999]")
    try await harness.node.cancel(job, actor: "local:ana", reason: "")
    let view = try await harness.ended(job)
    #expect(view.summary.status == .cancelled)
    #expect(view.counts == [.cancelled: 10_001])
  }
}

@Suite("S27: a long loop", .timeLimit(.minutes(1)))
struct LongLoopTests {
  static let file = """
    steps:
      poll:
        repeat:
          max: 600
          carry: {n: 0, text: "${{ 'x'.repeat }}"}
          until: carry.n == 599
          next: {n: "${{ carry.n + 1 }}"}
        steps:
          one: {uses: test.pure, with: {value: {n: "${{ carry.n }}"}}}
          two: {value: "${{ steps.one.output.n * 2 }}"}
      wait: {needs: [poll], uses: test.keyed, with: {hold: true}}
    outputs: {last: "${{ steps.poll.output }}"}
    """.replacing("text: \"${{ 'x'.repeat }}\"", with: "text: '\(String(repeating: "x", count: 2_000))'")

  @Test("has a small snapshot, and its pages show every round", arguments: Backend.all)
  func rounds(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await harness.start(Self.file)
    await harness.stage.holding("wait")
    let summary = try #require(try harness.readModel.job(job))
    let snapshot = try #require(try harness.store.snapshot(of: summary.number))
    #expect(snapshot.state.count < 100_000, "It has \(snapshot.state.count) bytes.")
    try await harness.crashAndReopen()
    await harness.stage.end("wait")
    let view = try await harness.ended(job)
    #expect(view.outputs == ["last": ["one": ["n": 599], "two": 1_198]])
    #expect(view.steps.first { $0.path == "poll#7.two" }?.output == 12)
    #expect(view.steps.first { $0.path == "poll#7" }?.output == ["one": ["n": 6], "two": 12])
    #expect(try harness.history().replay(job).differences == [])
  }

  @Test("of 10,000 rounds that need nothing from outside lets others take their turns between")
  func cut() async throws {
    let harness = try Harness()
    let job = try await harness.start(
      """
      steps:
        count:
          repeat: {max: 10000, carry: {n: 1}, until: carry.n == 10000, next: {n: "${{ carry.n + 1 }}"}}
          value: ${{ carry.n }}
      outputs: {last: "${{ steps.count.output }}"}
      """)
    let view = try await harness.ended(job)
    #expect(view.outputs == ["last": 10_000])
    var pauses = 0
    var last: UInt32 = 0
    while true {
      let events = try harness.history().events(job, after: last, limit: 1_000)
      guard let end = events.last else { break }
      last = end.sequence
      pauses += events.flatMap(\.facts).count { $0["fact"]?.string == "delayed" }
    }
    #expect(pauses >= 1)
  }
}

import Model
import Testing

@testable import Engine

@Suite("The feed of a node", .timeLimit(.minutes(1)))
struct FeedTests {
  /// Jobs that go through most kinds of facts.
  static let files = [
    "steps: {a: {value: 1}, b: {value: \"${{ steps.a.output }}\"}}\noutputs: {b: \"${{ steps.b.output }}\"}",
    "steps: {each: {for_each: \"lists.range(7)\", max_parallel: 3, uses: test.pure, with: {value: 1}}}",
    "steps: {a: {uses: test.pure, with: {fail: data}}, b: {needs: [a], value: 1}, c: {needs: [b], value: 2}}",
    "steps: {a: {uses: test.pure, with: {fail: data}, rescue: {value: 1}}}",
    "steps: {a: {if: \"false\", value: 1}, g: {steps: {x: {value: 1}, y: {needs: [x], value: 2}}}}",
    "steps: {a: {uses: test.pure, with: {value: 1}}}\nfinally: {z: {value: 1}}",
  ]

  @Test("tells of a job what its stored history tells later, change by change", arguments: files)
  func same(_ file: String) async throws {
    let harness = try Harness()
    let feed = try await harness.node.listen()
    let start = feed.position
    let job = try await harness.start(file)
    _ = try await harness.ended(job)
    let heard = feed.entries(after: start, limit: 10_000).entries.compactMap(\.change)
    let reader = ChangeReader(try harness.node.changes(of: job))
    var stored: [JobChange] = []
    while let page = try await reader.next() { stored += page }
    #expect(heard == stored)
    #expect(Set(heard.map(\.place)).count == heard.count)
    #expect(heard.map(\.place) == heard.map(\.place).sorted())
    guard case .ended(let end)? = heard.last?.kind else {
      return #expect(Bool(false), "It ends with its end.")
    }
    let view = try await harness.view(job)
    #expect(end.status == view.summary.status)
    #expect(end.steps == view.steps.count)
    #expect(end.outputs == view.outputs)
  }

  @Test("says from what to what a step went, how far a fan-out is, and why")
  func words() async throws {
    let harness = try Harness()
    let feed = try await harness.node.listen()
    let start = feed.position
    let job = try await harness.start(
      "steps: {each: {for_each: \"[1, 2]\", uses: test.pure, with: {fail: data}}}")
    _ = try await harness.ended(job)
    let kinds = feed.entries(after: start, limit: 1_000).entries.compactMap(\.change?.kind)
    var steps: [String] = []
    var shares: [String] = []
    var failures: [String] = []
    for kind in kinds {
      switch kind {
      case .step(let step): steps.append("\(step.path) \(step.from.word) \(step.to.word) \(step.cause)")
      case .progress(let path, let done, let all): shares.append("\(path) \(done)/\(all)")
      case .failed(let failure): failures.append("\(failure.step) \(failure.errorClass.rawValue)")
      case .job, .ended, .ask: break
      }
    }
    #expect(steps.first == "each pending running entered")
    #expect(steps.contains("each[0] pending running started"))
    #expect(steps.contains("each[0] running failed ended"))
    #expect(shares == ["each 1/2", "each 2/2"])
    #expect(failures.prefix(2).sorted() == ["each[0] data", "each[1] data"])
  }

  @Test("tells of questions when they are asked and when they are decided, and of nobody's silence")
  func questions() async throws {
    let harness = try Harness()
    let feed = try await harness.node.listen()
    let start = feed.position
    let job = try await harness.start(
      "steps: {q: {ask: {title: Go?, to: {users: ana}, choices: {go: {approves: true}, stop: {}}}}}")
    let ask = try await harness.asked(job, "q")
    try await harness.answer(ask, "go", by: "ana")
    _ = try await harness.ended(job)
    let expired = try await harness.start(
      "steps: {q: {ask: {title: Go?, expires: 5m, on_expiry: skip, choices: {go: {}}}}}")
    _ = try await harness.asked(expired, "q")
    harness.clock.advance(by: .seconds(301))
    _ = try await harness.ended(expired)
    let asks = feed.entries(after: start, limit: 1_000).entries.compactMap { entry -> AskTold? in
      guard case .ask(let ask)? = entry.change?.kind else { return nil }
      return ask
    }
    #expect(asks.map(\.state) == [.open, .decided, .open, .expired])
    #expect(asks.map(\.choice) == [nil, "go", nil, nil])
    #expect(asks.first?.title == "Go?")
    #expect(asks.first?.assignees == ["user:ana"])
    #expect(asks.first?.choices?.array?.count == 2)
    #expect(asks[0].id == ask.row.id && asks[1].id == ask.row.id)
  }

  @Test("holds nothing while nobody listens, and says that something is missing to who comes back")
  func silence() async throws {
    let harness = try Harness()
    let job = try await harness.start("steps: {a: {value: 1}}")
    _ = try await harness.ended(job)
    let feed = try await harness.node.listen()
    #expect(feed.entries(after: feed.position, limit: 10).entries.isEmpty)
    let known = feed.position
    harness.node.unlisten()
    _ = try await harness.ended(try await harness.start("steps: {b: {value: 1}}"))
    _ = try await harness.node.listen()
    #expect(feed.entries(after: known, limit: 10).entries.isEmpty)
    #expect(feed.entries(after: known, limit: 10).hasGap)
  }

  @Test("tells nothing of a commit that the store refuses")
  func refused() async throws {
    let harness = try Harness()
    let job = try await harness.start("steps: {a: {uses: test.pure, with: {hold: true}}}")
    await harness.stage.holding("a")
    let feed = try await harness.node.listen()
    let start = feed.position
    try harness.plantEvent(in: job)
    await harness.stage.end("a")
    _ = try await harness.ended(try await harness.start("steps: {b: {value: 1}}"))
    let jobs = Set(feed.entries(after: start, limit: 100).entries.map(\.job.id))
    #expect(!jobs.contains(job))
    #expect(jobs.count == 1)
  }

  @Test("keeps the newest entries within its limits, in order")
  func limits() {
    let feed = Feed(from: 100, entries: 10, bytes: 1 << 20)
    let job = FeedJob(
      id: ID(high: 1, low: 1), pipeline: PipelineName(namespace: "a", name: "b"), labels: [], owner: nil)
    for number in 1...25 {
      let place = JobChange.Place(sequence: UInt32(number), part: 0)
      feed.append(
        [
          .change(JobChange(place, at: Timestamp(microseconds: 0), .job(from: nil, to: .running, cause: nil)))
        ],
        of: job)
    }
    #expect(feed.position == 124)
    let all = feed.entries(after: 0, limit: 100)
    #expect(all.hasGap)
    #expect(all.entries.map(\.position) == Array(115...124))
    let rest = feed.entries(after: 120, limit: 2)
    #expect(!rest.hasGap)
    #expect(rest.entries.map(\.position) == [121, 122])
    #expect(rest.position == 122)
    #expect(!feed.entries(after: 124, limit: 2).hasGap)
    #expect(feed.entries(after: 999, limit: 2).hasGap)
  }

  @Test("drops the oldest where the entries are large")
  func bytes() {
    let feed = Feed(from: 0, entries: 1_000, bytes: 10_000)
    let job = FeedJob(
      id: ID(high: 1, low: 1), pipeline: PipelineName(namespace: "a", name: "b"), labels: [], owner: nil)
    for number in 1...100 {
      let place = JobChange.Place(sequence: UInt32(number), part: 0)
      let failure = Failure(.data, code: "x", String(repeating: "a", count: 900), step: "s")
      feed.append([.change(JobChange(place, at: Timestamp(microseconds: 0), .failed(failure)))], of: job)
    }
    #expect(feed.entries(after: -1, limit: 100).entries.count == 8)
  }
}

extension Feed.Entry {
  var change: JobChange? {
    guard case .change(let change) = news else { return nil }
    return change
  }
}

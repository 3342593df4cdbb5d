import Engine
import Model
import Testing

/// Ten changes of a file, and what a rerun on the newest revision does with each.
struct RerunCase: Sendable, CustomTestStringConvertible {
  var testDescription: String
  /// In the base file this text is replaced by that.
  var change: (String, String)
  var inputs: JSONObject = JSONObject()
  var from: RerunStart = .failed
  /// `path: action` in the order of the file.
  var plan: [String]
  /// The paths that really run.
  var runs: [String]

  static let base = """
    inputs: {date: {type: string, default: "2026-01-01"}}
    steps:
      fetch: {uses: test.pure, with: {value: {rows: 3, date: "${{ inputs.date }}"}}}
      clean: {uses: test.pure, with: {value: {rows: "${{ steps.fetch.output.rows }}"}}}
      total: {value: "${{ steps.clean.output.rows + 1 }}"}
      load: {uses: test.once, with: {value: "${{ steps.total.output }}"}}
      note: {if: steps.total.output > 100, uses: test.pure, with: {}}
      audit: {uses: test.pure, with: {value: fixed}}
    """

  private static let all = ["fetch", "clean", "load", "audit"]

  static let table = [
    RerunCase(
      testDescription: "nothing changed", change: ("", ""),
      plan: ["fetch: reuse", "clean: reuse", "load: reuse", "note: skip", "audit: reuse"], runs: []),
    RerunCase(
      testDescription: "a comment and another layout",
      change: (
        "  audit: {uses: test.pure, with: {value: fixed}}",
        "  audit:  # the same\n    uses: test.pure\n    with:\n      value: fixed"
      ), plan: ["fetch: reuse", "clean: reuse", "load: reuse", "note: skip", "audit: reuse"], runs: []),
    RerunCase(
      testDescription: "the last step's inputs", change: ("value: fixed", "value: new"),
      plan: ["fetch: reuse", "clean: reuse", "load: reuse", "note: skip", "audit: rerun"], runs: ["audit"]),
    RerunCase(
      testDescription: "the first step, whose output stays the same",
      change: ("with: {value: {rows: 3, date", "timeout: 9m, with: {value: {rows: 3, date"),
      plan: [
        "fetch: rerun", "clean: invalidated", "total: invalidated", "load: invalidated", "note: rerun",
        "audit: reuse",
      ],
      runs: ["fetch"]),
    RerunCase(
      testDescription: "the first step, whose output changes", change: ("rows: 3", "rows: 4"),
      plan: [
        "fetch: rerun", "clean: invalidated", "total: invalidated", "load: invalidated", "note: rerun",
        "audit: reuse",
      ],
      runs: ["fetch", "clean", "load"]),
    RerunCase(
      testDescription: "a value in the middle", change: ("output.rows + 1", "output.rows + 2"),
      plan: ["fetch: reuse", "clean: reuse", "load: rerun", "note: skip", "audit: reuse"], runs: ["load"]),
    RerunCase(
      testDescription: "a value in the middle that gives the same",
      change: ("steps.clean.output.rows + 1", "1 + steps.clean.output.rows"),
      plan: ["fetch: reuse", "clean: reuse", "load: reuse", "note: skip", "audit: reuse"], runs: []),
    RerunCase(
      testDescription: "a condition that holds now",
      change: ("steps.total.output > 100", "steps.total.output > 1"),
      plan: ["fetch: reuse", "clean: reuse", "load: reuse", "note: rerun", "audit: reuse"], runs: ["note"]),
    RerunCase(
      testDescription: "a step renamed", change: ("  audit: {", "  check: {"),
      plan: ["fetch: reuse", "clean: reuse", "load: reuse", "note: skip", "check: rerun", "audit: removed"],
      runs: ["check"]),
    RerunCase(
      testDescription: "another input", change: ("", ""), inputs: JSONObject([("date", "2026-02-02")]),
      plan: [
        "fetch: rerun", "clean: invalidated", "total: invalidated", "load: invalidated", "note: rerun",
        "audit: reuse",
      ],
      runs: ["fetch"]),
    RerunCase(
      testDescription: "from a step", change: ("", ""), from: .step("clean"),
      plan: [
        "fetch: reuse", "clean: rerun", "total: invalidated", "load: invalidated", "note: rerun",
        "audit: reuse",
      ],
      runs: ["clean", "load"]),
    RerunCase(
      testDescription: "everything", change: ("", ""), from: .start,
      plan: [
        "fetch: rerun", "clean: invalidated", "total: invalidated", "load: invalidated", "note: rerun",
        "audit: rerun",
      ],
      runs: all),
  ]
}

@Suite("S29: a rerun is a new job", .timeLimit(.minutes(1)))
struct RerunTests {
  @Test("whose plan shows what will be taken, run and why", arguments: RerunCase.table)
  func plan(scenario: RerunCase) async throws {
    let harness = try Harness()
    let job = try await harness.start(RerunCase.base)
    #expect(try await harness.ended(job).summary.status == .success)
    if !scenario.change.0.isEmpty {
      #expect(RerunCase.base.contains(scenario.change.0))
      try await harness.apply(RerunCase.base.replacing(scenario.change.0, with: scenario.change.1))
    }
    let request = RerunRequest(
      job: job, from: scenario.from, latest: true, inputs: scenario.inputs, actor: "local:ana")
    let plan = try await harness.node.planRerun(request)
    #expect(plan.entries.map { "\($0.path): \($0.action.rawValue)" } == scenario.plan)
    #expect(plan.entries.allSatisfy { !$0.reason.english.isEmpty && !$0.reason.portuguese.isEmpty })
    #expect(try await harness.node.planRerun(request) == plan, "Nothing was stored by showing it.")

    let before = harness.stage.starts.count
    let again = try await harness.node.rerun(request)
    #expect(again.isNew && again.job != job)
    let view = try await harness.ended(again.job)
    #expect(view.summary.status == .success && view.summary.identity.rerunOf == job)
    let ran = harness.stage.starts.dropFirst(before).map(\.path)
    #expect(Set(ran) == Set(scenario.runs) && ran.count == scenario.runs.count)
    #expect(try harness.history().replay(again.job).differences.isEmpty)
  }

  @Test("names a step that may happen twice outside, and repeats safely with the same keys")
  func keys() async throws {
    let harness = try Harness()
    let job = try await harness.start(
      """
      steps:
        pay: {uses: test.once, with: {value: 1}}
        tell: {needs: [pay], uses: test.pure, with: {fail: data}}
      """
    )
    #expect(try await harness.ended(job).summary.status == .failed)
    let whole = RerunRequest(job: job, from: .start, actor: "local:ana")
    #expect(try await harness.node.planRerun(whole).entries.first?.repeatsEffect == true)
    let anew = try await harness.node.rerun(whole).job
    _ = try await harness.ended(anew)
    var safe = whole
    safe.sameKeys = true
    #expect(try await harness.node.planRerun(safe).entries.first?.repeatsEffect == false)
    let same = try await harness.node.rerun(safe).job
    _ = try await harness.ended(same)
    let keys = harness.stage.starts.filter { $0.path == "pay" }.map(\.key)
    #expect(keys.count == 3 && keys[0] != keys[1] && keys[0] == keys[2])
  }

  @Test(
    "of a failed job takes what succeeded, on its own revision and inputs, across a crash",
    arguments: Backend.all)
  func failed(backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await harness.start(
      """
      vars: {drawn: "${{ random.hex(8) }}"}
      steps:
        a: {uses: test.pure, with: {value: "${{ vars.drawn }}"}}
        b: {uses: test.pure, with: {hold: true}, needs: [a]}
        c: {value: "${{ steps.a.output }}", needs: [b]}
      outputs: {drawn: "${{ steps.c.output }}"}
      """)
    await harness.stage.holding("b")
    await harness.stage.end("b", .failure(Failure(.data, "no")))
    _ = try await harness.ended(job)
    try await harness.apply("steps: {other: {uses: test.pure, with: {}}}")
    let again = try await harness.node.rerun(RerunRequest(job: job, from: .failed, actor: "local:ana"))
    #expect(again.revision == 1)
    await harness.stage.holding("b")
    try await harness.crashAndReopen()
    await harness.stage.holding("b")
    await harness.stage.end("b")
    let view = try await harness.ended(again.job)
    #expect(view.summary.status == .success && view.outputs?["drawn"]?.string?.count == 8)
    #expect(harness.stage.starts(of: "a") == 1, "What was drawn is the same, so its step is.")
  }

  @Test("keeps a person's answer where what was shown is the same, and asks again where it is not")
  func answers() async throws {
    let harness = try Harness()
    func file(_ rows: Int) -> String {
      """
      steps:
        count: {value: \(rows)}
        review:
          ask:
            title: Publish?
            show: {rows: "${{ steps.count.output }}"}
            to: {users: [test]}
            choices: {yes: {approves: true}, no: {}}
        publish: {if: steps.review.output.choice == 'yes', uses: test.pure, with: {fail: data, fail_times: 1}}
      """
    }
    let job = try await harness.start(file(3))
    try await harness.happened(job, "asked", "review")
    let ask = try #require(try harness.readModel.asks(AskFilter(), before: nil, limit: 10).first)
    let shown = try harness.history().ask(ask.id).content["shown_sha256"]?.string ?? ""
    _ = try await harness.node.answer(
      GivenAnswer(ask: ask.id, by: "local:test", choice: "yes", shown: shown))
    #expect(try await harness.ended(job).summary.status == .failed)

    let kept = try await harness.node.rerun(RerunRequest(job: job, from: .failed, actor: "local:ana")).job
    #expect(try await harness.ended(kept).steps.first { $0.path == "review" }?.output?["choice"] == "yes")
    try await harness.apply(file(4))
    let plan = try await harness.node.planRerun(
      RerunRequest(job: job, from: .failed, latest: true, actor: "local:ana"))
    #expect(plan.entries.first { $0.path == "review" }?.reason.english == "what it shows has changed")
  }

  @Test("of a live job is refused, as is one from a step that is not there")
  func refused() async throws {
    let harness = try Harness()
    let job = try await harness.start("steps: {a: {uses: test.pure, with: {hold: true}}}")
    await harness.stage.holding("a")
    await #expect(throws: Problem.self) {
      try await harness.node.rerun(RerunRequest(job: job, from: .start, actor: "a"))
    }
    await harness.stage.end("a")
    _ = try await harness.ended(job)
    await #expect(throws: Problem.self) {
      try await harness.node.rerun(RerunRequest(job: job, from: .step("nope"), actor: "a"))
    }
  }
}

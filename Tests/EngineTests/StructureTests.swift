import Engine
import Model
import Testing

@Suite("Fan-outs", .timeLimit(.minutes(1)))
struct FanOutTests {
  @Test("give outputs in input order, results, errors and counts", arguments: Backend.all)
  func results(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await harness.start(
      """
      inputs: {names: {type: array, items: {type: string}, default: [a, b, c]}}
      steps:
        each:
          for_each: inputs.names
          as: name
          key: ${{ name }}
          allow_failed: 1
          choose:
            bad: {if: name == 'b', uses: test.pure, with: {fail: data}}
            good:
              else: true
              uses: test.pure
              with: {value: {name: "${{ name }}", index: "${{ item_index }}"}}
      outputs:
        names: ${{ steps.each.outputs.map(o, o.name) }}
        counts: ${{ steps.each.counts }}
        failed: ${{ steps.each.errors.map(e, e.key) }}
        statuses: ${{ steps.each.results.map(r, r.status) }}
      """)
    let view = try await harness.ended(job)
    #expect(view.summary.status == .partial, "\(view.summary.failure?.message ?? "")")
    #expect(
      view.outputs == [
        "names": ["a", "c"], "counts": ["total": 3, "success": 2, "failed": 1, "skipped": 0],
        "failed": ["b"], "statuses": ["success", "failed", "success"],
      ])
    #expect(
      view.steps.map(\.path) == [
        "each", "each[a]", "each[b]", "each[c]", "each[a].good", "each[b].bad", "each[c].good",
      ])
    #expect(try harness.history().replay(job).differences == [])
  }

  @Test("start no further item once more failed than may, and skip the rest")
  func limit() async throws {
    let harness = try Harness()
    let job = try await harness.start(
      """
      inputs: {numbers: {type: array, default: [1, 2, 3, 4, 5, 6]}}
      steps:
        each:
          for_each: inputs.numbers
          max_parallel: 1
          allow_failed: 1
          uses: test.pure
          with: {fail: data}
      """)
    let view = try await harness.ended(job)
    #expect(view.summary.status == .failed)
    #expect(
      view.steps.dropFirst().map(\.status) == [.failed, .failed, .skipped, .skipped, .skipped, .skipped])
    #expect(view.summary.failure?.code == "items-failed")
    #expect(harness.stage.starts.count == 2)
  }

  @Test("run at most max_parallel items at once, in order")
  func parallel() async throws {
    let harness = try Harness()
    let job = try await harness.start(
      """
      inputs: {numbers: {type: array, default: [0, 1, 2, 3, 4]}}
      steps: {each: {for_each: inputs.numbers, max_parallel: 2, uses: test.pure, with: {hold: true}}}
      """)
    for index in 0..<5 { await harness.stage.end("each[\(index)]") }
    _ = try await harness.ended(job)
    #expect(harness.stage.most == 2)
  }

  @Test("over an empty list succeed")
  func empty() async throws {
    let harness = try Harness()
    let job = try await harness.start(
      """
      inputs: {numbers: {type: array, default: []}}
      steps: {each: {for_each: inputs.numbers, uses: test.pure}}
      outputs: {counts: "${{ steps.each.counts }}"}
      """)
    let view = try await harness.ended(job)
    #expect(view.summary.status == .success)
    #expect(view.outputs == ["counts": ["total": 0, "success": 0, "failed": 0, "skipped": 0]])
  }

  @Test("with two items of one key fail the step as bad data")
  func duplicateKeys() async throws {
    let harness = try Harness()
    let job = try await harness.start(
      """
      inputs: {names: {type: array, items: {type: string}, default: [a, a]}}
      steps: {each: {for_each: inputs.names, as: name, key: "${{ name }}", uses: test.pure}}
      """)
    let view = try await harness.ended(job)
    #expect(view.summary.failure?.errorClass == .data)
    #expect(view.summary.failure?.code == "duplicate-item-key")
  }

  @Test("with P % allowed take the floor", arguments: [(3, 33, false), (3, 34, true), (10, 10, true)])
  func percent(total: Int, percent: Int, passes: Bool) async throws {
    let harness = try Harness()
    let job = try await harness.start(
      """
      inputs: {total: {type: integer, default: \(total)}}
      steps:
        each:
          for_each: lists.range(inputs.total)
          as: n
          max_parallel: 1
          allow_failed: \(percent)%
          choose:
            bad: {if: n == 0, uses: test.pure, with: {fail: data}}
            good: {else: true, uses: test.pure}
      """)
    #expect(try await harness.ended(job).summary.status == (passes ? .partial : .failed))
  }

  @Test("survive a crash in the middle without running an ended item again", arguments: Backend.all)
  func crash(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await harness.start(
      """
      inputs: {numbers: {type: array, default: [0, 1, 2, 3, 4, 5]}}
      steps: {each: {for_each: inputs.numbers, max_parallel: 2, uses: test.keyed, with: {hold: true}}}
      """)
    for index in 0..<3 {
      await harness.stage.end("each[\(index)]")
      try await harness.happened(job, "ended", "each[\(index)]")
    }
    await harness.stage.holding("each[3]")
    await harness.stage.holding("each[4]")
    try await harness.crashAndReopen()
    for index in 3..<6 { await harness.stage.end("each[\(index)]") }
    #expect(try await harness.ended(job).summary.status == .success)
    #expect((0..<6).map { harness.stage.starts(of: "each[\($0)]") } == [1, 1, 1, 2, 2, 1])
  }
}

@Suite("Loops", .timeLimit(.minutes(1)))
struct LoopTests {
  @Test("carry values from round to round until the condition holds", arguments: Backend.all)
  func carry(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await harness.start(
      """
      steps:
        sum:
          repeat:
            max: 100
            carry: {total: 0}
            until: carry.total + steps.add.output.n >= 15
            next: {total: "${{ carry.total + steps.add.output.n }}"}
          steps:
            add: {uses: test.pure, with: {value: {n: "${{ iteration }}"}}}
          output: {total: "${{ carry.total }}", rounds: "${{ iteration }}"}
      outputs: {sum: "${{ steps.sum.output }}"}
      """)
    let view = try await harness.ended(job)
    #expect(view.summary.status == .success)
    #expect(view.outputs == ["sum": ["total": 10, "rounds": 5]])
    #expect(view.steps.filter { $0.kind == "round" }.map(\.path) == (1...5).map { "sum#\($0)" })
    #expect(try harness.history().replay(job).differences == [])
  }

  @Test("that reach their max fail as exhausted, or go on where the file says so", arguments: [true, false])
  func exhausted(goesOn: Bool) async throws {
    let harness = try Harness()
    let job = try await harness.start(
      """
      steps:
        poll:
          repeat: {max: 3, carry: {}, until: "false"\(goesOn ? ", on_max: continue" : "")}
          steps: {look: {uses: test.pure}}
      """)
    let view = try await harness.ended(job)
    #expect(view.summary.status == (goesOn ? .success : .failed))
    #expect(view.summary.failure?.errorClass == (goesOn ? nil : .exhausted))
    #expect(harness.stage.starts.count == 3)
  }

  @Test("pause between rounds, also over a crash", arguments: Backend.all)
  func delay(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await harness.start(
      """
      steps:
        poll:
          repeat: {max: 5, delay: 30s, until: iteration == 2}
          steps: {look: {uses: test.pure}}
      """)
    try await harness.happened(job, "delayed", "poll")
    #expect(try await harness.node.why(job).map(\.kind) == ["delay"])
    try await harness.crashAndReopen()
    harness.clock.advance(by: .seconds(30))
    let view = try await harness.ended(job)
    #expect(view.summary.status == .success)
    #expect(harness.stage.starts.map(\.path) == ["poll#1.look", "poll#2.look"])
  }
}

@Suite("Groups, choices and needs", .timeLimit(.minutes(1)))
struct GroupTests {
  @Test("a failed step stops its dependants only")
  func independent() async throws {
    let harness = try Harness()
    let job = try await harness.start(
      """
      steps:
        bad: {uses: test.pure, with: {fail: data}}
        after: {needs: [bad], uses: test.pure}
        told: {needs: [{bad: ended}], uses: test.pure}
        other: {uses: test.pure}
        last: {needs: [other], uses: test.pure}
      """)
    let view = try await harness.ended(job)
    #expect(view.summary.status == .failed)
    #expect(view.summary.failure?.step == "bad")
    #expect(
      try await harness.statuses(job) == [
        "bad": .failed, "after": .skipped, "told": .success, "other": .success, "last": .success,
      ])
  }

  @Test(
    "a step skipped by its own condition satisfies every need; one skipped by a failure only a weak one"
  )
  func skips() async throws {
    let harness = try Harness()
    let job = try await harness.start(
      """
      inputs: {no: {type: boolean, default: false}}
      steps:
        off: {if: inputs.no, uses: test.pure}
        next: {needs: [off], uses: test.pure}
        bad: {uses: test.pure, with: {fail: data}}
        blocked: {needs: [bad], uses: test.pure}
        strong: {needs: [blocked], uses: test.pure}
        weak: {needs: [{blocked: ended}], uses: test.pure}
      """)
    _ = try await harness.ended(job)
    #expect(
      try await harness.statuses(job) == [
        "off": .skipped, "next": .success, "bad": .failed, "blocked": .skipped, "strong": .skipped,
        "weak": .success,
      ])
  }

  @Test("a group sees the steps around it, and gives one output")
  func scope() async throws {
    let harness = try Harness()
    let job = try await harness.start(
      """
      steps:
        base: {value: {n: 2}}
        twice:
          steps:
            a: {value: "${{ steps.base.output.n * 10 }}"}
            b: {value: "${{ steps.a.output + 1 }}"}
        custom:
          steps: {a: {value: "${{ steps.twice.output.b }}"}}
          output: {only: "${{ steps.a.output }}"}
      outputs: {twice: "${{ steps.twice.output }}", custom: "${{ steps.custom.output }}"}
      """)
    #expect(try await harness.ended(job).outputs == ["twice": ["a": 20, "b": 21], "custom": ["only": 21]])
  }

  @Test("a choice without a branch that holds fails")
  func noBranch() async throws {
    let harness = try Harness()
    let job = try await harness.start(
      """
      inputs: {n: {type: integer, default: 3}}
      steps: {pick: {choose: {one: {if: inputs.n == 1, value: 1}, two: {if: inputs.n == 2, value: 2}}}}
      """)
    #expect(try await harness.ended(job).summary.failure?.code == "no-branch")
  }

  @Test("handlers see the failure, and a failing finally fails a job that went well")
  func handlers() async throws {
    let harness = try Harness()
    let job = try await harness.start(
      """
      steps: {bad: {uses: test.pure, with: {fail: data}}}
      on_failure:
        tell:
          uses: test.pure
          with: {value: {class: "${{ job.error.class }}", step: "${{ job.error.step }}"}}
      """)
    let view = try await harness.ended(job)
    #expect(view.steps.last?.output == ["class": "data", "step": "bad"])
    let second = try await harness.start(
      "steps: {good: {uses: test.pure}}\nfinally: {sweep: {uses: test.pure, with: {fail: data}}}")
    #expect(try await harness.ended(second).summary.status == .failed)
  }

  @Test("an expression that fails at run time fails its step with class expression")
  func expression() async throws {
    let harness = try Harness()
    let job = try await harness.start(
      """
      inputs: {n: {type: integer, default: 0}}
      steps: {half: {value: "${{ 10 / inputs.n }}"}}
      """)
    let view = try await harness.ended(job)
    #expect(view.summary.failure?.errorClass == .expression)
    #expect(view.summary.failure?.message.contains("zero") == true)
  }

  @Test("retries wait longer each time, and the same job draws the same pauses")
  func backoff() async throws {
    let harness = try Harness()
    let job = try await harness.start(
      """
      steps:
        work:
          uses: test.pure
          with: {fail: transient, fail_times: 3}
          retry: {attempts: 4, backoff: {initial: 10s, factor: 2, max: 30s}}
      """)
    for pause in [10, 20, 30] {
      try await harness.happened(job, "retrying", "work", count: [10: 1, 20: 2, 30: 3][pause] ?? 0)
      #expect(try await harness.view(job).steps[0].status == .retrying)
      harness.clock.advance(by: .seconds(pause))
    }
    #expect(try await harness.ended(job).steps[0].attempts == 4)
  }

  @Test("classes that are not named are not retried")
  func classes() async throws {
    let harness = try Harness()
    let job = try await harness.start(
      "steps: {work: {uses: test.pure, with: {fail: configuration}, retry: {attempts: 4}}}")
    #expect(try await harness.ended(job).steps[0].attempts == 1)
  }
}

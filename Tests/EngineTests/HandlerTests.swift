import Engine
import Model
import Testing

@Suite("Handlers of groups", .timeLimit(.minutes(1)))
struct HandlerTests {
  static let file = """
    steps:
      load:
        steps:
          first: {uses: test.keyed, with: {hold: true}}
          second: {needs: [first], uses: test.keyed}
        on_failure: {tell: {value: "${{ steps.first.error.code + '/' + steps.load.error.class }}"}}
        on_cancel: {undo: {uses: test.keyed}}
        finally:
          sweep: {uses: test.keyed}
          after: {needs: [sweep], value: "${{ steps.load.status }}"}
      use: {needs: [{load: ended}], value: "${{ steps.load.status }}"}
    """

  @Test("run on_failure and finally before the group ends, and see its children", arguments: Backend.all)
  func failure(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await harness.start(Self.file)
    await harness.stage.end("load.first", .failure(Failure(.data, code: "broken", "no")))
    let view = try await harness.ended(job)
    #expect(view.summary.status == .failed)
    #expect(
      try await harness.statuses(job) == [
        "load": .failed, "use": .success, "load.first": .failed, "load.second": .skipped,
        "load.on_failure.tell": .success, "load.finally.sweep": .success, "load.finally.after": .success,
      ])
    #expect(view.steps.first { $0.path == "load.on_failure.tell" }?.output == "broken/data")
    #expect(view.steps.first { $0.path == "load.finally.after" }?.output == "failed")
    #expect(view.steps.first { $0.path == "use" }?.output == "failed")
    #expect(try harness.history().replay(job).differences == [])
  }

  @Test("run finally alone after a success, whose output stays what it was")
  func success() async throws {
    let harness = try Harness(.sqlite)
    let job = try await harness.start(Self.file + "\noutputs: {n: \"${{ steps.load.output.first.n }}\"}")
    await harness.stage.end("load.first", .success(AttemptOutput(["n": 5])))
    let view = try await harness.ended(job)
    #expect(view.summary.status == .success)
    #expect(view.outputs == ["n": 5])
    let last = harness.stage.starts.map(\.path)
    #expect(last == ["load.first", "load.second", "load.finally.sweep"])
    #expect(try harness.history().replay(job).differences == [])
  }

  @Test("run on_cancel and finally when the job is cancelled, bounded by their own time alone")
  func cancel() async throws {
    let harness = try Harness { $0.handlersTimeout = .seconds(60) }
    let job = try await harness.start(
      Self.file.replacing("undo: {uses: test.keyed}", with: "undo: {uses: test.keyed, with: {hold: true}}"))
    await harness.stage.holding("load.first")
    try await harness.node.cancel(job, actor: "local:ana", reason: "")
    await harness.stage.holding("load.on_cancel.undo")
    try await harness.node.cancel(job, actor: "local:ana", reason: "again")
    harness.clock.advance(by: .seconds(61))
    let view = try await harness.ended(job)
    #expect(view.summary.status == .cancelled)
    #expect(
      try await harness.statuses(job) == [
        "load": .cancelled, "use": .skipped, "load.first": .cancelled, "load.second": .skipped,
        "load.on_cancel.undo": .timeout, "load.finally.sweep": .success, "load.finally.after": .success,
      ])
    #expect(try harness.history().replay(job).differences == [])
  }

  @Test("run before the group ends, and its rescue then, also where several steps are skipped at once")
  func skippedAtOnce() async throws {
    let harness = try Harness()
    let job = try await harness.start(
      """
      steps:
        load:
          steps:
            bad: {uses: test.pure, with: {fail: data}}
            one: {needs: [bad], value: 1}
            two: {needs: [bad], value: 2}
          on_failure: {tell: {uses: test.keyed}}
          finally: {sweep: {uses: test.keyed}}
          rescue: {uses: test.keyed, with: {value: {n: 7}}}
        use: {needs: [load], uses: test.keyed}
      """)
    let view = try await harness.ended(job)
    #expect(view.summary.status == .success)
    #expect(view.steps.first { $0.path == "load" }?.output == ["n": 7])
    #expect(
      harness.stage.starts.map(\.path) == [
        "load.bad", "load.on_failure.tell", "load.finally.sweep", "load.rescue", "use",
      ])
    #expect(try harness.history().replay(job).differences == [])
  }

  @Test("a finally that fails fails a group that went well, and then its rescue may take over")
  func failingFinally() async throws {
    let harness = try Harness()
    let job = try await harness.start(
      """
      steps:
        bad: {steps: {one: {value: 1}}, finally: {sweep: {uses: test.pure, with: {fail: data}}}}
        saved:
          steps: {one: {value: 1}}
          finally: {sweep: {uses: test.pure, with: {fail: data}}}
          rescue: {value: {one: 2}}
      """)
    let view = try await harness.ended(job)
    let statuses = try await harness.statuses(job)
    #expect(statuses["bad"] == .failed && statuses["saved"] == .success)
    #expect(view.steps.first { $0.path == "bad" }?.failure?.code == "told")
    #expect(view.steps.first { $0.path == "saved" }?.output == ["one": 2])
  }

  @Test("belong to each item and each round of their own inside")
  func layers() async throws {
    let harness = try Harness()
    let job = try await harness.start(
      """
      steps:
        each:
          for_each: "[1, 2]"
          allow_failed: all
          repeat: {max: 2, until: iteration == 2}
          steps: {work: {uses: test.pure, with: {value: {n: "${{ item }}"}}}}
          finally:
            sweep:
              value: >-
                ${{ string(item) + '/' + string(iteration) + '/'
                + string(steps.work.?output.orValue({}).?n.orValue(0)) }}
      """)
    let view = try await harness.ended(job)
    #expect(view.summary.status == .success)
    let swept = view.steps.filter { $0.path.hasSuffix("finally.sweep") }
    #expect(
      Dictionary(swept.map { ($0.path, $0.output) }) { first, _ in first } == [
        "each[0]#1.finally.sweep": "1/1/1", "each[0]#2.finally.sweep": "1/2/1",
        "each[1]#1.finally.sweep": "2/1/2", "each[1]#2.finally.sweep": "2/2/2",
      ])
  }

  @Test("nest with rescue and fan-out: each part does its own")
  func nested() async throws {
    let harness = try Harness(.sqlite)
    let job = try await harness.start(
      """
      steps:
        outer:
          steps:
            each:
              for_each: "['a', 'b']"
              key: ${{ item }}
              steps:
                work: {uses: test.keyed, with: {fail: exit, door: "${{ item }}"}}
              on_failure: {note: {value: "${{ item }}"}}
              rescue: {classes: [exit], uses: test.pure, with: {value: {item: "${{ item }}"}}}
          finally: {sweep: {value: "${{ steps.each.counts.success }}"}}
          output: {items: "${{ steps.each.outputs.map(o, o.item) }}"}
      outputs: {items: "${{ steps.outer.output.items }}"}
      """)
    let view = try await harness.ended(job)
    #expect(view.summary.status == .success, "\(view.summary.failure?.message ?? "")")
    let statuses = try await harness.statuses(job)
    #expect(view.outputs == ["items": ["a", "b"]])
    #expect(statuses["outer.each[a].on_failure.note"] == .success)
    #expect(statuses["outer.each[b].rescue"] == .success)
    #expect(view.steps.first { $0.path == "outer.finally.sweep" }?.output == 2)
    #expect(try harness.history().replay(job).differences == [])
  }
}

import Engine
import Model
import Testing

/// Loses the node at its n-th commit, before it or after it, and lets the next node go on.
struct LosingNode: Sendable, CustomTestStringConvertible {
  var commits: Int
  var fault: FaultyStore.Fault
  var testDescription: String { "\(fault) \(commits)" }

  static let all = (0..<16).flatMap { commits in
    FaultyStore.Fault.allCases.map { LosingNode(commits: commits, fault: $0) }
  }

  /// Runs the pipeline `test` to its end, and `followers`, which its end starts, to theirs.
  ///
  /// A node that broke answers nobody, so nothing is asked of it before it is known to be whole or replaced.
  func run(
    _ file: String, with others: [String: String] = [:], followers: [String] = []
  ) async throws -> (Harness, JobView) {
    let harness = try Harness(faulty: true)
    for (id, body) in others { try await harness.apply(body, id: id) }
    try await harness.apply(file)
    let faulty = try #require(harness.faulty)
    faulty.fail(fault, after: commits)
    let (first, happened) = AsyncStream.makeStream(of: Bool.self)
    let broken = harness.nextBreak()
    let (onlooker, request) = (harness.onlooker, harness.request(key: "one"))
    Task {
      await broken()
      happened.yield(true)
    }
    Task {
      try await onlooker.end(of: try await onlooker.node.start(request).job)
      for id in followers { try await onlooker.end(of: try await onlooker.job(of: id)) }
      try await onlooker.quiet(followers)
      happened.yield(false)
    }
    var outcomes = first.makeAsyncIterator()
    var isBroken = await outcomes.next() == true
    if !isBroken, !faulty.heal() { isBroken = await outcomes.next() == true }
    if isBroken {
      harness.stage.drop()
      try await harness.reopen()
    }
    let job = try await harness.startAgain(key: "one")
    return (harness, try await harness.ended(job))
  }
}

@Suite("S6a: wherever the node is lost", .timeLimit(.minutes(3)))
struct LostNodeTests {
  @Test("one sub-job runs, and its end is the caller's", arguments: LosingNode.all)
  func subJob(_ losing: LosingNode) async throws {
    let (harness, view) = try await losing.run(
      """
      steps:
        g:
          steps: {sub: {call: {pipeline: child}}, after: {needs: [sub], uses: test.keyed}}
          finally: {sweep: {uses: test.keyed}}
        bad: {call: {pipeline: failing}, rescue: {value: 5}}
      outputs: {n: "${{ steps.g.output.sub.n + steps.bad.output }}"}
      """,
      with: [
        "child": """
        steps: {work: {uses: test.keyed, with: {value: {n: 4}}}}
        outputs: {n: "${{ steps.work.output.n }}"}
        """,
        "failing": "steps: {work: {uses: test.keyed, with: {fail: data}}}",
      ])
    #expect(view.summary.status == .success)
    #expect(view.outputs == ["n": 9])
    let jobs = try harness.readModel.jobs(JobFilter(), before: nil, limit: 100)
    #expect(jobs.count == 3)
    for summary in jobs {
      #expect(summary.status.hasEnded)
      #expect(try harness.history().replay(summary.id).differences == [])
    }
  }

  @Test("handlers, rescues, after_each and end do the same", arguments: LosingNode.all)
  func parts(_ losing: LosingNode) async throws {
    let (harness, view) = try await losing.run(
      """
      steps:
        g:
          steps:
            each:
              for_each: "[1, 2]"
              steps: {work: {uses: test.keyed, with: {fail: exit}}}
              on_failure: {note: {uses: test.keyed}}
              rescue: {uses: test.keyed, with: {value: {n: "${{ item }}"}}}
          finally: {sweep: {uses: test.keyed}}
        stop: {needs: [g], end: {status: partial, outputs: {n: "${{ size(steps.g.output) }}"}}}
        never: {needs: [stop], uses: test.keyed}
      after_each: {log: {if: "step.kind == 'uses'", uses: test.keyed}}
      finally: {last: {uses: test.keyed}}
      """)
    #expect(view.summary.status == .partial)
    let statuses = Dictionary(view.steps.map { ($0.path, $0.status) }) { first, _ in first }
    #expect(statuses["never"] == .skipped && statuses["finally.last"] == .success)
    #expect(statuses["g.each[1].rescue"] == .success && statuses["g.each[0].on_failure.note"] == .success)
    #expect(view.steps.count { $0.path.hasSuffix(".after_each.log") } == 4)
    #expect(view.steps.allSatisfy { $0.status.hasEnded })
    #expect(try harness.history().replay(view.summary.id).differences == [])
  }
}

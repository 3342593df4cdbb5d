import Engine
import Model
import Testing

@Suite("S16: on_kill: run", .timeLimit(.minutes(1)))
struct KillFinallyTests {
  static let file = """
    steps:
      load:
        steps: {first: {uses: test.keyed, with: {hold: true, deaf: true}}}
        finally: {never: {uses: test.keyed}}
        rescue: {classes: [cancelled], uses: test.keyed}
    on_cancel: {never: {uses: test.keyed}}
    finally:
      other: {uses: test.keyed}
      free: {on_kill: run, uses: test.keyed, with: {hold: true}}
      next: {on_kill: run, needs: [free], uses: test.keyed}
      late: {on_kill: run, needs: [other], uses: test.keyed}
    """

  @Test("a kill fences everything and still runs the steps that are marked", arguments: Backend.all)
  func marked(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await harness.start(Self.file)
    await harness.stage.holding("load.first")
    #expect(try await harness.node.kill(job, actor: "local:ana", reason: "wild") == ["load.first"])
    await harness.stage.holding("finally.free")
    try await harness.crashAndReopen()
    await harness.stage.begun("finally.free", 2)
    await harness.stage.end("finally.free")
    let view = try await harness.ended(job)
    #expect(view.summary.status == .cancelled)
    #expect(view.summary.failure?.code == "killed")
    #expect(
      try await harness.statuses(job) == [
        "load": .cancelled, "load.first": .cancelled, "finally.other": .skipped, "finally.free": .success,
        "finally.next": .success, "finally.late": .skipped,
      ])
    #expect(try harness.history().replay(job).differences == [])
  }

  @Test("a second kill ends them too")
  func twice() async throws {
    let harness = try Harness()
    let job = try await harness.start(Self.file)
    await harness.stage.holding("load.first")
    _ = try await harness.node.kill(job, actor: "local:ana", reason: "one")
    await harness.stage.holding("finally.free")
    #expect(try await harness.node.kill(job, actor: "local:ana", reason: "two") == ["finally.free"])
    let view = try await harness.ended(job)
    #expect(view.summary.status == .cancelled)
    #expect(try await harness.statuses(job)["finally.next"] == .skipped)
  }

  @Test("a kill that finds finally running spares the marked steps alone")
  func whileFinally() async throws {
    let harness = try Harness()
    let job = try await harness.start(
      """
      steps: {one: {value: 1}}
      finally:
        other: {uses: test.keyed, with: {hold: true}}
        free: {on_kill: run, uses: test.keyed, with: {hold: true}}
      """)
    await harness.stage.holding("finally.other")
    await harness.stage.holding("finally.free")
    _ = try await harness.node.kill(job, actor: "local:ana", reason: "one")
    await harness.stage.end("finally.free")
    let view = try await harness.ended(job)
    #expect(view.summary.status == .cancelled)
    #expect(
      try await harness.statuses(job) == [
        "one": .success, "finally.other": .cancelled, "finally.free": .success,
      ])
  }
}

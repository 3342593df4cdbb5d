import Engine
import Model
import Testing

@Suite("The contents of a batch of files", .timeLimit(.minutes(1)))
struct TakenContentTests {
  /// What becomes of a batch.
  enum Fate: CaseIterable, Sendable {
    case started, buried, filtered, refused, purged
  }

  private static let name = PipelineName(namespace: "demo", name: "test")

  private static func body(_ fate: Fate) -> String {
    let rest =
      switch fate {
      case .started, .refused, .purged: ""
      case .buried: ", inputs: {n: \"${{ trigger.files[0].absent }}\"}"
      case .filtered: ", if: trigger.files.size() > 1"
      }
    return """
      inputs: {n: {type: integer, default: 1}}
      concurrency: {limit: 1, when_full: skip}
      triggers: {inbox: {files: {path: /srv/inbox}\(rest)}}
      steps: {own: {uses: test.keyed, with: {hold: true}}}
      """
  }

  private func batch(_ id: String, _ sha256: String) -> FileBatch {
    FileBatch(
      id: id,
      files: [
        ArrivedFile(
          path: "/srv/inbox/a.csv", name: "a.csv", sha256: sha256, size: 1,
          modifiedAt: Timestamp(microseconds: 0), originalPath: "/srv/inbox/a.csv")
      ])
  }

  @Test(
    "are taken from then on where a job came of it, and may come again where none did",
    arguments: Backend.all, Fate.allCases)
  func given(backend: Backend, fate: Fate) async throws {
    let harness = try Harness(backend)
    try await harness.apply(Self.body(fate))
    let desk = harness.node.filesDesk(Self.name, trigger: "inbox")
    if fate == .refused {
      _ = try await harness.node.start(harness.request(key: "holds the limit"))
      await harness.stage.holding("own")
    }
    if fate == .purged {
      try await harness.node.write([
        .pause(
          PauseRecord(pipeline: Self.name, by: "ana", reason: "care", at: harness.clock.now, until: nil))
      ])
    }
    try await desk.begin(batch("b1", "aa"))
    #expect(try await desk.known(["aa"]).isEmpty, "It is only an intent.")
    try await desk.fire(batch("b1", "aa"))
    switch fate {
    case .started: await harness.stage.holding("own")
    case .purged:
      #expect(try await desk.known(["aa"]) == ["aa"])
      // One that is just being looked at stays.
      while case let waiting = try harness.waiting(of: "test").map(\.id), !waiting.isEmpty {
        _ = try await harness.node.withdraw(
          waiting, of: PipelineName(namespace: "demo", name: "test"), by: "local:test")
        await Task.yield()
      }
    case .buried, .filtered, .refused: break
    }
    try await harness.quiet(["test"])
    #expect(try await desk.known(["aa"]) == (fate == .started ? ["aa"] : []))
    #expect(try harness.readModel.deadLetters(in: "demo", limit: 10).count == (fate == .buried ? 1 : 0))
  }
}

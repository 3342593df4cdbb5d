import Model
import Testing

@testable import Engine

@Suite("The desk of a trigger of files", .timeLimit(.minutes(1)))
struct FilesDeskTests {
  private static let pipeline = PipelineName(namespace: "demo", name: "test")

  private func batch(_ number: Int) -> FileBatch {
    FileBatch(
      id: "\(number)",
      files: [
        ArrivedFile(
          path: "/out/\(number)", name: "\(number)", sha256: "\(number)", size: 1,
          modifiedAt: Timestamp(microseconds: 0), originalPath: "/in/\(number)")
      ])
  }

  @Test(
    "takes no file while 100 batches wait before the pipeline, whatever else does", arguments: Backend.all)
  func full(backend: Backend) async throws {
    let harness = try Harness(backend)
    try await harness.apply(
      """
      triggers:
        inbox: {files: {path: /in, claim: move, to: /out}}
        messages: {queue: {connection: c, queue: q}, enabled: false}
      steps: {own: {value: 1}}
      """)
    for number in 0..<100 {
      let outcome = try await harness.node.hand(
        HandedMessage(
          pipeline: Self.pipeline, trigger: "messages", message: .int(Int64(number)), actor: "local:ana"))
      guard case .stored = outcome else { return #expect(Bool(false), "\(outcome)") }
    }
    let desk = harness.node.filesDesk(Self.pipeline, trigger: "inbox")
    for number in 0..<Node.mostBatches {
      #expect(await desk.mayTake(), "\(number)")
      try await desk.begin(batch(number))
    }
    #expect(await !desk.mayTake())
    try await desk.abandon("7")
    #expect(await desk.mayTake())
  }

  @Test("of the next node knows which triggers had begun", arguments: Backend.all)
  func begun(backend: Backend) async throws {
    let harness = try Harness(backend)
    try await harness.apply(
      "triggers: {inbox: {files: {path: /in, claim: move, to: /out}}}\nsteps: {own: {value: 1}}")
    #expect(harness.node.begun == [])
    try await harness.node.filesDesk(Self.pipeline, trigger: "inbox").begin(batch(1))
    try await harness.crashAndReopen()
    #expect(harness.node.begun == [Node.TriggerName(Self.pipeline, "inbox")])
    let desk = harness.node.filesDesk(Self.pipeline, trigger: "inbox")
    #expect(try await desk.open() == [batch(1)])
    try await desk.abandon("1")
    try await harness.crashAndReopen()
    #expect(harness.node.begun == [])
  }
}

import Engine
import Model
import Testing

@Suite("S11: what several jobs share has one home", .timeLimit(.minutes(1)))
struct GovernorTests {
  @Test(
    "a circuit is common to jobs and advisory: one that is lost with its node is closed",
    arguments: Backend.all)
  func lostCircuit(backend: Backend) async throws {
    let harness = try Harness(backend)
    let file = """
      inputs: {n: {type: integer}}
      steps:
        call:
          uses: test.pure
          with: {hold: true, door: "w${{ inputs.n }}"}
          circuit: {key: bank, failures: 1, recover_after: 1h}
      """
    let pipeline = try await harness.apply(file, as: "demo/one")
    let first = try await harness.start(pipeline, [("n", 0)])
    await harness.stage.end("w0", .failure(Failure(.transient, "down")))
    #expect(try await harness.ended(first).summary.status == .failed)
    let refused = try await harness.ended(try await harness.start(pipeline, [("n", 1)]))
    #expect(refused.steps[0].failure?.errorClass == .circuitOpen)

    try await harness.crashAndReopen()
    let after = try await harness.start(pipeline, [("n", 2)])
    await harness.stage.end("w2")
    #expect(try await harness.ended(after).summary.status == .success)
    // The governors' answers are events: every history folds without them.
    for job in [first, refused.summary.id, after] {
      #expect(try harness.history().replay(job).differences.isEmpty)
    }
  }
}

import Engine
import Model
import Testing

@Suite("S27: a job that left the memory", .timeLimit(.minutes(1)))
struct ParkedReadTests {
  @Test("may be looked at as often as anybody likes", arguments: Backend.all)
  func looks(backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await harness.start("steps: {pause: {wait: {for: 30d}}}")
    for _ in 0..<40 {
      harness.clock.advance(by: .seconds(600))
      #expect(try await harness.view(job).summary.status == .waiting)
      #expect(try await harness.node.why(job).map(\.kind) == ["wait"])
    }
    harness.clock.advance(by: .seconds(30 * 86_400))
    #expect(try await harness.ended(job).summary.status == .success)
  }
}

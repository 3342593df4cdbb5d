import Engine
import Model
import Testing

@Suite("S9: an attempt that waits for another system", .timeLimit(.minutes(1)))
struct OutsideTests {
  private static let near = "steps: {near: {uses: test.pure}}"

  private static func far(_ count: Int) -> String {
    """
    steps:
      far:
        for_each: lists.range(\(count))
        max_parallel: \(count)
        uses: test.reattachable
        with: {hold: true}
    """
  }

  @Test("takes no slot of the node: 500 of them wait, and others go on", arguments: Backend.all)
  func many(_ backend: Backend) async throws {
    let harness = try Harness(backend) { $0.nodeSlots = 1 }
    let far = try await harness.start(try await harness.apply(Self.far(500), as: "demo/far"))
    let near = try await harness.apply(Self.near, as: "demo/near")
    for round in 1...2 {
      for item in 0..<500 { await harness.stage.holding("far[\(item)]") }
      let usage = harness.node.usage
      #expect(usage.used(.outside) == 500 && usage.used(.node) == 0 && usage.free == 1 + 4)
      let job = try await harness.start(near)
      #expect(try await harness.ended(job).summary.status == .success)
      if round == 1 { try await harness.crashAndReopen() }
    }
    for item in 0..<500 { await harness.stage.end("far[\(item)]") }
    #expect(try await harness.ended(far).summary.status == .success)
    #expect(harness.stage.starts.count { $0.path.hasPrefix("far") } == 1_000)
    #expect(try harness.history().replay(far).differences == [])
  }

  @Test("has a limit of its own, and whoever waits for that holds nobody else back", arguments: Backend.all)
  func limit(_ backend: Backend) async throws {
    let harness = try Harness(backend) { ($0.nodeSlots, $0.outsideSlots) = (1, 2) }
    let far = try await harness.start(try await harness.apply(Self.far(3), as: "demo/far"))
    try await harness.happened(far, "queued", "far[2]")
    let near = try await harness.start(try await harness.apply(Self.near, as: "demo/near"))
    #expect(try await harness.ended(near).summary.status == .success)
    for item in 0..<3 { await harness.stage.end("far[\(item)]") }
    #expect(try await harness.ended(far).summary.status == .success)
    #expect(harness.stage.most == 3, "Two that wait outside, and the one in the node.")
  }

  @Test("counts against the step's max_parallel")
  func parallel() async throws {
    let harness = try Harness()
    let job = try await harness.start(
      "steps: {far: {for_each: lists.range(4), max_parallel: 2, uses: test.reattachable, with: {hold: true}}}"
    )
    for item in 0..<4 { await harness.stage.end("far[\(item)]") }
    #expect(try await harness.ended(job).summary.status == .success)
    #expect(harness.stage.most == 2)
  }
}

import Engine
import Model
import Testing

@Suite("A job stands in the trace that it was started in", .timeLimit(.minutes(1)))
struct TraceTests {
  private static let from = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"
  private static let trace = "0af7651916cd43dd8448eb211c80319c"

  private func request(_ pipeline: String = "test") -> JobRequest {
    var request = JobRequest(pipeline: PipelineName(namespace: "demo", name: pipeline), actor: "local:test")
    request.trace = TraceParent(header: Self.from)
    return request
  }

  private func given(_ harness: Harness, _ path: String) throws -> TraceParent {
    let start = try #require(harness.stage.starts.last { $0.path == path })
    return try #require(TraceParent(header: start.trace))
  }

  @Test("its steps give it on, each as the parent, the same in every attempt", arguments: Backend.all)
  func steps(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    try await harness.apply(
      """
      steps:
        a: {uses: test.keyed, with: {hold: true}}
        b: {needs: [a], uses: test.keyed, with: {}}
      """)
    let job = try await harness.node.start(request()).job
    await harness.stage.holding("a")
    let first = try given(harness, "a")
    #expect(first.trace == Self.trace && first.parent != "b7ad6b7169203331" && !first.isSampled)
    // The next node knows it, too.
    try await harness.crashAndReopen()
    await harness.stage.begun("a", 2)
    #expect(try given(harness, "a") == first)
    await harness.stage.end("a")
    #expect(try await harness.ended(job).traceID == Self.trace)
    #expect(try given(harness, "b").trace == Self.trace)
    #expect(try given(harness, "b").parent != first.parent)
  }

  @Test("its sub-jobs stand in the same one, and a rerun in that of its own request")
  func others() async throws {
    let harness = try Harness()
    try await harness.apply("steps: {work: {uses: test.keyed, with: {}}}", id: "child")
    try await harness.apply("steps: {sub: {call: {pipeline: child}}}")
    let job = try await harness.node.start(request()).job
    let child = try #require(try await harness.ended(job).steps.first?.child)
    #expect(try await harness.ended(child).traceID == Self.trace)
    #expect(try given(harness, "work").trace == Self.trace)
    let again = RerunRequest(job: job, from: .start, actor: "local:test")
    let rerun = try await harness.node.rerun(again).job
    #expect(try await harness.ended(rerun).traceID != Self.trace)
  }

  @Test("one that names none is a trace by itself")
  func own() async throws {
    let harness = try Harness()
    let job = try await harness.start("steps: {a: {uses: test.keyed, with: {}}}")
    let id = job.description.replacing("-", with: "")
    #expect(try await harness.ended(job).traceID == id)
    let given = try given(harness, "a")
    #expect(given.trace == id && given.isSampled)
  }
}

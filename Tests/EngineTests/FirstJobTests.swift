import Engine
import Model
import Testing

@Suite("A job", .timeLimit(.minutes(1)))
struct FirstJobTests {
  @Test("runs its steps in the order of their needs and gives its outputs", arguments: Backend.all)
  func runs(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await harness.start(
      """
      inputs:
        name: {type: string, default: world}
      steps:
        greet: {uses: test.pure, with: {value: {text: "Hello, ${{ inputs.name }}"}}}
        count: {value: "${{ size(steps.greet.output.text) }}"}
      outputs: {length: "${{ steps.count.output }}"}
      """)
    let view = try await harness.ended(job)
    #expect(view.summary.status == .success)
    #expect(view.outputs == ["length": 12])
    #expect(view.steps.map(\.path) == ["greet", "count"])
    #expect(view.steps.map(\.status) == [.success, .success])
    let report = try harness.history().replay(job)
    #expect(report.differences == [])
  }
}

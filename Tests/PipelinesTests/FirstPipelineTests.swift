import Model
import Pipelines
import Testing

@Suite("The first pipeline of the quick start", .timeLimit(.minutes(1)))
struct FirstPipelineTests {
  static let hello = """
    apiVersion: esteira/v1
    id: hello
    namespace: demo
    inputs:
      name: {type: string, default: world}
    steps:
      greet: {uses: shell, idempotent: true, with: {run: "echo Hi, $NAME", env: {NAME: "${{ inputs.name }}"}}}
      count: {value: "${{ size(steps.greet.output.stdout) }}"}
    outputs: {length: "${{ steps.count.output }}"}
    """

  @Test("is valid")
  func valid() throws {
    let compilation = Fixture.compile(Self.hello)
    #expect(compilation.findings == [])
    let plan = try #require(compilation.plan)
    #expect(compilation.order == ["greet", "count"])
    #expect(plan.steps.map(\.path) == ["greet", "count"])
    #expect(
      plan.steps[1].needs == [Need(step: StepIndex(0), strength: .strong, reason: "steps.greet.output")])
  }

  @Test("says where a misspelled step stands and what was meant")
  func misspelled() {
    let text = Self.hello.replacing("steps.greet.output", with: "steps.gret.output")
    #expect(
      Fixture.rendered(text, file: "hello.yaml") == """
        hello.yaml:8:28: error[unknown-step] steps.count.value: there is no step "gret" here.
            count: {value: "${{ size(steps.gret.output.stdout) }}"}
                                     ^^^^^^^^^^
          Did you mean "greet"?
        """)
  }
}

import Model
import Pipelines
import Testing

@Suite("A trigger on the end of other pipelines", .timeLimit(.minutes(1)))
struct CompletionTriggerTests {
  private func findings(_ trigger: String) -> [String] {
    let source = """
      apiVersion: esteira/v1
      id: own
      namespace: demo
      triggers:
        after: {pipeline: \(trigger)}
      steps: {work: {value: 1}}
      """
    return PipelineCompiler(connectors: [], zones: ZoneDatabase { _ in nil }).compile(source) { _ in [] }
      .findings.map { "\($0.code) \($0.path)" }
  }

  @Test(
    "is valid as one pipeline, in the own namespace, or as a join",
    arguments: [
      "{pipeline: other}", "{pipeline: demo/other, status: failed}", "{pipeline: own}",
      "{pipeline: other, status: [success, timeout, cancelled]}",
      #"{all: [a, b], key: "${{ trigger.job.outputs.date }}", within: 36h}"#,
      #"{all: [a, b, c], key: fixed}"#,
    ])
  func valid(trigger: String) { #expect(findings(trigger) == []) }

  @Test(
    "is refused with its place where it cannot mean anything",
    arguments: [
      ("{}", "missing-key triggers.after.pipeline"),
      ("{pipeline: a, all: [a, b]}", "two-kinds triggers.after.pipeline"),
      ("{pipeline: other/x}", "foreign-pipeline triggers.after.pipeline.pipeline"),
      ("{pipeline: 'a b'}", "bad-name triggers.after.pipeline.pipeline"),
      ("{pipeline: a/b/c}", "bad-name triggers.after.pipeline.pipeline"),
      ("{pipeline: a, key: x}", "key-without-effect triggers.after.pipeline.key"),
      ("{pipeline: a, within: 1h}", "key-without-effect triggers.after.pipeline.within"),
      ("{all: [a, b]}", "missing-key triggers.after.pipeline"),
      ("{all: [a], key: x}", "wrong-value triggers.after.pipeline.all"),
      ("{all: [a, a], key: x}", "wrong-value triggers.after.pipeline.all"),
      ("{all: [a, b], key: x, within: 400d}", "wrong-value triggers.after.pipeline.within"),
    ])
  func refused(trigger: String, finding: String) { #expect(findings(trigger).contains(finding)) }
}

import Model
import Pipelines
import Testing

@Suite("S26. A fan-out whose items can be counted in the file", .timeLimit(.minutes(1)))
struct ItemCountTests {
  private static let head = """
    inputs: {many: {type: array, minItems: 2000}, some: {type: array, maxItems: 9}}
    vars: {long: "${{ lists.range(1500).map(i, i * 2) }}", short: [1, 2]}

    """

  private func codes(_ steps: String) -> [String] { Fixture.codes(Fixture.file(steps, head: Self.head)) }

  @Test(
    "is warned of above 1,000 items without batch",
    arguments: [
      ("lists.range(1001)", true), ("lists.range(1000)", false), ("vars.long", true), ("vars.short", false),
      ("vars.long.map(x, x + 1)", true), ("vars.long.filter(x, x > 5)", false), ("inputs.many", true),
      ("inputs.some", false), ("steps.made.output", true), ("lists.range(inputs.some.size())", false),
      ("lists.range(2000).map(i, i % 2 == 0, i)", false), ("[1, 2, 3]", false),
    ])
  func warning(items: String, isLong: Bool) {
    let made = "made: {value: lists.range(1200)}\n"
    #expect(codes(made + "a: {for_each: '\(items)', value: '1'}") == (isLong ? ["many-items"] : []))
    #expect(codes(made + "a: {for_each: '\(items)', batch: 100, value: '1'}") == [])
  }

  @Test("counts a list that is written out")
  func written() {
    let list = (0..<1_001).map(String.init).joined(separator: ", ")
    #expect(codes("a: {for_each: '[\(list)]', value: item}") == ["many-items"])
  }

  @Test(
    "keeps its outputs only with keep: all, or in batches that are few enough",
    arguments: [
      ("", ["many-items", "outputs-not-kept"]), ("keep: failed, ", ["many-items", "outputs-not-kept"]),
      ("keep: all, ", ["many-items"]), ("batch: 2, ", []), ("batch: 1, ", ["outputs-not-kept"]),
    ])
  func outputs(keys: String, codes expected: [String]) {
    let step = "a: {for_each: lists.range(1500), \(keys)value: item_index}\n"
    #expect(codes(step + "b: {value: steps.a.outputs}") == expected)
    #expect(codes(step + "b: {value: 'steps.a.?outputs.orValue([])'}") == expected)
    #expect(codes(step + "b: {value: steps.a.counts}") == expected.filter { $0 != "outputs-not-kept" })
  }
}

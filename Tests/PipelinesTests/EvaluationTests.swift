import Expressions
import Model
import Pipelines
import Testing

@Suite("A template of a plan", .timeLimit(.minutes(1)))
struct EvaluationTests {
  struct Known: ReferenceResolver {
    var values: [Reference: Value] = [:]

    func value(of reference: Reference) throws(ExpressionError) -> Value {
      if let value = values[reference] { return value }
      throw ExpressionError(.evaluation, Bilingual("not known", pt: "não conhecido"), at: 0..<0)
    }
  }

  private func value(_ template: String, _ values: [Reference: Value] = [:]) throws -> JSON {
    let text = Fixture.file(
      "x: {value: \(template)}",
      head: "inputs: {name: {type: string}, count: {type: number}, list: {type: array}, any: {}}\n")
    let plan = try #require(Fixture.compile(text).plan, "\(Fixture.rendered(text))")
    guard case .value(let template) = plan.steps[0].kind else { return .null }
    return try template.evaluate(Known(values: values))
  }

  @Test("that is one expression keeps its type")
  func type() throws {
    #expect(try value("'${{ 1 + 1 }}'") == 2)
    #expect(try value("1 + 1") == 2)
    #expect(try value("[1, '${{ [true] }}']") == [1, [true]])
    #expect(try value("'${{ timestamp(\"2026-01-02T03:04:05Z\") }}'") == "2026-01-02T03:04:05Z")
  }

  @Test("mixed with text becomes text, and $${{ stands for itself")
  func text() throws {
    let values: [Reference: Value] = [.input("name"): .string("Ana"), .input("count"): .double(2)]
    #expect(
      try value("'Hi ${{ inputs.name }}, ${{ inputs.count }} ${{ 1 == 1 }}!'", values) == "Hi Ana, 2.0 true!")
    #expect(try value("{a: 'cost $${{ x }}'}") == ["a": "cost ${{ x }}"])
    #expect(try value("{a: \"${{ '}}' + {'a': {'b': 'c'}}['a']['b'] }}\"}") == ["a": "}}c"])
  }

  @Test("refuses in a text what has no plain form")
  func noText() throws {
    let text = Fixture.file("x: {value: \"a ${{ [1] }}\"}")
    #expect(Fixture.codes(text) == ["type-error"])
    #expect(throws: ExpressionError.self) {
      try value("{a: 'n: ${{ inputs.any }}'}", [.input("any"): .list([])])
    }
  }

  @Test("evaluates nothing that it does not need")
  func lazy() throws {
    #expect(try value("true || inputs.name == ''") == true)
    #expect(throws: ExpressionError.self) { try value("inputs.name") }
  }

  @Test("a computed duration is one, or text that reads as one; a computed count is whole")
  func computed() throws {
    let text = Fixture.file(
      """
      a:
        uses: shell
        with: {run: "true"}
        timeout: ${{ inputs.wait }}
        retry: {attempts: "${{ inputs.times }}"}
      """, head: "inputs: {wait: {type: string}, times: {type: integer}}\n")
    let step = try #require(Fixture.compile(text).plan?.steps[0])
    let known = Known(values: [.input("wait"): .string("5m"), .input("times"): .int(4)])
    #expect(try step.timeout?.duration(known) == .seconds(300))
    #expect(try step.retry.attempts.value(known) == 4)
    #expect(throws: ExpressionError.self) {
      try step.timeout?.duration(Known(values: [.input("wait"): .string("-5m")]))
    }
    #expect(throws: ExpressionError.self) {
      try step.timeout?.duration(Known(values: [.input("wait"): .string("5")]))
    }
  }
}

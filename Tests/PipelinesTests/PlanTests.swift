import Expressions
import Model
import Pipelines
import Testing

@Suite("A plan", .timeLimit(.minutes(1)))
struct PlanTests {
  private func plan(_ steps: String, head: String = "", after: String = "") throws -> Plan {
    let text = Fixture.file(steps, head: head) + after
    return try #require(Fixture.compile(text).plan, "\(Fixture.rendered(text))")
  }

  static let nested = """
    first:
      steps:
        a:
          choose:
            x: {if: "true", value: "1"}
            y: {else: true, steps: {deep: {value: "2"}}}
        b: {value: "3"}
    second: {value: "4"}
    third: {steps: {c: {value: "5"}}}
    """

  @Test("numbers its steps scope by scope, level by level, handlers last")
  func numbering() throws {
    let plan = try plan(
      Self.nested, after: "finally: {end: {steps: {z: {value: '1'}}}}\non_failure: {tell: {value: '1'}}\n")
    #expect(
      plan.steps.map(\.path) == [
        "first", "second", "third", "first.a", "first.b", "third.c", "first.a.x", "first.a.y",
        "first.a.y.deep", "on_failure.tell", "finally.end", "finally.end.z",
      ])
    #expect(plan.scopes.map(\.steps) == [0..<3, 3..<5, 5..<6, 6..<8, 8..<9, 9..<10, 10..<11, 11..<12])
    #expect(plan.scopes.map { $0.owner?.position } == [nil, 0, 2, 3, 7, nil, nil, 10])
    #expect((plan.onFailure, plan.onCancel, plan.finally) == (5, nil, 6))
    #expect(plan.steps.map(\.scope) == [0, 0, 0, 1, 1, 2, 3, 3, 4, 5, 6, 7])
  }

  @Test("is the same however often it is made")
  func stable() throws {
    let plans = try (0..<5).map { _ in try plan(Self.nested) }
    #expect(Set(plans.map { $0.steps.map(\.path) }).count == 1)
    #expect(Set(plans.map { $0.steps.map(\.needs) }).count == 1)
  }

  @Test("waits for what is mentioned, strongly for outputs, weakly for how it ended")
  func strength() throws {
    let plan = try plan(
      """
      a: {value: "1"}
      b: {value: steps.a.output}
      c: {value: steps.a.status}
      d: {value: "steps.a.?output.orValue(0)"}
      e: {needs: [a, {b: ended}], value: "1"}
      f: {value: "has(steps.a.output) && steps.b.output > 0"}
      g: {needs: [{a: ended}], value: steps.a.output}
      """)
    func needs(_ step: Int) -> [String] {
      plan.steps[step].needs.map { "\($0.step.position) \($0.strength) \($0.reason)" }
    }
    #expect(needs(1) == ["0 strong steps.a.output"])
    #expect(needs(2) == ["0 weak steps.a.status"])
    #expect(needs(3) == ["0 weak steps.a.?output"])
    #expect(needs(4) == ["0 strong needs", "1 weak needs"])
    #expect(needs(5) == ["0 weak steps.a.?output", "1 strong steps.b.output"])
    #expect(needs(6) == ["0 strong steps.a.output"])
    #expect(plan.steps[0].successors.map(\.step.position) == [1, 2, 3, 4, 5, 6])
  }

  @Test("an edge out of a group is an edge of the group; the nearest step of a name is meant")
  func lifting() throws {
    let plan = try plan(
      """
      a: {value: "1"}
      group:
        steps:
          inner: {steps: {deep: {value: steps.a.output + steps.b.output}}}
          b: {value: "2"}
      b: {value: "'outer'"}
      """)
    #expect(plan.steps[1].needs.map(\.step.position) == [0])
    #expect(plan.steps[3].needs.map(\.step.position) == [4])
    #expect(plan.steps[5].needs == [])
    guard case .value(.expression(let bound)) = plan.steps[5].kind else {
      Issue.record("deep is no value.")
      return
    }
    #expect(bound.references == [.step(StepIndex(0), .output), .step(StepIndex(4), .output)])
    #expect(bound.expression.type == .int)
  }

  @Test("binds items, rounds and carried values to the nearest step that has them")
  func surroundings() throws {
    let plan = try plan(
      """
      outer:
        for_each: "[1, 2]"
        as: number
        key: ${{ number }}
        steps:
          poll:
            repeat:
              max: 3
              carry: {seen: 0}
              until: steps.look.output > 2
              next: {seen: "${{ carry.seen + iteration }}"}
            steps:
              look: {value: number + carry.seen + iteration + item_index}
          each:
            for_each: "['a']"
            value: "item + string(number)"
      """)
    func references(_ path: String) -> [Reference] {
      guard let step = plan.steps.first(where: { $0.path == path }),
        case .value(.expression(let bound)) = step.kind
      else { return [] }
      return bound.references
    }
    let (outer, poll, each) = (StepIndex(0), StepIndex(1), StepIndex(2))
    #expect(
      references("outer.poll.look") == [.item(outer), .carry(poll), .iteration(poll), .itemIndex(outer)])
    #expect(references("outer.each") == [.item(each), .item(outer)])
    #expect(plan.steps[1].loop?.until?.references == [.step(StepIndex(3), .output)])
  }

  @Test("merges defaults under the step's own keys")
  func defaults() throws {
    let plan = try plan(
      """
      a: {uses: http.request, with: {url: "https://a.org/", headers: {a: b}}, retry: {attempts: 5}}
      b: {uses: shell, with: {run: "true"}, timeout: 3s}
      """,
      head: """
        defaults:
          retry: {attempts: 2, backoff: {initial: 4s, max: 8s}, classes: [timeout]}
          connectors:
            http.request: {connection: site, timeout: 7s, with: {url: "https://x.org/", method: POST}}

        """)
    guard case .connector(let call) = plan.steps[0].kind, case .literal(let with) = call.with else {
      Issue.record("a is no call with literal values.")
      return
    }
    #expect(with == ["url": "https://a.org/", "headers": ["a": "b"], "method": "POST"])
    #expect(call.connection == "site")
    guard case .fixed(let attempts) = plan.steps[0].retry.attempts,
      case .fixed(let initial) = plan.steps[0].retry.initial,
      case .fixed(let timeout)? = plan.steps[0].timeout
    else {
      Issue.record("Something is not fixed.")
      return
    }
    #expect((attempts, initial, timeout) == (5, .seconds(4), .seconds(7)))
    #expect(plan.steps[1].retry.classes == [.timeout])
  }

  @Test("explains each edge, in both languages")
  func explanation() throws {
    let plan = try plan(
      """
      report: {value: steps.group.output.inner}
      group: {needs: [{first: ended}], steps: {inner: {value: "1"}}}
      first: {value: "1"}
      """)
    #expect(
      plan.explanation(.english) == """
        first (waits for nothing)
        first -> group (group waits until first has ended)
        group -> report (report reads group.output)
        group.inner (waits for nothing)
        """)
    #expect(plan.explanation(.portuguese).contains("first -> group (group espera first terminar)"))
    #expect(
      plan.summary(.english)
        == "4 steps; order: first -> group -> report "
        + "(report reads group.output; group waits until first has ended)"
    )
  }

  @Test("takes in the files that its steps name, once each")
  func files() throws {
    let plan = try plan(
      """
      a: {uses: python, with: {program: one.py, files: {t: data/two.csv}}}
      b: {uses: python, with: {program: one.py}}
      """)
    #expect(plan.files == ["one.py", "data/two.csv"])
  }

  @Test("of a thousand steps in a chain is made at once")
  func long() throws {
    let steps = (0..<1_000).map {
      $0 == 0 ? "s0: {value: '1'}" : "s\($0): {value: steps.s\($0 - 1).output + 1}"
    }
    let plan = try plan(steps.joined(separator: "\n"))
    #expect(plan.order(ofScope: 0).map(\.position) == Array(0..<1_000))
  }
}

import Expressions
import Model
import Pipelines
import Testing

@Suite("The kinds of steps beside connectors", .timeLimit(.minutes(1)))
struct KindTests {
  private func plan(_ steps: String, head: String = "", after: String = "") throws -> Plan {
    let text = Fixture.file(steps, head: head) + after
    return try #require(Fixture.compile(text).plan, "\(Fixture.rendered(text))")
  }

  static let approve = "approve: {approves: true}"

  static let steps: [(String, [String])] = [
    ("a: {ask: {title: t, to: {groups: [g]}, choices: {yes_: {}}}}", []),
    ("a: {ask: {title: t, to: {users: x}, choices: {x: {form: {type: object}}}}}", []),
    ("a: {ask: {title: t, to: {users: '${{ [1] }}'}, choices: {x: {}}}}", ["type-error"]),
    ("a: {ask: {title: t, to: {users: 5}, choices: {x: {}}}}", ["type-error"]),
    ("a: {ask: {title: t, to: {}, choices: {x: {}}}}", ["missing-key"]),
    ("a: {ask: {to: {users: x}}}", ["missing-key", "missing-key"]),
    ("a: {ask: {title: t, to: {users: x}, choices: {}}}", ["wrong-value"]),
    ("a: {ask: {title: t, to: {users: x}, choices: {Bad: {}}}}", ["bad-name"]),
    ("a: {ask: {title: t, to: {users: x}, choices: {x: {form: {tipe: object}}}}}", ["bad-schema"]),
    ("a: {ask: {title: t, to: {users: x}, choices: {x: {form: text}}}}", ["wrong-type"]),
    ("a: {ask: {title: t, to: {users: x}, choices: {x: {form: {const: '${{ 1 }}'}}}}}", ["literal-only"]),
    ("a: {ask: {title: t, to: {users: x}, choices: {x: {approves: 1}}}}", ["wrong-type"]),
    ("a: {ask: {title: t, show: 5, to: {users: x}, choices: {x: {}}}}", ["type-error"]),
    ("a: {ask: {title: t, to: {users: x}, choices: {x: {}}, quorum: 0}}", ["wrong-value"]),
    ("a: {ask: {title: t, to: {users: x}, choices: {x: {}}, expires: 5}}", ["duration-unit"]),
    ("a: {ask: {title: t, to: {users: x}, choices: {x: {}}, on_expiry: y}}", ["unknown-choice"]),
    (
      "a: {ask: {title: t, to: {users: x}, choices: {x: {approves: true}}, on_expiry: x}}",
      ["expiry-approves"]
    ),
    ("a: {ask: {title: t, to: {users: x}, choices: {x: {}}, escalate: {after: 1h}}}", ["missing-key"]),
    ("a: {ask: {title: t, to: {users: x}, choices: {x: {}}}, timeout: 5m}", ["key-without-effect"]),
    ("a: {ask: {title: t, to: {users: x}, choices: {x: {}}}, retry: {attempts: 2}}", ["key-without-effect"]),
    ("a: {ask: {title: t, to: {users: x}, choices: {x: {}}}, deadline: 5m}", []),
    ("a: {uses: human.approve, with: {title: t, to: {groups: [g]}}}", []),
    ("a: {uses: human.approve, with: {title: t, to: {groups: [g]}, on_expiry: reject}}", []),
    (
      "a: {uses: human.approve, with: {title: t, to: {groups: [g]}, on_expiry: approve}}", ["expiry-approves"]
    ),
    ("a: {uses: human.approve, with: {title: t, to: {groups: [g]}, choices: {}}}", ["unknown-key"]),
    ("a: {uses: human.approve, with: {title: t, to: {users: u}}, connection: c}", ["key-without-effect"]),
    ("a: {wait: {for: 5m}}", []), ("a: {wait: {for: 5}}", ["duration-unit"]),
    ("a: {wait: 5m}", ["wrong-type"]),
    ("a: {wait: {}}", ["missing-key"]), ("a: {wait: {until: now + duration('5m')}}", []),
    ("a: {wait: {until: '5'}}", ["type-error"]), ("a: {wait: {for: 1s, until: now}}", ["two-kinds"]),
    ("a: {wait: {signal: {name: n, key: k, broadcast: true}}}", []),
    ("a: {wait: {signal: {key: k}}}", ["missing-key"]),
    ("a: {wait: {signal: {name: n, schema: {type: text}}}}", ["bad-schema"]),
    ("a: {wait: {signal: {name: n, schema: s/x.json}}}", []),
    ("a: {wait: {signal: {name: n, schema: ../x.json}}}", ["bad-path"]),
    ("a: {wait: {signal: {name: n, schema: missing.py}}}", ["file-not-found"]),
    ("a: {wait: {signal: {name: n, schema: other.txt}}}", ["bad-schema"]),
    ("a: {wait: {signal: {name: n}}, timeout: 5m}", ["key-without-effect"]),
    ("a: {call: {pipeline: other}}", []), ("a: {call: {pipeline: ns/other, revision: 3, detach: true}}", []),
    ("a: {call: {pipeline: a/b/c}}", ["bad-name"]), ("a: {call: {}}", ["missing-key"]),
    ("a: {call: {pipeline: '${{ job.key }}'}}", ["literal-only"]),
    ("a: {call: {pipeline: x, inputs: 5}}", ["type-error"]),
    ("a: {call: {pipeline: x, revision: 0}}", ["wrong-type"]),
    ("a: {call: {pipeline: x}, retry: {attempts: 2}}", ["key-without-effect"]),
    ("a: {end: {status: success, outputs: {x: 1}}}", []), ("a: {end: {}}", ["missing-key"]),
    ("a: {end: {status: running}}", ["wrong-value"]),
    ("a: {end: {status: success, class: data}}", ["key-without-effect"]),
    ("a: {end: {status: failed, class: odd}}", ["wrong-value"]),
    ("a: {end: {status: success}, rescue: {value: '1'}}", ["key-without-effect"]),
    ("a: {end: {status: success}}\nb: {value: steps.a.output}", ["unknown-field"]),
    ("a: {uses: shell, with: {run: x}, rescue: {classes: [exit], value: '1'}}", []),
    ("a: {uses: shell, with: {run: x}, rescue: {classes: [exit]}}", ["no-kind"]),
    ("a: {uses: shell, with: {run: x}, rescue: {value: '1', uses: fail}}", ["two-kinds"]),
    ("a: {uses: shell, with: {run: x}, rescue: {value: '1', if: 'true'}}", ["key-without-effect"]),
    ("a: {uses: shell, with: {run: x}, rescue: {value: '1', needs: []}}", ["key-without-effect"]),
    ("a: {uses: shell, with: {run: x}, rescue: {value: '1', for_each: '[1]'}}", ["key-without-effect"]),
    ("a: {uses: shell, with: {run: x}, rescue: 5}", ["wrong-type"]),
    ("a: {uses: shell, with: {run: x}, rescue: {classes: [odd], value: '1'}}", ["wrong-value"]),
    ("a: {uses: shell, with: {run: x}, rescue: {value: steps.a.error.message}}", []),
    ("a: {uses: shell, with: {run: x}, rescue: {value: steps.a.output}}", ["unknown-field"]),
    ("a: {value: '1', on_failure: {b: {value: '1'}}}", ["key-without-effect"]),
    ("a: {steps: {b: {value: '1'}}, on_failure: {c: {value: job.error.message}}}", []),
    ("a: {steps: {b: {value: '1'}}, on_failure: {c: {value: steps.a.error.message}}}", []),
    ("a: {steps: {b: {value: '1'}}, finally: {c: {value: steps.b.output}}}", ["conditional-output"]),
    ("a: {steps: {b: {value: '1'}}, finally: {c: {value: 'steps.b.?output.orValue(0)'}}}", []),
    ("o: {value: '1'}\na: {steps: {b: {value: '1'}}, finally: {c: {value: steps.o.output}}}", []),
    ("a: {steps: {b: {value: '1'}}, finally: {c: {value: '1'}, d: {needs: [c], value: '1'}}}", []),
    ("a: {value: '1', on_kill: run}", ["key-without-effect"]),
    ("a: {steps: {b: {value: '1'}}, finally: {c: {value: '1', on_kill: run}}}", ["key-without-effect"]),
  ]

  @Test("are read by their rules", arguments: steps)
  func step(text: String, codes: [String]) {
    let found = Fixture.codes(Fixture.file(text))
    #expect(found.sorted() == codes.sorted(), "\(Fixture.rendered(Fixture.file(text)))")
  }

  static let heads: [(String, [String])] = [
    ("finally: {c: {value: '1', on_kill: run}}", []),
    ("finally: {c: {value: '1', on_kill: wait}}", ["wrong-value"]),
    ("on_failure: {c: {value: '1', on_kill: run}}", ["key-without-effect"]),
    ("after_each: {log: {if: step.status == 'failed', value: step.error.message}}", []),
    ("after_each: {log: {value: step.output}, more: {value: steps.log.output}}", []),
    (
      "after_each: {log: {value: 'step.iteration == null || step.duration > 1.0 || size(step.needs) > 0'}}",
      []
    ),
    ("after_each: {log: {value: steps.a.output}}", ["unknown-step"]),
    ("after_each: {log: {value: step.worker}}", ["type-error"]),
    ("after_each: {log: {value: inputs.x}}", ["unknown-input"]),
    ("outputs: {x: '${{ steps.log.output }}'}\nafter_each: {log: {value: '1'}}", ["unknown-step"]),
  ]

  @Test("and of what stands beside the job's steps", arguments: heads)
  func head(text: String, codes: [String]) {
    let file = Fixture.file("a: {value: '1'}", head: text + "\n")
    #expect(Fixture.codes(file).sorted() == codes.sorted(), "\(Fixture.rendered(file))")
  }
}

import Model
import Pipelines
import Testing

/// One step, or a few, and the codes that they give.
@Suite("A rule of the format", .timeLimit(.minutes(1)))
struct RuleTests {
  static let steps: [(String, [String])] = [
    ("a: {value: steps}", ["literal-step"]), ("a: {value: \"steps['b']\"}", ["literal-step"]),
    ("a: {value: steps.a.output}", ["cycle"]), ("a: {needs: [a], value: '1'}", ["cycle"]),
    ("a: {needs: [b], value: '1'}", ["unknown-step"]), ("a: {value: iteration}", ["not-visible"]),
    ("a: {value: carry.x}", ["not-visible"]), ("a: {value: item}", ["not-visible"]),
    ("a: {value: item_index}", ["not-visible"]), ("a: {value: settings.x}", []),
    ("a: {value: job.error.message}", ["type-error"]), ("a: {value: trigger.nothing}", ["type-error"]),
    ("a: {value: random.hex(4)}", ["unknown-name"]), ("a: {value: hello}", ["unknown-name"]),
    ("a: {value: inputs.x}", ["unknown-input"]), ("a: {value: vars.x}", ["unknown-variable"]),
    ("a: {value: '${{ 1'}", ["unclosed-expression"]),
    ("a: {if: 'x ${{ true }}', value: '1'}", ["mixed-expression"]),
    ("a: {value: '1', timeout: 5s}", ["key-without-effect"]),
    ("a: {value: '1', as: x}", ["key-without-effect"]),
    ("a: {value: '1', output: {}}", ["key-without-effect"]),
    ("a: {steps: {b: {value: '1'}}, retry: {attempts: 2}}", ["key-without-effect"]),
    ("a: {for_each: 5, value: '1'}", ["type-error"]),
    ("a: {for_each: '[1]', max_parallel: 0, value: '1'}", ["wrong-value"]),
    ("a: {for_each: '[1]', allow_failed: 120%, value: '1'}", ["wrong-value"]),
    ("a: {for_each: '[1]', keep: some, value: '1'}", ["wrong-value"]),
    ("a: {repeat: {max: 10001}, value: '1'}", ["wrong-value"]),
    ("a: {repeat: {max: 2, next: {x: 1}}, value: '1'}", ["unknown-carry"]),
    ("a: {repeat: {max: 2, carry: {x: 1}, next: {x: text}}, value: '1'}", ["type-error"]),
    ("a: {repeat: {max: 2, carry: {x: null}, next: {x: text}}, value: '1'}", []),
    ("a: {repeat: {max: 2, until: steps.a.output > 0}, value: '1'}", []),
    ("a: {choose: {x: {value: '1'}}}", ["missing-key"]),
    ("a: {choose: {x: {else: true, value: '1'}, y: {if: 'true', value: '1'}}}", ["else-not-last"]),
    ("a: {choose: {x: {if: 'true', else: true, value: '1'}}}", ["two-kinds"]),
    ("a: {choose: {x: {if: 'true', value: '1'}, y: {else: true, value: steps.x.output}}}", ["unknown-step"]),
    ("a: {choose: {x: {if: 'true', value: '1', needs: [b]}}}\nb: {value: '1'}", ["key-without-effect"]),
    ("a: {choose: {x: {else: true, value: '1'}}}\nb: {value: steps.a.branch}", []),
    ("a: {value: '1'}\nb: {value: steps.a.branch}", ["unknown-field"]),
    ("a: {value: '1'}\nb: {value: steps.a.outputs}", ["unknown-field"]),
    ("a: {for_each: '[1]', value: item}\nb: {value: 'steps.a.results.map(r, r.item + 1)'}", []),
    ("a: {for_each: '[1]', value: item}\nb: {value: 'steps.a.results.map(r, r.output)'}", ["type-error"]),
    ("a: {for_each: '[1]', value: item}\nb: {value: steps.a.counts.total + 1}", []),
    ("a: {uses: notify, with: {title: '${{ 1 }}'}}", ["type-error"]),
    ("a: {uses: notify, with: {title: 1}}", ["wrong-value"]),
    ("a: {uses: notify, with: {title: t, to: ['${{ 1 }}']}}", ["type-error"]),
    ("a: {uses: notify, with: {title: t, to: \"${{ ['a'] }}\"}}", []),
    ("a: {uses: notify, with: {title: \"${{ {'a': 1}.?b }}\"}}", ["type-error"]),
    ("a: {uses: notify, connection: x, with: {title: t}}", ["key-without-effect"]),
    ("a: {uses: object.put, with: {bucket: b, key: k, body: ''}}", ["missing-key"]),
    ("a: {uses: notify@2, with: {title: t}}", ["unknown-connector"]),
    ("a: {uses: notify@1, with: {title: t}}", []), ("a: {uses: human.approve}", ["missing-key"]),
    ("a: {uses: shell, with: {run: x}, retry: {attempts: 21}}", ["wrong-value"]),
    ("a: {uses: shell, with: {run: x}, retry: {classes: [flaky]}}", ["wrong-value"]),
    ("a: {uses: shell, with: {run: x}, retry: {backoff: {initial: 9s, max: 3s}}}", ["inner-limit"]),
    ("a: {uses: shell, with: {run: x}, timeout: 1w}", ["bad-duration"]),
    ("a: {uses: shell, with: {run: x}, timeout: -5s}", ["bad-duration"]),
    ("a: {uses: shell, with: {run: x, program: p.py}}", ["wrong-value"]),
    ("a: {uses: python, with: {program: '${{ inputs.x }}'}}", ["unknown-input", "literal-only"]),
    ("a: {uses: python, with: {program: /etc/x.py}}", ["bad-path"]), ("a: 5", ["wrong-type"]),
    ("a:", ["wrong-type"]),
    ("a: {}", ["no-kind"]), ("a: {steps: {}}", ["no-steps"]), ("if: {value: '1'}", ["bad-name"]),
  ]

  @Test("is kept by steps", arguments: steps)
  func step(text: String, codes: [String]) {
    let found = Fixture.codes(Fixture.file(text))
    #expect(found.sorted() == codes.sorted(), "\(Fixture.rendered(Fixture.file(text)))")
  }

  static let heads: [(String, [String])] = [
    ("vars: {a: '${{ vars.b }}', b: 1}", ["unknown-variable"]), ("vars: {a: 1, b: '${{ vars.a + 1 }}'}", []),
    ("vars: {a: '${{ random.hex(4) }}'}", []), ("key: run_${{ random.hex(12) }}", []),
    ("key: '${{ job.key }}'", ["type-error"]), ("key: '${{ steps.a.status }}'", ["not-visible"]),
    ("inputs: {a: {type: string, default: '${{ inputs.a }}'}}", ["not-visible"]),
    ("inputs: {a: {type: string, default: '${{ trigger.message.x }}'}}", []),
    ("inputs: {a: {type: artifact, media_type: text/csv}}", []),
    ("inputs: {a: {$ref: '#/$defs/x'}}", ["bad-schema"]), ("inputs: {a: string}", ["wrong-type"]),
    ("labels: {team: 5}", ["wrong-type"]), ("apiVersion: esteira/v2", ["duplicate-key"]),
    ("after_each: {}", ["no-steps"]),
    ("defaults: {retries: {}}", ["unknown-key"]),
    ("defaults: {connectors: {shel: {timeout: 5s}}}", ["unknown-connector"]),
    ("triggers: {a: {}}", ["missing-key"]),
    (
      "triggers: {a: {webhook: {path: x, verify: {scheme: bearer, credential: c}}, files: {path: /x}}}",
      ["two-kinds"]
    ),
    ("triggers: {a: {queue: {connection: c, list: l, queue: q}}}", ["two-kinds"]),
    ("triggers: {a: {schedule: {cron: '* * * *'}}}", ["bad-cron"]),
    ("triggers: {a: {schedule: {cron: '+5 * * * *'}}}", ["bad-cron"]),
    ("triggers: {a: {schedule: {cron: '*/+5 * * * *'}}}", ["bad-cron"]),
    ("triggers: {a: {schedule: {cron: '*/5 0-23/2 1,15 jan-mar mon'}}}", []),
    (
      "triggers: {a: {webhook: {path: x, verify: {scheme: bearer, credential: c}}, inputs: {none: 1}}}",
      ["unknown-input"]
    ),
    ("on_failure: {a: {value: job.error.message}}", []),
    ("finally: {a: {value: job.error.message}}", ["type-error"]),
    ("finally: {b: {value: steps.a.output}}", ["conditional-output"]),
    ("finally: {b: {value: 'steps.a.?output'}}", ["type-error"]),
    ("finally: {b: {value: 'steps.a.?output.orValue(0)'}}", []),
    ("outputs: {x: '${{ steps.a.output }}'}", []),
    ("outputs: {x: '${{ steps.b.output }}'}", ["unknown-step"]), ("on: {push: {}}", ["unknown-key"]),
  ]

  @Test("is kept by what stands above the steps", arguments: heads)
  func head(text: String, codes: [String]) {
    let file = Fixture.file("a: {value: '1'}", head: text + "\n")
    let codes = codes + Fixture.codes(file).filter { $0 == "no-effect-yet" }
    #expect(Fixture.codes(file).sorted() == codes.sorted(), "\(Fixture.rendered(file))")
  }

  @Test("offline a foreign connector is taken as given, but not a misspelled one of ours")
  func offline() {
    let file = Fixture.file(
      """
      a: {uses: spark.submit, with: {any: thing}}
      b: {value: steps.a.output.rows + 1}
      c: {uses: http.fetch}
      d: {uses: shel}
      """)
    let findings = Fixture.compile(file, offline: true).findings
    #expect(findings.map(\.code) == ["unchecked-connector", "unknown-connector", "unknown-connector"])
    #expect(findings.map(\.severity) == [.warning, .error, .error])
  }

  @Test("that a default breaks in many steps is told once")
  func once() {
    let file = Fixture.file(
      (0..<5).map { "s\($0): {uses: shell, with: {run: x}}" }.joined(separator: "\n"),
      head: "defaults: {connectors: {shell: {timeout: 5}}}\n")
    #expect(Fixture.codes(file) == ["duration-unit"])
  }

  @Test("that is broken everywhere is told a bounded number of times")
  func bounded() {
    let words = (0..<20_000).map { "${{ no\($0) }}" }.joined()
    let compilation = Fixture.compile(Fixture.file("a: {value: \"\(words)\"}"))
    #expect(compilation.findings.count == 200)
    #expect(compilation.findings.allSatisfy { $0.sourceLine.utf8.count <= 2_100 })
  }
}

import Expressions
import Model
import Pipelines
import Testing

@Suite("A rule of limits, places and identity", .timeLimit(.minutes(1)))
struct LimitRuleTests {
  static let steps: [(String, [String])] = [
    ("concurrency: {key: k, limit: 2, when_full: skip}", ["key-without-effect"]),
    ("concurrency: {key: k, limit: 2, when_full: skip, max_queued: 4}", ["key-without-effect"]),
    ("concurrency: {limit: 0}", ["wrong-value"]), ("concurrency: {key: k}", ["missing-key"]),
    ("concurrency: {key: [a], limit: 1}", ["wrong-type"]), ("concurrency: 3", ["wrong-type"]),
    ("concurrency: {limit: 1, scope: tenant}", ["wrong-value"]),
    ("concurrency: {limit: 1, places: 3}", ["unknown-key"]),
    ("concurrency: {limit: \"${{ 'two' }}\"}", ["type-error"]),
    ("exclusive: 'login-${{ inputs.account }}'", ["unknown-input"]),
    ("exclusive: {key: x}", ["wrong-type"]), ("rate_limit: {limit: 10, per: 1s}", []),
    ("rate_limit: {limit: 10, per: 0s}", ["wrong-value"]),
    ("rate_limit: {limit: 10, per: 5}", ["duration-unit"]),
    ("rate_limit: {limit: 10, per: '${{ 5 }}'}", ["type-error"]),
    ("circuit: {failures: 5, recover_after: 30s}", []), ("circuit: {failures: 5}", ["missing-key"]),
    ("circuit: {key: c, recover_after: 30s}", ["missing-key"]),
    ("cache: {key: k, for: 5m}", []), ("cache: {for: 5m}", ["missing-key"]),
    ("cache: {key: '${{ [1] }}', for: 5m}", ["type-error"]), ("priority: 9", []),
    ("priority: 10", ["wrong-value"]), ("priority: \"${{ 'high' }}\"", ["type-error"]),
    ("queue: heavy_work-2", []), ("queue: '${{ job.id }}'", ["literal-only"]), ("queue: Heavy", ["bad-name"]),
    ("isolation: {where: node}", []), ("isolation: {where: process, image: x}", ["key-without-effect"]),
    ("isolation: {image: x}", ["missing-key"]), ("isolation: {where: container}", ["missing-key"]),
    ("isolation: {where: kubernetes, image: x, network: all}", ["wrong-value"]),
    ("isolation: {where: kubernetes, image: x, network: {egress: web}}", ["wrong-type"]),
    ("isolation: {where: kubernetes, image: x, limits: {memory: much}}", ["wrong-value"]),
    ("isolation: {where: kubernetes, image: x, limits: {disk: 1Gi}}", ["unknown-key"]),
    ("batch: 5", ["key-without-effect"]),
  ]

  @Test("is kept by steps with an attempt", arguments: steps)
  func step(key: String, codes: [String]) {
    let file = Fixture.file("a:\n  uses: shell\n  with: {run: x}\n  \(key)")
    let found = Fixture.compile(file).findings.filter { $0.severity == .error }.map(\.code)
    #expect(found.sorted() == codes.sorted(), "\(Fixture.rendered(file))")
  }

  @Test("keeps limits from what makes no attempt", arguments: ["steps: {b: {value: '1'}}", "value: '1'"])
  func withoutAttempt(kind: String) {
    for key in [
      "concurrency: {limit: 1}", "exclusive: x", "rate_limit: {limit: 1, per: 1s}",
      "circuit: {failures: 1, recover_after: 1s}", "cache: {key: k, for: 1m}", "priority: 3", "queue: q",
      "isolation: {where: node}",
    ] {
      #expect(Fixture.codes(Fixture.file("a:\n  \(kind)\n  \(key)")) == ["key-without-effect"], "\(key)")
    }
  }

  static let heads: [(String, [String])] = [
    ("concurrency: {key: \"${{ steps.a.status }}\", limit: 1}", ["not-visible"]),
    ("concurrency: {key: \"${{ random.hex(4) }}\", limit: 1}", ["unknown-name"]),
    ("priority: '${{ settings.urgent ? 9 : 5 }}'", []), ("priority: 5.5", ["wrong-value"]),
    ("fair_key: '${{ trigger.actor }}'", []), ("fair_key: '${{ vars.x }}'", ["unknown-variable"]),
    ("correlation: '${{ job.key }}'", []), ("correlation: '${{ job.status }}'", ["type-error"]),
    ("correlation: '${{ step.key }}'", ["not-visible"]),
    ("job_labels: {user: '${{ trigger.actor }}', tier: 1}", []),
    ("job_labels: {user: {a: b}}", ["wrong-type"]), ("job_labels: {User: x}", ["bad-name"]),
    ("access: {owner: ana}", []), ("access: {}", ["missing-key"]),
    ("access: {reader: ana}", ["missing-key", "unknown-key"]),
    ("privacy: {purpose: p, legal_basis: b, data: health}", ["wrong-type"]),
    ("log_file: /var/log/x.log", ["bad-path"]), ("log_file: a//b", ["bad-path"]),
    ("log_file: '${{ job.id }}.log'", ["literal-only"]), ("expect: {}", ["wrong-value"]),
    ("expect: {finish_by: {at: '25:00', timezone: UTC}}", ["wrong-value"]),
    ("expect: {finish_by: {at: '09:00', timezone: Mars}}", ["unknown-zone"]),
    ("expect: {volume: {metric: m, compare: mean}}", ["missing-key"]),
    ("defaults: {isolation: {where: vm}}", ["wrong-value"]),
    ("defaults: {connectors: {shell: {priority: 11}}}", []),
    ("triggers: {a: {webhook: {path: x, verify: {scheme: bearer, credential: c}}, enabled: false}}", []),
    (
      "triggers: {a: {webhook: {path: x, verify: {scheme: bearer, credential: c}}, enabled: '${{ now }}'}}",
      ["not-visible"]
    ),
    (
      "triggers: {a: {webhook: {path: x, verify: {scheme: bearer, credential: c}}, enabled: '${{ 1 }}'}}",
      ["type-error"]
    ),
    (
      "triggers: {a: {queue: {connection: c, list: l}, deliver: {signal: s, key: '${{ inputs.x }}'}}}",
      ["not-visible"]
    ),
    (
      "triggers: {a: {queue: {connection: c, list: l}, "
        + "deliver: {signal: s, payload: {a: ['${{ trigger.body }}']}}}}",
      []
    ),
    ("triggers: {a: {webhook: {path: x, verify: {scheme: none, credential: c}}}}", ["wrong-value"]),
    ("triggers: {a: {webhook: {path: x}}}", ["missing-key"]),
    ("triggers: {a: {webhook: {path: a/b, verify: {scheme: github, credential: c}}}}", ["wrong-value"]),
    ("triggers: {a: {webhook: {path: .., verify: {scheme: github, credential: c}}}}", ["wrong-value"]),
    ("triggers: {a: {webhook: {path: \"\", verify: {scheme: github, credential: c}}}}", ["wrong-value"]),
    ("triggers: {a: {queue: {connection: c, list: l, when_full: drop}}}", ["wrong-value"]),
    ("triggers: {a: {queue: {connection: c, list: l, schema: ../x.json}}}", ["bad-path"]),
    ("triggers: {a: {schedule: {cron: '* * * * *', calendar: 5}}}", ["wrong-type"]),
    ("triggers: {a: {files: {path: /x, stable_for: 5}}}", ["duration-unit"]),
    ("triggers: {a: {pipeline: {pipeline: p, status: [done]}}}", ["wrong-value"]),
  ]

  @Test("is kept by what stands above the steps", arguments: heads)
  func head(text: String, codes: [String]) {
    let file = Fixture.file("a: {value: '1'}", head: text + "\n")
    let found = Fixture.compile(file).findings.filter { $0.severity == .error }.map(\.code)
    #expect(found.sorted() == codes.sorted(), "\(Fixture.rendered(file))")
  }
}

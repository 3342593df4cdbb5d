import Model
import Pipelines
import Testing

@Suite("A plan of limits and identity", .timeLimit(.minutes(1)))
struct LimitPlanTests {
  private func plan(_ steps: String, head: String = "") throws -> Plan {
    let text = Fixture.file(steps, head: head)
    return try #require(Fixture.compile(text).plan, "\(Fixture.rendered(text))")
  }

  private func literal(_ template: Template?) -> JSON? {
    if case .literal(let json) = template { json } else { nil }
  }

  private func fixed(_ count: Count?) -> Int? { if case .fixed(let value) = count { value } else { nil } }

  private func fixed(_ timing: Timing?) -> Duration? {
    if case .fixed(let value) = timing { value } else { nil }
  }

  @Test("holds what the head says of the job")
  func head() throws {
    let plan = try plan(
      "a: {value: '1'}",
      head: """
        inputs: {user: {type: string, x-personal-data: true}}
        concurrency: {scope: namespace, key: work, limit: 3, when_full: queue, max_queued: 10}
        rate_limit: {key: "${{ inputs.user }}", limit: 10, per: 1m}
        priority: 7
        fair_key: ${{ inputs.user }}
        correlation: c-${{ job.id }}
        job_labels: {user: "${{ inputs.user }}", kind: test}
        access: {owner: "${{ inputs.user }}"}
        privacy: {purpose: p, legal_basis: b, data: [name], contact: dpo, retention: 90d}
        log_file: demo/test.log
        expect: {success_every: 7d}

        """)
    let identity = plan.identity
    let concurrency = try #require(identity.concurrency)
    #expect((concurrency.scope, concurrency.whenFull) == (.namespace, .queue))
    #expect(literal(concurrency.key) == "work")
    #expect((fixed(concurrency.limit), fixed(concurrency.maxQueued)) == (3, 10))
    #expect(identity.rate?.scope == .pipeline)
    #expect((fixed(identity.rate?.limit), fixed(identity.rate?.per)) == (10, .seconds(60)))
    #expect(fixed(identity.priority) == 7)
    #expect(identity.labels.map(\.name) == ["user", "kind"])
    #expect(literal(identity.labels.last?.value) == "test")
    #expect(identity.fairKey != nil && identity.correlation != nil && identity.owner != nil)
    #expect(identity.privacy["retention"] == "90d")
    #expect((identity.logFile, identity.expect) == ("demo/test.log", ["success_every": "7d"]))
    #expect(plan.inputs.map(\.isPersonal) == [true])
  }

  @Test("holds the limits of a step, those of defaults under its own")
  func step() throws {
    let plan = try plan(
      """
      a:
        uses: shell
        with: {run: x}
        concurrency: {limit: 2}
        exclusive: login
        circuit: {failures: 5, recover_after: 30s}
        cache: {key: "k-${{ job.id }}", for: 5m}
        queue: heavy
        isolation: {where: node}
      b: {uses: shell, with: {run: x}, rate_limit: {limit: 1, per: 1h}}
      c: {value: "1"}
      """,
      head: """
        defaults:
          isolation: {where: process}
          connectors: {shell: {rate_limit: {scope: namespace, key: s, limit: 10, per: 1m}, priority: 2}}

        """)
    let limits = try #require(plan.steps[0].limits)
    #expect(fixed(limits.concurrency?.limit) == 2)
    #expect(limits.concurrency?.key == nil)
    #expect(literal(limits.exclusive) == "login")
    #expect((fixed(limits.circuit?.failures), fixed(limits.circuit?.recoverAfter)) == (5, .seconds(30)))
    #expect(fixed(limits.cache?.lifetime) == .seconds(300))
    #expect((limits.queue, fixed(limits.priority)) == ("heavy", 2))
    #expect((limits.rate?.scope, fixed(limits.rate?.limit)) == (.namespace, 10))
    #expect((plan.steps[1].limits?.rate?.scope, fixed(plan.steps[1].limits?.rate?.limit)) == (.pipeline, 1))
    #expect(plan.steps.map { $0.isolation?.place } == ["node", "process", nil])
    #expect(plan.steps[2].limits == nil)
  }

  @Test("holds lines and batches, and types their items")
  func fanOut() throws {
    let plan = try plan(
      """
      lines: {for_each: {lines: "${{ inputs.file }}"}, value: "item.size()"}
      batch: {for_each: {lines: "${{ inputs.file }}"}, batch: 500, value: "item.map(l, l.size())"}
      list: {for_each: "[1, 2, 3]", batch: "${{ 2 }}", value: lists.sum(item)}
      """, head: "inputs: {file: {type: artifact}}\n")
    #expect(plan.steps.map { $0.forEach?.isLines } == [true, true, false])
    #expect(plan.steps.map { fixed($0.forEach?.batch) } == [nil, 500, nil])
    #expect(plan.steps[2].forEach?.batch != nil)
  }

  @Test("holds when a trigger is enabled and what it delivers")
  func trigger() throws {
    let plan = try plan(
      "a: {value: '1'}",
      head: """
        triggers:
          results:
            enabled: ${{ settings.mode == 'queue' }}
            queue: {connection: rabbit, queue: results, when_full: requeue, schema: schemas/result.json}
            deliver:
              signal: result
              key: ${{ trigger.message.id }}
              payload: ${{ trigger.message }}
              unmatched: {keep: 2h, then: drop}
          short: {webhook: {path: x, verify: {scheme: bearer, credential: c}}, deliver: {signal: s}}

        """)
    let deliver = try #require(plan.triggers[0].deliver)
    #expect(plan.triggers[0].enabled != nil)
    #expect(literal(deliver.signal) == "result")
    #expect((deliver.keep, deliver.then) == (.seconds(7_200), .drop))
    #expect(plan.files == ["schemas/result.json"])
    let short = try #require(plan.triggers[1].deliver)
    #expect((short.keep, short.then) == (DeliverPlan.defaultKeep, .deadLetter))
    #expect(literal(short.payload) == .null)
  }
}

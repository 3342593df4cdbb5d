import Engine
import Foundation
import Model
import Stores
import Testing

@Suite("S28: histories outlive the program that wrote them", .timeLimit(.minutes(1)))
struct FactVersionTests {
  static let facts: [Fact] = {
    let body = Body(place: .event(sequence: 3, offset: 0, length: 40), value: ["a": 1])
    let far = Body(place: .row(BodyID(7)), value: ["b": 2])
    let text = Body(place: .event(sequence: 3, offset: 40, length: 33), value: "why")
    let (due, pause) = (Timestamp(microseconds: 1_800_000_000_000_000), Duration.seconds(90))
    let creation = Fact.Creation(namespace: "demo", pipeline: "p", revision: 2, engine: "0.1.0", key: "k")
    return [
      .created(creation, context: body), .opened(parent: nil, first: 0, step: 0, count: 3),
      .opened(parent: 1, first: 3, step: 3, count: 1),
      .items(parent: 1, first: 4, count: 2, parallel: 16, items: body),
      .round(parent: 2, node: 6, number: 1, max: 5, carry: body), .entered(1), .queued(0),
      .started(0, attempt: 1, effect: .keyed, input: far), .started(0, attempt: 2, effect: .once, input: nil),
      .succeeded(0, .success, output: body), .succeeded(0, .partial, output: nil),
      .failed(0, .timeout, .timeout, code: "timeout", message: text), .skipped(first: 4, count: 2, .limit),
      .retrying(0, .rateLimited, code: "", message: text, due: due, pause: pause),
      .delayed(2, due: due, pause: pause), .deadline(nil, due: due, after: pause),
      .deadline(1, due: due, after: pause), .lost(0, cause: "owner_restarted"), .question(0, reason: "lost"),
      .resolved(0, answer: "happened", actor: "local:ana"), .superseded(0, token: 9, output: body),
      .adopted(0, actor: "local:ana"), .stopping(0, .cancelled),
      .cancelRequested(actor: "local:ana", reason: text), .killed(actor: "local:ana", reason: text), .overdue,
      .phase(.onFailure), .outcome(.success, failure: nil, outputs: body),
      .outcome(
        .failed, failure: .init(errorClass: .data, code: "c", message: text, step: "a.b"), outputs: nil),
      .status(.needsAttention), .recovered(node: "ws2"), .quarantined(reason: "poison"),
    ]
  }()

  /// The text of every fact of version 1, one a line: never edited, for it is what old stores hold.
  static let stored = URL(filePath: #filePath).deletingLastPathComponent().appending(
    path: "Histories/facts-1.jsonl")

  @Test("every fact of version 1 reads back as what it was")
  func reads() throws {
    let lines = try String(contentsOf: Self.stored, encoding: .utf8).split(separator: "\n")
    let values = Dictionary(
      uniqueKeysWithValues: [
        Body(place: .event(sequence: 3, offset: 0, length: 40), value: ["a": 1]),
        Body(place: .row(BodyID(7)), value: ["b": 2]),
        Body(place: .event(sequence: 3, offset: 40, length: 33), value: "why"),
      ].map { ($0.place, $0.value) })
    let read = try lines.map { line in
      try Fact(try JSON(parsing: String(line))) { place throws(FactError) in values[place] ?? .null }
    }
    #expect(read == Self.facts)
  }

  @Test("the program still writes version 1 as it is stored")
  func writes() throws {
    let written = Self.facts.map { fact in
      var bytes: [UInt8] = []
      fact.append(to: &bytes)
      return String(decoding: bytes, as: UTF8.self)
    }
    let stored = try String(contentsOf: Self.stored, encoding: .utf8).split(separator: "\n").map(String.init)
    #expect(written == stored)
  }

  @Test("a fact that this version does not know is an error and no crash")
  func unknown() throws {
    #expect(throws: FactError.self) {
      try Fact(["f": "teleported", "n": 1]) { _ throws(FactError) in .null }
    }
  }

  @Test("a state reads back from its snapshot as it was", arguments: Backend.all)
  func snapshot(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await harness.start(
      """
      inputs: {n: {type: integer, default: 300}}
      steps:
        each:
          for_each: lists.range(inputs.n)
          max_parallel: 50
          uses: test.pure
          with: {value: {n: "${{ item }}"}}
        wait: {needs: [each], uses: test.keyed, with: {hold: true}}
      outputs: {sum: "${{ lists.sum(steps.each.outputs.map(o, o.n)) }}"}
      """)
    await harness.stage.holding("wait")
    let summary = try #require(try harness.readModel.job(job))
    let snapshot = try #require(try harness.store.snapshot(of: summary.number))
    #expect(snapshot.sequence > 100)
    let before = try await harness.view(job)
    try await harness.crashAndReopen()
    let after = try await harness.view(job)
    #expect(after.steps.filter { $0.path != "wait" } == before.steps.filter { $0.path != "wait" })
    #expect(after.steps.count == 302)
    await harness.stage.end("wait")
    #expect(try await harness.ended(job).outputs == ["sum": 44_850])
    #expect(try harness.history().replay(job).differences == [])
  }
}

@Suite("A replay", .timeLimit(.minutes(1)))
struct ReplayTests {
  @Test("names a changed fact, a changed row and a changed sealed byte")
  func tampered() async throws {
    let harness = try Harness(.sqlite)
    let job = try await harness.start(
      """
      steps:
        one: {uses: test.pure, with: {value: {n: 1}}}
        two: {needs: [one], uses: test.pure, with: {value: {n: 2}}}
        three: {needs: [two], uses: test.pure, with: {value: {n: 3}}}
      """)
    _ = try await harness.ended(job)
    #expect(try harness.history().replay(job).differences == [])

    try harness.sql(
      """
      UPDATE job_events
        SET payload = CAST(replace(CAST(payload AS TEXT), '"attempt":1', '"attempt":4') AS BLOB)
        WHERE sequence = 2;
      UPDATE step_executions SET attempts = 9 WHERE node = 2;
      UPDATE job_events SET sealed = CAST(x'00' || substr(sealed, 2) AS BLOB) WHERE sequence = 3;
      """)
    let differences = try harness.history().replay(job).differences.joined(separator: "\n")
    #expect(differences.contains("event 2: its facts or sealed bytes were changed"))
    #expect(differences.contains("step row 2: attempts is 9, the history says 1"))
    #expect(differences.contains("event 3:"))
    #expect(differences.contains("was changed or its key is gone"))
  }

  @Test("names a missing event")
  func gap() async throws {
    let harness = try Harness(.sqlite)
    let job = try await harness.start("steps: {one: {uses: test.pure}, two: {needs: [one], uses: test.pure}}")
    _ = try await harness.ended(job)
    try harness.sql("DELETE FROM job_events WHERE sequence = 2;")
    let differences = try harness.history().replay(job).differences
    #expect(differences.contains("event 2: missing from the history"))
  }
}

@Suite("Admission", .timeLimit(.minutes(1)))
struct AdmissionTests {
  @Test("the same idempotency key is the same job, also over a crash", arguments: Backend.all)
  func idempotent(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    try await harness.apply("steps: {one: {uses: test.pure}}")
    let first = try await harness.node.start(harness.request(key: "m-1"))
    let second = try await harness.node.start(harness.request(key: "m-1"))
    #expect(first.isNew && !second.isNew && first.job == second.job)
    _ = try await harness.ended(first.job)
    try await harness.crashAndReopen()
    #expect(try await harness.node.start(harness.request(key: "m-1")).job == first.job)
  }

  @Test("the same idempotency key with other inputs is refused")
  func reused() async throws {
    let harness = try Harness()
    try await harness.apply("inputs: {n: {type: integer, default: 1}}\nsteps: {one: {uses: test.pure}}")
    var request = harness.request(key: "m-1")
    _ = try await harness.node.start(request)
    request.inputs["n"] = 2
    await #expect { try await harness.node.start(request) } throws: {
      ($0 as? Problem)?.code == "idempotency-key-reused"
    }
  }

  @Test("the same key among live jobs is the same job; after its end it is free", arguments: Backend.all)
  func liveKey(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    try await harness.apply(
      """
      key: ${{ inputs.k }}
      inputs: {k: {type: string}}
      steps: {work: {uses: test.keyed, with: {hold: true}}}
      """
    )
    let first = try await harness.start(key: "a")
    #expect(try await harness.start(key: "a") == first)
    await harness.stage.end("work")
    _ = try await harness.ended(first)
    #expect(try await harness.start(key: "a") != first)
  }

  @Test("a message is mapped by the queue trigger whose condition holds")
  func message() async throws {
    let harness = try Harness()
    try await harness.apply(
      """
      inputs: {date: {type: string, format: date}}
      triggers:
        inbox:
          queue: {connection: redis_main, list: jobs}
          if: trigger.message.type == 'start'
          inputs: {date: "${{ trigger.message.date }}"}
          idempotency_key: ${{ trigger.message.id }}
      steps: {one: {value: "${{ inputs.date }}"}}
      outputs: {date: "${{ steps.one.output }}"}
      """)
    var request = harness.request(key: "")
    request.idempotencyKey = nil
    request.message = ["type": "start", "date": "2026-11-20", "id": "m-1"]
    let job = try await harness.node.start(request)
    #expect(try await harness.ended(job.job).outputs == ["date": "2026-11-20"])
    #expect(try await harness.node.start(request).job == job.job)
    request.message = ["type": "stop", "id": "m-2"]
    await #expect { try await harness.node.start(request) } throws: {
      ($0 as? Problem)?.code == "message-not-accepted"
    }
  }

  static let refused: [(String, JSONObject, String)] = [
    ("inputs: {n: {type: integer}}", JSONObject(), "missing-input"),
    ("inputs: {n: {type: integer}}", JSONObject([("n", "x")]), "invalid-input"),
    ("inputs: {n: {type: integer, default: 1}}", JSONObject([("m", 1)]), "unknown-input"),
  ]

  @Test("inputs are checked before there is a job", arguments: refused)
  func inputs(file: String, given: JSONObject, code: String) async throws {
    let harness = try Harness()
    try await harness.apply(file + "\nsteps: {one: {uses: test.pure}}")
    var request = harness.request(key: "k")
    request.inputs = given
    await #expect { try await harness.node.start(request) } throws: { ($0 as? Problem)?.code == code }
    #expect(try harness.readModel.jobs(JobFilter(), before: nil, limit: 10).isEmpty)
  }

  /// A change of its pipeline never stops a job that has begun: airbyte #13973, sdk-typescript #1966.
  @Test("a job stays with its revision, also over a crash", arguments: Backend.all)
  func pinned(_ backend: Backend) async throws {
    let harness = try Harness(backend)
    let job = try await harness.start(
      "steps: {wait: {uses: test.keyed, with: {hold: true}}}\noutputs: {version: 1}")
    await harness.stage.holding("wait")
    try await harness.apply("steps: {other: {value: 2}}\noutputs: {version: 2}")
    try await harness.crashAndReopen()
    await harness.stage.end("wait")
    let view = try await harness.ended(job)
    #expect(view.summary.revision == 1)
    #expect(view.outputs == ["version": 1])
    #expect(try await harness.ended(try await harness.startAgain(key: "new")).outputs == ["version": 2])
  }

  @Test(
    "the key may read inputs, and defaults may read the key",
    arguments: [
      ("key: ${{ inputs.a }}\ninputs: {a: {type: string, default: x}}", "x"),
      ("key: fixed\ninputs: {a: {type: string, default: \"${{ job.key }}\"}}", "fixed"),
    ])
  func keyAndInputs(head: String, expected: String) async throws {
    let harness = try Harness()
    let job = try await harness.start(
      head + "\nsteps: {one: {value: \"${{ inputs.a }}\"}}\noutputs: {a: \"${{ steps.one.output }}\"}")
    let view = try await harness.ended(job)
    #expect(view.summary.key == expected)
    #expect(view.outputs == ["a": .string(expected)])
  }

  @Test("numbers are stored as the schema writes them")
  func normalized() async throws {
    let harness = try Harness()
    try await harness.apply(
      """
      inputs: {n: {type: integer}, x: {type: number}}
      steps: {one: {value: {n: "${{ inputs.n }}", x: "${{ inputs.x }}"}}}
      outputs: {one: "${{ steps.one.output }}"}
      """
    )
    var request = harness.request(key: "k")
    request.inputs = JSONObject([("n", 2.0), ("x", 3)])
    let job = try await harness.node.start(request).job
    #expect(try await harness.ended(job).outputs == ["one": ["n": 2, "x": 3.0]])
  }

  @Test("vars and key are evaluated once, and survive a crash as they were")
  func once() async throws {
    let harness = try Harness(.sqlite)
    let job = try await harness.start(
      """
      key: run_${{ random.hex(12) }}
      vars: {token: "${{ random.hex(8) }}"}
      steps:
        one: {value: "${{ vars.token }}"}
        wait: {uses: test.keyed, with: {hold: true}}
        two: {needs: [wait], value: "${{ vars.token }}"}
      outputs: {same: "${{ steps.one.output == steps.two.output }}", key: "${{ job.key }}"}
      """)
    await harness.stage.holding("wait")
    let key = try await harness.view(job).summary.key
    try await harness.crashAndReopen()
    await harness.stage.end("wait")
    #expect(try await harness.ended(job).outputs == ["same": true, "key": .string(key ?? "")])
  }
}

@Suite("A snapshot", .timeLimit(.minutes(1)))
struct SnapshotTests {
  @Test("that cannot be opened is no loss: the whole history is folded")
  func damaged() async throws {
    let harness = try Harness(.sqlite)
    let job = try await harness.start(
      """
      inputs: {n: {type: integer, default: 300}}
      steps:
        each: {for_each: lists.range(inputs.n), uses: test.pure, with: {value: {n: "${{ item }}"}}}
        wait: {needs: [each], uses: test.keyed, with: {hold: true}}
      outputs: {sum: "${{ lists.sum(steps.each.outputs.map(o, o.n)) }}"}
      """)
    await harness.stage.holding("wait")
    let summary = try #require(try harness.readModel.job(job))
    #expect(try harness.store.snapshot(of: summary.number) != nil)
    try harness.sql("UPDATE job_snapshots SET state = CAST(x'00' || substr(state, 2) AS BLOB);")
    try await harness.crashAndReopen()
    await harness.stage.end("wait")
    #expect(try await harness.ended(job).outputs == ["sum": 44_850])
  }
}

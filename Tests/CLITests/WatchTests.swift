import API
import Model
import Synchronization
import Testing

@testable import CLI

@Suite("A watched job", .timeLimit(.minutes(1)))
struct WatchTests {
  static let id = "019a0c3e-5f21-7abc-8def-0123456789ab"

  /// Answers for one job with these events, which ends with `status`; without an end the stream stays open.
  static func server(_ events: [JobEvent], status: String, ends: Bool = true) -> TestBench.Answer {
    { request in
      if request.path.hasSuffix("/execute") {
        return APIResponse(
          status: 202, json: StartedItem(id: id, pipeline: "demo/hello", revision: 1, isNew: true).json)
      }
      if request.path.hasSuffix("/stream") {
        let (stream, continuation) = AsyncThrowingStream.makeStream(of: APIEvent.self)
        for event in events { continuation.yield(APIEvent(id: "\(event.sequence)", data: event.json.text)) }
        if ends { continuation.finish() }
        return APIResponse(contentType: "text/event-stream", body: .events(stream))
      }
      if request.path.hasSuffix("/why") { return APIResponse(json: Blockers([question]).json) }
      return APIResponse(json: detail(status).json)
    }
  }

  static let question = BlockerItem(
    kind: "needs_attention", path: "pay", text: "pay was lost with its node: did it happen?", since: nil,
    until: nil, remedy: "Answer with: esteira job step resolve \(id) 'pay' --did-not")

  static func detail(_ status: String) -> JobDetail {
    let error = ErrorItem(errorClass: "exit", code: "exit-code", message: "It ended with 3.", step: "greet")
    let job = JobItem(
      id: id, pipeline: "demo/hello", revision: 1, key: nil, status: status, triggerType: "manual",
      actor: "local:ana", createdAt: Timestamp(microseconds: 0), startedAt: nil,
      completedAt: Timestamp(microseconds: 2_100_000), error: status == "failed" ? error : nil,
      lastSequence: 3)
    let outputs: JSON? = status == "success" ? ["length": 10] : nil
    return JobDetail(job: job, inputs: .object(JSONObject()), outputs: outputs, counts: JSONObject())
  }

  static func events(_ status: String) -> [JobEvent] {
    [
      JobEvent(
        sequence: 1, at: Timestamp(microseconds: 0),
        facts: [
          ["fact": "status", "status": "running"], ["fact": "started", "path": "greet", "attempt": 1],
        ]),
      JobEvent(
        sequence: 2, at: Timestamp(microseconds: 2_000_000),
        facts: [
          ["fact": "ended", "path": "greet", "status": "success"],
          ["fact": "ended", "path": "count", "status": "success"],
          ["fact": "status", "status": .string(status)],
        ]),
    ]
  }

  static let ends: [(status: String, flags: String, exit: Int32)] = [
    ("success", "", 0), ("failed", "", 1), ("timeout", "", 1), ("cancelled", "", 1), ("partial", "", 8),
    ("partial", "--accept-partial", 0), ("needs_attention", "", 9),
  ]

  @Test("its end is the exit code", arguments: ends)
  func exitCode(_ status: String, _ flags: String, _ exit: Int32) async {
    let isOpen = status == "needs_attention"
    let bench = TestBench(answer: Self.server(Self.events(status), status: status, ends: !isOpen))
    #expect(await bench.run("job watch \(Self.id) \(flags)") == exit)
    #expect(bench.out.contains("JOB 019a0c3e-5f21-7abc  \(status)"))
  }

  @Test("without a terminal each change is a line")
  func lines() async {
    let bench = TestBench(answer: Self.server(Self.events("success"), status: "success"))
    #expect(await bench.run("job start demo/hello -w") == 0)
    #expect(
      bench.out == """
        JOB 019a0c3e-5f21-7abc  demo/hello@1  started
          greet  running
          greet  success   2.0 s
          count  success
        JOB 019a0c3e-5f21-7abc  success  2.1 s   length=10

        """)
  }

  @Test("in Portuguese the sentences change, and the words of the API do not")
  func portuguese() async {
    let bench = TestBench(answer: Self.server(Self.events("failed"), status: "failed"))
    #expect(await bench.run("job start demo/hello -w --lang pt-BR") == 1)
    #expect(
      bench.out == """
        JOB 019a0c3e-5f21-7abc  demo/hello@1  iniciado
          greet  running
          greet  success   2,0 s
          count  success
        JOB 019a0c3e-5f21-7abc  failed  2,1 s
          greet: It ended with 3. [exit-code]

        """)
  }

  @Test("as JSON lines each decision is one line")
  func jsonLines() async {
    let events = Self.events("success")
    let bench = TestBench(answer: Self.server(events, status: "success"))
    #expect(await bench.run("job watch \(Self.id) -o jsonl") == 0)
    #expect(bench.out == events.map { $0.json.text + "\n" }.joined())
  }

  @Test("one that waits for a person is told at once, with the command that answers")
  func needsAttention() async {
    let silent = TestBench(answer: Self.server([], status: "needs_attention", ends: false))
    #expect(await silent.run("job watch \(Self.id)") == 9)
    #expect(
      silent.out == """
        JOB 019a0c3e-5f21-7abc  needs_attention  2.1 s
          pay was lost with its node: did it happen?
            Answer with: esteira job step resolve \(Self.id) 'pay' --did-not

        """)
    let got = TestBench(answer: Self.server([], status: "needs_attention"))
    #expect(await got.run("job get \(Self.id)") == 0)
    #expect(got.out.hasSuffix("    Answer with: esteira job step resolve \(Self.id) 'pay' --did-not\n"))
    let running = TestBench(answer: Self.server([], status: "success"))
    #expect(await running.run("job get \(Self.id)") == 0)
    #expect(!running.requests.contains { $0.path.hasSuffix("/why") })
  }

  @Test("a step that waits for a person's word shows the command while others go on")
  func lostStep() async {
    let events = [
      JobEvent(
        sequence: 1, at: Timestamp(microseconds: 0),
        facts: [
          ["fact": "started", "path": "pay", "attempt": 1],
          ["fact": "question", "path": "pay", "reason": "owner_restarted"],
        ])
    ]
    for (flags, words) in [("", "did it happen?"), ("--lang pt-BR", "aconteceu?")] {
      let bench = TestBench(answer: Self.server(events, status: "success"))
      #expect(await bench.run("job watch \(Self.id) \(flags)") == 0)
      #expect(
        bench.out.contains(
          "pay  needs_attention  \(words) esteira job step resolve 019a0c3e-5f21-7abc 'pay' --did-happen"))
    }
  }

  @Test("one that the engine could not drive is no silent watch either")
  func quarantined() async {
    let facts: [JSON] = [["fact": "quarantined", "reason": "it was taken over 3 times"]]
    let event = JobEvent(sequence: 1, at: Timestamp(microseconds: 0), facts: facts)
    let asked = Mutex(0)
    let bench = TestBench { (request) throws(Problem) in
      // It is well when the watch begins.
      let isFirst = asked.withLock { count in
        count += 1
        return count == 1
      }
      return try Self.server([event], status: isFirst ? "running" : "needs_attention", ends: false)(request)
    }
    #expect(await bench.run("job watch \(Self.id)") == 9)
  }

  @Test("--timeout exits 5, and says that the job goes on")
  func timeout() async {
    let bench = TestBench(answer: Self.server([], status: "running", ends: false))
    #expect(await bench.run("job watch \(Self.id) --timeout 1s") == 5)
    #expect(bench.errors.contains("goes on"))
  }

  @Test("Ctrl-C exits 130, and says that the job goes on")
  func interrupted() async {
    let bench = TestBench(
      isInterrupted: true, answer: Self.server([], status: "running", ends: false))
    #expect(await bench.run("job watch \(Self.id)") == 130)
    #expect(bench.errors.contains("goes on"))
  }

  @Test("without --watch only the id is printed")
  func idOnly() async {
    let bench = TestBench(answer: Self.server([], status: "running"))
    #expect(await bench.run("job start demo/hello") == 0)
    #expect(bench.out == Self.id + "\n")
  }

  @Test("what the engine says of a job is said in the caller's language; what steps say stays as it is")
  func sentences() async throws {
    for (kept, shown) in [
      ("The job was cancelled.", "O job foi cancelado. [cancelled]"),
      ("The job was killed by local:ana.", "O job foi encerrado à força por local:ana. [cancelled]"),
      ("The server closed.", "The server closed. [cancelled]"),
    ] {
      var detail = Self.detail("cancelled")
      detail.job.error = ErrorItem(errorClass: "cancelled", code: "cancelled", message: kept, step: "")
      let bench = TestBench { [detail] _ in APIResponse(json: detail.json) }
      #expect(await bench.run("job get 019a --lang pt-BR") == 0)
      #expect(bench.out.contains(shown), "\(bench.out)")
      let english = TestBench { [detail] _ in APIResponse(json: detail.json) }
      #expect(await english.run("job get 019a") == 0)
      #expect(english.out.contains(kept))
    }
  }
}

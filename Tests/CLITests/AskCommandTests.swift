import API
import Model
import Testing

@testable import CLI

@Suite("Commands about questions", .timeLimit(.minutes(1)))
struct AskCommandTests {
  static let id = "019a0c40-0000-7000-8000-000000000001"
  static let job = "019a0c41-0000-7000-8000-000000000002"
  static let now: Int64 = 1_795_165_200_000_000

  static func item(_ state: String = "open") -> AskItem {
    AskItem(
      id: id, job: job, pipeline: "demo/pay", path: "review", title: "Publish 3 events?", state: state,
      assignees: ["user:ana", "group:compliance"], quorum: 1, openedAt: Timestamp(microseconds: now),
      expiresAt: Timestamp(microseconds: now + 14_280_000_000), choice: nil, closedAt: nil)
  }

  static let detail = AskDetail(
    ask: item(), show: ["rows": 3],
    choices: [
      ["name": "confirm", "label": "Go", "approves": true],
      ["name": "reject", "label": "reject", "approves": false, "form": ["type": "object"]],
    ], shown: "ab12", onExpiry: "reject", requesterMayAnswer: false,
    answers: [
      [
        "by": "local:root", "on_behalf_of": "local:bia", "choice": "confirm",
        "at": "2026-11-20T08:00:00Z", "counts": false,
      ]
    ])

  static func bench(isDecided: Bool = true) -> TestBench {
    TestBench { request in
      switch (request.method, request.path) {
      case (.get, "/api/v1/asks"): APIResponse(json: Page([item()]).json)
      case (.get, "/api/v1/jobs"): APIResponse(json: Page([] as [JobItem]).json)
      case (.get, _): APIResponse(json: detail.json)
      case (_, _):
        APIResponse(
          json: AskResult(id: id, job: job, isDecided: isDecided, votes: 1, quorum: isDecided ? 1 : 2).json)
      }
    }
  }

  @Test("a list also names the jobs that wait for a person without a question of their own")
  func undecided() async {
    for (status, isTold) in [(200, true), (403, false)] {
      let bench = TestBench { request in
        if request.path == "/api/v1/asks" { return APIResponse(json: Page([] as [AskItem]).json) }
        if status == 200 { return APIResponse(json: Page([WatchTests.detail("needs_attention").job]).json) }
        return APIResponse(
          status: status, json: ProblemDocument(status: status, code: "not-allowed", detail: "No.").json)
      }
      #expect(await bench.run("ask ls") == 0)
      #expect(bench.errors.contains("There are no such questions."))
      #expect(bench.errors.contains("esteira job why 019a0c3e-5f21-7abc   demo/hello") == isTold)
      #expect(bench.requests.last?.query.contains { $0.name == "status" } == true)
    }
    let bench = Self.bench()
    #expect(await bench.run("ask ls --state expired") == 0)
    #expect(bench.requests.count == 1)
  }

  @Test("a list says what is asked, whom, and how long still")
  func list() async {
    let bench = Self.bench()
    #expect(await bench.run("ask ls --mine") == 0)
    #expect(
      bench.out == """
        ID                  PIPELINE  QUESTION           TO               EXPIRES
        019a0c40-0000-7000  demo/pay  Publish 3 events?  ana, compliance  in 3 h 58 min

        """)
    #expect(bench.requests.first?.query.map { "\($0.name)=\($0.value)" } == ["mine=true", "limit=50"])
    let portuguese = Self.bench()
    _ = await portuguese.run("ask ls --lang pt-BR")
    #expect(portuguese.out.contains("PERGUNTA") && portuguese.out.contains("em 3 h 58 min"))
  }

  @Test("one question is shown with its choices, its hash, its answers and its data")
  func get() async {
    let bench = Self.bench()
    #expect(await bench.run("ask get 019a0c40") == 0)
    for part in [
      "demo/pay  open", "Publish 3 events?", "sha256    ab12", "who started it", "-> reject",
      "- confirm  Go  (approves)", "- reject  --form {\"type\":\"object\"}",
      "local:root for local:bia: confirm  (does not count)", "\"rows\": 3",
    ] { #expect(bench.out.contains(part), "\(part) is missing in:\n\(bench.out)") }
  }

  @Test("an answer names the hash of what is shown, and says that the job goes on")
  func answer() async throws {
    let bench = Self.bench()
    #expect(await bench.run("ask answer 019a0c40 reject --form reason=late --form level=2 --as bia") == 0)
    #expect(bench.out == "019a0c40-0000-7000: reject (1 of 1). Job 019a0c41-0000-7000 goes on.\n")
    let sent = try JSON(parsing: try #require(bench.requests.last).body)
    #expect(
      sent == [
        "choice": "reject", "form": ["reason": "late", "level": 2], "shown_sha256": "ab12",
        "on_behalf_of": "bia",
      ])
  }

  @Test("an answer may name the hash that was seen earlier, and then asks nothing else")
  func shown() async throws {
    let bench = Self.bench(isDecided: false)
    #expect(await bench.run("ask answer 019a0c40 confirm --shown cd34 --comment checked") == 0)
    #expect(bench.requests.count == 1)
    let sent = try JSON(parsing: bench.requests[0].body)
    #expect(sent == ["choice": "confirm", "comment": "checked", "shown_sha256": "cd34"])
    #expect(bench.out == "019a0c40-0000-7000: confirm (1 of 2). The question stays open.\n")
  }

  @Test(
    "a refusal is told by the exit code", arguments: [("ask-closed", 409, 6), ("not-assignee", 403, 4)])
  func refused(_ code: String, _ status: Int, _ exit: Int32) async {
    let bench = TestBench { _ in
      APIResponse(status: status, json: ProblemDocument(status: status, code: code, detail: "No.").json)
    }
    #expect(await bench.run("ask answer 019a0c40 confirm --shown ab12") == exit)
    #expect(bench.errors.contains("[\(code)]"))
  }

  @Test("handing over and reminding name the question")
  func others() async throws {
    let bench = Self.bench()
    #expect(await bench.run("ask delegate 019a0c40 davi --as ana") == 0)
    #expect(try JSON(parsing: bench.requests[0].body) == ["to": "davi", "on_behalf_of": "ana"])
    #expect(await bench.run("ask remind 019a0c40") == 0)
    #expect(bench.requests[1].path == "/api/v1/asks/019a0c40/remind")
    #expect(bench.out.contains("now asks davi") && bench.out.contains("reminded."))
  }
}

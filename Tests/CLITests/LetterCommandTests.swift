import API
import Model
import Testing

@testable import CLI

@Suite("Commands about dead letters", .timeLimit(.minutes(1)))
struct LetterCommandTests {
  static let time = Timestamp(microseconds: 1_795_165_200_000_000)
  static let job = "019a0c41-0000-7000-8000-000000000002"

  static func item(_ state: String = "open") -> LetterItem {
    LetterItem(
      id: 12, namespace: "demo", kind: "message", state: state, pipeline: "demo/daily", job: nil,
      source: ["trigger": "inbox", "key": "m1", "actor": "local:ana"],
      fingerprint: "invalid-input demo/daily inbox",
      error: ["code": "invalid-input", "message": "date is no date."], firstAt: time, lastAt: time, tries: 2,
      isEdited: true, handledBy: nil, handledAt: nil, note: nil,
      became: state == "open" ? nil : ["outcome": "started", "jobs": [.string(job)]])
  }

  static let group = LetterGroupItem(
    namespace: "demo", kind: "message", fingerprint: "invalid-input demo/daily inbox", count: 40, tries: 41,
    firstAt: time, lastAt: time, example: 12, error: ["code": "invalid-input"])

  static let detail = LetterDetail(
    letter: item("replayed"), original: ["date": "yester\u{1B}day"], edited: ["date": "2026-11-20"],
    acts: [
      LetterActItem(at: time, by: "local:bia", act: "edited", note: nil),
      LetterActItem(at: time, by: "local:bia", act: "replayed", note: nil),
    ])

  static func bench(_ outcome: String = "started", isCut: Bool = false) -> TestBench {
    TestBench { request in
      switch (request.method, request.path) {
      case (.get, "/api/v1/dead-letters/groups"): APIResponse(json: Page([group]).json)
      case (.get, "/api/v1/dead-letters"): APIResponse(json: Page([item()]).json)
      case (.get, _): APIResponse(json: detail.json)
      case (_, _):
        APIResponse(
          json: LettersResult(
            items: [LetterResult(id: 12, outcome: outcome, jobs: [job], reason: "because")], isCut: isCut
          ).json)
      }
    }
  }

  private func sent(_ bench: TestBench) throws -> JSON {
    try JSON(parsing: try #require(bench.requests.last).body)
  }

  @Test("the list says how many failed in which way; with a fingerprint it says which")
  func list() async {
    let bench = Self.bench()
    #expect(await bench.run("dlq ls -n demo --kind message") == 0)
    #expect(
      bench.out == """
        COUNT  KIND     FIRST                 LAST                  EXAMPLE  FINGERPRINT
        40     message  2026-11-20T09:00:00Z  2026-11-20T09:00:00Z  12       invalid-input demo/daily inbox

        """)
    #expect(
      bench.requests.first?.query.map { "\($0.name)=\($0.value)" } == ["namespace=demo", "kind=message"])
    let ids = Self.bench()
    #expect(await ids.run("dlq ls -o id") == 0)
    #expect(ids.out == "invalid-input demo/daily inbox\n")

    let each = Self.bench()
    #expect(
      await each.run("dlq ls --fingerprint 'invalid-input demo/daily inbox' --pipeline demo/daily") == 0)
    #expect(each.out.contains("12  message  open   2"))
    #expect(each.out.contains("demo/daily inbox  date is no date."))
    #expect(
      each.requests.first?.query.map { "\($0.name)=\($0.value)" } == [
        "pipeline=demo~daily", "fingerprint=invalid-input demo/daily inbox", "limit=50",
      ])
    let portuguese = Self.bench()
    #expect(await portuguese.run("dlq ls --each --lang pt-BR") == 0)
    #expect(portuguese.out.contains("VEZES"))
    let number = Self.bench()
    #expect(await number.run("dlq ls --each -o id") == 0)
    #expect(number.out == "12\n")
  }

  @Test("one letter is shown with what it holds and who did what, and nothing of it moves the terminal")
  func get() async {
    let bench = Self.bench()
    #expect(await bench.run("dlq get 12") == 0)
    for part in [
      "LETTER 12  message  replayed  demo/daily inbox", "error     invalid-input: date is no date.",
      "key       m1", "from      local:ana", "× 2", "local:bia: edited", "local:bia: replayed",
      "\"date\": \"2026-11-20\"", Self.job,
    ] { #expect(bench.out.contains(part), "\(part) is missing in:\n\(bench.out)") }
    #expect(!bench.out.contains("\u{1B}"))
    let json = Self.bench()
    #expect(await json.run("dlq get 12 -o json") == 0)
    #expect(json.out.contains("\"edited_content\"") && json.out.contains("\"acts\""))
    #expect(await Self.bench().run("dlq get twelve") == 2)
  }

  @Test("a replay names letters or a group, and 1 says that one could not be sent")
  func replay() async throws {
    let bench = Self.bench()
    #expect(await bench.run("dlq replay 12 13") == 0)
    #expect(try sent(bench) == ["ids": [12, 13]])
    #expect(bench.out.contains("12  job started  019a0c41-0000-7000  because"))
    let group = Self.bench(isCut: true)
    #expect(await group.run("dlq replay --fingerprint f -n demo --limit 10 --dry-run") == 0)
    #expect(
      try sent(group) == [
        "filter": ["namespace": "demo", "fingerprint": "f"], "limit": 10, "dry_run": true,
      ])
    #expect(group.errors.contains("There are more"))
    let edited = Self.bench("dead_letter")
    #expect(await edited.run("dlq replay 12 --edit -") == 2, "What stands there is no JSON.")
    #expect(await edited.run("dlq replay 12") == 1)
    for outcome in ["failed", "refused"] { #expect(await Self.bench(outcome).run("dlq replay 12") == 1) }
    let conflict = TestBench { _ throws(Problem) in
      throw Problem("letter-handled", Bilingual("It was replayed.", pt: "Foi reenviada."))
    }
    #expect(await conflict.run("dlq replay 12") != 0)
    #expect(conflict.errors.contains("letter-handled"))
  }

  @Test("nothing is meant by a namespace alone, and not both letters and a group")
  func unclear() async {
    for line in [
      "dlq replay", "dlq replay -n demo", "dlq replay 12 --fingerprint f", "dlq replay 12 13 --edit -",
      "dlq discard 12", "dlq discard --reason x", "dlq replay --fingerprint f --limit 1001",
    ] {
      let bench = Self.bench()
      #expect(await bench.run(line) == 2, "\(line)")
      #expect(bench.requests.isEmpty, "\(line)")
    }
  }

  @Test("a discard says why")
  func discard() async throws {
    let bench = Self.bench("discarded")
    #expect(await bench.run("dlq discard 12 --reason 'sent by hand' --lang pt-BR") == 0)
    #expect(try sent(bench) == ["ids": [12], "reason": "sent by hand"])
    #expect(bench.out.contains("descartada"))
  }
}

import API
import Model
import Testing

@testable import CLI

@Suite("Commands about persons", .timeLimit(.minutes(1)))
struct PrivacyCommandTests {
  private static let cpf = "123.456.789-09"
  private static let counts = SubjectCountsItem(["jobs": 2, "held": 1, "asks": 3])

  private static func item(_ number: Int) -> SubjectJobItem {
    SubjectJobItem(
      id: "0199c2f0-7f3a-7000-8000-00000000000\(number)", pipeline: "demo/client", status: "success",
      createdAt: Timestamp(microseconds: 0), inputs: ["cpf"], isHeld: number == 1)
  }

  private static let done = ErasureItem(
    id: "0199c2f0-7f3a-7000-8000-0000000000ee", namespace: "demo", subjectHMAC: "hmac:0f", basis: "b",
    reason: "r",
    by: "ana", at: Timestamp(microseconds: 0), doneAt: nil, counts: counts)

  private static func bench(input: String = cpf + "\n", typed: [String] = []) -> TestBench {
    TestBench(input: input, typed: typed) { (request) throws(Problem) in
      let body = try? JSON(parsing: request.body)
      switch request.path {
      case "/api/v1/privacy/search":
        let isSecond = body?["cursor"] != nil
        return APIResponse(
          json: SubjectPage(items: [item(isSecond ? 2 : 1)], counts: counts, nextCursor: isSecond ? nil : "1")
            .json)
      case "/api/v1/privacy/erasures" where request.method == .post:
        let isDry = body?["dry_run"]?.bool == true
        return APIResponse(json: ErasureAnswer(counts: counts, erasure: isDry ? nil : done).json)
      case "/api/v1/privacy/erasures": return APIResponse(json: Page([done]).json)
      case _: return APIResponse(json: .object(JSONObject()))
      }
    }
  }

  private static func body(_ request: APIRequest?) -> JSON? {
    request.flatMap { try? JSON(parsing: $0.body) }
  }

  @Test("the identifier is typed without an echo or comes from standard input, and goes into the body alone")
  func identifier() async throws {
    let typed = Self.bench(typed: [Self.cpf])
    #expect(await typed.run("privacy find --namespace demo -o jsonl") == 0)
    #expect(typed.prompts == ["Identifier of the person: "])
    let piped = Self.bench()
    #expect(await piped.run("privacy find --namespace demo --subject-stdin -o id") == 0)
    #expect(piped.prompts == [] && piped.out.split(separator: "\n").count == 2)
    for request in typed.requests + piped.requests {
      #expect(Self.body(request)?["subject"]?.string == Self.cpf)
      #expect(!request.path.contains("123") && request.query.isEmpty)
    }
    #expect(!typed.out.contains(Self.cpf) && !piped.errors.contains(Self.cpf))
  }

  @Test("an identifier as an argument, none at all, or no namespace is refused, and nothing is sent")
  func refused() async {
    for line in [
      "privacy find 12345678909 --namespace demo --subject-stdin", "privacy find --subject-stdin",
      "privacy find --namespace demo", "privacy erase --namespace demo --subject-stdin --basis b",
    ] {
      let bench = Self.bench(input: Self.cpf)
      #expect(await bench.run(line) == 2, "\(line)")
      #expect(bench.requests.isEmpty && !bench.errors.contains(Self.cpf))
    }
    #expect(await Self.bench(input: " \n").run("privacy find --namespace demo --subject-stdin") == 2)
  }

  @Test("erase counts, and only with --yes does it, with what was counted")
  func erase() async {
    let line = "privacy erase --namespace demo --basis b --reason r --subject-stdin"
    let counted = Self.bench()
    #expect(await counted.run(line) == 0)
    #expect(counted.out == "Would erase 2 jobs (0 live, 1 held), 3 asks.\n")
    #expect(counted.errors.contains("Say --yes") && counted.requests.count == 1)
    let rehearsed = Self.bench()
    #expect(await rehearsed.run(line + " --yes --dry-run") == 0)
    #expect(rehearsed.requests.count == 1)
    let done = Self.bench()
    #expect(await done.run(line + " --yes") == 0)
    #expect(done.requests.count == 2 && Self.body(done.requests.last)?["expected"] == 2)
    #expect(Self.body(done.requests.last)?["dry_run"] == nil)
    #expect(done.out.contains("Erased 2 jobs") && done.out.contains(Self.done.id))
  }

  @Test("erasures whose files wait say so")
  func erasures() async {
    let bench = Self.bench()
    #expect(await bench.run("privacy erasures --namespace demo") == 0)
    #expect(bench.out.contains("files wait") && bench.requests.last?.query.first?.value == "demo")
  }
}

import API
import Model
import Testing

@testable import CLI

@Suite("What commands ask for", .timeLimit(.minutes(1)))
struct RequestTests {
  static let lines: [(line: String, request: String, body: String)] = [
    ("job cancel 019a --reason why", "POST /api/v1/jobs/019a/cancel", #"{"reason":"why"}"#),
    (
      "job step resolve 019a 'collect[a/b].pay' --did-not",
      "POST /api/v1/jobs/019a/steps/collect%5Ba%2Fb%5D.pay/resolve", #"{"happened":false}"#
    ),
    ("job step adopt 019a pay", "POST /api/v1/jobs/019a/steps/pay/adopt", "{}"),
    (
      "job start demo/hello --input n=1 --input t=abc --idempotency-key k",
      "POST /api/v1/pipelines/demo~hello/execute",
      #"{"inputs":{"n":1,"t":"abc"},"idempotency_key":"k"}"#
    ),
    (
      "job start hello -n demo --setting a=true", "POST /api/v1/pipelines/demo~hello/execute",
      #"{"inputs":{},"settings":{"a":true}}"#
    ),
    ("credential delete demo/api", "DELETE /api/v1/credentials/demo~api", ""),
    (
      "credential set demo/api --type hmac --from-stdin", "PUT /api/v1/credentials/demo~api",
      #"{"type":"hmac","data":{"secret":"s3cret"}}"#
    ),
    ("job ls --status failed --status running", "GET /api/v1/jobs?status=failed,running&limit=50", ""),
    ("job ls --since -2h --limit 3", "GET /api/v1/jobs?since=2026-11-20T07:00:00Z&limit=3", ""),
    ("pipeline get demo/hello --revision 2", "GET /api/v1/pipelines/demo~hello?revision=2", ""),
  ]

  @Test("path, query and body come from the endpoint", arguments: lines)
  func request(_ line: String, _ expected: String, _ body: String) async throws {
    let bench = TestBench()
    _ = await bench.run(line)
    let request = try #require(bench.requests.first)
    let query = request.query.map { "\($0.name)=\($0.value)" }.joined(separator: "&")
    #expect("\(request.method.rawValue) \(request.path)\(query.isEmpty ? "" : "?" + query)" == expected)
    #expect(String(decoding: request.body, as: UTF8.self) == body)
  }

  @Test("a secret is never shown")
  func secret() async {
    let bench = TestBench { _ in
      APIResponse(
        json: CredentialItem(
          id: "demo~api", type: "bearer", version: 1, createdAt: Timestamp(microseconds: 0),
          createdBy: "local:ana"
        ).json)
    }
    #expect(await bench.run("credential set demo/api --from-stdin") == 0)
    #expect(bench.out == "demo/api: version 1\n")
    #expect(!(bench.out + bench.errors).contains("s3cret"))
  }
}

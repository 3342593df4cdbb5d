import API
import Model
import Testing

@testable import CLI

@Suite("What commands ask for", .timeLimit(.minutes(1)))
struct RequestTests {
  static let lines: [(line: String, request: String, body: String)] = [
    ("job cancel 019a --reason why", "POST /api/v1/jobs/019a/cancel", #"{"reason":"why"}"#),
    (
      "job update 019a --priority 8 --label team=tax -l note=", "PATCH /api/v1/jobs/019a",
      #"{"priority":8,"labels":{"team":"tax","note":null}}"#
    ),
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
    (
      "job start demo/hello --priority 8 --label team=tax -l note=",
      "POST /api/v1/pipelines/demo~hello/execute",
      #"{"inputs":{},"priority":8,"labels":{"team":"tax","note":null}}"#
    ),
    (
      "job start demo/hello --at 2h", "POST /api/v1/pipelines/demo~hello/execute",
      #"{"inputs":{},"run_at":"2026-11-20T11:00:00Z"}"#
    ),
    (
      "job start demo/hello --at 2026-11-21T06:00:00-03:00", "POST /api/v1/pipelines/demo~hello/execute",
      #"{"inputs":{},"run_at":"2026-11-21T09:00:00Z"}"#
    ),
    (
      "job rerun 019a --priority 2 -l note=", "POST /api/v1/jobs/019a/rerun",
      #"{"latest":false,"inputs":{},"same_keys":false,"dry_run":false,"priority":2,"labels":{"note":null}}"#
    ),
    ("ask ls --sort opened_at", "GET /api/v1/asks?sort=opened_at&limit=50", ""),
    ("dlq ls --sort last_at", "GET /api/v1/dead-letters?sort=last_at&limit=50", ""),
    (
      "event ls -n demo --sort -position",
      "GET /api/v1/events?namespace=demo&after=0&limit=50&sort=-position", ""
    ),
    ("audit ls --sort sequence", "GET /api/v1/audit?sort=sequence&limit=50", ""),
    ("destination deliveries ops --sort at", "GET /api/v1/destinations/ops/deliveries?sort=at&limit=50", ""),
    ("webhook deliveries ops --sort at", "GET /api/v1/webhooks/ops/deliveries?sort=at&limit=50", ""),
    ("credential get demo/api", "GET /api/v1/credentials/demo~api", ""),
    ("credential delete demo/api", "DELETE /api/v1/credentials/demo~api", ""),
    (
      "credential set demo/api --type hmac --from-stdin", "PUT /api/v1/credentials/demo~api",
      #"{"type":"hmac","data":{"secret":"s3cret"}}"#
    ),
    ("job ls --status failed --status running", "GET /api/v1/jobs?status=failed,running&limit=50", ""),
    (
      "job ls --query 'status:failed -owner:me'", "GET /api/v1/jobs?q=status:failed -owner:me&limit=50", ""
    ),
    ("job compare 019a 019b", "GET /api/v1/jobs/019a/compare/019b", ""),
    (
      "job retry --query status:failed --yes", "POST /api/v1/jobs:bulk",
      #"{"verb":"retry","filter":"status:failed","limit":1000,"dry_run":true}"#
    ),
    ("job ls --since -2h --limit 3", "GET /api/v1/jobs?since=2026-11-20T07:00:00Z&limit=3", ""),
    (
      "job ls -l team=a -l 'env!=x,y' --correlation o7 --parent 019a --rerun-of 019b",
      #"GET /api/v1/jobs?correlation_id=o7&labels=team=a,env!=x\,y&parent=019a&rerun_of=019b&limit=50"#, ""
    ),
    (
      "pipeline pause demo/hello --reason why --until 2h", "POST /api/v1/pipelines/demo~hello/pause",
      #"{"reason":"why","until":"2026-11-20T11:00:00Z"}"#
    ),
    ("pipeline resume demo/hello", "POST /api/v1/pipelines/demo~hello/resume", "{}"),
    (
      "pipeline rollback demo/hello --revision 3", "POST /api/v1/pipelines/demo~hello/rollback",
      #"{"revision":3}"#
    ),
    ("pipeline revisions hello -n demo", "GET /api/v1/pipelines/demo~hello/revisions?limit=200", ""),
    ("setting set demo/limit 20", "PUT /api/v1/settings/demo~limit", #"{"value":20}"#),
    ("setting set demo/name Ana", "PUT /api/v1/settings/demo~name", #"{"value":"Ana"}"#),
    ("setting unset demo/limit", "PUT /api/v1/settings/demo~limit", #"{"value":null}"#),
    ("setting get demo/limit", "GET /api/v1/settings?namespace=demo", ""),
    ("schedule ls -n demo", "GET /api/v1/schedules?namespace=demo&limit=200", ""),
    ("schedule get demo/report/daily", "GET /api/v1/schedules/demo~report~daily", ""),
    ("schedule next report -n demo --count 3", "GET /api/v1/schedules/demo~report", ""),
    (
      "schedule pause demo/report/daily --reason why --until 2h",
      "POST /api/v1/schedules/demo~report~daily/pause",
      #"{"reason":"why","until":"2026-11-20T11:00:00Z"}"#
    ),
    (
      "schedule resume demo/report --catch-up", "POST /api/v1/schedules/demo~report/resume",
      #"{"catch_up":true}"#
    ),
    ("schedule trigger demo/report", "POST /api/v1/schedules/demo~report/trigger", "{}"),
    ("schedule fires demo/report --limit 9", "GET /api/v1/schedules/demo~report/fires?limit=9", ""),
    (
      "schedule missed -n demo --since -2h",
      "GET /api/v1/fires?namespace=demo&outcome=missed&since=2026-11-20T07:00:00Z", ""
    ),
    (
      "schedule backfill demo/report --from 2026-11-01 --only-missing --concurrency 4",
      "POST /api/v1/backfills",
      #"{"schedule":"demo~report","from":"2026-11-01T00:00:00Z","to":"2026-11-20T09:00:00Z","#
        + #""only_missing":true,"concurrency":4}"#
    ),
    ("backfill ls --limit 5", "GET /api/v1/backfills?limit=5", ""),
    ("backfill get 019a", "GET /api/v1/backfills/019a", ""),
    ("backfill cancel 019a", "POST /api/v1/backfills/019a/cancel", "{}"),
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

  @Test(
    "what is missing or meaningless is refused before anything is sent",
    arguments: [
      "pipeline pause demo/hello", "pipeline pause demo/hello --reason x --until soon",
      "schedule pause demo/report", "schedule backfill demo/report",
      "schedule next demo/report --cron '* * * * *'",
      "schedule get report",
      "job start demo/hello --at soon", "job start demo/hello --at -2h", "ask ls --sort title",
      "pipeline rollback demo/hello", "setting ls", "setting set demo/limit null", "job ls -l team",
    ])
  func refused(_ line: String) async {
    let bench = TestBench()
    #expect(await bench.run(line) == 2)
    #expect(bench.requests.isEmpty)
  }

  @Test("a setting that is not there is not found; one that is there is printed as JSON")
  func settings() async {
    let bench = TestBench { _ in APIResponse(json: ["limit": 20, "names": ["a"]]) }
    #expect(await bench.run("setting get demo/limit") == 0)
    #expect(await bench.run("setting ls -n demo -o jsonl") == 0)
    #expect(
      bench.out == """
        20
        {"name":"demo/limit","value":20}
        {"name":"demo/names","value":["a"]}

        """)
    #expect(await bench.run("setting get demo/other") == 3)
    #expect(bench.errors.contains("[unknown-setting]"))
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

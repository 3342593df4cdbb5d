import API
import Foundation
import Model
import Testing

@testable import CLI

@Suite("Commands of webhooks and orders of lists", .timeLimit(.minutes(1)))
struct WebhookCommandTests {
  private static let item = WebhookItem(
    id: "ops", origin: "api", state: "active", namespace: nil, address: "demo/hooks/in/x",
    events: ["esteira.job.*"], pipelines: ["pay-*"], ordering: "strict", tries: 4, version: 2, by: "ana",
    at: Timestamp(microseconds: 0), waiting: 0)

  private static let bench = { @Sendable in
    TestBench { (request) throws(Problem) in
      switch (request.method, request.path) {
      case (.get, "/api/v1/webhooks/ops"), (.put, "/api/v1/webhooks/ops"): APIResponse(json: item.json)
      case (.post, "/api/v1/webhooks/ops/rotate"):
        APIResponse(
          json: WebhookSecret(
            id: "ops", secret: "whsec_eA==", formerSignsUntil: Timestamp(microseconds: 86_400_000_000)
          ).json)
      case (_, _): APIResponse(json: Page<NamespaceItem>([]).json)
      }
    }
  }

  private static func body(_ request: APIRequest?) -> JSON? {
    request.flatMap { try? JSON(parsing: $0.body) }
  }

  @Test("update changes what a flag names in what it read, and says what that was")
  func update() async throws {
    let bench = Self.bench()
    #expect(await bench.run("webhook update ops --event esteira.job.failed --tries 7") == 0)
    let request = try #require(bench.requests.last)
    #expect(request.method == .put && request.ifMatch == "\"\(Self.item.tag)\"")
    #expect(
      Self.body(request) == [
        "namespace": "*", "connection": "demo/hooks", "path": "/in/x", "events": ["esteira.job.failed"],
        "pipelines": ["pay-*"], "ordering": "strict", "tries": 7,
      ])
  }

  @Test("update takes away what an empty value names, and with --dry-run only asks")
  func emptied() async throws {
    let bench = Self.bench()
    let line = "webhook update ops -n demo --connection other --path '' --pipeline '' --ordering lane"
    #expect(await bench.run(line + " --dry-run") == 0)
    #expect(
      Self.body(bench.requests.last) == [
        "namespace": "demo", "connection": "other", "events": ["esteira.job.*"], "ordering": "lane",
        "tries": 4, "dry_run": true,
      ])
    #expect(bench.out.contains("would be changed"))
  }

  @Test("rotate hands the overlap on and says until when the secret before signs")
  func rotate() async {
    let bench = Self.bench()
    #expect(await bench.run("webhook rotate ops --overlap 24h") == 0)
    #expect(Self.body(bench.requests.last) == ["overlap": "24h"])
    #expect(bench.out.contains("whsec_eA==") && bench.out.contains("1970-01-02"))
    let count = bench.requests.count
    #expect(await bench.run("webhook rotate ops --overlap soon") == 2)
    #expect(bench.requests.count == count)
  }

  @Test("--sort goes with the list; another word is a mistake that names those that there are")
  func sort() async throws {
    let bench = Self.bench()
    #expect(await bench.run("namespace ls --sort -live_jobs") == 0)
    let query = try #require(bench.requests.last?.query)
    #expect(query.contains { $0.name == "sort" && $0.value == "-live_jobs" })
    let count = bench.requests.count
    for thing in ["namespace", "pipeline", "schedule", "credential", "user", "queue", "job"] {
      #expect(await bench.run("\(thing) ls --sort colour") == 2, "\(thing)")
    }
    #expect(bench.requests.count == count)
    #expect(bench.errors.contains("name, -name, pipelines, -pipelines, live_jobs, -live_jobs"))
  }
}

import Crypto
import Engine
import Model
import Net
import Testing

@testable import Connectors

/// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
/// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
@Suite("A webhook as a CloudEvent", .timeLimit(.minutes(1)))
struct CloudEventTests {
  private let secret = Credential(name: "c", type: "hmac", values: [("secret", Secret("s3cr3t"))])

  private func sent(_ event: JSON, number: Int = 1) async throws -> HTTPRequest {
    let (bench, site) = (try ServiceBench(), try Site { _ in HTTPResponse(status: 204) })
    let connector = WebhookSend(client: site.client)
    let attempt = bench.attempt(
      ["path": "/events", "body": ["b": 1, "a": "é"], "cloudevent": event], of: connector,
      site.connection("c"),
      secret, number: number)
    let result = await bench.run(connector, attempt)
    #expect(result.value?["status"] == 204, "\(result.failure?.message ?? "")")
    await site.stop()
    return try #require(site.asked.first)
  }

  @Test("holds its attributes beside the data, and is signed as a whole")
  func structured() async throws {
    let request = try await sent(["type": "day.done", "subject": "São Paulo", "time": "2026-01-31T06:00:00Z"])
    #expect(request.headers["content-type"] == "application/cloudevents+json; charset=utf-8")
    #expect(
      request.json == [
        "data": ["a": "é", "b": 1], "datacontenttype": "application/json", "id": "k1",
        "source": "/esteira/demo/bench", "specversion": "1.0", "subject": "São Paulo",
        "time": "2026-01-31T06:00:00Z", "type": "day.done",
      ])
    let signature = Hex.encode(HMACSHA256.code(key: Array("s3cr3t".utf8), message: request.body))
    #expect(request.headers["x-signature"] == signature && request.headers["webhook-id"] == "k1")
  }

  @Test("has its attributes in headers in the binary mode, encoded where a header cannot carry them")
  func binary() async throws {
    let request = try await sent([
      "type": "day.done", "source": "/x", "subject": "São \"Paulo\" 100%", "mode": "binary",
    ])
    #expect(request.headers["content-type"] == "application/json" && request.json == ["a": "é", "b": 1])
    let found = ["specversion", "id", "source", "type", "subject", "time"].map { request.headers["ce-\($0)"] }
    #expect(found == ["1.0", "k1", "/x", "day.done", "S%C3%A3o%20%22Paulo%22%20100%25", nil])
  }

  @Test("is the same event for every attempt")
  func same() async throws {
    let (first, second) = (try await sent(["type": "t"]), try await sent(["type": "t"], number: 2))
    #expect(first.body == second.body)
  }
}

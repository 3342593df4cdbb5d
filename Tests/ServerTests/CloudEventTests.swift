import API
import Access
import Crypto
import Engine
import Model
import Testing

@testable import Server

/// Cases out of the specification 1.0.2: its HTTP binding and its JSON format.
@Suite("CloudEvents that come to a webhook", .timeLimit(.minutes(1)))
struct CloudEventTests {
  private static let file = SourceFile(
    name: "events.yaml",
    source: """
      apiVersion: esteira/v1
      id: events
      namespace: demo
      inputs: {event: {}}
      triggers:
        told:
          webhook: {path: told, format: cloudevents, verify: {scheme: bearer, credential: token}}
          inputs: {event: "${{ trigger.body }}"}
        signed:
          webhook: {path: signed, format: cloudevents, verify: {scheme: github, credential: shop}}
          inputs: {event: "${{ trigger.body }}"}
      steps: {at: {value: "${{ inputs.event }}"}}
      outputs: {event: "${{ steps.at.output }}"}
      """)

  private static func server() async throws -> TestServer {
    let server = try TestServer { backend in
      backend.hookSecrets = { (_, name) throws(Problem) in
        name == "token" ? [["token": "t0ken"]] : [["secret": "s"]]
      }
    }
    _ = try await server.call(PipelineCalls.apply, ApplyRequest(files: [file]))
    return server
  }

  /// By a bearer token.
  private static func told(
    _ body: String, _ type: String?, _ headers: [(String, String)] = [], token: String = "t0ken"
  ) -> APIRequest {
    var request = APIRequest(.post, "/api/v1/hooks/demo/told", body: Array(body.utf8))
    request.headers = headers.map { (name: $0.0, value: $0.1) } + [("authorization", "Bearer \(token)")]
    request.contentType = type
    return request
  }

  /// Signed over its body.
  private static func signed(
    _ body: String, _ type: String?, _ headers: [(String, String)] = [], key: String = "s"
  ) -> APIRequest {
    var request = APIRequest(.post, "/api/v1/hooks/demo/signed", body: Array(body.utf8))
    let code = Hex.encode(HMACSHA256.code(key: Array(key.utf8), message: request.body))
    request.headers = headers.map { (name: $0.0, value: $0.1) } + [("x-hub-signature-256", "sha256=\(code)")]
    request.contentType = type
    return request
  }

  private func send(_ request: APIRequest, to server: TestServer) async throws -> (status: Int, json: JSON) {
    let response = await server.router.handle(request, as: .anonymous)
    return (response.status, try TestServer.json(response))
  }

  private func event(_ answer: JSON, _ server: TestServer) async throws -> JSON? {
    let id = try #require(answer["job_id"]?.string)
    return try await server.call(JobCalls.get, JobPath(id: id)).outputs?["event"]
  }

  private static let structured = "application/cloudevents+json; charset=UTF-8"
  private static let batch = "application/cloudevents-batch+json"
  /// The first example of the JSON format, section 3.2 of its batch form.
  private static let example = """
    {"specversion": "1.0", "type": "com.example.someevent", "source": "/mycontext/4",
     "id": "B234-1234-1234", "time": "2018-04-05T17:31:00Z",
     "comexampleextension1": "value", "comexampleothervalue": 5,
     "datacontenttype": "application/vnd.apache.thrift.binary", "data_base64": "AQIDBA=="}
    """
  private static let second = """
    {"specversion": "1.0", "type": "com.example.someotherevent", "source": "/mycontext/9",
     "id": "C234-1234-1234", "time": "2018-04-05T17:31:05Z",
     "comexampleextension1": "value", "comexampleothervalue": 5,
     "datacontenttype": "application/json",
     "data": {"appinfoA": "abc", "appinfoB": 123, "appinfoC": true}}
    """
  /// The example of section 3.1.4 of the HTTP binding.
  private static let binary = [
    ("ce-specversion", "1.0"), ("ce-type", "com.example.someevent"), ("ce-time", "2018-04-05T03:56:24Z"),
    ("ce-id", "1234-1234-1234"), ("ce-source", "/mycontext/subcontext"), ("ce-comexampleextension1", "value"),
  ]

  @Test("in structured mode start a job with the event as it is")
  func structured() async throws {
    let server = try await Self.server()
    for request in [Self.told(Self.example, Self.structured), Self.signed(Self.second, Self.structured)] {
      let answer = try await send(request, to: server)
      #expect(answer.status == 202 && answer.json["outcome"] == "started", "\(answer.json.text)")
      #expect(try await event(answer.json, server) == (try JSON(parsing: request.body)))
    }
  }

  @Test("in binary mode have their attributes in headers and their data in the body")
  func binary() async throws {
    let server = try await Self.server()
    let answer = try await send(
      Self.told(#"{"a": 1}"#, "application/json; charset=utf-8", Self.binary), to: server)
    #expect(answer.status == 202, "\(answer.json.text)")
    #expect(
      try await event(answer.json, server) == [
        "specversion": "1.0", "type": "com.example.someevent", "time": "2018-04-05T03:56:24Z",
        "id": "1234-1234-1234", "source": "/mycontext/subcontext", "comexampleextension1": "value",
        "datacontenttype": "application/json; charset=utf-8", "data": ["a": 1],
      ])
    // Section 3.1.3.2: what a header may not carry is percent-encoded; quotes around it are no part of it.
    var odd = Self.binary.map { $0.0 == "ce-id" ? ($0.0, "2") : $0 }
    odd += [("ce-subject", "Euro%20%E2%82%AC%20%F0%9F%98%80"), ("ce-other", #""a \"b\"""#)]
    let text = try await send(Self.told("é", "text/plain", odd), to: server)
    let found = try await event(text.json, server)
    #expect(found?["subject"] == "Euro € 😀" && found?["other"] == #"a "b""# && found?["data"] == "é")
    var bytes = Self.told("", "image/png", Self.binary.map { $0.0 == "ce-id" ? ($0.0, "3") : $0 })
    bytes.body = [0x89, 0xFF, 0x00, 0x01]
    #expect(try await event(try await send(bytes, to: server).json, server)?["data_base64"] == "if8AAQ==")
  }

  @Test("in a batch are a message each, in their order; an empty batch is none")
  func batches() async throws {
    let server = try await Self.server()
    let body = "[\(Self.example), \(Self.second)]"
    let answer = try await send(Self.signed(body, Self.batch), to: server)
    #expect(answer.status == 202 && answer.json["outcome"] == "batch" && answer.json["job_id"] == nil)
    let events = try #require(answer.json["events"]?.array)
    #expect(events.map { $0["outcome"] } == ["started", "started"])
    #expect(try await event(events[0], server)?["id"] == "B234-1234-1234")
    #expect(try await event(events[1], server)?["data"]?["appinfoB"] == 123)
    let none = try await send(Self.signed("[]", Self.batch), to: server)
    #expect(none.status == 202 && none.json["events"] == [])
    let again = try await send(Self.signed("[\(Self.second), \(Self.example)]", Self.batch), to: server)
    #expect(again.json["events"]?.array?.map { $0["outcome"] } == ["existing", "existing"])
    let long = Array(repeating: Self.second, count: HookResult.mostEvents + 1).joined(separator: ",")
    #expect(try await send(Self.signed("[\(long)]", Self.batch), to: server).status == 400)
  }

  @Test("are the same where source and id are, in whatever mode and at whatever time they come")
  func same() async throws {
    let server = try await Self.server()
    let first = try await send(Self.told("x", "text/plain", Self.binary), to: server)
    let json = """
      {"specversion": "1.0", "type": "other", "source": "/mycontext/subcontext", "id": "1234-1234-1234"}
      """
    let again = try await send(Self.told(json, Self.structured, [("idempotency-key", "new")]), to: server)
    #expect(again.json["outcome"] == "existing" && again.json["job_id"] == first.json["job_id"])
    let elsewhere = json.replacing("/subcontext", with: "/subcontext2")
    #expect(try await send(Self.told(elsewhere, Self.structured), to: server).json["outcome"] == "started")
    // What is told apart by source and id may not be moved over the border between them.
    let moved = try await send(
      Self.told(
        json.replacing("/mycontext/subcontext", with: "/mycontext/subcontext1").replacing(
          "1234-1234-1234", with: "234-1234-1234"), Self.structured), to: server)
    #expect(moved.json["outcome"] == "started")
  }

  @Test("of nobody are refused before anything of them is looked at")
  func unsigned() async throws {
    let server = try await Self.server()
    for request in [
      Self.told(Self.example, Self.structured, token: "other"), Self.told("{", Self.structured, token: ""),
      Self.signed("[", Self.batch, key: "other"), Self.told("x", "text/plain", Self.binary, token: "other"),
    ] {
      let answer = try await send(request, to: server)
      #expect(answer.status == 404 && answer.json["code"] == "unknown-hook", "\(answer.json.text)")
    }
    #expect(try await server.call(JobCalls.list, JobsQuery()).items.isEmpty)
  }

  @Test("in headers are not believed where only the body is signed: a caught request would have any id")
  func unproven() async throws {
    let server = try await Self.server()
    let answer = try await send(Self.signed("x", "text/plain", Self.binary), to: server)
    #expect(answer.status == 400 && answer.json["code"] == "invalid-cloudevent", "\(answer.json.text)")
    #expect(try await server.call(JobCalls.list, JobsQuery()).items.isEmpty)
  }

  private static let right = #""specversion": "1.0", "type": "t", "source": "/s", "id": "1""#

  @Test(
    "that break the specification are refused, and nothing of them starts",
    arguments: [
      "[]", "1", "{}", #"{"type": "t", "source": "/s", "id": "1"}"#,
      #"{"specversion": "0.3", "type": "t", "source": "/s", "id": "1"}"#,
      #"{"specversion": "1.0", "type": "", "source": "/s", "id": "1"}"#,
      #"{"specversion": "1.0", "type": "t", "source": "", "id": "1"}"#,
      #"{"specversion": "1.0", "type": "t", "source": "/a b", "id": "1"}"#,
      #"{"specversion": "1.0", "type": "t", "source": "/s", "id": 1}"#,
      #"{"specversion": "1.0", "type": "t", "source": "/s", "id": null}"#,
    ]
      + [
        #""time": "yesterday""#, #""time": 1"#, #""subject": """#, #""dataschema": "x""#,
        #""datacontenttype": "json""#, #""Upper": "x""#, #""under_score": "x""#, #""ext": 1.5"#,
        #""ext": {"a": 1}"#, #""ext": [1]"#, #""ext": 2147483648"#, "\"ext\": \"a\\u0007\"",
        #""data": 1, "data_base64": "AQ==""#, #""data_base64": "A""#, #""data_base64": 1"#,
        #""id": "2""#,
      ].map { "{\(right), \($0)}" })
  func broken(json: String) async throws {
    let server = try await Self.server()
    let answer = try await send(Self.told(json, Self.structured), to: server)
    #expect(answer.status == 400, "\(answer.json.text)")
    let batch = try await send(Self.told("[\(Self.second), \(json)]", Self.batch), to: server)
    #expect(batch.status == 400)
    #expect(try await server.call(JobCalls.list, JobsQuery()).items.isEmpty, "All of a batch, or nothing.")
  }

  @Test("of binary mode that break the binding are refused")
  func brokenHeaders() async throws {
    let server = try await Self.server()
    let wrong: [[(String, String)]] = [
      [], Array(Self.binary.dropFirst()), Self.binary + [("ce-id", "2")],
      Self.binary + [("ce-datacontenttype", "text/plain")], Self.binary + [("ce-subject", "%E2%82")],
      Self.binary + [("ce-subject", "%zz")], Self.binary + [("ce-", "x")],
    ]
    for headers in wrong {
      #expect(try await send(Self.told("x", "text/plain", headers), to: server).status == 400)
    }
    let avro = try await send(Self.told("x", "application/cloudevents+avro"), to: server)
    #expect(avro.status == 415)
    #expect(try await server.call(JobCalls.list, JobsQuery()).items.isEmpty)
  }

  @Test("may have members that are null, which are not there, and data of any JSON")
  func absent() async throws {
    let server = try await Self.server()
    let json = #"{\#(Self.right), "subject": null, "ext": true, "data": null}"#
    let answer = try await send(Self.told(json, Self.structured), to: server)
    #expect(answer.status == 202, "\(answer.json.text)")
    #expect(
      try await event(answer.json, server)
        == ["specversion": "1.0", "type": "t", "source": "/s", "id": "1", "ext": true, "data": .null])
  }
}

import Crypto
import Engine
import Foundation
import Glibc
import Model
import Net
import Synchronization
import Testing

@testable import Connectors

/// Plays Amazon Athena as Amazon's own pages describe it, signature included, and takes nothing else:
/// https://docs.aws.amazon.com/athena/latest/APIReference/API_StartQueryExecution.html
/// https://docs.aws.amazon.com/athena/latest/APIReference/API_GetQueryExecution.html
/// https://docs.aws.amazon.com/athena/latest/APIReference/API_GetQueryResults.html
/// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
private final class AthenaStandIn: Sendable {
  struct State {
    var course: [String] = ["QUEUED", "RUNNING", "SUCCEEDED"]
    var queries: [String: (body: JSON, token: String, course: [String])] = [:]
    var stopped: [String] = []
    var error: JSON?
    var rows = 3
    var name = "a,\"é\""
    var isUtility = false
    var refusal: (Int, String)?
    var asked: [String] = []
  }

  private let state = Mutex(State())
  var now: State { state.withLock { $0 } }
  func change(_ body: (inout State) -> Void) { state.withLock { body(&$0) } }

  private static func refused(_ status: Int, _ type: String, _ words: String) -> HTTPResponse {
    var response = HTTPResponse.json(status, ["__type": .string(type), "message": .string(words)])
    response.headers.set("content-type", "application/x-amz-json-1.1")
    return response
  }

  func answer(_ request: HTTPRequest) -> HTTPResponse {
    guard request.method == "POST", request.target == "/",
      request.headers["content-type"] == "application/x-amz-json-1.1",
      let target = request.headers["x-amz-target"], target.hasPrefix("AmazonAthena."), let body = request.json
    else { return Self.refused(404, "UnknownOperationException", "") }
    guard AWSSignature.isRight(request, service: "athena", secret: "wJalrXUtnFEMI-EXAMPLE") else {
      return Self.refused(
        403, "InvalidSignatureException", "The request signature we calculated does not match")
    }
    let action = String(target.dropFirst("AmazonAthena.".count))
    return state.withLock { state in
      state.asked.append(action)
      if let (status, type) = state.refusal { return Self.refused(status, type, "by order") }
      switch action {
      case "StartQueryExecution": return start(body, &state)
      case "GetQueryExecution": return get(body, &state)
      case "GetQueryResults": return results(body, &state)
      case "StopQueryExecution":
        guard let id = body["QueryExecutionId"]?.string, state.queries[id] != nil else {
          return Self.refused(400, "InvalidRequestException", "QueryExecution was not found")
        }
        state.stopped.append(id)
        state.queries[id]?.course = ["CANCELLED"]
        return .json(200, [:])
      default: return Self.refused(400, "UnknownOperationException", action)
      }
    }
  }

  private func start(_ body: JSON, _ state: inout State) -> HTTPResponse {
    let known = [
      "QueryString", "ClientRequestToken", "QueryExecutionContext", "WorkGroup", "ResultConfiguration",
      "ExecutionParameters",
    ]
    guard let token = body["ClientRequestToken"]?.string, (32...128).contains(token.utf8.count),
      body["QueryString"]?.string?.isEmpty == false,
      body.object?.keys.allSatisfy({ known.contains($0) }) == true
    else { return Self.refused(400, "InvalidRequestException", "1 validation error detected") }
    if body["ResultConfiguration"]?["OutputLocation"] == nil, body["WorkGroup"] == nil {
      return Self.refused(400, "InvalidRequestException", "No output location provided.")
    }
    if let known = state.queries.first(where: { $0.value.token == token }) {
      guard known.value.body == body else {
        return Self.refused(400, "InvalidRequestException", "Idempotent parameters do not match")
      }
      return .json(200, ["QueryExecutionId": .string(known.key)])
    }
    let id = "q-\(state.queries.count + 1)"
    state.queries[id] = (body, token, state.course)
    return .json(200, ["QueryExecutionId": .string(id)])
  }

  private func get(_ body: JSON, _ state: inout State) -> HTTPResponse {
    guard let id = body["QueryExecutionId"]?.string, var query = state.queries[id] else {
      return Self.refused(400, "InvalidRequestException", "QueryExecution was not found")
    }
    let word = query.course[0]
    if query.course.count > 1 { query.course.removeFirst() }
    state.queries[id] = query
    var status = JSONObject([("State", .string(word))])
    if word == "FAILED" {
      status["StateChangeReason"] = "SYNTAX_ERROR: line 1:8"
      status["AthenaError"] = state.error
    }
    return .json(
      200,
      [
        "QueryExecution": [
          "QueryExecutionId": .string(id), "Status": .object(status),
          "StatementType": state.isUtility ? "UTILITY" : "DML",
          "Statistics": ["TotalExecutionTimeInMillis": 1_250, "DataScannedInBytes": 4_096],
        ]
      ])
  }

  private func results(_ body: JSON, _ state: inout State) -> HTTPResponse {
    guard body["MaxResults"] == 1_000, let id = body["QueryExecutionId"]?.string, state.queries[id] != nil
    else {
      return Self.refused(400, "InvalidRequestException", "MaxResults")
    }
    let columns = [
      ("id", "bigint"), ("name", "varchar"), ("price", "decimal"), ("ratio", "double"), ("ok", "boolean"),
    ]
    func row(_ cells: [String?]) -> JSON {
      let data = cells.map { cell -> JSON in
        guard let cell else { return [:] }
        return ["VarCharValue": .string(cell)]
      }
      return ["Data": .array(data)]
    }
    var all = state.isUtility ? [] : [row(columns.map { $0.0 })]
    for number in 0..<state.rows {
      all.append(row(["\(number)", number == 1 ? nil : state.name, "1.10", "0.5", "true"]))
    }
    let start = body["NextToken"]?.string.flatMap { Int($0) } ?? 0
    let page = all.dropFirst(start).prefix(1_000)
    let info = columns.map { column -> JSON in ["Name": .string(column.0), "Type": .string(column.1)] }
    let set: JSON = ["Rows": .array(Array(page)), "ResultSetMetadata": ["ColumnInfo": .array(info)]]
    var answer = JSONObject([("ResultSet", set)])
    if start + page.count < all.count { answer["NextToken"] = .string("\(start + page.count)") }
    return .json(200, .object(answer))
  }
}

/// Computes what Amazon computes, from the request as it came.
enum AWSSignature {
  static func isRight(_ request: HTTPRequest, service: String, secret: String) -> Bool {
    guard let line = request.headers["authorization"], let date = request.headers["x-amz-date"],
      let scope = between(line, "Credential=AKIDEXAMPLE/", ","),
      let names = between(line, "SignedHeaders=", ","),
      let found = line.components(separatedBy: "Signature=").last
    else { return false }
    let signed = names.split(separator: ";").map { String($0) }
    guard ["content-type", "host", "x-amz-date", "x-amz-target"].allSatisfy({ signed.contains($0) }),
      scope.hasSuffix("/us-east-1/\(service)/aws4_request"), scope.hasPrefix(date.prefix(8))
    else { return false }
    let headers = signed.map { "\($0):\(request.headers[$0] ?? "")\n" }.joined()
    let canonical = ["POST", "/", "", headers, names, SHA256.hex(request.body)].joined(separator: "\n")
    let text = ["AWS4-HMAC-SHA256", date, scope, SHA256.hex(Array(canonical.utf8))].joined(separator: "\n")
    let key = scope.split(separator: "/").reduce(Array("AWS4\(secret)".utf8)) { key, part in
      HMACSHA256.code(key: key, message: Array(part.utf8))
    }
    return Hex.encode(HMACSHA256.code(key: key, message: Array(text.utf8))) == found
  }

  private static func between(_ text: String, _ start: String, _ end: String) -> String? {
    let parts = text.components(separatedBy: start)
    return parts.count == 2 ? parts[1].components(separatedBy: end).first : nil
  }
}

@Suite("A query in Athena", .timeLimit(.minutes(1)))
struct AthenaTests {
  private struct World {
    let stand = AthenaStandIn()
    let site: Site
    let bench: ServiceBench
    var connector: AthenaQuery { AthenaQuery(client: site.client) }

    init() throws {
      let stand = stand
      site = try Site { stand.answer($0) }
      bench = try ServiceBench()
    }

    func attempt(
      _ with: JSON, _ more: JSONObject = [:], _ credential: Credential? = ServiceTests.aws, number: Int = 1,
      isNodeEnding: Bool = false
    ) -> Attempt {
      var address: JSONObject = [
        "url": .null, "endpoint": .string(site.url), "region": "us-east-1", "database": "sales",
        "output_location": "s3://bucket/results/",
      ]
      for member in more { address[member.key] = member.value }
      return bench.attempt(
        with, of: connector, ServiceBench.connection("athena", site.url, address), credential, number: number,
        isNodeEnding: isNodeEnding)
    }

    func run(_ with: JSON, number: Int = 1) async -> Result<JSON, Failure> {
      await bench.run(connector, attempt(with, number: number))
    }
  }

  private let with: JSON = ["query": "SELECT * FROM orders WHERE state = ?", "parameters": ["'SP'"]]

  @Test("is started with a token of the step, waited for, and its rows are values")
  func rows() async throws {
    let world = try World()
    let value = await world.run(with).value
    let row: JSON = ["id": 0, "name": "a,\"é\"", "price": "1.10", "ratio": 0.5, "ok": true]
    #expect(value?["rows"]?[0] == row && value?["rows"]?[1]?["name"] == .null)
    #expect(value?["row_count"] == 3 && value?["columns"] == ["id", "name", "price", "ratio", "ok"])
    #expect(value?["execution_time_seconds"] == 1.25 && value?["data_scanned_bytes"] == 4_096)
    let body = world.stand.now.queries["q-1"]?.body
    #expect(
      body?["QueryExecutionContext"] == ["Database": "sales"] && body?["ExecutionParameters"] == ["'SP'"])
    #expect(body?["ResultConfiguration"] == ["OutputLocation": "s3://bucket/results/"])
    await world.site.stop()
  }

  @Test("gives any number of rows as a file, page by page", arguments: ["csv", "ndjson"])
  func file(format: String) async throws {
    let world = try World()
    world.stand.change { $0.rows = 2_500 }
    let value = await world.run(["query": "SELECT 1", "result": "artifact", "format": .string(format)]).value
    #expect(value?["row_count"] == 2_500 && value?["rows"] == [])
    let handle = try #require(value?["file"].flatMap(ArtifactHandle.init))
    let lines = String(decoding: try #require(world.bench.bench.bytes(of: handle)), as: UTF8.self)
      .split(separator: format == "csv" ? "\r\n" : "\n")
    #expect(handle.name == "rows.\(format)" && lines.count == (format == "csv" ? 2_501 : 2_500))
    if format == "csv" {
      #expect(
        lines.prefix(3) == ["id,name,price,ratio,ok", "0,\"a,\"\"é\"\"\",1.10,0.5,true", "1,,1.10,0.5,true"])
    }
    #expect(world.stand.now.asked.filter { $0 == "GetQueryResults" }.count == 3)
    await world.site.stop()
  }

  @Test("leaves out rows beyond the most, and refuses more than an output holds")
  func most() async throws {
    let world = try World()
    world.stand.change { $0.rows = 2_500 }
    for (most, count) in [(0, 0), (10, 10), (999, 999), (1_500, 1_500)] as [(Int64, Int64)] {
      let value = await world.run(["query": "SELECT 1", "max_rows": .int(most)]).value
      #expect(value?["row_count"] == .int(count) && value?["truncated"] == true)
    }
    let all = await world.run(["query": "SELECT 1", "max_rows": 2_500]).value
    #expect(all?["row_count"] == 2_500 && all?["truncated"] == false)
    world.stand.change { $0.name = String(repeating: "x", count: 2_000) }
    #expect(await world.run(["query": "SELECT 1"]).failure?.errorClass == .outputTooLarge)
    world.stand.change { ($0.rows, $0.isUtility) = (2, true) }
    #expect(await world.run(["query": "SHOW TABLES"]).value?["row_count"] == 2, "It has no header.")
    await world.site.stop()
  }

  @Test("is found again by whoever tries again, and started anew once it has failed")
  func attached() async throws {
    let world = try World()
    #expect(try await world.connector.outcome(ofLost: world.attempt(with)) == nil)
    world.stand.change { $0.course = ["FAILED"] }
    let failed = await world.run(with).failure
    #expect(failed?.errorClass == .data && failed?.message.contains("SYNTAX_ERROR") == true)
    world.stand.change { $0.course = ["RUNNING", "SUCCEEDED"] }
    let work = try await AthenaWork(world.attempt(with, number: 2), world.site.client)
    #expect(try await work.begin() == "q-2")
    // Its server ends here. The next one knows what was begun.
    let found = try await world.connector.outcome(ofLost: world.attempt(with, number: 2))
    #expect(found?.value["query_execution_id"] == "q-2" && world.stand.now.queries.count == 2)
    #expect(world.stand.now.asked.filter { $0 == "StartQueryExecution" }.count == 2)
    await world.site.stop()
  }

  @Test("whose start was not heard of is not started twice: its token is the same")
  func token() async throws {
    let (one, other) = (try World(), try ServiceBench())
    _ = await one.run(with)
    let again = other.attempt(
      with, of: one.connector, one.attempt(with).connection ?? ServiceBench.connection("athena", ""),
      ServiceTests.aws)
    #expect(await other.run(one.connector, again).value?["query_execution_id"] == "q-1")
    await one.site.stop()
  }

  @Test(
    "is stopped when its step is cancelled, and left alone when its node stops", arguments: [false, true])
  func cancelled(isNodeEnding: Bool) async throws {
    let world = try World()
    world.stand.change { $0.course = ["RUNNING"] }
    let attempt = world.attempt(with, isNodeEnding: isNodeEnding)
    let running = Task { await world.bench.run(world.connector, attempt) }
    await OwnThread.run { while !world.stand.now.asked.contains("GetQueryExecution") { poll(nil, 0, 5) } }
    running.cancel()
    let found = await running.value.failure
    #expect(found?.errorClass == .cancelled && found?.code == (isNodeEnding ? "requested" : "confirmed"))
    #expect(world.stand.now.stopped == (isNodeEnding ? [] : ["q-1"]))
    await world.site.stop()
  }

  @Test(
    "that Amazon refuses has a class that says what helps",
    arguments: [
      (400, "TooManyRequestsException", ErrorClass.rateLimited), (400, "ThrottlingException", .rateLimited),
      (400, "AccessDeniedException", .credential), (400, "UnrecognizedClientException", .credential),
      (400, "ExpiredTokenException", .credential), (500, "InternalServerException", .transient),
      (400, "com.amazon.coral#InternalServerException", .transient), (400, "InvalidRequestException", .data),
    ])
  func refused(status: Int, type: String, errorClass: ErrorClass) async throws {
    let world = try World()
    world.stand.change { $0.refusal = (status, type) }
    let found = await world.run(with).failure
    #expect(
      found?.errorClass == errorClass && found?.message.contains("by order") == true,
      "\(found?.message ?? "")")
    await world.site.stop()
  }

  @Test("with another key is refused, as is one whose failure is Athena's own passed on as transient")
  func credentials() async throws {
    let world = try World()
    let other = Credential(
      name: "c", type: "aws",
      values: [("access_key_id", Secret("AKIDEXAMPLE")), ("secret_access_key", Secret("another-key"))])
    let found = await world.bench.run(world.connector, world.attempt(with, [:], other)).failure
    #expect(found?.errorClass == .credential && found?.message.contains("InvalidSignature") == true)
    world.stand.change { ($0.course, $0.error) = (["FAILED"], ["ErrorCategory": 1, "Retryable": true]) }
    let own = await world.run(with).failure
    #expect(own?.errorClass == .transient && own?.code == "athena-failed")
    await world.site.stop()
  }
}

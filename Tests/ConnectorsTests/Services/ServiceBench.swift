import Engine
import Foundation
import Glibc
import Model
import Net
import Pipelines
import Synchronization
import Testing

@testable import Connectors

/// What one test calls a connector of a service with: its attempts keep checkpoints for each other, as those
/// of one step execution do.
final class ServiceBench: Sendable {
  let bench: Bench
  private let kept = Mutex<JSON?>(nil)
  private let pauses = Mutex<[Duration]>([])

  init() throws { bench = try Bench() }

  var paused: [Duration] { pauses.withLock { $0 } }
  var checkpoint: JSON? { kept.withLock { $0 } }
  /// Those of one step execution.
  var checkpoints: Checkpoints {
    Checkpoints(
      save: { (state) throws(Failure) in self.kept.withLock { $0 = state } },
      load: { () throws(Failure) in self.kept.withLock { $0 } })
  }

  func attempt(
    _ with: JSON, of connector: any Connector, _ connection: Connection, _ credential: Credential? = nil,
    number: Int = 1, files: String? = nil, isNodeEnding: Bool = false
  ) -> Attempt {
    var attempt = bench.attempt(
      with, number: number, effect: connector.description.effectClass(with: with, idempotent: nil),
      connection: connection, credential: credential, files: files)
    attempt.services.checkpoints = checkpoints
    attempt.services.pause = { time in self.pauses.withLock { $0.append(time) } }
    attempt.services.endsWithNode = { isNodeEnding }
    return attempt
  }

  /// The output, which has to agree with the connector's own schema, or the failure.
  func run(_ connector: any Connector, _ attempt: Attempt) async -> Result<JSON, Failure> {
    do throws(Failure) {
      let with = try? JSONSchema(connector.description.with).violations(in: attempt.with)
      #expect(with?.map { "\($0.pointer) \($0.message.english)" } == [], "\(attempt.with.text)")
      let value = try await connector.execute(attempt).value
      expect(value, agreesWith: connector)
      return .success(value)
    } catch { return .failure(error) }
  }

  func expect(_ value: JSON, agreesWith connector: any Connector) {
    let found = try? JSONSchema(connector.description.output).violations(in: value)
    #expect(found?.map { "\($0.pointer) \($0.message.english)" } == [], "\(value.text)")
  }

  static func connection(
    _ kind: String, _ url: String, _ more: JSONObject = [:], allow: [String] = ["127.0.0.0/8"]
  ) -> Connection {
    var address = JSONObject([("url", .string(url))])
    for member in more { address[member.key] = member.value.isNull ? nil : member.value }
    return Connection(
      namespace: "demo", name: "service", kind: kind, address: .object(address), allowedEgress: allow)
  }

  static let basic = Credential(
    name: "c", type: "basic", values: [("username", Secret("ana")), ("password", Secret("s3cr3t-pw"))])
  static let wrong = Credential(
    name: "c", type: "basic", values: [("username", Secret("ana")), ("password", Secret("other"))])
  static let bearer = Credential(name: "c", type: "bearer", values: [("token", Secret("t0ken-of-ana"))])
}

extension Result where Success == JSON, Failure == Model.Failure {
  var value: JSON? { if case .success(let value) = self { value } else { nil } }
  var failure: Model.Failure? { if case .failure(let failure) = self { failure } else { nil } }
}

extension HTTPResponse {
  static func json(_ status: Int, _ json: JSON, _ headers: [(String, String)] = []) -> HTTPResponse {
    var response = HTTPResponse(status: status, type: "application/json", json.serialized())
    for header in headers { response.headers.set(header.0, header.1) }
    return response
  }
}

extension HTTPRequest {
  var json: JSON? { try? JSON(parsing: body) }
  func query(_ name: String) -> [String] { (queryItems ?? []).filter { $0.name == name }.map(\.value) }
}

/// What every connector of a service does alike.
@Suite("A service of others", .timeLimit(.minutes(1)))
struct ServiceTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var kind: String
    var with: JSON
    var more: JSONObject = [:]
    var credential: Credential?
    var testDescription: String { name }
  }

  static let aws = Credential(
    name: "c", type: "aws",
    values: [
      ("access_key_id", Secret("AKIDEXAMPLE")), ("secret_access_key", Secret("wJalrXUtnFEMI-EXAMPLE")),
    ])
  private static let id = String(repeating: "a", count: 32)

  static let all = [
    Case(
      name: "airflow.run_dag", kind: "airflow", with: ["dag_id": "d"], more: ["version": 2],
      credential: ServiceBench.basic),
    Case(
      name: "airflow.list_dags", kind: "airflow", with: [:], more: ["version": 2],
      credential: ServiceBench.basic),
    Case(
      name: "llm.chat", kind: "llm", with: ["model": "m", "prompt": "p"], credential: ServiceBench.bearer),
    Case(
      name: "elasticsearch.index", kind: "elasticsearch", with: ["index": "i", "documents": [["a": 1]]],
      credential: ServiceBench.basic),
    Case(
      name: "cloudflare.kv", kind: "cloudflare", with: ["key": "k"],
      more: ["account_id": .string(id), "namespace_id": .string(id)], credential: ServiceBench.bearer),
    Case(name: "athena.query", kind: "athena", with: ["query": "SELECT 1"], credential: aws),
  ]

  private static func connection(_ example: Case, _ url: String) -> Connection {
    if example.kind == "athena" {
      return ServiceBench.connection(
        "athena", url, ["url": .null, "endpoint": .string(url), "region": "us-east-1"])
    }
    return ServiceBench.connection(example.kind, url, example.more)
  }

  private static func connector(_ name: String, _ client: CurlClient) throws -> any Connector {
    try #require(
      Catalog.all(curl: client, children: BuiltProgram.children).first { $0.description.name == name })
  }

  @Test("ends soon when it is cancelled while the service is silent", arguments: all)
  func cancelled(example: Case) async throws {
    let bench = try ServiceBench()
    let server = try BrokenServer(.drip("HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n"))
    let connector = try Self.connector(example.name, bench.bench.client)
    let attempt = bench.attempt(
      example.with, of: connector, Self.connection(example, server.url), example.credential)
    let running = Task { await bench.run(connector, attempt) }
    await OwnThread.run { while server.requests.isEmpty { poll(nil, 0, 5) } }
    running.cancel()
    #expect(await running.value.failure?.errorClass == .cancelled)
    server.stop()
    await bench.bench.client.stop()
  }

  @Test(
    "that answers otherwise than well has a class that says what helps, and shows no secret",
    arguments: all,
    [
      (401, ErrorClass.credential), (403, .credential), (429, .rateLimited), (500, .transient),
      (503, .transient),
    ])
  func statuses(example: Case, answer: (status: Int, errorClass: ErrorClass)) async throws {
    let bench = try ServiceBench()
    let site = try Site { _ in .json(answer.status, ["message": "s3cr3t-pw"], [("retry-after", "7200")]) }
    let connector = try Self.connector(example.name, site.client)
    let attempt = bench.attempt(
      example.with, of: connector, Self.connection(example, site.url), example.credential)
    let found = await bench.run(connector, attempt).failure
    #expect(found?.errorClass == answer.errorClass, "\(found?.message ?? "")")
    #expect(found?.message.contains("t0ken-of-ana") == false)
    await site.stop()
  }

  @Test("is not followed to where it redirects, and its answer has a largest size", arguments: all)
  func bounds(example: Case) async throws {
    let bench = try ServiceBench()
    for status in [302, 200] {
      let site = try Site { _ in
        var response = HTTPResponse(
          status: status, type: "application/json", Array(repeating: 32, count: status == 200 ? 40 << 20 : 0))
        response.isCompressible = false
        response.headers.set("location", "/elsewhere")
        return response
      }
      let connector = try Self.connector(example.name, site.client)
      let found = await bench.run(
        connector,
        bench.attempt(example.with, of: connector, Self.connection(example, site.url), example.credential)
      ).failure
      #expect(found?.errorClass == (status == 200 ? .outputTooLarge : .data), "\(found?.message ?? "")")
      #expect(!site.asked.contains { $0.path == "/elsewhere" })
      await site.stop()
    }
  }

  @Test(
    "is asked something small by a test of its credential, of which its answer alone is told", arguments: all)
  func probed(example: Case) async throws {
    for (status, passed) in [(200, true), (401, false), (403, false), (500, nil)] as [(Int, Bool?)] {
      let site = try Site { _ in .json(status, [:]) }
      let credential = try #require(example.credential)
      let finding = await CredentialProbe(site.client, now: { Timestamp(microseconds: 0) }).ask(
        credential, Self.connection(example, site.url), path: nil)
      #expect(finding.passed == passed, "\(example.name) \(status): \(finding.note)")
      #expect(!finding.note.contains("t0ken-of-ana") && site.asked.count <= 2)
      await site.stop()
    }
    let closed = ServiceBench.connection(example.kind, "http://127.0.0.1:1", example.more, allow: [])
    let client = try CurlClient(version: "test")
    let none = await CredentialProbe(client, now: { Timestamp(microseconds: 0) }).ask(
      try #require(example.credential), closed, path: nil)
    #expect(none.passed == false, "Its rules of egress hold: \(none.note)")
    await client.stop()
  }
}

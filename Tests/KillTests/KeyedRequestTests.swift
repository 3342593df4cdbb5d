import Foundation
import Model
import Testing

@Suite("A request with an Idempotency-Key", .serialized, .timeLimit(.minutes(2)))
struct KeyedRequestTests {
  private static let file = """
    apiVersion: esteira/v1
    id: one
    namespace: demo
    steps: {work: {uses: json.transform, with: {value: {n: 1}, expression: value}}}
    """

  private struct Answer {
    var head: String
    var body: JSON?
    var status: Int { Int(head.split(separator: " ").dropFirst().first ?? "") ?? 0 }
    var isReplayed: Bool { head.lowercased().contains("idempotency-replayed: true") }
  }

  private func post(_ path: String, _ body: String, key: String, _ installation: Installation) throws
    -> Answer
  {
    let answer = try installation.run([
      "/usr/bin/curl", "-s", "-i", "--unix-socket", installation.data + "/api.sock", "-H",
      "Content-Type: application/json", "-H", "Idempotency-Key: \(key)", "-d", body,
      "http://localhost/api/v1" + path,
    ])
    let text = answer.output.replacing("\r\n", with: "\n")
    let parts = text.split(separator: "\n\n", maxSplits: 1).map(String.init)
    return Answer(head: parts.first ?? "", body: parts.count == 2 ? try? JSON(parsing: parts[1]) : nil)
  }

  @Test("is done once, also when the server was killed in between, and another one with its key is refused")
  func once() throws {
    let installation = try Installation()
    try installation.write("one.yaml", Self.file)
    let server = try installation.startServer([:])
    try #require(try installation.run("pipeline", "apply", installation.place("one.yaml")).status == 0)
    let (start, body) = ("/pipelines/demo~one/execute", "{}")
    let first = try post(start, body, key: "k1", installation)
    #expect(first.status == 202 && !first.isReplayed)
    let group = try post("/groups", #"{"name": "readers"}"#, key: "g1", installation)
    #expect((200..<300).contains(group.status))
    kill(server.process.processIdentifier, SIGKILL)
    server.waitForDeath()

    let next = try installation.startServer([:])
    defer { next.stop() }
    let again = try post(start, body, key: "k1", installation)
    #expect(again.isReplayed && again.status == 202 && again.body == first.body)
    let sameGroup = try post("/groups", #"{"name": "readers"}"#, key: "g1", installation)
    #expect(sameGroup.isReplayed && sameGroup.body == group.body)
    let other = try post(start, #"{"inputs": {"n": 1}}"#, key: "k1", installation)
    #expect(other.status == 422 && other.body?["code"] == "idempotency-mismatch")
    #expect(try installation.sql("SELECT count(*) FROM job_executions") == ["1"])
  }

  @Test("never brings back what is shown once")
  func secrets() throws {
    let installation = try Installation()
    let server = try installation.startServer([:])
    defer { server.stop() }
    let user = #"{"name": "ana", "kind": "person"}"#
    let first = try post("/users", user, key: "u1", installation)
    #expect((200..<300).contains(first.status), "\(first.head)")
    let again = try post("/users", user, key: "u1", installation)
    #expect(again.body?["code"] == "shown-once")
    let kept =
      try Data(contentsOf: URL(filePath: installation.data + "/requests.db"))
      + Data(contentsOf: URL(filePath: installation.data + "/requests.db-wal"))
    let password = try #require(first.body?["password"]?.string)
    #expect(kept.range(of: Data(password.utf8)) == nil)
  }
}

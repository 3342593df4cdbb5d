import Connectors
import Engine
import Model
import Net
import Testing

@Suite("A test of a connection", .timeLimit(.minutes(1)))
struct ConnectionProbeTests {
  private func ask(
    _ client: CurlClient, _ connection: Connection, _ credential: Credential? = nil, path: String? = nil
  ) async -> [ConnectionProbe.Finding] {
    await ConnectionProbe(client, Brokers(), now: { Timestamp(microseconds: 0) }).ask(
      connection, credential, path: path)
  }

  @Test(
    "of kind http asks once, and any answer of a server that is well shows that the place is there",
    arguments: [
      (200, false, true), (302, false, true), (404, true, true), (401, false, nil), (401, true, false),
      (403, true, false), (503, true, nil),
    ] as [(Int, Bool, Bool?)])
  func site(_ status: Int, _ hasCredential: Bool, _ passed: Bool?) async throws {
    let site = try Site { _ in HTTPResponse(status: status) }
    let token = Credential(name: "c", type: "bearer", values: [("token", Secret("t0ken-of-ana"))])
    let findings = await ask(
      site.client, site.connection("c"), hasCredential ? token : nil, path: "/status")
    #expect(findings.map(\.passed) == [passed] && findings[0].note.contains("answered \(status)"))
    #expect(site.asked.map(\.target) == ["/status"])
    #expect(site.asked.first?.headers["authorization"] == (hasCredential ? "Bearer t0ken-of-ana" : nil))
    await site.stop()
  }

  @Test("goes nowhere that the connection does not allow")
  func egress() async throws {
    let site = try Site { _ in HTTPResponse(status: 200) }
    let findings = await ask(site.client, site.connection(allow: []))
    #expect(findings.map(\.passed) == [false] && site.asked.isEmpty)
    await site.stop()
  }

  @Test("of kind smtp connects as for a message, and sends none")
  func mail() async throws {
    let (sink, client) = (try MailSink(), try CurlClient(version: "test"))
    let connection = Connection(
      namespace: "demo", name: "mail", kind: "smtp",
      address: ["host": "127.0.0.1", "port": .int(Int64(sink.port)), "security": "none"],
      allowedEgress: ["127.0.0.0/8"])
    let findings = await ask(client, connection)
    #expect(findings.map(\.passed) == [true], "\(findings)")
    #expect(sink.said.contains { $0.hasPrefix("EHLO") } && !sink.said.contains { $0.hasPrefix("MAIL FROM") })
    sink.stop()
    let gone = await ask(client, connection)
    #expect(gone.map(\.passed) == [false])
    await client.stop()
  }

  @Test("an address that its kind does not understand fails, and a kind that nobody tries says nothing")
  func others() async throws {
    let client = try CurlClient(version: "test")
    for kind in ["http", "smtp", "redis", "amqp", "celery", "s3"] {
      let wrong = Connection(namespace: "demo", name: "x", kind: kind, address: ["colour": "red"])
      #expect(await ask(client, wrong).map(\.passed) == [false], "\(kind)")
    }
    let folder = Connection(namespace: "demo", name: "x", kind: "folder", address: ["path": "/srv"])
    #expect(await ask(client, folder).map(\.passed) == [nil])
    await client.stop()
  }
}

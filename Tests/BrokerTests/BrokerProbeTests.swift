import Engine
import Model
import Testing

@testable import Connectors
@testable import Net

@Suite("A test of a broker's connection", .timeLimit(.minutes(2)))
struct BrokerProbeTests {
  private func ask(
    _ kind: String, _ address: JSON, password: String? = nil
  ) async throws -> [ConnectionProbe.Finding] {
    let client = try CurlClient(version: "test")
    let credential = password.map {
      Credential(
        name: "c", type: "basic", values: [("username", Secret("default")), ("password", Secret($0))])
    }
    let findings = await ConnectionProbe(client, Brokers(), now: { Timestamp(microseconds: 0) }).ask(
      Connection(
        namespace: "demo", name: "broker", kind: kind, address: address, allowedEgress: ["127.0.0.0/8"]),
      credential, path: nil)
    await client.stop()
    return findings
  }

  @Test(
    "Redis is asked by a connection of its own, with the login, and the password is never told",
    .enabled(if: RedisServer.isThere, RedisServer.absence))
  func redis() async throws {
    let server = try RedisServer(["--requirepass", "s3cret-of-redis"])
    let address: JSON = ["url": .string(server.url)]
    let good = try await ask("redis", address, password: "s3cret-of-redis")
    #expect(good.map(\.passed) == [true] && good[0].note.hasSuffix("took the login."))
    let bad = try await ask("redis", address, password: "wr0ng-password")
    #expect(bad.map(\.passed) == [false] && !bad[0].note.contains("wr0ng"), "\(bad)")
    #expect(try await ask("redis", address).map(\.passed) == [false])
    let both: JSON = ["broker": .string(server.url + "/1"), "backend": .string(server.url + "/2")]
    let celery = try await ask("celery", both, password: "s3cret-of-redis")
    #expect(celery.map(\.passed) == [true, true, false] && celery[2].note.contains("No worker listens"))
    server.kill()
    #expect(try await ask("redis", address, password: "s3cret-of-redis").map(\.passed) == [false])
  }

  @Test(
    "RabbitMQ is asked in the same way", .enabled(if: RabbitServer.isThere, RabbitServer.absence))
  func rabbit() async throws {
    let server = try RabbitServer()
    let address: JSON = ["url": .string(server.url)]
    #expect(try await ask("amqp", address).map(\.passed) == [true])
    #expect(try await ask("amqp", address, password: "wr0ng-password").map(\.passed) == [false])
    let celery = try await ask("celery", ["broker": .string(server.url), "backend": "rpc"])
    #expect(
      celery.map(\.passed) == [true, false] && celery[1].note.contains("No worker listens"), "\(celery)")
  }

  @Test(
    "Celery's workers are asked through their broker, and named",
    .enabled(if: CeleryWorkers.isThere && RedisServer.isThere, CeleryWorkers.absence))
  func workers() async throws {
    let server = try RedisServer()
    let address: JSON = ["broker": .string(server.url + "/1"), "backend": .string(server.url + "/1")]
    let workers = try CeleryWorkers(broker: server.url + "/1", backend: server.url + "/1")
    try workers.listen(at: server)
    let found = try await ask("celery", address)
    #expect(found.map(\.passed) == [true, true], "\(found)")
    #expect(found.last?.note.firstMatch(of: /^1 workers answered: w[^,]+@localhost\.$/) != nil, "\(found)")
    #expect(try server.cli("-n", "1", "KEYS", "esteira.ping*").allSatisfy(\.isWhitespace), "Nothing is left.")
    workers.stop()
    #expect(try await ask("celery", address).last?.passed == false)
  }

  @Test(
    "So are those behind RabbitMQ",
    .enabled(if: CeleryWorkers.isThere && RabbitServer.isThere, CeleryWorkers.absence))
  func workersOfRabbit() async throws {
    let server = try RabbitServer()
    let workers = try CeleryWorkers(broker: server.url, backend: "rpc")
    let found = try await ask("celery", ["broker": .string(server.url), "backend": "rpc"])
    #expect(found.map(\.passed) == [true, true] && found[1].note.contains("@localhost"), "\(found)")
    workers.stop()
  }
}

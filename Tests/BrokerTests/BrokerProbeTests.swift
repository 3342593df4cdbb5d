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
    #expect(try await ask("celery", both, password: "s3cret-of-redis").map(\.passed) == [true, true])
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
  }
}

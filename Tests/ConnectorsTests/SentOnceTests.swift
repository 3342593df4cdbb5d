import Engine
import Foundation
import Model
import Net
import Testing

@testable import Connectors

@Suite("A request whose end is unknown", .timeLimit(.minutes(1)))
struct SentOnceTests {
  private static let ok = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
  private static let half = "HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\nok"

  private func connection(_ url: String, allow: String = "127.0.0.0/8") -> Connection {
    Connection(
      namespace: "demo", name: "site", kind: "http", address: ["url": .string(url)], allowedEgress: [allow])
  }

  private func ask(
    _ url: String, _ with: JSON, _ effect: EffectClass, client: CurlClient, allow: String = "127.0.0.0/8"
  ) async throws -> Failure? {
    let bench = try Bench()
    let attempt = bench.attempt(with, effect: effect, connection: connection(url, allow: allow))
    return await failure { () async throws(Failure) in
      try await HTTPRequestConnector(client: client).execute(attempt)
    }
  }

  @Test(
    "is lost where it must happen once, and is tried again where that does no harm",
    arguments: [
      BrokenServer.Turn.close, .sendAndClose(half), .sendAndClose("HTTP/1.1 2"),
      .sendAndClose("nonsense\r\n\r\n"),
    ])
  func broken(turn: BrokenServer.Turn) async throws {
    let client = try CurlClient(version: "test")
    let post: JSON = ["method": "POST", "json": 1]
    for (with, effect, errorClass) in [
      (post, EffectClass.once, ErrorClass.lost), (post, .keyed, .transient), ([:], .pure, .transient),
    ] {
      let server = try BrokenServer(turn)
      let found = try await ask(server.url, with, effect, client: client)
      #expect(found?.errorClass == errorClass, "\(effect) \(turn) \(found?.message ?? "")")
      #expect(found?.code == (effect == .once ? "effect-unknown" : "interrupted"))
      #expect(server.requests.count == 1)
      server.stop()
    }
    await client.stop()
  }

  @Test("is not sent again in silence when a kept connection breaks")
  func keptConnection() async throws {
    let client = try CurlClient(version: "test")
    let server = try BrokenServer(.send(Self.ok), .close, .send(Self.ok), .send(Self.ok))
    #expect(try await ask(server.url, [:], .pure, client: client) == nil)
    let found = try await ask(server.url, ["method": "POST", "text": "x"], .once, client: client)
    #expect(found?.errorClass == .lost)
    #expect(server.requests == ["GET / HTTP/1.1", "POST / HTTP/1.1"])
    server.stop()
    await client.stop()
  }

  @Test("is lost where it was answered by a redirect that leads nowhere")
  func redirect() async throws {
    let client = try CurlClient(version: "test")
    let gone = try BrokenServer()
    gone.stop()
    for target in [gone.url, "http://169.254.169.254/", "ftp://example.com/"] {
      let answer = "HTTP/1.1 303 See Other\r\nlocation: \(target)\r\ncontent-length: 0\r\n\r\n"
      let server = try BrokenServer(.send(answer))
      let found = try await ask(server.url, ["method": "POST", "text": "x"], .once, client: client)
      #expect(found?.errorClass == .lost, "\(target): \(found?.message ?? "")")
      #expect(server.requests.count == 1)
      server.stop()
    }
    await client.stop()
  }

  @Test("is surely unsent, and may be tried again, where nobody answers or the address is refused")
  func unsent() async throws {
    let client = try CurlClient(version: "test")
    let server = try BrokenServer()
    server.stop()
    let post: JSON = ["method": "POST", "text": "x"]
    let nobody = try await ask(server.url, post, .once, client: client)
    #expect(nobody?.errorClass == .transient && nobody?.code == "unreachable")
    let refused = try await ask("http://127.0.0.1:9", post, .once, client: client, allow: "10.0.0.0/8")
    #expect(refused?.errorClass == .configuration && refused?.code == "egress-refused")
    await client.stop()
  }
}

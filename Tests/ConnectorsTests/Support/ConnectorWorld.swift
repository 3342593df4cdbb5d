import Engine
import Foundation
import Model
import Net

@testable import Connectors

/// What a `ConnectorCase` needs of the world: files, a database, a site and a server of mail.
final class ConnectorWorld: Sendable {
  static let secret = "s3cr3t-Zm9v"

  let example: ConnectorCase
  let bench: Bench
  let site: Site
  let credential: Credential?
  private let mail: MailSink?
  private let connection: Connection?

  init(of example: ConnectorCase) async throws {
    self.example = example
    (bench, site) = (try Bench(), try Self.site())
    try FileCases.layOut(bench)
    try NodeCases.layOut(bench)
    _ = try await ObjectPut(client: bench.client).execute(
      bench.attempt(["bucket": "b", "key": "before", "body": "[1]", "metadata": ["m": "1"]], effect: .keyed))
    _ = try await NistSynthesize().execute(
      bench.attempt(["path": ".", "name": "before.nst", "mark": "m"], effect: .keyed))
    mail = example.name == "email.send" ? try MailSink() : nil
    connection =
      example.needsSite
      ? site.connection("c")
      : try StoreCases.connection(for: example.name, site, mail)
        ?? SQLBench.connection(for: example.name, bench)
    credential = Self.credential(for: example.name, site)
  }

  func attempt(
    for connector: any Connector, number: Int = 1, previous: PreviousAttempt? = nil
  ) -> Attempt {
    bench.attempt(
      example.with, number: number,
      effect: connector.description.effectClass(with: example.with, idempotent: nil),
      connection: connection, credential: credential, previous: previous)
  }

  func stop() async {
    mail?.stop()
    await site.stop()
  }

  static func site() throws -> Site {
    try Site { request in
      switch request.path {
      case "/json": HTTPResponse(status: 200, type: "application/json", Array("{\"a\": [1, null]}".utf8))
      case "/t.csv": HTTPResponse(status: 200, type: "text/csv", Array("a,b\n1,2\n".utf8))
      case "/feed.xml": HTTPResponse(status: 200, type: "application/rss+xml", Array(FeedTests.rss.utf8))
      case "/api/chat.postMessage":
        HTTPResponse(status: 200, type: "application/json", Array(ChatTests.slackAnswer.utf8))
      case "/bot1:T/sendMessage":
        HTTPResponse(status: 200, type: "application/json", Array(ChatTests.telegramAnswer.utf8))
      default: HTTPResponse(status: 200)
      }
    }
  }

  static func credential(_ type: String) -> Credential {
    let values = ["token", "secret", "password", "username", "value"].map { ($0, Secret(secret)) }
    return Credential(name: "c", type: type, values: values + [("name", Secret("x-key"))])
  }

  private static func credential(for name: String, _ site: Site) -> Credential? {
    switch name {
    case "slack.send", "telegram.send": ChatTests.credential("bearer", "token", "1:T")
    case "teams.send": ChatTests.credential("secret", "value", site.url + "/hook")
    case "webhook.send": credential("hmac")
    case "shell", "python", "process.run", "http.request", "http.download", "csv.read", "feed.read":
      credential("bearer")
    case let name where name.hasPrefix("s3."): S3Bench.credential()
    case _: nil
    }
  }
}

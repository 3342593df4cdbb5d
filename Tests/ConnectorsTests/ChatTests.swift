import Engine
import Foundation
import Model
import Net
import Testing

@testable import Connectors

/// Stand-ins that take what the services' own pages say and nothing else:
/// https://docs.slack.dev/reference/methods/chat.postMessage
/// https://core.telegram.org/bots/api#sendmessage
/// https://learn.microsoft.com/en-us/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using
@Suite("A message to a chat", .timeLimit(.minutes(1)))
struct ChatTests {
  static let slackAnswer = #"{"ok":true,"channel":"C1","ts":"1503435956.000247","message":{"text":"T"}}"#
  static let telegramAnswer =
    #"{"ok":true,"result":{"message_id":7,"date":1,"chat":{"id":-100,"type":"group"},"text":"T"}}"#

  static func credential(_ type: String, _ member: String, _ secret: String) -> Credential {
    Credential(name: "c", type: type, values: [(member, Secret(secret))])
  }

  /// Answers only a request that is as the service wants it; 418 else, which is no answer of theirs.
  private static func strict(
    _ path: String, _ authorization: String?, _ body: JSON, _ status: Int, _ answer: String
  ) throws -> Site {
    try Site { request in
      let isRight =
        request.method == "POST" && request.target == path
        && request.headers["authorization"] == authorization
        && request.headers["content-type"] == "application/json; charset=utf-8"
        && (try? JSON(parsing: request.body)) == body
      guard isRight else { return HTTPResponse(status: 418) }
      return HTTPResponse(status: status, type: "application/json", Array(answer.utf8))
    }
  }

  private static let slackWith: JSON = [
    "channel": "C1", "text": "T", "thread_ts": "1.2", "blocks": [["type": "divider"]],
  ]

  private func slack(_ status: Int, _ answer: String) async throws -> (JSON?, Failure?) {
    let site = try Self.strict("/api/chat.postMessage", "Bearer xoxb-1", Self.slackWith, status, answer)
    return try await run(
      SlackSend(client: site.client), Self.slackWith, site, Self.credential("bearer", "token", "xoxb-1"))
  }

  private func run(
    _ connector: any Connector, _ with: JSON, _ site: Site, _ credential: Credential
  ) async throws -> (JSON?, Failure?) {
    let bench = try Bench()
    var value: JSON?
    let found = await failure { () async throws(Failure) in
      value = try await connector.execute(
        bench.attempt(with, connection: site.connection("c"), credential: credential)
      ).value
      return value
    }
    await site.stop()
    return (value, found)
  }

  @Test("of Slack is posted by an app's token, and its answer is read")
  func slackSent() async throws {
    let (value, found) = try await slack(200, Self.slackAnswer)
    #expect(found == nil && value == ["channel": "C1", "ts": "1503435956.000247"])
  }

  @Test(
    "that Slack refuses has a class that says what helps",
    arguments: [
      (200, #"{"ok":false,"error":"channel_not_found"}"#, ErrorClass.data, "chat-refused"),
      (200, #"{"ok":false,"error":"invalid_auth"}"#, .credential, "http-status"),
      (200, #"{"ok":false,"error":"ratelimited"}"#, .rateLimited, "http-status"),
      (429, "", .rateLimited, "http-status"), (503, "", .transient, "http-status"),
      (200, "<html>", .data, "chat-refused"),
    ])
  func slackRefused(status: Int, answer: String, errorClass: ErrorClass, code: String) async throws {
    let (_, found) = try await slack(status, answer)
    #expect(found?.errorClass == errorClass && found?.code == code, "\(found?.message ?? "")")
  }

  private func telegram(_ status: Int, _ answer: String) async throws -> (JSON?, Failure?) {
    let with: JSON = ["chat_id": -100, "text": "T", "parse_mode": "HTML", "disable_notification": true]
    let site = try Self.strict("/bot1:T0ken_x-y/sendMessage", nil, with, status, answer)
    return try await run(
      TelegramSend(client: site.client), with, site, Self.credential("bearer", "token", "1:T0ken_x-y"))
  }

  @Test("of Telegram is sent by a bot, whose token no message shows")
  func telegramSent() async throws {
    let (value, found) = try await telegram(200, Self.telegramAnswer)
    #expect(found == nil && value == ["message_id": 7, "chat_id": -100])
    for (status, answer, errorClass) in [
      (400, #"{"ok":false,"error_code":400,"description":"Bad Request: chat not found"}"#, ErrorClass.data),
      (401, #"{"ok":false,"error_code":401,"description":"Unauthorized"}"#, .credential),
      (404, #"{"ok":false,"error_code":404,"description":"Not Found"}"#, .credential),
      (502, "", .transient), (200, "{}", .data),
    ] {
      let (_, found) = try await telegram(status, answer)
      #expect(found?.errorClass == errorClass, "\(found?.message ?? "")")
      #expect(found?.message.contains("T0ken") == false)
    }
    let (_, later) = try await telegram(
      429, #"{"ok":false,"error_code":429,"description":"Too Many Requests","parameters":{"retry_after":5}}"#)
    #expect(later?.errorClass == .rateLimited && later?.retryAfter == .seconds(5))
  }

  @Test("of Teams is a card, at an address that no message shows")
  func teams() async throws {
    let card: JSON = [
      "type": "message",
      "attachments": [
        [
          "contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": .null,
          "content": [
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard",
            "version": "1.4",
            "body": [
              ["type": "TextBlock", "text": "Title", "weight": "Bolder", "size": "Medium", "wrap": true],
              ["type": "TextBlock", "text": "T", "wrap": true],
              ["type": "FactSet", "facts": [["title": "n", "value": "3"]]],
            ],
          ],
        ]
      ],
    ]
    let with: JSON = ["title": "Title", "text": "T", "facts": ["n": 3]]
    let path = "/workflows/s3cretPart/triggers/manual/paths/invoke?api-version=1&sig=s3cretSig"
    for (status, errorClass) in [(202, nil), (200, nil), (400, ErrorClass.data), (429, .rateLimited)] {
      let site = try Self.strict(path, nil, card, status, "")
      let (value, found) = try await run(
        TeamsSend(client: site.client), with, site, Self.credential("secret", "value", site.url + path))
      #expect(found?.errorClass == errorClass, "\(found?.message ?? "")")
      #expect(found?.message.contains("s3cret") != true)
      if errorClass == nil { #expect(value == ["status": .int(Int64(status))]) }
    }
  }
}

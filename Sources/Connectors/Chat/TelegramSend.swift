import Engine
import Model
import Net

/// `telegram.send`: a message of a bot of Telegram.
///
/// https://core.telegram.org/bots/api#sendmessage
struct TelegramSend: Connector {
  let client: CurlClient
  var description: ConnectorDescription { Self.description }

  static let description = ConnectorDescription(
    name: "telegram.send", title: Bilingual("Send to Telegram", pt: "Enviar ao Telegram"),
    summary: Bilingual(
      "Sends a message of a bot to a chat, by the bot's token in a credential of type `bearer`.",
      pt: "Envia uma mensagem de um bot a um chat, com o token do bot em uma credencial do tipo `bearer`."),
    with: WebSchema.object(
      [
        ("chat_id", ["type": ["integer", "string"], "description": "A number, or `@channel`."]),
        ("text", ["type": "string", "minLength": 1, "maxLength": 4096]),
        ("parse_mode", ["enum": ["MarkdownV2", "HTML"], "description": "Plain text where missing."]),
        ("disable_notification", ["type": "boolean", "description": "Without a sound."]),
      ], required: ["chat_id", "text"]),
    output: [
      "type": "object",
      "properties": ["message_id": ["type": "integer"], "chat_id": ["type": "integer"]],
      "required": ["message_id", "chat_id"], "additionalProperties": false,
    ],
    effect: .onceUnlessIdempotent(warns: true), connection: .optional(kind: "http"),
    defaultTimeout: .seconds(60),
    examples: [
      .init(
        Bilingual("Tell a group", pt: "Avisar um grupo"),
        yaml: """
          tell:
            uses: telegram.send
            credential: bot
            with: {chat_id: -1001234567890, text: "The day is done: ${{ job.key }}"}
          """)
    ], failures: ChatCall.notes)

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    let token = try ChatCall.secret(attempt, "bearer", "token")
    let isToken = token.utf8.allSatisfy { byte in
      (48...58).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
        || [45, 95].contains(byte)
    }
    guard isToken else {
      throw Failure(
        .credential, code: "unusable-credential",
        "The token of `\(attempt.credential?.name ?? "")` is none of Telegram, such as 123456:ABC-DEF.")
    }
    let call = try ChatCall(
      attempt, "https://api.telegram.org", "/bot\(token)/sendMessage", shown: "sendMessage of Telegram")
    let answer = try await call.post(client, attempt.with) { response, answer in
      guard answer["ok"] == false else { return nil }
      let text = "Telegram refused the message: \((answer["description"]?.string ?? "").prefix(200))."
      switch answer["error_code"]?.int ?? Int64(response.status) {
      case 429:
        let wait = answer["parameters"]?["retry_after"]?.int.map { Duration.seconds(min($0, 86_400)) }
        return Failure(.rateLimited, code: "http-status", text, retryAfter: wait)
      // An unknown token is no place at all there.
      case 401, 404: return Failure(.credential, code: "http-status", text)
      case 500...599: return Failure(.transient, code: "http-status", text)
      case _: return Failure(.data, code: "chat-refused", text)
      }
    }
    guard answer["ok"] == true, let id = answer["result"]?["message_id"]?.int,
      let chat = answer["result"]?["chat"]?["id"]?.int
    else {
      throw Failure(
        .data, code: "chat-refused", "Telegram answered something else than its documentation says.")
    }
    return AttemptOutput(["message_id": .int(id), "chat_id": .int(chat)])
  }
}

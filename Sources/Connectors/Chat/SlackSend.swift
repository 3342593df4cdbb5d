import Engine
import Model
import Net

/// `slack.send`: a message to a channel of Slack.
///
/// https://docs.slack.dev/reference/methods/chat.postMessage
struct SlackSend: Connector {
  let client: CurlClient
  var description: ConnectorDescription { Self.description }

  static let description = ConnectorDescription(
    name: "slack.send", title: Bilingual("Send to Slack", pt: "Enviar ao Slack"),
    summary: Bilingual(
      "Posts a message to a channel, by the token of an app (`chat:write`) in a credential of type `bearer`.",
      pt:
        "Envia uma mensagem a um canal, com o token de um app (`chat:write`) em uma credencial do tipo "
        + "`bearer`."),
    with: WebSchema.object(
      [
        ("channel", ["type": "string", "minLength": 1, "description": "The id, such as C0123456789."]),
        ("text", ["type": "string", "minLength": 1, "maxLength": 40000]),
        (
          "blocks",
          ["type": "array", "items": ["type": "object", "additionalProperties": true], "maxItems": 50]
        ),
        ("thread_ts", ["type": "string", "description": "Answers to the message with this `ts`."]),
      ], required: ["channel", "text"]),
    output: [
      "type": "object", "properties": ["channel": ["type": "string"], "ts": ["type": "string"]],
      "required": ["channel", "ts"], "additionalProperties": false,
    ],
    effect: .onceUnlessIdempotent(warns: true), connection: .optional(kind: "http"),
    defaultTimeout: .seconds(60),
    examples: [
      .init(
        Bilingual("Tell a channel", pt: "Avisar um canal"),
        yaml: """
          tell:
            uses: slack.send
            credential: slack
            with: {channel: C0123456789, text: "The day is done: ${{ job.key }}"}
          """)
    ], failures: ChatCall.notes)

  private static let keyErrors = [
    "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "no_permission",
    "missing_scope",
  ]

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    let token = try ChatCall.secret(attempt, "bearer", "token")
    var call = try ChatCall(
      attempt, "https://slack.com", "/api/chat.postMessage", shown: "chat.postMessage of Slack")
    call.authorize(bearer: token)
    let answer = try await call.post(client, attempt.with) { _, answer in
      guard answer["ok"] == false else { return nil }
      let word = answer["error"]?.string ?? "unknown"
      let text = "Slack refused the message: \(word.prefix(100))."
      if Self.keyErrors.contains(word) { return Failure(.credential, code: "http-status", text) }
      if ["ratelimited", "rate_limited"].contains(word) {
        return Failure(.rateLimited, code: "http-status", text)
      }
      return Failure(.data, code: "chat-refused", text)
    }
    guard answer["ok"] == true, let channel = answer["channel"]?.string, let ts = answer["ts"]?.string else {
      throw Failure(.data, code: "chat-refused", "Slack answered something else than its documentation says.")
    }
    return AttemptOutput(["channel": .string(channel), "ts": .string(ts)])
  }
}

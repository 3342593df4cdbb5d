import Engine
import Model
import Net

/// `teams.send`: a card in a channel of Microsoft Teams, by the address that a workflow has for it.
///
/// https://learn.microsoft.com/en-us/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using
struct TeamsSend: Connector {
  let client: CurlClient
  var description: ConnectorDescription { Self.description }

  static let description = ConnectorDescription(
    name: "teams.send", title: Bilingual("Send to Teams", pt: "Enviar ao Teams"),
    summary: Bilingual(
      """
      Posts a card to a channel. Its address, which a workflow of Teams gives, is a secret: it stands in a \
      credential of type `secret`.
      """,
      pt: """
        Envia um cartão a um canal. O endereço, que o aplicativo Workflows do Teams dá, é um segredo: \
        fica em uma credencial do tipo `secret`.
        """),
    with: WebSchema.object(
      [
        ("title", ["type": "string", "maxLength": 300]),
        ("text", ["type": "string", "minLength": 1, "maxLength": 20000]),
        (
          "facts",
          [
            "type": "object", "additionalProperties": ["type": ["string", "integer", "number", "boolean"]],
            "description": "Pairs that are shown below the text.",
          ]
        ),
      ], required: ["text"]),
    output: [
      "type": "object", "properties": ["status": ["type": "integer"]], "required": ["status"],
      "additionalProperties": false,
    ],
    effect: .onceUnlessIdempotent(warns: true), connection: .optional(kind: "http"),
    defaultTimeout: .seconds(60),
    examples: [
      .init(
        Bilingual("Tell a channel", pt: "Avisar um canal"),
        yaml: """
          tell:
            uses: teams.send
            credential: channel
            with: {title: The day is done, text: "All sources answered.", facts: {documents: 87}}
          """)
    ], failures: ChatCall.notes)

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    let url = try ChatCall.secret(attempt, "secret", "value")
    let call = try ChatCall(attempt, url: url, shown: "the workflow of Teams")
    var status = 0
    _ = try await call.post(client, Self.card(attempt.with)) { response, _ in
      status = response.status
      guard [400, 404, 413].contains(response.status) else { return nil }
      return Failure(
        .data, code: "chat-refused",
        "Teams refused the card with \(response.status); see the workflow's runs.")
    }
    return AttemptOutput(["status": .int(Int64(status))])
  }

  /// https://adaptivecards.io/explorer/AdaptiveCard.html
  private static func card(_ with: JSON) -> JSON {
    var body: [JSON] = []
    if let title = with["title"]?.string {
      body.append([
        "type": "TextBlock", "text": .string(title), "weight": "Bolder", "size": "Medium", "wrap": true,
      ])
    }
    body.append(["type": "TextBlock", "text": .string(with["text"]?.string ?? ""), "wrap": true])
    let facts = (with["facts"]?.object ?? JSONObject()).map { fact -> JSON in
      ["title": .string(fact.key), "value": .string(ScriptInput.plain(fact.value))]
    }
    if !facts.isEmpty { body.append(["type": "FactSet", "facts": .array(facts)]) }
    return [
      "type": "message",
      "attachments": [
        [
          "contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": .null,
          "content": [
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard",
            "version": "1.4", "body": .array(body),
          ],
        ]
      ],
    ]
  }
}

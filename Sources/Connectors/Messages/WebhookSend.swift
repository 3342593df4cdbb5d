import Crypto
import Engine
import Model
import Net

/// `webhook.send`: a signed message to the connection's address.
struct WebhookSend: Connector {
  let client: CurlClient
  var description: ConnectorDescription { Self.description }

  private static let answerLimit = 1 << 20

  static let description = ConnectorDescription(
    name: "webhook.send",
    title: Bilingual("Send a webhook", pt: "Enviar um webhook"),
    summary: Bilingual(
      """
      Posts a JSON body, written as Python's `json.dumps(body, sort_keys=True)` writes it, with two \
      signatures \
      by the secret of the credential: `X-Signature` (hex HMAC-SHA256 of the body) and `webhook-signature` \
      (Standard Webhooks). `webhook-id` is the step's key, the same for every attempt. With `cloudevent` the \
      body travels as the data of a CloudEvent 1.0, whose `id` is that key too.
      """,
      pt: """
        Envia um corpo JSON, escrito como o `json.dumps(body, sort_keys=True)` do Python escreve, com duas \
        assinaturas pelo segredo da credencial: `X-Signature` (HMAC-SHA256 do corpo em hexadecimal) e \
        `webhook-signature` (Standard Webhooks). `webhook-id` é a chave do passo, a mesma em cada tentativa. \
        Com `cloudevent` o corpo viaja como os dados de um CloudEvent 1.0, cujo `id` também é essa chave.
        """),
    with: WebSchema.object(
      WebSchema.address + [
        ("body", ["description": "Any value."]), ("cloudevent", CloudEvent.schema), WebSchema.expect,
      ], required: ["body"]),
    output: [
      "type": "object",
      "properties": [
        "status": ["type": "integer"],
        "id": ["type": "string", "description": "The webhook-id."],
        "signature": ["type": "string", "description": "The X-Signature."],
      ],
      "required": ["status", "id", "signature"],
      "additionalProperties": false,
    ],
    effect: .always(.keyed), connection: .required(kind: "http"), defaultTimeout: .seconds(300),
    examples: [
      .init(
        Bilingual("Tell that a day is done", pt: "Avisar que o dia terminou"),
        yaml: """
          hook:
            uses: webhook.send
            connection: receiver
            with: {path: /hooks/done, body: {status: success}}
          """),
      .init(
        Bilingual("The same as a CloudEvent", pt: "O mesmo como CloudEvent"),
        yaml: """
          event:
            uses: webhook.send
            connection: receiver
            with: {path: /events, body: {status: success}, cloudevent: {type: com.example.day.done}}
          """),
    ], failures: WebNotes.calling + [WebNotes.noSecret])

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    let keys = try WebhookSigning.keys(attempt.credential, of: attempt.connection?.name ?? "")
    let event = CloudEvent(attempt)
    let body = (event?.body ?? attempt.with["body"] ?? .null).pythonSorted()
    let seconds = attempt.services.now().microseconds / 1_000_000
    let signature = Hex.encode(HMACSHA256.code(key: keys[0], message: body))
    var call = try WebCall(attempt, method: "POST")
    call.request.body = body
    call.request.maxResponseBytes = Self.answerLimit
    // A redirect could lead the signed message to somebody else.
    call.request.maxRedirects = 0
    call.request.headers.set("content-type", event?.mediaType ?? "application/json")
    for header in event?.headers ?? [] { call.request.headers.set(header.name, header.value) }
    call.request.headers.set("x-signature", signature)
    call.request.headers.set("x-signature-algorithm", "HMAC-SHA256")
    for header in WebhookSigning.headers(attempt.stepKey, at: seconds, body, keys: keys) {
      call.request.headers.set(header.name, header.value)
    }
    let response = try await call.perform(client)
    try call.check(response)
    return AttemptOutput([
      "status": .int(Int64(response.status)), "id": .string(attempt.stepKey), "signature": .string(signature),
    ])
  }
}

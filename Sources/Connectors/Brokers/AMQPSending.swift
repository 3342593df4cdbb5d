import Crypto
import Engine
import Model
import Net

/// What `amqp.publish` and `amqp.request` share: the message, and how it goes.
struct AMQPSending: Sendable {
  let attempt: Attempt
  let place: BrokerPlace
  var message: AMQPMessage
  let exchange: String
  let routingKey: String

  static let members: [(String, JSON)] = [
    ("body", ["description": "Any value; a text is sent as it is, anything else as JSON."]),
    (
      "exchange",
      ["type": "string", "maxLength": 255, "default": "", "description": "Empty: straight to the queue."]
    ),
    (
      "routing_key",
      ["type": "string", "maxLength": 255, "description": "Of the empty exchange it is the queue's name."]
    ),
    ("headers", ["type": "object", "description": "Maps and lists may stand in one another."]),
    (
      "message_id",
      ["type": "string", "minLength": 1, "maxLength": 255, "description": "The step's key where missing."]
    ),
    ("correlation_id", ["type": "string", "minLength": 1, "maxLength": 255]),
    ("content_type", ["type": "string", "maxLength": 255]),
    ("type", ["type": "string", "maxLength": 255]),
    ("priority", ["type": "integer", "minimum": 0, "maximum": 255]),
    (
      "expires",
      ["type": "string", "description": "So long the broker keeps it where nobody takes it, such as `10m`."]
    ),
    ("persistent", ["type": "boolean", "default": true, "description": "It outlives the broker's restart."]),
  ]

  static let notes: [ConnectorDescription.FailureNote] =
    BrokerNotes.calling(.amqp) + [
      .init(
        .configuration, code: "amqp-unroutable",
        Bilingual("no queue takes the message", pt: "nenhuma fila recebe a mensagem"),
        remedy: Bilingual(
          "Make the queue, or bind it to the exchange with this routing key.",
          pt: "Crie a fila, ou ligue-a ao exchange com esta routing key.")),
      .init(
        .data, code: "amqp-refused",
        Bilingual(
          "RabbitMQ refuses; `credential` where user or rights are wrong, `transient` where a queue is full",
          pt:
            "o RabbitMQ recusa; `credential` com usuário ou direitos errados, `transient` com fila cheia"
        ),
        remedy: Bilingual("The message is that of RabbitMQ.", pt: "A mensagem é a do RabbitMQ.")),
    ]

  init(_ attempt: Attempt) throws(Failure) {
    self.attempt = attempt
    place = try BrokerPlace(attempt.connection, attempt.credential, kind: .amqp)
    let with = attempt.with
    exchange = with["exchange"]?.string ?? ""
    routingKey = with["routing_key"]?.string ?? ""
    let body = with["body"] ?? .null
    message = AMQPMessage(body.string.map { Array($0.utf8) } ?? body.serialized())
    message.contentType =
      with["content_type"]?.string ?? (body.string == nil ? "application/json" : "text/plain")
    if message.contentType == "application/json" { message.contentEncoding = "utf-8" }
    message.messageID = with["message_id"]?.string ?? attempt.stepKey
    message.correlationID = with["correlation_id"]?.string
    message.type = with["type"]?.string
    message.appID = "esteira"
    message.priority = with["priority"]?.int.map { UInt8(clamping: $0) }
    message.isPersistent = with["persistent"]?.bool ?? true
    message.timestamp = UInt64(max(0, attempt.services.now().microseconds / 1_000_000))
    if let headers = with["headers"]?.object { message.headers = AMQPJSON.table(headers) }
    if message.headers["traceparent"] == nil {
      message.headers["traceparent"] = .text(attempt.traceParent.header)
    }
    if let expires = try Self.duration(with["expires"], "expires") {
      message.expiration = String(max(1, expires.microseconds / 1_000))
    }
  }

  static func duration(_ value: JSON?, _ name: String) throws(Failure) -> Duration? {
    guard let text = value?.string else { return nil }
    guard let duration = Duration(text: text), duration > .zero else {
      throw Failure(
        .data, code: "invalid-with", "`\(name)`: \(text.prefix(40)) is no duration such as 30s or 2m.")
    }
    return duration
  }

  /// Returns once the broker has it.
  func send(_ brokers: Brokers) async throws(Failure) {
    let client: AMQPClient
    do throws(NetError) { client = try brokers.amqp(place) } catch {
      throw Failure(error, at: place, isRepeatable: true)
    }
    do throws(AMQPError) {
      try await client.publish(message, exchange: exchange, routingKey: routingKey)
    } catch {
      throw Failure(error, at: place, isRepeatable: attempt.effect != .once)
    }
  }
}

extension Failure {
  init(_ error: AMQPError, at place: BrokerPlace, isRepeatable: Bool = true) {
    switch error {
    case .net(let error): self.init(error, at: place, isRepeatable: isRepeatable)
    case .unroutable(let code, let message):
      self.init(
        .configuration, code: "amqp-unroutable", "\(place): no queue takes the message: \(code) \(message)")
    case .notTaken:
      self.init(.transient, code: "amqp-refused", "\(place): a queue is full or failed, and did not take it.")
    case .refused(let code, let message):
      let text = "\(place) refused: \(code) \(message)"
      switch code {
      case 403, 530: self.init(.credential, code: "amqp-refused", text)
      case 320, 405, 506, 541: self.init(.transient, code: "amqp-refused", text)
      case _: self.init(.data, code: "amqp-refused", text)
      }
    }
  }
}

/// `amqp.publish`: one message, confirmed.
struct AMQPPublish: Connector {
  let brokers: Brokers
  var description: ConnectorDescription { Self.description }

  static let description = ConnectorDescription(
    name: "amqp.publish",
    title: Bilingual("Publish to RabbitMQ", pt: "Publicar no RabbitMQ"),
    summary: Bilingual(
      """
      Publishes one message, and ends once the broker confirms that it has it. `message_id` is the step's \
      key, the same for every attempt, so that whoever reads the queue can tell a second one. A message that \
      no queue takes is a failure and is not lost in silence.
      """,
      pt: """
        Publica uma mensagem, e termina quando o broker confirma que a tem. `message_id` é a chave do passo, \
        a mesma em cada tentativa, para que quem lê a fila reconheça uma segunda. Uma mensagem que nenhuma \
        fila recebe é uma falha e não se perde em silêncio.
        """),
    with: WebSchema.object(
      AMQPSending.members + [
        ("confirm", ["enum": [true], "default": true, "description": "It is always confirmed."])
      ], required: ["routing_key", "body"]),
    output: [
      "type": "object",
      "properties": [
        "message_id": ["type": "string"], "exchange": ["type": "string"], "routing_key": ["type": "string"],
      ],
      "required": ["message_id", "exchange", "routing_key"],
      "additionalProperties": false,
    ],
    effect: .always(.keyed), connection: .required(kind: "amqp"), defaultTimeout: .seconds(60),
    examples: [
      .init(
        Bilingual("Ask for a collection", pt: "Pedir uma coleta"),
        yaml: """
          ask:
            uses: amqp.publish
            connection: rabbit
            with: {exchange: oraculo, routing_key: coleta.youtube, body: {tipo_evento: iniciar_coleta}}
          """)
    ], failures: AMQPSending.notes)

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    let sending = try AMQPSending(attempt)
    try await sending.send(brokers)
    return AttemptOutput([
      "message_id": .string(sending.message.messageID ?? ""), "exchange": .string(sending.exchange),
      "routing_key": .string(sending.routingKey),
    ])
  }
}

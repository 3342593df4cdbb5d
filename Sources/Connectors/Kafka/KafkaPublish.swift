import Crypto
import Engine
import Model
import Net

/// `kafka.publish`: one message, confirmed.
struct KafkaPublish: Connector {
  var description: ConnectorDescription { Self.description }
  private static let usualTimeout = Duration.seconds(30)
  private static let mostHeaders = 100

  static let description = ConnectorDescription(
    name: "kafka.publish",
    title: Bilingual("Publish to Kafka", pt: "Publicar no Kafka"),
    summary: Bilingual(
      """
      Publishes one message to a topic, and ends once every replica that is in step has it. The producer is \
      idempotent: what is sent again within an attempt is not written twice. Between attempts the header \
      `esteira-step-key`, the same each time, lets whoever reads tell a second one. `traceparent` names job \
      and step. Needs librdkafka on the node (`apt-get install librdkafka1`).
      """,
      pt: """
        Publica uma mensagem em um tópico, e termina quando toda réplica em dia a tem. O produtor é \
        idempotente: o que é reenviado dentro de uma tentativa não é gravado duas vezes. Entre tentativas, o \
        cabeçalho `esteira-step-key`, sempre o mesmo, deixa quem lê reconhecer uma segunda. `traceparent` \
        indica job e passo. Precisa da librdkafka no nó (`apt-get install librdkafka1`).
        """),
    with: WebSchema.object(
      [
        ("topic", ["type": "string", "minLength": 1, "maxLength": 249]),
        (
          "value",
          [
            "description":
              "A text is sent as it is, anything else as JSON; null is a message without a value."
          ]
        ),
        (
          "key",
          [
            "type": "string",
            "description": "Messages with one key stay in order. Without it, any partition.",
          ]
        ),
        (
          "partition",
          [
            "type": "integer", "minimum": 0, "maximum": 2_147_483_647,
            "description": "By the key where missing.",
          ]
        ),
        (
          "headers",
          [
            "type": "object", "additionalProperties": ["type": ["string", "number", "boolean", "null"]],
            "maxProperties": .int(Int64(mostHeaders)), "description": "Beside `traceparent`.",
          ]
        ),
        (
          "timeout",
          ["type": "string", "description": "So long is waited for the confirmation; `30s` where missing."]
        ),
      ], required: ["topic", "value"]),
    output: WebSchema.object(
      [
        ("topic", ["type": "string"]), ("partition", ["type": "integer"]),
        (
          "offset",
          ["type": ["integer", "null"], "description": "Null where the broker had it already."]
        ),
      ], required: ["topic", "partition", "offset"]),
    effect: .always(.keyed), connection: .required(kind: KafkaAddress.kind), defaultTimeout: .seconds(60),
    examples: [
      .init(
        Bilingual("Tell of an order", pt: "Avisar de um pedido"),
        yaml: """
          tell:
            uses: kafka.publish
            connection: kafka
            with: {topic: orders, key: "42", value: {order: 42, status: paid}, headers: {source: shop}}
          """)
    ], failures: notes)

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    let place = try KafkaAddress.place(attempt.connection, attempt.credential)
    let message = try Self.message(attempt)
    let limit = try AMQPSending.duration(attempt.with["timeout"], "timeout") ?? Self.usualTimeout
    let producer: KafkaProducer
    do throws(NetError) { producer = try KafkaProducer() } catch {
      throw Failure(.transient, code: "interrupted", "\(error)")
    }
    let result: Result<KafkaDelivery, KafkaFault>
    do throws(KafkaFault) {
      result = .success(try await producer.publish(message, to: place, within: limit))
    } catch { result = .failure(error) }
    await producer.close()
    do throws(KafkaFault) {
      let delivery = try result.get()
      return AttemptOutput([
        "topic": .string(message.topic), "partition": .int(Int64(delivery.partition)),
        "offset": delivery.offset.map { .int($0) } ?? .null,
      ])
    } catch { throw Failure(error, at: place) }
  }

  private static func message(_ attempt: Attempt) throws(Failure) -> KafkaMessage {
    let with = attempt.with
    let topic = with["topic"]?.string ?? ""
    guard KafkaTopic.isName(topic) else {
      throw Failure(
        .data, code: "invalid-with",
        "`\(topic.prefix(80))` is no name of a topic: letters, digits, `.`, `_` and `-`, at most 249.")
    }
    let value = with["value"] ?? .null
    var message = KafkaMessage(topic: topic, value: nil)
    if !value.isNull { message.value = value.string.map { Array($0.utf8) } ?? value.serialized() }
    message.key = with["key"]?.string.map { Array($0.utf8) }
    message.partition = with["partition"]?.int.flatMap { Int32(exactly: $0) }
    var headers = JSONObject([
      ("traceparent", .string(attempt.traceParent.header)),
      ("esteira-step-key", .string(attempt.stepKey)),
    ])
    for member in with["headers"]?.object ?? JSONObject() { headers[member.key] = member.value }
    message.headers = headers.map { member in
      .init(member.key, member.value.isNull ? nil : Array(ScriptInput.plain(member.value).utf8))
    }
    guard message.size <= KafkaProducer.messageLimit else {
      throw Failure(
        .data, code: "message-too-large",
        "The message has \(message.size) bytes with its key and headers; at most "
          + "\(KafkaProducer.messageLimit >> 20) MiB are sent.")
    }
    return message
  }

  private typealias Note = ConnectorDescription.FailureNote

  private static let notes: [Note] =
    [
      Note(
        .configuration, code: "kafka-library",
        Bilingual("librdkafka is not on the node", pt: "a librdkafka não está no nó"),
        remedy: Bilingual("`apt-get install librdkafka1`.", pt: "`apt-get install librdkafka1`.")),
      Note(
        .configuration, code: "invalid-connection",
        Bilingual(
          "the connection is not of kind `kafka`, or its address is not understood",
          pt: "a conexão não é do tipo `kafka`, ou seu endereço não foi entendido"),
        remedy: Bilingual(
          "Write `address: {brokers: [\"host:9092\"]}`.", pt: "Escreva `address: {brokers: [\"host:9092\"]}`."
        )),
      Note(
        .data, code: "kafka-refused",
        Bilingual(
          "Kafka refuses; `credential` where user or rights are wrong, `configuration` without such a topic",
          pt:
            "o Kafka recusa; `credential` com usuário ou direitos errados, `configuration` sem o tópico"
        ),
        remedy: Bilingual("The message is that of Kafka.", pt: "A mensagem é a do Kafka.")),
      Note(
        .data, code: "message-too-large",
        Bilingual("the message is larger than 16 MiB", pt: "a mensagem passa de 16 MiB"),
        remedy: Bilingual(
          "Put it in an artifact and send its address.", pt: "Guarde-a em um artefato e envie o endereço.")),
    ]
    + BrokerNotes.calling(.amqp).filter { note in
      ["unusable-credential", "egress-refused", "tls", "unreachable", "interrupted", "broker-timeout"]
        .contains(note.code)
    }
}

/// Names of topics.
enum KafkaTopic {
  private static let longest = 249

  static func isName(_ text: String) -> Bool {
    (1...longest).contains(text.utf8.count) && text != "." && text != ".."
      && text.utf8.allSatisfy { byte in
        (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20) || "._-".utf8.contains(byte)
      }
  }
}

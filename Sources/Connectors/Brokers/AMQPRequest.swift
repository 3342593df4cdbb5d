import Crypto
import Engine
import Model
import Net

/// `amqp.request`: one message, and the answer to it.
struct AMQPRequest: Connector {
  let brokers: Brokers
  var description: ConnectorDescription { Self.description }

  static let description = ConnectorDescription(
    name: "amqp.request",
    title: Bilingual("Ask over RabbitMQ", pt: "Perguntar pelo RabbitMQ"),
    summary: Bilingual(
      """
      Publishes one message with `reply_to` and `correlation_id`, confirmed, and waits for the answer to \
      that id. The queue of answers is durable: a server that is started again waits on for the answer and \
      does not ask a second time. An answer that comes too late or twice is let go; one that cannot be read \
      fails the step.
      """,
      pt: """
        Publica uma mensagem com `reply_to` e `correlation_id`, confirmada, e espera a resposta a esse id. A \
        fila de respostas é durável: um servidor reiniciado continua esperando a resposta e não pergunta de \
        novo. Uma resposta que chega tarde ou duas vezes é descartada; uma que não se pode ler falha o \
        passo.
        """),
    with: WebSchema.object(
      AMQPSending.members + [
        (
          "answer",
          ["enum": ["json", "text"], "default": "json", "description": "How the answer is read."]
        ),
        (
          "wait",
          [
            "type": "string",
            "description":
              "So long is waited for the answer, such as `30s`. Without it the step's `timeout`.",
          ]
        ),
      ], required: ["routing_key", "body"]),
    output: [
      "type": "object",
      "properties": [
        "answer": ["description": "A JSON value, or text."],
        "headers": ["type": "object", "description": "Of the answer."],
        "correlation_id": ["type": "string"],
      ],
      "required": ["answer", "headers", "correlation_id"],
      "additionalProperties": false,
    ],
    effect: .always(.reattachable), connection: .required(kind: "amqp"), defaultTimeout: .seconds(300),
    place: .outside,
    examples: [
      .init(
        Bilingual("Ask a service for a price", pt: "Perguntar um preço a um serviço"),
        yaml: """
          price:
            uses: amqp.request
            connection: rabbit
            with: {routing_key: prices, body: {item: 42}, wait: 30s}
          """)
    ],
    failures: AMQPSending.notes + [
      .init(
        .data, code: "reply-malformed",
        Bilingual("the answer is no JSON", pt: "a resposta não é JSON"),
        remedy: Bilingual(
          "Say `answer: text`, or mend the other side.", pt: "Diga `answer: text`, ou corrija o outro lado."))
    ])

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    var sending = try AMQPSending(attempt)
    let id = Self.correlation(attempt)
    sending.message.correlationID = id
    let desk = try desk(sending.place)
    sending.message.replyTo = desk.queue
    let (marker, message) = (SentMarker(attempt), sending)
    return try await answer(attempt, id, desk, sending.place) { () async throws(Failure) in
      try marker.set(.sending)
      try await message.send(brokers)
      try marker.set(.sent)
    }
  }

  func outcome(ofLost attempt: Attempt) async throws(Failure) -> AttemptOutput? {
    let marker = SentMarker(attempt)
    guard let state = marker.state else { return nil }
    // It may go twice: the answer to either will do.
    if state == .sending, attempt.effect == .keyed { return nil }
    let place = try BrokerPlace(attempt.connection, attempt.credential, kind: .amqp)
    return try await answer(attempt, Self.correlation(attempt), try desk(place), place, send: nil)
  }

  private static func correlation(_ attempt: Attempt) -> String {
    attempt.with["correlation_id"]?.string ?? "\(attempt.stepKey).\(attempt.number)"
  }

  private func desk(_ place: BrokerPlace) throws(Failure) -> ReplyDesk {
    do throws(NetError) { return try brokers.replies(place) } catch {
      throw Failure(error, at: place, isRepeatable: true)
    }
  }

  private func answer(
    _ attempt: Attempt, _ id: String, _ desk: ReplyDesk, _ place: BrokerPlace,
    send: (@Sendable () async throws(Failure) -> Void)?
  ) async throws(Failure) -> AttemptOutput {
    let limit = try AMQPSending.duration(attempt.with["wait"], "wait")
    let found = try await Waiting.first(of: await desk.claim(id, at: place), within: limit, on: desk.loop) {
      (news, isSent) async throws(Failure) -> AMQPMessage? in
      switch news {
      case .listening:
        if !isSent, let send { try await send() }
        return nil
      case .broken(let error):
        if !isSent, send != nil { throw Failure(error, at: place) }
        attempt.services.log(.warn, "\(place): \(error) The answer is waited for.")
        return nil
      case .answer(let message): return message
      }
    }
    guard let found else {
      if Task.isCancelled {
        throw Failure(
          .cancelled, code: "requested", "The request was sent, and its answer is waited for no more.")
      }
      throw Failure(.timeout, code: "broker-timeout", "No answer came within \(limit?.text ?? "").")
    }
    return try Self.output(found, attempt, id)
  }

  private static func output(
    _ message: AMQPMessage, _ attempt: Attempt, _ id: String
  ) throws(Failure) -> AttemptOutput {
    var answer = JSON.null
    if attempt.with["answer"]?.string == "text" {
      answer = .string(String(decoding: message.body, as: UTF8.self))
    } else {
      do throws(JSONError) { answer = try JSON(parsing: message.body) } catch {
        let start = String(decoding: message.body.prefix(200), as: UTF8.self)
        attempt.services.log(.error, "The answer begins: \(start)")
        throw Failure(
          .data, code: "reply-malformed",
          "The answer to \(id) is no JSON: line \(error.line), column \(error.column): "
            + error.message.english
        )
      }
    }
    return AttemptOutput([
      "answer": answer, "headers": AMQPJSON.json(message.headers), "correlation_id": .string(id),
    ])
  }
}

/// Waits on a stream of news, at most so long.
enum Waiting {
  /// What `take` makes of the first news that means something to it; nil when the time is over or the task is
  /// cancelled. `take` is told whether it has heard of anything before that it could act on.
  nonisolated(nonsending) static func first<News: Sendable, Found: Sendable>(
    of stream: AsyncStream<News>, within limit: Duration?, on loop: BrokerLoop,
    _ take: nonisolated(nonsending) @escaping @Sendable (News, _ isSent: Bool) async throws(Failure) -> Found?
  ) async throws(Failure) -> Found? {
    guard let limit else { return try await whole(stream, take) }
    let result = await withTaskGroup(of: Result<Found?, Failure>.self) { group in
      group.addTask {
        do throws(Failure) { return .success(try await whole(stream, take)) } catch {
          return .failure(error)
        }
      }
      group.addTask {
        await loop.pause(until: .now + limit)
        return .success(nil)
      }
      let first = await group.next() ?? .success(nil)
      group.cancelAll()
      return first
    }
    return try result.get()
  }

  nonisolated(nonsending) private static func whole<News: Sendable, Found: Sendable>(
    _ stream: AsyncStream<News>,
    _ take: nonisolated(nonsending) @Sendable (News, _ isSent: Bool) async throws(Failure) -> Found?
  ) async throws(Failure) -> Found? {
    var isSent = false
    for await news in stream {
      if let found = try await take(news, isSent) { return found }
      isSent = true
    }
    return nil
  }
}

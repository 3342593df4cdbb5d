internal import Crypto
public import Model
internal import Pipelines

// What triggers are given. Each of these returns after the commit that it caused.
extension Node {
  /// Hands a message to a trigger of kind `queue`, as its queue would. It is durable before anything else
  /// happens with it; the answer says what became of it.
  public func hand(_ message: HandedMessage) async throws(Problem) -> TriggerOutcome {
    let bytes = message.message.serialized()
    guard bytes.count <= HandedMessage.longest else { throw .messageTooLarge(bytes.count) }
    let entries = try await offThread { [configuration] () throws(Problem) in
      try TriggerReading(configuration: configuration).known(message.pipeline)
    }
    guard let entry = entries.first(where: { ScalarString($0.trigger.name) == ScalarString(message.trigger) })
    else { throw .noTrigger(message.trigger, of: message.pipeline, entries.map { $0.trigger.name }) }
    guard entry.trigger.kind == "queue" else {
      throw .notHanded(message.trigger, kind: entry.trigger.kind, of: message.pipeline)
    }
    let id = newMessage()
    let key = message.idempotencyKey ?? id.description
    guard (1...HandedMessage.longestKey).contains(key.utf8.count) else { throw .badMessageKey }
    let arrival = TriggerArrival(
      id: id, pipeline: message.pipeline, trigger: message.trigger, kind: "queue", key: key,
      actor: message.actor, body: ["message": message.message])
    return try await send { .arrive(arrival, accepted: nil, outcome: $0) }
  }

  func newMessage() -> ID<TriggerMessage> {
    var generator = ByteGenerator(bytes: configuration.random)
    return ID<TriggerMessage>.generate(at: configuration.clock.now, using: &generator)
  }

  /// Takes undelivered messages of the pipeline away; gives those that were there and are gone now. One that
  /// becomes a job in this moment stays.
  public func withdraw(
    _ messages: [ID<TriggerMessage>], of pipeline: PipelineName, by actor: String
  ) async throws(Problem) -> [ID<TriggerMessage>] {
    try await send { .withdraw(messages, of: pipeline, by: actor, $0) }
  }
}

internal import Crypto
internal import Expressions
public import Model
internal import Pipelines

/// A message as a queue delivered it.
public struct QueuedMessage: Sendable, Hashable {
  public enum Body: Sendable, Hashable {
    case json(JSON)
    /// JSON text, if it is any.
    case bytes([UInt8])
  }

  /// Names the delivery, the same each time it comes: a second one with the same key is the same message.
  public var key: String
  public var body: Body
  public var headers: JSONObject

  public init(key: String, body: Body, headers: JSONObject = JSONObject()) {
    (self.key, self.body, self.headers) = (key, body, headers)
  }
}

/// What became of a message that a queue delivered.
public enum QueueReceipt: Sendable {
  /// It is durable: the queue may forget it.
  case stored
  /// Nothing can be made of it; that is durable too.
  case deadLetter(Problem)
  /// It has to come again: the queue must keep it.
  case putOff(Problem)
}

/// What the reader of a queue asks of the engine, about all triggers that read it.
public struct QueueTriggerDesk: Sendable {
  /// How many messages may be taken now; 0 while the triggers are paused or full (S24).
  public var room: @Sendable () async -> Int
  /// In the order in which they were delivered; the receipts are in the same order. Each returns once what it
  /// says is durable.
  public var take: @Sendable ([QueuedMessage]) async -> [QueueReceipt]

  public init(
    room: @escaping @Sendable () async -> Int,
    take: @escaping @Sendable ([QueuedMessage]) async -> [QueueReceipt]
  ) { (self.room, self.take) = (room, take) }
}

/// A message that no trigger can be given, before it is a dead letter.
struct PoisonedMessage: Sendable {
  var arrival: TriggerArrival
  var problem: Problem
}

/// Which triggers a message is for.
enum QueueRoute: Sendable {
  case triggers([TriggerArrival])
  case poison(PoisonedMessage)
  /// Nobody wants it, and the file says to let it go.
  case nobody
  /// It could not be found out now.
  case failed(Problem)
}

/// Finds out for whom a message is. Blocks: it reads settings.
struct QueueRouting {
  let configuration: NodeConfiguration
  /// In the order of their names; never empty.
  let entries: [TriggerBook.Entry]
  /// Such as `queue:atlasreg/redis_main/ingest`.
  let actor: String
  let dropsUnwanted: Bool

  func route(_ message: QueuedMessage) throws(Problem) -> QueueRoute {
    let body: JSON
    do throws(Problem) { body = try json(message) } catch {
      return poison(message, Self.shown(message.body), error)
    }
    var wanted: [TriggerBook.Entry] = []
    for entry in entries where try wants(entry, body, message) { wanted.append(entry) }
    if wanted.isEmpty {
      return dropsUnwanted ? .nobody : poison(message, body, .messageUnwanted(entries))
    }
    // What does not agree with a trigger's schema is nothing for any: they read one queue.
    for entry in wanted {
      guard let fault = entry.trigger.schema?.violations(in: body).first else { continue }
      return poison(message, body, .messageInvalid(entry.trigger.name, fault))
    }
    return .triggers(wanted.map { arrival(message, body, for: $0) })
  }

  private func json(_ message: QueuedMessage) throws(Problem) -> JSON {
    switch message.body {
    case .json(let json):
      let size = json.serialized().count
      guard size <= HandedMessage.longest else { throw .messageTooLarge(size) }
      return json
    case .bytes(let bytes):
      guard bytes.count <= HandedMessage.longest else { throw .messageTooLarge(bytes.count) }
      do throws(JSONError) { return try JSON(parsing: bytes) } catch { throw .messageNotJSON(error) }
    }
  }

  /// What a person is shown of bytes that are no JSON, or too many: the beginning, as text where it is text.
  private static func shown(_ body: QueuedMessage.Body) -> JSON {
    let bytes: [UInt8]
    switch body {
    case .json(let json): bytes = json.serialized()
    case .bytes(let whole): bytes = whole
    }
    let first = Array(bytes.prefix(HandedMessage.longest / 2))
    guard let text = String(validating: first, as: UTF8.self) else {
      return ["base64": .string(Base64.encode(first)), "bytes": .int(Int64(bytes.count))]
    }
    return .string(text)
  }

  /// An `if` that fails is no no: the message goes in, and its turn says what is wrong.
  private func wants(
    _ entry: TriggerBook.Entry, _ body: JSON, _ message: QueuedMessage
  ) throws(Problem) -> Bool {
    guard let condition = entry.trigger.condition else { return true }
    let settings: JSONObject
    do throws(StoreError) {
      settings = try configuration.readModel.settings(of: entry.pipeline.namespace)
    } catch { throw .store(error) }
    let now = configuration.clock.now
    let origin = TriggerOrigin(
      name: entry.trigger.name, kind: TriggerMessageRow.queueKind, at: now,
      members: Self.members(body, message.headers), defaultKey: "")
    let resolver = AdmissionResolver(
      context: [
        "inputs": [:], "vars": [:], "settings": .object(settings), "trigger": origin.trigger(actor: actor),
      ],
      job: [
        "namespace": .string(entry.pipeline.namespace), "pipeline": .string(entry.pipeline.name),
        "revision": .int(Int64(entry.revision)), "created_at": .string(now.rfc3339),
      ], now: now)
    let evaluation = TriggerEvaluation(
      trigger: entry.trigger, resolver: resolver, random: RandomSource(take: configuration.random))
    do throws(Problem) { return try evaluation.holds(condition, "if") } catch { return true }
  }

  private static func members(_ body: JSON, _ headers: JSONObject) -> JSONObject {
    var members = JSONObject([("message", body)])
    if !headers.isEmpty { members["headers"] = .object(headers) }
    return members
  }

  private func poison(_ message: QueuedMessage, _ body: JSON, _ problem: Problem) -> QueueRoute {
    .poison(PoisonedMessage(arrival: arrival(message, body, for: entries[0]), problem: problem))
  }

  /// Its id is made from what names it, so that a message that comes again is the same row, or the same dead
  /// letter.
  private func arrival(
    _ message: QueuedMessage, _ body: JSON, for entry: TriggerBook.Entry
  ) -> TriggerArrival {
    let name = "\(entry.pipeline)\u{0}\(entry.trigger.name)\u{0}\(message.key)"
    let digest = SHA256.digest(Array(name.utf8))
    func number(_ range: Range<Int>) -> UInt64 { digest[range].reduce(0) { $0 << 8 | UInt64($1) } }
    return TriggerArrival(
      id: ID(high: number(0..<8), low: number(8..<16)), pipeline: entry.pipeline,
      trigger: entry.trigger.name, kind: TriggerMessageRow.queueKind, key: message.key, actor: actor,
      body: .object(Self.members(body, message.headers)))
  }
}

internal import Crypto
public import Model
internal import Pipelines

/// What a person does with a letter, read and opened beside the engine's thread.
struct LetterOrder: Sendable {
  enum Act: Sendable {
    /// Goes before its trigger again. With the contents of its files.
    case hand(TriggerArrival, contents: [String])
    case signal(IncomingSignal)
    /// Goes to its destination again.
    case publish(OutboxRow)
    case discard(reason: String)
  }
  var letter: Int64
  var actor: String
  var act: Act
  /// What is sent in place of the body from now on.
  var edit: JSON?
  /// What stood there when the order was made of it.
  var seen: [UInt8]?
}

/// What became of a letter, once that is durable.
public enum LetterOutcome: Sendable {
  case handed(TriggerOutcome)
  case signalled(SignalReceipt)
  /// It waits for its destination.
  case queued(destination: String)
  /// The job goes on in place.
  case retried(ID<Job>)
  case discarded
}

/// Makes the order that sends a letter again. Blocks.
struct LetterPreparation {
  let configuration: NodeConfiguration
  let row: DeadLetterRow
  let edit: JSON?
  let actor: String

  func order() throws(Problem) -> LetterOrder {
    if edit != nil, !row.isEditable { throw .letterNotEditable(row) }
    if row.kind == .delivery {
      guard let message = OutboxRow(row, at: configuration.clock.now) else { throw .letterUnreadable(row.id) }
      return LetterOrder(letter: row.id, actor: actor, act: .publish(message))
    }
    let key = try key()
    let content = try row.content(key)
    let wanted = edit ?? content.edited
    var order = LetterOrder(letter: row.id, actor: actor, act: .discard(reason: ""), edit: edit)
    order.seen = row.edited
    if row.kind == .signal {
      order.act = .signal(try signal(wanted ?? content.original ?? .null))
    } else {
      order.act = try hand(try row.opened(key), wanted)
    }
    return order
  }

  private func key() throws(Problem) -> SymmetricKey {
    let wrapped: [UInt8]?
    do throws(StoreError) { wrapped = try configuration.readModel.namespaceKey(row.namespace) } catch {
      throw .store(error)
    }
    guard let wrapped else { throw .namespaceKey(row.namespace) }
    return try configuration.unwrapNamespaceKey(wrapped, row.namespace)
  }

  /// Under its own id and key, so that a job that is there already is found. One with other content is
  /// another message, the same at each replay.
  private func hand(_ body: JSON, _ wanted: JSON?) throws(Problem) -> LetterOrder.Act {
    let source = row.source
    guard let id = ID<TriggerMessage>(row.sourceID), let pipeline = row.pipeline,
      let trigger = source["trigger"]?.string, let kind = source["kind"]?.string,
      let key = source["key"]?.string
    else { throw .letterUnreadable(row.id) }
    var body = body
    if let wanted {
      guard wanted.serialized().count <= HandedMessage.longest else {
        throw .messageTooLarge(wanted.serialized().count)
      }
      body = body.with("message", wanted)
    }
    // What its trigger reads as `trigger.time` is when it came, not when a person sent it again. An end tells
    // its own times, and a join counts from now.
    var part: String?
    if kind == "pipeline" {
      part = body["job"]?["pipeline"]?.string.map { name in
        String(name.split(separator: "/", maxSplits: 1).last ?? "")
      }
    } else if body["time"] == nil, let time = source["received_at"] {
      body = body.with("time", time)
    }
    let arrival = TriggerArrival(
      id: id, pipeline: pipeline, trigger: trigger, kind: kind, key: wanted == nil ? key : "letter \(id)",
      part: part, actor: source["actor"]?.string ?? "", body: body)
    let files = kind == "files" ? body["files"]?.array ?? [] : []
    return .hand(arrival, contents: files.compactMap { $0["sha256"]?.string })
  }

  /// The same signal: under its own id, and its message's.
  private func signal(_ content: JSON) throws(Problem) -> IncomingSignal {
    let source = row.source
    guard let id = ID<Signal>(row.sourceID), let name = source["name"]?.string else {
      throw .letterUnreadable(row.id)
    }
    let bytes = content.serialized()
    guard bytes.count <= SignalRequest.longestPayload else { throw .signalTooLarge(bytes.count) }
    let keep = source["keep"]?.int.map { Duration.microseconds($0) } ?? SignalRequest.defaultKeep
    return IncomingSignal(
      id: id, namespace: row.namespace, name: name, key: source["key"]?.string, payload: content,
      bytes: bytes, messageID: source["message_id"]?.string, source: source["source"]?.string ?? actor,
      keep: keep, deadLetters: true, job: nil)
  }
}

internal import Crypto
internal import Model

/// One message on its way, beside the engine's thread: read, opened, handed over.
struct Sending: Sendable {
  let configuration: NodeConfiguration
  let line: Int
  let destination: ConfiguredDestination
  let head: OutboxHead

  /// A row that is due later than so much from now was given its time by a clock that has been put back.
  static func horizon(_ now: Timestamp) -> Timestamp { now + DeliveryPlan.longestPause * 2 }

  func perform() async -> Landing {
    let clock = configuration.clock
    let result: Landing.Result
    do throws(StoreError) {
      if let row = try configuration.readModel.readOutboxRow(head.position), isDue(row) {
        let begun = clock.monotonic
        let outcome = try await outcome(of: row)
        configuration.crashPoint(.delivered)
        result = .tried(row, outcome, took: clock.monotonic - begun)
      } else {
        result = .absent
      }
    } catch {
      result = .unread
    }
    return Landing(line: line, lane: head.lane, result: result)
  }

  func isDue(_ row: OutboxRow) -> Bool {
    let now = configuration.clock.now
    return !row.isHeld && (row.nextAt <= now || row.nextAt > Self.horizon(now))
  }

  private func outcome(of row: OutboxRow) async throws(StoreError) -> DeliveryOutcome {
    let body: [UInt8]
    do {
      body = try open(row, try configuration.readModel.namespaceKey(row.namespace))
    } catch let error as StoreError {
      throw error
    } catch {
      return DeliveryOutcome(
        .refused, code: "message-unreadable",
        message: "The message \(row.event) does not open with the key of its namespace.")
    }
    return await destination.receiver.deliver(
      OutgoingMessage(
        id: row.event, type: row.type, namespace: row.namespace, body: body, attempt: row.tries + 1))
  }

  private func open(_ row: OutboxRow, _ wrapped: [UInt8]?) throws -> [UInt8] {
    guard let wrapped else { throw Problem.namespaceKey(row.namespace) }
    let key = try configuration.unwrapNamespaceKey(wrapped, row.namespace)
    return try AES256GCM.open(
      row.body, key: key, additionalData: OutboxRow.binding(row.namespace, row.event))
  }
}

/// What became of a `Sending`.
struct Landing: Sendable {
  enum Result: Sendable {
    /// It is gone, or not due any more.
    case absent
    /// The store does not give it now.
    case unread
    case tried(OutboxRow, DeliveryOutcome, took: Duration)
  }
  var line: Int
  var lane: String
  var result: Result

  /// The message is about it.
  var job: ID<Job>? {
    if case .tried(let row, _, took: _) = result { row.job } else { nil }
  }
}

/// What is due for one destination.
struct OutboxPage: Sendable {
  var heads: [OutboxHead]
  /// When there is something else.
  var next: Timestamp?
}

/// What comes to the engine's thread about messages that leave.
enum OutboxInput: Sendable {
  case page(Int, Result<OutboxPage, StoreError>)
  case landed(Landing)
  /// From people.
  case enable(String, Reply<Void>)
  case redeliver(Int64, Reply<Void>)
  /// A try that a person made beside the outbox.
  case note(DeliveryRow, Reply<Void>)
  /// What is set up, as of this reading.
  case configure([ConfiguredDestination], reading: Int, Reply<Void>)

  /// False where nobody waits for an answer.
  func refuse(_ problem: Problem) -> Bool {
    switch self {
    case .page, .landed: return false
    // What is set up is known, and asks nothing of the store.
    case .configure: return false
    case .enable(_, let reply), .redeliver(_, let reply), .note(_, let reply):
      reply(.failure(problem))
      return true
    }
  }
}

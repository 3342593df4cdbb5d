internal import Crypto
public import Model
internal import Synchronization

/// Where messages go, and of which reading that is.
struct SetUp: Sendable {
  var destinations: [ConfiguredDestination]
  var begun = 0
  var taken = 0
}

// Messages that leave. What changes something returns after its commit.
extension Node {
  /// As they are set up now.
  public var destinations: [ConfiguredDestination] { setUp.withLock(\.destinations) }

  /// Takes over what is set up now. Of two readings the one that began later counts.
  public func refreshDestinations(
    _ read: @escaping @Sendable () throws(Problem) -> [ConfiguredDestination]
  ) async throws(Problem) {
    let number = setUp.withLock { setUp in
      setUp.begun += 1
      return setUp.begun
    }
    let found = try await offThread { () throws(Problem) in try read() }
    setUp.withLock { setUp in
      if number > setUp.taken { (setUp.destinations, setUp.taken) = (found, number) }
    }
    try await send { .outbox(.configure(found, reading: number, $0)) }
  }

  /// Sends to the destination again, from the first message of each lane on. Also of one that is enabled.
  public func enableDestination(_ name: String) async throws(Problem) {
    try await send { .outbox(.enable(name, $0)) }
  }

  /// Sends the message of this delivery again, under the same id.
  public func redeliver(_ delivery: Int64) async throws(Problem) {
    try await send { .outbox(.redeliver(delivery, $0)) }
  }

  /// Sends a message of a type of its own past the outbox, once, and says how that went.
  public func testDestination(_ name: String, actor: String) async throws(Problem) -> DeliveryRow {
    let wanted = ScalarString(name)
    guard let destination = destinations.first(where: { ScalarString($0.name) == wanted })
    else { throw .noDestination(name) }
    let (clock, namespace) = (configuration.clock, destination.namespace ?? "*")
    let id = "evt_" + Hex.encode(configuration.random(16))
    let event: JSON = [
      "specversion": "1.0", "id": .string(id), "source": .string("/esteira/\(configuration.setting.name)"),
      "type": .string(Self.testType), "subject": .string(name), "time": .string(clock.now.rfc3339),
      "datacontenttype": "application/json",
      "data": ["destination": .string(name), "asked_by": .string(actor)],
    ]
    let begun = clock.monotonic
    let outcome = await destination.receiver.deliver(
      OutgoingMessage(id: id, type: Self.testType, namespace: namespace, body: event.serialized()))
    let row = DeliveryRow(
      OutboxRow(
        destination: destination.name, namespace: namespace, lane: "test", event: id, type: Self.testType,
        firstAt: clock.now, nextAt: clock.now, body: []),
      outcome, took: clock.monotonic - begun, at: clock.now)
    try await send { .outbox(.note(row, $0)) }
    return row
  }

  /// Of the message of a test; nobody can subscribe to it.
  public static let testType = "esteira.destination.test"
}

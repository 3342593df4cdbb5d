public import Net
import Synchronization

/// The connections to message brokers that steps and triggers share: one for each place and kind, on one thread,
/// which starts when the first of them is needed.
public final class Brokers: Sendable {
  private struct Entry {
    var client: RedisClient
    var subscriber: RedisSubscriber?
    var used: Int
  }

  private struct State {
    var loop: BrokerLoop?
    var redis: [BrokerPlace: Entry] = [:]
    var uses = 0
  }

  private let state = Mutex(State())
  /// Places whose connections are kept; beyond it the one that was not used for longest is let go.
  private static let mostPlaces = 64

  public init() {}

  deinit { state.withLock { $0.loop }?.stop() }

  /// The thread of all.
  public func loop() throws(NetError) -> BrokerLoop {
    try state.withLock { (state) throws(NetError) in try Self.loop(&state) }
  }

  func redis(_ place: BrokerPlace) throws(NetError) -> RedisClient {
    try entry(place) { $0.client }
  }

  func subscriber(_ place: BrokerPlace) throws(NetError) -> RedisSubscriber {
    let loop = try loop()
    return try entry(place) { entry in
      let subscriber = entry.subscriber ?? RedisSubscriber(place, on: loop)
      entry.subscriber = subscriber
      return subscriber
    }
  }

  private func entry<Value: Sendable>(
    _ place: BrokerPlace, _ body: (inout Entry) -> Value
  ) throws(NetError) -> Value {
    let (value, dropped) = try state.withLock { (state) throws(NetError) in
      let loop = try Self.loop(&state)
      state.uses += 1
      var entry = state.redis[place] ?? Entry(client: RedisClient(place, on: loop), used: 0)
      entry.used = state.uses
      let value = body(&entry)
      state.redis[place] = entry
      var dropped: Entry?
      if state.redis.count > Self.mostPlaces, let oldest = state.redis.min(by: { $0.value.used < $1.value.used }) {
        dropped = state.redis.removeValue(forKey: oldest.key)
      }
      return (value, dropped)
    }
    // What still waits in it keeps it, and is answered.
    _ = dropped
    return value
  }

  private static func loop(_ state: inout State) throws(NetError) -> BrokerLoop {
    if let loop = state.loop { return loop }
    let loop = try BrokerLoop()
    state.loop = loop
    return loop
  }
}

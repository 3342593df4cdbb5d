import Crypto
public import Net
import Synchronization

/// The connections to message brokers that steps and triggers share: one for each place and kind, on one
/// thread, which starts when the first of them is needed.
public final class Brokers: Sendable {
  private struct State {
    var loop: BrokerLoop?
    var redis = Kept<RedisClient>()
    var subscribers = Kept<RedisSubscriber>()
    var amqp = Kept<AMQPClient>()
    var replies = Kept<ReplyDesk>()
  }

  private let state = Mutex(State())
  /// Names the queues of answers of this node, the same after a restart.
  private let node: String

  /// `node`: a text that no other node has.
  public init(node: String = "") { self.node = String(SHA256.hex(Array(node.utf8)).prefix(16)) }

  deinit { stop() }

  /// Closes every connection, as the end of the process would. Nothing is asked of them any more.
  func stop() { state.withLock { $0.loop }?.stop() }

  /// The thread of all.
  public func loop() throws(NetError) -> BrokerLoop {
    try state.withLock { (state) throws(NetError) in try Self.loop(&state) }
  }

  func redis(_ place: BrokerPlace) throws(NetError) -> RedisClient {
    try state.withLock { (state) throws(NetError) in
      let loop = try Self.loop(&state)
      return state.redis.value(place) { RedisClient(place, on: loop) }
    }
  }

  func subscriber(_ place: BrokerPlace) throws(NetError) -> RedisSubscriber {
    try state.withLock { (state) throws(NetError) in
      let loop = try Self.loop(&state)
      return state.subscribers.value(place) { RedisSubscriber(place, on: loop) }
    }
  }

  func amqp(_ place: BrokerPlace) throws(NetError) -> AMQPClient {
    try state.withLock { (state) throws(NetError) in
      let loop = try Self.loop(&state)
      return state.amqp.value(place) { AMQPClient(place, on: loop) }
    }
  }

  /// The same desk for every password and every rule of egress: two would read one queue, and each would take
  /// answers of the other. A user has a queue of his own, so that nobody needs the rights of another.
  func replies(_ place: BrokerPlace) throws(NetError) -> ReplyDesk {
    let user = place.username.map { "." + SHA256.hex(Array($0.utf8)).prefix(8) } ?? ""
    let queue = "esteira.replies.\(node)\(user)"
    var key = place
    (key.password, key.authorities, key.egress) = (nil, nil, .publicOnly)
    return try state.withLock { (state) throws(NetError) in
      let loop = try Self.loop(&state)
      return state.replies.value(key) { ReplyDesk(place, on: loop, queue: queue) }
    }
  }

  private static func loop(_ state: inout State) throws(NetError) -> BrokerLoop {
    if let loop = state.loop { return loop }
    let loop = try BrokerLoop()
    state.loop = loop
    return loop
  }
}

/// What is kept for each place; beyond the most the one that was not used for longest is let go. Whoever
/// still waits in it keeps it, and is answered.
private struct Kept<Value: Sendable> {
  private var values: [BrokerPlace: (value: Value, used: Int)] = [:]
  private var uses = 0
  private static var most: Int { 64 }

  mutating func value(_ place: BrokerPlace, _ make: () -> Value) -> Value {
    uses += 1
    let value = values[place]?.value ?? make()
    values[place] = (value, uses)
    if values.count > Self.most, let oldest = values.min(by: { $0.value.used < $1.value.used })?.key {
      values[oldest] = nil
    }
    return value
  }
}

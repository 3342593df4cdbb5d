internal import CKafka
internal import Synchronization

/// One message for a topic.
public struct KafkaMessage: Sendable, Hashable {
  public struct Header: Sendable, Hashable {
    public var name: String
    public var value: [UInt8]?
    public init(_ name: String, _ value: [UInt8]?) { (self.name, self.value) = (name, value) }
  }

  public var topic: String
  /// By the key, or by turns, where missing.
  public var partition: Int32?
  public var key: [UInt8]?
  /// Nil: the mark by which a compacted topic lets go of a key.
  public var value: [UInt8]?
  public var headers: [Header]

  public init(
    topic: String, partition: Int32? = nil, key: [UInt8]? = nil, value: [UInt8]?, headers: [Header] = []
  ) {
    (self.topic, self.partition, self.key, self.value, self.headers) = (topic, partition, key, value, headers)
  }

  /// Bytes of the value, the key and the headers.
  public var size: Int {
    headers.reduce((value?.count ?? 0) + (key?.count ?? 0)) { sum, header in
      sum + header.name.utf8.count + (header.value?.count ?? 0)
    }
  }
}

/// Where a message stands.
public struct KafkaDelivery: Sendable, Hashable {
  public var partition: Int32
  /// Nil where the broker had it already and did not say where.
  public var offset: Int64?
}

/// Sends messages on a thread of its own, which waits for the library. Made for one step and closed behind
/// it.
public actor KafkaProducer {
  public nonisolated let executor: ThreadExecutor
  public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
  /// Of a message with its key and headers; a broker takes 1 MB unless told otherwise.
  public static let messageLimit = 16 << 20
  /// What Kafka writes around a message, which the library counts too: some bytes for each header.
  private static let frame = 64 << 10
  /// How often the wait looks whether it is to end.
  private static let glance: Int32 = 50

  private var client: KafkaHandle?

  public init() throws(NetError) { executor = try ThreadExecutor("esteira-kafka") }

  public func close() {
    client = nil
    executor.stop()
  }

  /// Returns once all replicas that are in step have it. Within one connection the broker knows a message
  /// that the library sends again.
  public func publish(
    _ message: KafkaMessage, to place: KafkaPlace, within limit: Duration
  ) throws(KafkaFault) -> KafkaDelivery {
    let milliseconds = max(1, limit.components.seconds * 1_000)
    let client: KafkaHandle
    if let open = self.client {
      client = open
    } else {
      client = try KafkaHandle(
        place, .producer,
        [
          ("enable.idempotence", "true"), ("acks", "all"), ("linger.ms", "0"),
          ("message.max.bytes", "\(Self.messageLimit + Self.frame)"),
          ("delivery.timeout.ms", "\(milliseconds)"),
          ("queue.buffering.max.messages", "1000"),
        ])
    }
    self.client = client
    client.hooks.state.withLock { $0.delivery = nil }
    let code = Self.send(message, client)
    guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaFault(code) }
    let deadline = ContinuousClock.now + limit
    while true {
      _ = client.calls.poll(client.handle, Self.glance)
      if let delivery = client.hooks.state.withLock({ $0.delivery }) {
        let code = rd_kafka_resp_err_t(rawValue: delivery.code)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw fault(code, client) }
        return KafkaDelivery(
          partition: delivery.partition, offset: delivery.offset >= 0 ? delivery.offset : nil)
      }
      if let fatal = client.fatal { throw giveUp(fatal) }
      if Task.isCancelled { throw giveUp(KafkaFault(.cancelled, "it was cancelled")) }
      if ContinuousClock.now >= deadline { throw giveUp(fault(RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, client)) }
    }
  }

  /// What is on its way is not waited for, and the next message begins anew.
  private func giveUp(_ fault: KafkaFault) -> KafkaFault {
    if let client {
      _ = client.calls.purge(client.handle, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT)
    }
    client = nil
    return fault
  }

  /// A time that is over is told with what stood in the way.
  private func fault(_ code: rd_kafka_resp_err_t, _ client: KafkaHandle) -> KafkaFault {
    let fault = KafkaFault(code)
    guard fault.kind == .timeout, let last = client.last else { return fault }
    return last
  }

  private static func send(_ message: KafkaMessage, _ client: KafkaHandle) -> rd_kafka_resp_err_t {
    guard let headers = client.calls.headers_new(message.headers.count) else {
      return RD_KAFKA_RESP_ERR__FAIL
    }
    for header in message.headers {
      let code =
        header.value.map { value in
          value.withUnsafeBytes {
            client.calls.header_add(
              headers, header.name, -1, $0.baseAddress ?? UnsafeRawPointer(headers), $0.count)
          }
        } ?? client.calls.header_add(headers, header.name, -1, nil, 0)
      if code != RD_KAFKA_RESP_ERR_NO_ERROR {
        client.calls.headers_destroy(headers)
        return code
      }
    }
    return with(message.key) { key, keyCount in
      with(message.value) { value, valueCount in
        esteira_kafka_produce(
          client.handle, message.topic, message.partition ?? -1, key, keyCount, value, valueCount, headers)
      }
    }
  }

  /// Something empty has an address too: without one it would be missing.
  private static func with(
    _ bytes: [UInt8]?, _ body: (UnsafeRawPointer?, Int) -> rd_kafka_resp_err_t
  ) -> rd_kafka_resp_err_t {
    guard let bytes else { return body(nil, 0) }
    return (bytes + [0]).withUnsafeBytes { body($0.baseAddress, bytes.count) }
  }

  /// How many brokers the cluster says that it has.
  public func check(_ place: KafkaPlace, within limit: Duration) throws(KafkaFault) -> Int {
    let client = try KafkaHandle(place, .producer, [])
    let deadline = ContinuousClock.now + limit
    var code = RD_KAFKA_RESP_ERR__TRANSPORT
    while ContinuousClock.now < deadline {
      var found: UnsafePointer<rd_kafka_metadata>?
      code = client.calls.metadata(client.handle, 0, nil, &found, 500)
      _ = client.calls.poll(client.handle, 0)
      if code == RD_KAFKA_RESP_ERR_NO_ERROR, let found {
        defer { client.calls.metadata_destroy(found) }
        return Int(found.pointee.broker_cnt)
      }
      if let fatal = client.fatal { throw fatal }
    }
    throw client.last ?? KafkaFault(code)
  }
}

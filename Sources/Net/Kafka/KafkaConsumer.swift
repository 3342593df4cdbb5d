internal import CKafka

/// A message that was read, and where it stands.
public struct KafkaRecord: Sendable, Hashable {
  public var message: KafkaMessage
  public var partition: Int32
  public var offset: Int64
  /// Of the message, in milliseconds; the same whenever it is read.
  public var milliseconds: Int64
}

/// A member of a group that reads a topic, on a thread of its own, which waits for the library. Offsets are
/// committed only when they are told.
public actor KafkaConsumer {
  public nonisolated let executor: ThreadExecutor
  public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
  /// How often a wait looks whether it is to end.
  private static let glance: Int32 = 100
  /// What the library holds of messages that nobody has asked for yet.
  private static let heldKilobytes = 8 << 10
  /// After so long without a sign of life its partitions are another member's, also its own after a crash.
  private static let sessionLimit = Duration.seconds(10)

  private let client: KafkaHandle
  private let topic: String
  private var isPaused = false
  /// Came while everything was paused.
  private var early: [KafkaRecord] = []

  public init(_ place: KafkaPlace, topic: String, group: String) throws(KafkaFault) {
    do throws(NetError) { executor = try ThreadExecutor("esteira-kafka") } catch {
      throw KafkaFault(.interrupted, "\(error)")
    }
    self.topic = topic
    do throws(KafkaFault) {
      client = try KafkaHandle(
        place, .consumer,
        [
          ("group.id", group), ("enable.auto.commit", "false"), ("enable.auto.offset.store", "false"),
          ("auto.offset.reset", "earliest"), ("allow.auto.create.topics", "false"),
          ("queued.max.messages.kbytes", "\(Self.heldKilobytes)"), ("queued.min.messages", "1000"),
          ("fetch.message.max.bytes", "1048576"),
          ("session.timeout.ms", "\(Self.sessionLimit.components.seconds * 1_000)"),
        ])
    } catch {
      executor.stop()
      throw error
    }
  }

  public func open() throws(KafkaFault) {
    _ = client.calls.poll_set_consumer(client.handle)
    guard let list = client.calls.list_new(1) else { throw KafkaFault(.interrupted, "out of memory") }
    defer { client.calls.list_destroy(list) }
    _ = client.calls.list_add(list, topic, -1)
    let code = client.calls.subscribe(client.handle, list)
    guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaFault(code) }
  }

  /// Leaves the group, so that another member goes on at once. Nothing is committed by that.
  public func close() {
    _ = client.calls.consumer_close(client.handle)
    executor.stop()
  }

  /// The next messages, at most so many; none where none came in that time.
  public func next(_ most: Int, wait: Duration) throws(KafkaFault) -> [KafkaRecord] {
    resume()
    var records = Array(early.prefix(most))
    early.removeFirst(records.count)
    let deadline = ContinuousClock.now + wait
    while records.count < most {
      // What is there already comes along; only the first one is waited for.
      if let record = try poll(records.isEmpty ? Self.glance : 0) {
        records.append(record)
      } else if !records.isEmpty || Task.isCancelled || ContinuousClock.now >= deadline {
        break
      }
    }
    return records
  }

  /// Says that this member lives, and takes no further messages meanwhile.
  public func beat() throws(KafkaFault) {
    isPaused = true
    // The assignment may have changed since the last time.
    withAssignment { _ = client.calls.pause_partitions(client.handle, $0) }
    if let record = try poll(0) { early.append(record) }
  }

  private func resume() {
    guard isPaused else { return }
    isPaused = false
    withAssignment { _ = client.calls.resume_partitions(client.handle, $0) }
  }

  /// The partitions that are this member's now.
  public var partitions: Set<Int32> {
    var found: Set<Int32> = []
    withAssignment { list in
      for place in 0..<Int(list.pointee.cnt) { found.insert(list.pointee.elems[place].partition) }
    }
    return found
  }

  private func withAssignment(_ body: (UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) -> Void) {
    var list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?
    guard client.calls.assignment(client.handle, &list) == RD_KAFKA_RESP_ERR_NO_ERROR, let list else {
      return
    }
    defer { client.calls.list_destroy(list) }
    body(list)
  }

  /// `offsets`: of each partition the one that is to be read next. Returns once the group's coordinator has
  /// them. False where the group has moved on: what is not committed comes again, to another member.
  public func commit(_ offsets: [Int32: Int64]) throws(KafkaFault) -> Bool {
    guard !offsets.isEmpty, let list = client.calls.list_new(Int32(offsets.count)) else { return true }
    defer { client.calls.list_destroy(list) }
    for (partition, offset) in offsets {
      client.calls.list_add(list, topic, partition)?.pointee.offset = offset
    }
    let code = client.calls.commit(client.handle, list, 0)
    switch code {
    case RD_KAFKA_RESP_ERR_NO_ERROR, RD_KAFKA_RESP_ERR__NO_OFFSET: return true
    case RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID,
      RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS, RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST:
      return false
    case _: throw KafkaFault(code)
    }
  }

  private func poll(_ milliseconds: Int32) throws(KafkaFault) -> KafkaRecord? {
    if let fatal = client.fatal { throw fatal }
    guard let raw = client.calls.consumer_poll(client.handle, milliseconds) else { return nil }
    defer { client.calls.message_destroy(raw) }
    let message = raw.pointee
    switch message.err {
    case RD_KAFKA_RESP_ERR_NO_ERROR: return record(raw)
    case RD_KAFKA_RESP_ERR__PARTITION_EOF: return nil
    // The library looks for them itself; a topic that is not there may come yet.
    case RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN: throw KafkaFault(message.err)
    case let code: throw KafkaFault(code, topic)
    }
  }

  private func record(_ raw: UnsafeMutablePointer<rd_kafka_message_t>) -> KafkaRecord {
    let message = raw.pointee
    func bytes(_ start: UnsafeMutableRawPointer?, _ count: Int) -> [UInt8]? {
      start.map { Array(UnsafeRawBufferPointer(start: $0, count: count)) }
    }
    var type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE
    let time = client.calls.message_timestamp(raw, &type)
    return KafkaRecord(
      message: KafkaMessage(
        topic: topic, partition: message.partition, key: bytes(message.key, message.key_len),
        value: bytes(message.payload, message.len), headers: headers(raw)),
      partition: message.partition, offset: message.offset, milliseconds: time)
  }

  private func headers(_ raw: UnsafeMutablePointer<rd_kafka_message_t>) -> [KafkaMessage.Header] {
    var list: OpaquePointer?
    guard client.calls.message_headers(raw, &list) == RD_KAFKA_RESP_ERR_NO_ERROR, let list else { return [] }
    var headers: [KafkaMessage.Header] = []
    var (name, value, size): (UnsafePointer<CChar>?, UnsafeRawPointer?, Int) = (nil, nil, 0)
    while client.calls.header_get_all(list, headers.count, &name, &value, &size)
      == RD_KAFKA_RESP_ERR_NO_ERROR,
      let name
    {
      let bytes = value.map { Array(UnsafeRawBufferPointer(start: $0, count: size)) }
      headers.append(.init(String(cString: name), bytes))
    }
    return headers
  }
}

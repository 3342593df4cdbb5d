import Crypto
import Engine
import Model
import Net

/// A topic of Kafka, read as a member of a group. An offset is committed once everything before it is stored;
/// what was taken and not committed comes again, to this member or to another, and is known by where it
/// stands.
actor KafkaQueueSource: QueueSource {
  private let place: KafkaPlace
  private let topic: String
  private let group: String
  private let deadLetter: String?
  private let log: @Sendable (String) -> Void
  private var consumer: KafkaConsumer?
  private var inHand = KafkaOffsets()

  private static let deadLetterLimit = Duration.seconds(30)

  init(
    _ place: KafkaPlace, topic: String, group: String, spec: QueueTriggerSpec,
    log: @escaping @Sendable (String) -> Void
  ) {
    (self.place, self.topic, self.group, self.log) = (place, topic, group, log)
    deadLetter = spec.deadLetter
  }

  func open() async throws(Failure) {
    inHand = KafkaOffsets()
    do throws(KafkaFault) {
      let new = try KafkaConsumer(place, topic: topic, group: group)
      consumer = new
      try await new.open()
    } catch { throw Failure(error, at: place) }
  }

  func close() async {
    await consumer?.close()
    consumer = nil
  }

  func beat() async throws(Failure) {
    do throws(KafkaFault) { try await consumer?.beat() } catch { throw Failure(error, at: place) }
  }

  func receive(_ most: Int, wait: Duration) async throws(Failure) -> [Delivery] {
    guard let consumer else { return [] }
    let records: [KafkaRecord]
    do throws(KafkaFault) { records = try await consumer.next(most, wait: wait) } catch {
      throw Failure(error, at: place)
    }
    return records.map { record in
      inHand.take(record.partition, record.offset)
      return Delivery(
        message: Self.message(record), reference: Array("\(record.partition) \(record.offset)".utf8),
        raw: [record.message.value ?? []])
    }
  }

  func acknowledge(_ done: [Delivery], dead: [Delivery]) async throws(Failure) {
    guard let consumer else { return }
    try await copy(dead)
    for delivery in done + dead {
      let numbers = String(decoding: delivery.reference, as: UTF8.self).utf8.split(separator: 0x20)
      guard numbers.count == 2, let partition = Int32(Substring(numbers[0])),
        let offset = Int64(Substring(numbers[1]))
      else { continue }
      inHand.settle(partition, offset)
    }
    // What was taken away meanwhile is another member's to commit.
    inHand.keep(await consumer.partitions)
    let isCurrent: Bool
    do throws(KafkaFault) { isCurrent = try await consumer.commit(inHand.committable()) } catch {
      throw Failure(error, at: place)
    }
    if !isCurrent { log("the group has moved on; what was stored comes again and is known") }
  }

  /// Confirmed before their place in the topic is passed.
  private func copy(_ dead: [Delivery]) async throws(Failure) {
    guard let deadLetter, !dead.isEmpty else { return }
    let producer: KafkaProducer
    do throws(NetError) { producer = try KafkaProducer() } catch {
      throw Failure(.transient, code: "interrupted", "\(error)")
    }
    var fault: KafkaFault?
    for delivery in dead {
      let place = String(decoding: delivery.reference, as: UTF8.self)
      let message = KafkaMessage(
        topic: deadLetter, value: delivery.raw.first ?? [],
        headers: [.init("esteira-from", Array("\(topic) \(place)".utf8))])
      do throws(KafkaFault) {
        _ = try await producer.publish(message, to: self.place, within: Self.deadLetterLimit)
      } catch {
        fault = error
        break
      }
    }
    await producer.close()
    if let fault { throw Failure(fault, at: place) }
  }

  /// With the time of the message: a topic that was deleted and made again begins at its first offset again.
  private static func message(_ record: KafkaRecord) -> QueuedMessage {
    let message = record.message
    let key = "kafka \(message.topic) \(record.partition) \(record.offset) \(record.milliseconds)"
    var headers = JSONObject()
    for header in message.headers { headers[header.name] = header.value.map { text($0) } ?? .null }
    for (name, value) in [
      ("topic", message.topic), ("partition", "\(record.partition)"), ("offset", "\(record.offset)"),
      ("timestamp_ms", "\(record.milliseconds)"),
    ] where headers[name] == nil {
      headers[name] = .string(value)
    }
    if let key = message.key, headers["key"] == nil { headers["key"] = text(key) }
    return QueuedMessage(
      key: key, body: message.value.map { .bytes($0) } ?? .json(.null), headers: headers)
  }

  /// Bytes that are no text are told in base64.
  private static func text(_ bytes: [UInt8]) -> JSON {
    .string(String(validating: bytes, as: UTF8.self) ?? Base64.encode(bytes))
  }
}

/// Which offsets are taken and not settled yet, by partition.
struct KafkaOffsets: Sendable {
  private struct Partition {
    /// Those not settled, in order.
    var open: [Int64] = []
    /// The one behind the last that was taken.
    var next: Int64 = 0
    var committed: Int64 = -1
  }

  private var partitions: [Int32: Partition] = [:]

  mutating func take(_ partition: Int32, _ offset: Int64) {
    var found = partitions[partition] ?? Partition()
    // After a rebalance a partition begins again where it was committed.
    if offset < found.next { found = Partition() }
    found.open.append(offset)
    found.next = offset + 1
    partitions[partition] = found
  }

  mutating func settle(_ partition: Int32, _ offset: Int64) {
    partitions[partition]?.open.removeAll { $0 == offset }
  }

  mutating func keep(_ owned: Set<Int32>) {
    partitions = partitions.filter { owned.contains($0.key) }
  }

  /// Of each partition the first that is not settled, where it has moved since the last time.
  mutating func committable() -> [Int32: Int64] {
    var offsets: [Int32: Int64] = [:]
    for (number, partition) in partitions {
      let offset = partition.open.min() ?? partition.next
      guard offset > partition.committed else { continue }
      offsets[number] = offset
      partitions[number]?.committed = offset
    }
    return offsets
  }
}

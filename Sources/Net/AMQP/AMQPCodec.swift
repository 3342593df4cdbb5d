import CRabbitMQ
import Glibc

/// Writes and reads methods, properties and tables: the codec of librabbitmq. What it allocates lives in a
/// pool that goes with this value.
struct AMQPCodec: ~Copyable {
  private let pool: UnsafeMutablePointer<amqp_pool_t>
  /// Tables inside tables that are read.
  private static let deepest = 64
  private static let largest = 128 << 10

  init() {
    pool = .allocate(capacity: 1)
    init_amqp_pool(pool, 4_096)
  }

  deinit {
    empty_amqp_pool(pool)
    pool.deallocate()
  }

  // What is sent.

  func method<Method>(_ number: UInt32, _ value: Method) throws(NetError) -> [UInt8] {
    var value = value
    var bytes = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
    bytes += try encoded { room in
      withUnsafeMutableBytes(of: &value) { amqp_encode_method(number, $0.baseAddress, room) }
    }
    return bytes
  }

  func bytes(_ text: String) -> amqp_bytes_t { bytes(Array(text.utf8)) }

  func bytes(_ bytes: [UInt8]) -> amqp_bytes_t {
    guard !bytes.isEmpty, let room = amqp_pool_alloc(pool, bytes.count) else { return amqp_bytes_t() }
    room.copyMemory(from: bytes, byteCount: bytes.count)
    return amqp_bytes_t(len: bytes.count, bytes: room)
  }

  func table(_ table: AMQPTable) -> amqp_table_t {
    guard !table.isEmpty,
      let room = amqp_pool_alloc(pool, table.entries.count * MemoryLayout<amqp_table_entry_t>.stride)
    else { return amqp_table_t() }
    let entries = room.bindMemory(to: amqp_table_entry_t.self, capacity: table.entries.count)
    for (place, entry) in table.entries.enumerated() {
      entries[place] = amqp_table_entry_t(key: bytes(entry.name), value: value(entry.value))
    }
    return amqp_table_t(num_entries: Int32(table.entries.count), entries: entries)
  }

  /// The content header of a message.
  func header(_ message: AMQPMessage) throws(NetError) -> [UInt8] {
    var properties = amqp_basic_properties_t()
    func set(_ flag: Int, _ text: String?, _ path: WritableKeyPath<amqp_basic_properties_t, amqp_bytes_t>) {
      guard let text else { return }
      properties._flags |= amqp_flags_t(1 << flag)
      properties[keyPath: path] = bytes(text)
    }
    set(15, message.contentType, \.content_type)
    set(14, message.contentEncoding, \.content_encoding)
    set(10, message.correlationID, \.correlation_id)
    set(9, message.replyTo, \.reply_to)
    set(8, message.expiration, \.expiration)
    set(7, message.messageID, \.message_id)
    set(5, message.type, \.type)
    set(3, message.appID, \.app_id)
    if !message.headers.isEmpty {
      properties._flags |= amqp_flags_t(1 << 13)
      properties.headers = table(message.headers)
    }
    properties._flags |= amqp_flags_t(1 << 12)
    properties.delivery_mode = message.isPersistent ? 2 : 1
    if let priority = message.priority {
      properties._flags |= amqp_flags_t(1 << 11)
      properties.priority = priority
    }
    if let timestamp = message.timestamp {
      properties._flags |= amqp_flags_t(1 << 6)
      properties.timestamp = timestamp
    }
    var head: [UInt8] = [0, UInt8(AMQPNumber.basic), 0, 0]
    head += stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: message.body.count >> $0) }
    return head + (try encoded { amqp_encode_properties(AMQPNumber.basic, &properties, $0) })
  }

  private func value(_ value: AMQPValue) -> amqp_field_value_t {
    var field = amqp_field_value_t()
    func kind(_ letter: Unicode.Scalar) { field.kind = UInt8(ascii: letter) }
    switch value {
    case .null: kind("V")
    case .bool(let flag):
      kind("t")
      field.value.boolean = flag ? 1 : 0
    case .int(let number):
      kind("l")
      field.value.i64 = number
    case .double(let number):
      kind("d")
      field.value.f64 = number
    case .text(let text):
      kind("S")
      field.value.bytes = bytes(text)
    case .bytes(let raw):
      kind("x")
      field.value.bytes = bytes(raw)
    case .time(let seconds):
      kind("T")
      field.value.u64 = seconds
    case .array(let items):
      kind("A")
      field.value.array = array(items)
    case .table(let inner):
      kind("F")
      field.value.table = table(inner)
    }
    return field
  }

  private func array(_ items: [AMQPValue]) -> amqp_array_t {
    guard !items.isEmpty,
      let room = amqp_pool_alloc(pool, items.count * MemoryLayout<amqp_field_value_t>.stride)
    else { return amqp_array_t() }
    let entries = room.bindMemory(to: amqp_field_value_t.self, capacity: items.count)
    for (place, item) in items.enumerated() { entries[place] = value(item) }
    return amqp_array_t(num_entries: Int32(items.count), entries: entries)
  }

  private func encoded(_ body: (amqp_bytes_t) -> Int32) throws(NetError) -> [UInt8] {
    var count: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: Self.largest) { buffer, used in
      count = body(amqp_bytes_t(len: buffer.count, bytes: buffer.baseAddress))
      used = Int(max(0, count))
    }
    guard count >= 0 else { throw .invalidRequest("headers or names of the message are too long") }
    return bytes
  }
}

// What is read.
extension AMQPCodec {
  func method(_ payload: [UInt8]) throws(NetError) -> AMQPMethod {
    guard payload.count >= 4 else { throw .protocolError("a method of AMQP is cut off") }
    let number = payload[..<4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    var decoded: UnsafeMutableRawPointer?
    let code = amqp_decode_method(number, pool, bytes(Array(payload[4...])), &decoded)
    guard code == 0, let decoded else { return .other(number) }
    return Self.method(number, decoded)
  }

  private static func method(_ number: UInt32, _ raw: UnsafeMutableRawPointer) -> AMQPMethod {
    func read<Value>(_ type: Value.Type) -> Value { raw.assumingMemoryBound(to: type).pointee }
    switch number {
    case AMQPNumber.start: return .start(mechanisms: text(read(amqp_connection_start_t.self).mechanisms))
    case AMQPNumber.tune:
      let value = read(amqp_connection_tune_t.self)
      return .tune(channels: value.channel_max, frame: value.frame_max, heartbeat: value.heartbeat)
    case AMQPNumber.close:
      let value = read(amqp_connection_close_t.self)
      return .closed(code: value.reply_code, text: text(value.reply_text))
    case AMQPNumber.channelClose:
      let value = read(amqp_channel_close_t.self)
      return .channelClosed(code: value.reply_code, text: text(value.reply_text))
    case AMQPNumber.declareOk:
      let value = read(amqp_queue_declare_ok_t.self)
      return .declared(queue: text(value.queue), messages: value.message_count)
    case AMQPNumber.consumeOk: return .consuming(tag: text(read(amqp_basic_consume_ok_t.self).consumer_tag))
    case AMQPNumber.cancel: return .cancelled(tag: text(read(amqp_basic_cancel_t.self).consumer_tag))
    case AMQPNumber.deliver:
      let value = read(amqp_basic_deliver_t.self)
      return .delivered(
        tag: value.delivery_tag, isRedelivered: value.redelivered != 0, exchange: text(value.exchange),
        routingKey: text(value.routing_key))
    case AMQPNumber.basicReturn:
      let value = read(amqp_basic_return_t.self)
      return .returned(code: value.reply_code, text: text(value.reply_text))
    case AMQPNumber.ack:
      let value = read(amqp_basic_ack_t.self)
      return .acknowledged(tag: value.delivery_tag, multiple: value.multiple != 0)
    case AMQPNumber.nack:
      let value = read(amqp_basic_nack_t.self)
      return .refused(tag: value.delivery_tag, multiple: value.multiple != 0)
    case _: return plain[number] ?? .other(number)
    }
  }

  /// Those that say nothing but that they came.
  private static let plain: [UInt32: AMQPMethod] = [
    AMQPNumber.openOk: .opened, AMQPNumber.closeOk: .closeDone, AMQPNumber.blocked: .blocked,
    AMQPNumber.unblocked: .unblocked, AMQPNumber.channelOpenOk: .channelOpened,
    AMQPNumber.channelCloseOk: .channelCloseDone, AMQPNumber.bindOk: .bound, AMQPNumber.qosOk: .prefetchSet,
    AMQPNumber.cancelOk: .cancelDone, AMQPNumber.selectOk: .confirmsOn,
  ]

  /// The properties of a content header, and how many bytes of the body follow.
  func properties(_ payload: [UInt8]) throws(NetError) -> (message: AMQPMessage, size: UInt64) {
    guard payload.count >= 14 else { throw .protocolError("a header of AMQP is cut off") }
    let size = payload[4..<12].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    var decoded: UnsafeMutableRawPointer?
    let code = amqp_decode_properties(AMQPNumber.basic, pool, bytes(Array(payload[12...])), &decoded)
    guard code == 0, let decoded else { throw .protocolError("the headers of a message are broken") }
    let value = decoded.assumingMemoryBound(to: amqp_basic_properties_t.self).pointee
    func has(_ flag: Int) -> Bool { value._flags & amqp_flags_t(1 << flag) != 0 }
    func text(_ flag: Int, _ bytes: amqp_bytes_t) -> String? { has(flag) ? Self.text(bytes) : nil }
    var message = AMQPMessage([])
    (message.contentType, message.contentEncoding) = (
      text(15, value.content_type), text(14, value.content_encoding)
    )
    (message.correlationID, message.replyTo) = (text(10, value.correlation_id), text(9, value.reply_to))
    (message.expiration, message.messageID) = (text(8, value.expiration), text(7, value.message_id))
    (message.type, message.appID) = (text(5, value.type), text(3, value.app_id))
    message.isPersistent = has(12) && value.delivery_mode == 2
    if has(11) { message.priority = value.priority }
    if has(6) { message.timestamp = value.timestamp }
    if has(13) { message.headers = try Self.table(value.headers, depth: 0) }
    return (message, size)
  }

  private static func text(_ bytes: amqp_bytes_t) -> String { String(decoding: raw(bytes), as: UTF8.self) }

  private static func raw(_ bytes: amqp_bytes_t) -> [UInt8] {
    Array(UnsafeRawBufferPointer(start: bytes.bytes, count: bytes.bytes == nil ? 0 : bytes.len))
  }

  private static func table(_ table: amqp_table_t, depth: Int) throws(NetError) -> AMQPTable {
    guard depth < deepest else { throw .protocolError("the headers of a message are nested too deeply") }
    var found = AMQPTable()
    for place in 0..<Int(max(0, table.num_entries)) {
      let entry = table.entries[place]
      found.append(text(entry.key), try value(entry.value, depth: depth + 1))
    }
    return found
  }

  private static func value(_ field: amqp_field_value_t, depth: Int) throws(NetError) -> AMQPValue {
    switch UnicodeScalar(field.kind) {
    case "t": return .bool(field.value.boolean != 0)
    case "b": return .int(Int64(field.value.i8))
    case "B": return .int(Int64(field.value.u8))
    case "s": return .int(Int64(field.value.i16))
    case "u": return .int(Int64(field.value.u16))
    case "I": return .int(Int64(field.value.i32))
    case "i": return .int(Int64(field.value.u32))
    case "l": return .int(field.value.i64)
    case "L": return .int(Int64(clamping: field.value.u64))
    case "f": return .double(Double(field.value.f32))
    case "d": return .double(field.value.f64)
    case "D":
      let decimal = field.value.decimal
      return .double(Double(decimal.value) / pow(10, Double(decimal.decimals)))
    case "S":
      let bytes = raw(field.value.bytes)
      return String(validating: bytes, as: UTF8.self).map { .text($0) } ?? .bytes(bytes)
    case "x": return .bytes(raw(field.value.bytes))
    case "T": return .time(field.value.u64)
    case "A":
      guard depth < deepest else { throw .protocolError("the headers of a message are nested too deeply") }
      var items: [AMQPValue] = []
      for place in 0..<Int(max(0, field.value.array.num_entries)) {
        items.append(try value(field.value.array.entries[place], depth: depth + 1))
      }
      return .array(items)
    case "F": return .table(try table(field.value.table, depth: depth))
    case _: return .null
    }
  }
}

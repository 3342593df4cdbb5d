import CHiredis

/// Cuts what a Redis server sends into replies: hiredis's parser, with limits.
struct RedisReader: ~Copyable {
  private let reader: UnsafeMutablePointer<redisReader>
  /// Bytes of one reply.
  private let limit: Int
  /// Bytes since the last whole reply.
  private var unfinished = 0

  init(limit: Int) throws(NetError) {
    guard let reader = esteira_redis_reader() else { throw .resources("no memory for Redis") }
    (self.reader, self.limit) = (reader, limit)
  }

  deinit { redisReaderFree(reader) }

  /// The replies that these bytes complete.
  mutating func feed(_ bytes: [UInt8]) throws(NetError) -> [RedisReply] {
    var replies: [RedisReply] = []
    var rest = bytes[...]
    // In pieces, so that what is unfinished is known to belong to one reply.
    while !rest.isEmpty {
      let piece = rest.prefix(Self.piece)
      rest = rest.dropFirst(piece.count)
      let isTaken = piece.withUnsafeBytes { buffer in
        redisReaderFeed(reader, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), buffer.count)
          == REDIS_OK
      }
      guard isTaken else { throw fault }
      unfinished += piece.count
      while let reply = try next() {
        replies.append(reply)
        unfinished = 0
      }
      guard unfinished <= limit else { throw .tooLarge(limit: limit) }
    }
    return replies
  }

  private static let piece = 16 << 10

  private func next() throws(NetError) -> RedisReply? {
    var pointer: UnsafeMutableRawPointer?
    guard redisReaderGetReply(reader, &pointer) == REDIS_OK else { throw fault }
    guard let pointer else { return nil }
    defer { freeReplyObject(pointer) }
    return Self.reply(pointer.assumingMemoryBound(to: redisReply.self))
  }

  private var fault: NetError {
    let text = withUnsafeBytes(of: reader.pointee.errstr) { buffer in
      String(decoding: buffer.prefix { $0 != 0 }, as: UTF8.self)
    }
    return .protocolError("Redis: \(text)")
  }

  private static func reply(_ pointer: UnsafeMutablePointer<redisReply>) -> RedisReply {
    let reply = pointer.pointee
    var bytes: [UInt8] {
      guard let text = reply.str else { return [] }
      return Array(UnsafeRawBufferPointer(start: text, count: reply.len))
    }
    switch reply.type {
    case REDIS_REPLY_STRING: return .text(bytes)
    case REDIS_REPLY_STATUS: return .status(String(decoding: bytes, as: UTF8.self))
    case REDIS_REPLY_ERROR: return .error(String(decoding: bytes, as: UTF8.self))
    case REDIS_REPLY_INTEGER: return .integer(reply.integer)
    case REDIS_REPLY_ARRAY:
      return .array(
        (0..<reply.elements).compactMap { place in reply.element[place].map { Self.reply($0) } })
    case _: return .null
    }
  }
}

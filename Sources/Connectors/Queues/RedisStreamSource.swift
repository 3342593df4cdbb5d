import Crypto
import Engine
import Model
import Net

/// A stream of Redis, read as a member of a group: what is taken stays pending until it is acknowledged, and
/// what another member leaves pending for too long is taken over.
actor RedisStreamSource: QueueSource {
  private let place: BrokerPlace
  private let loop: BrokerLoop
  private let stream: String
  private let group: String
  private let deadLetter: String?
  private let visibility: Duration
  private let reader: String
  private var client: RedisClient?
  private var found: [Delivery] = []
  /// Taken and not acknowledged.
  private var inHand: Set<[UInt8]> = []
  private var looksAt = ContinuousClock.now

  private static let margin = Duration.seconds(10)
  /// Entries that are looked at in one request.
  private static let page = 100

  init(
    _ place: BrokerPlace, on loop: BrokerLoop, stream: String, group: String, spec: QueueTriggerSpec,
    reader: String
  ) {
    (self.place, self.loop, self.stream, self.group) = (place, loop, stream, group)
    (deadLetter, visibility, self.reader) = (spec.deadLetter, spec.visibility, reader)
  }

  func open() async throws(Failure) {
    (client, inHand, found) = (RedisClient(place, on: loop), [], [])
    looksAt = .now
    do throws(RedisError) {
      // From the first entry on: nothing that was written before this reader came is lost.
      _ = try await connected().call(RedisCommand("XGROUP", "CREATE", stream, group, "0", "MKSTREAM"))
    } catch {
      if case .refused("BUSYGROUP", _) = error { return try await findOwn() }
      throw Failure(error, at: place)
    }
  }

  func close() async {
    await client?.close()
    (client, found, inHand) = (nil, [], [])
  }

  /// Redis counts from the last delivery; what is held for longer may be taken by another member.
  func beat() async throws(Failure) {
    guard !inHand.isEmpty else { return }
    let words =
      ["XCLAIM", stream, group, reader, "0"].map { Array($0.utf8) } + inHand + [Array("JUSTID".utf8)]
    _ = try await ask(RedisCommand(words: words))
  }

  func receive(_ most: Int, wait: Duration) async throws(Failure) -> [Delivery] {
    if looksAt <= .now { try await takeOver() }
    if found.isEmpty {
      let milliseconds = max(1, wait.microseconds / 1_000)
      let reply = try await ask(
        RedisCommand(
          "XREADGROUP", "GROUP", group, reader, "COUNT", String(most), "BLOCK", String(milliseconds),
          "STREAMS",
          stream, ">"), timeout: wait + Self.margin)
      try await take(Self.entries(reply))
    }
    let next = Array(found.prefix(most))
    found.removeFirst(next.count)
    return next
  }

  func acknowledge(_ done: [Delivery], dead: [Delivery]) async throws(Failure) {
    let ids = (done + dead).map(\.reference)
    var commands = [RedisCommand(words: ["XACK", stream, group].map { Array($0.utf8) } + ids)]
    if let deadLetter {
      for delivery in dead {
        commands.append(RedisCommand(words: ["XADD", deadLetter, "*"].map { Array($0.utf8) } + delivery.raw))
      }
    }
    do throws(RedisError) { _ = try await connected().transaction(commands) } catch {
      throw Failure(error, at: place)
    }
    inHand.subtract(ids)
  }

  /// What this member had in hand when it ended, oldest first.
  private func findOwn() async throws(Failure) {
    var from = "0"
    while true {
      let reply = try await ask(
        RedisCommand(
          "XREADGROUP", "GROUP", group, reader, "COUNT", String(Self.page), "STREAMS", stream, from))
      let entries = Self.entries(reply)
      try await take(entries)
      guard entries.count == Self.page, let last = entries.last?.id else { return }
      from = String(decoding: last, as: UTF8.self)
    }
  }

  private func takeOver() async throws(Failure) {
    looksAt = .now + visibility / 2
    var from = "0-0"
    repeat {
      let reply = try await ask(
        RedisCommand(
          "XAUTOCLAIM", stream, group, reader, String(visibility.microseconds / 1_000), from, "COUNT",
          String(Self.page)))
      guard let parts = reply.array, parts.count >= 2 else { return }
      try await take(Self.list(parts[1]))
      from = parts[0].string ?? "0-0"
    } while from != "0-0"
  }

  private func take(_ entries: [Entry]) async throws(Failure) {
    var gone: [[UInt8]] = []
    for entry in entries where !inHand.contains(entry.id) {
      guard let fields = entry.fields else {
        gone.append(entry.id)
        continue
      }
      inHand.insert(entry.id)
      let key = "stream \(stream) \(String(decoding: entry.id, as: UTF8.self))"
      found.append(
        Delivery(
          message: QueuedMessage(key: key, body: Self.body(fields)), reference: entry.id, raw: fields))
    }
    // Somebody deleted them while they were pending: there is nothing to do with them.
    if gone.isEmpty { return }
    _ = try await ask(RedisCommand(words: ["XACK", stream, group].map { Array($0.utf8) } + gone))
  }

  private func connected() throws(RedisError) -> RedisClient {
    guard let client else { throw .net(.stopped) }
    return client
  }

  private func ask(
    _ command: RedisCommand, timeout: Duration = RedisClient.usualTimeout
  ) async throws(Failure) -> RedisReply {
    do throws(RedisError) { return try await connected().call(command, timeout: timeout) } catch {
      throw Failure(error, at: place)
    }
  }
}

// What entries are made of.
extension RedisStreamSource {
  private struct Entry {
    var id: [UInt8]
    /// Names and values by turns; nil where the entry was deleted.
    var fields: [[UInt8]]?
  }

  /// Of the one stream that was asked for.
  private static func entries(_ reply: RedisReply) -> [Entry] {
    guard let pair = reply.array?.first?.array, pair.count == 2 else { return [] }
    return list(pair[1])
  }

  private static func list(_ reply: RedisReply) -> [Entry] {
    (reply.array ?? []).compactMap { item in
      guard let pair = item.array, pair.count == 2, let id = pair[0].bytes else { return nil }
      return Entry(id: id, fields: pair[1].array?.compactMap(\.bytes))
    }
  }

  /// The JSON of the one field `message`, or else an object of all fields as texts.
  private static func body(_ fields: [[UInt8]]) -> QueuedMessage.Body {
    if fields.count == 2, fields[0] == Array("message".utf8) { return .bytes(fields[1]) }
    var object = JSONObject()
    for place in stride(from: 0, to: fields.count - 1, by: 2) {
      let value = fields[place + 1]
      object[String(decoding: fields[place], as: UTF8.self)] =
        String(validating: value, as: UTF8.self).map { .string($0) }
        ?? ["base64": .string(Base64.encode(value))]
    }
    return .json(.object(object))
  }
}

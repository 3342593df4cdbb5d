import Crypto
import Engine
import Model
import Net

/// A list of Redis. What is taken stands in a list of this reader until it is acknowledged; a reader that
/// gives no sign of life any more is inherited by another.
actor RedisListSource: QueueSource {
  private let place: BrokerPlace
  private let loop: BrokerLoop
  private let list: String
  private let takesLeft: Bool
  private let deadLetter: String?
  private let visibility: Duration
  /// Names this reader, the same after a restart.
  private let reader: String
  private var client: RedisClient?
  /// What this reader had in hand, oldest first.
  private var found: [Delivery] = []
  private var looksAt = ContinuousClock.now

  /// So much longer than it may take is waited for an answer.
  private static let margin = Duration.seconds(10)
  /// Other readers that are looked at in one round.
  private static let mostReaders = 1_000

  init(
    _ place: BrokerPlace, on loop: BrokerLoop, list: String, takesLeft: Bool, spec: QueueTriggerSpec,
    reader: String
  ) {
    (self.place, self.loop, self.list, self.takesLeft) = (place, loop, list, takesLeft)
    (deadLetter, visibility, self.reader) = (spec.deadLetter, spec.visibility, reader)
  }

  private func own(_ reader: String) -> String { "\(list):esteira:\(reader)" }
  private func sign(_ reader: String) -> String { "\(own(reader)):alive" }
  private var readers: String { "\(list):esteira:readers" }

  func open() async throws(Failure) {
    client = RedisClient(place, on: loop)
    looksAt = .now
    try await beat()
    try await findOwn()
  }

  func close() async {
    await client?.close()
    (client, found) = (nil, [])
  }

  func beat() async throws(Failure) {
    _ = try await ask(
      RedisCommand("SET", sign(reader), reader, "PX", String(visibility.microseconds / 1_000)))
  }

  func receive(_ most: Int, wait: Duration) async throws(Failure) -> [Delivery] {
    if looksAt <= .now { try await inherit() }
    if !found.isEmpty {
      let next = Array(found.prefix(most))
      found.removeFirst(next.count)
      return next
    }
    let taken = try await take(most)
    if !taken.isEmpty { return taken }
    return try await waitForOne(wait)
  }

  func acknowledge(_ done: [Delivery], dead: [Delivery]) async throws(Failure) {
    var commands = (done + dead).map { RedisCommand("LREM", own(reader), "-1") + $0.reference }
    if let deadLetter {
      // The same end as that of those who write to the list.
      for delivery in dead {
        commands.append(RedisCommand("RPUSH", deadLetter) + (delivery.raw.first ?? []))
      }
    }
    do throws(RedisError) { _ = try await connected().transaction(commands) } catch {
      throw Failure(error, at: place)
    }
  }

  private func take(_ most: Int) async throws(Failure) -> [Delivery] {
    let names = (0..<most).map { _ in Hex.encode(SecureRandom.bytes(16)) }
    let words =
      ["EVAL", RedisScripts.take, "4", list, own(reader), sign(reader), readers]
      + [takesLeft ? "left" : "right", String(visibility.microseconds / 1_000), reader] + names
    let reply = try await ask(RedisCommand(words: words.map { Array($0.utf8) }))
    return (reply.array ?? []).compactMap { $0.bytes.flatMap(Self.delivery) }
  }

  private func waitForOne(_ wait: Duration) async throws(Failure) -> [Delivery] {
    let seconds = max(1, wait.components.seconds)
    let moved = try await ask(
      RedisCommand("BLMOVE", list, own(reader), takesLeft ? "LEFT" : "RIGHT", "LEFT", String(seconds)),
      timeout: wait + Self.margin)
    guard let raw = moved.bytes else { return [] }
    return try await name(raw).map { [$0] } ?? []
  }

  private func name(_ raw: [UInt8]) async throws(Failure) -> Delivery? {
    let name = Hex.encode(SecureRandom.bytes(16))
    let reply = try await ask(
      RedisCommand("EVAL", RedisScripts.name, "1", own(reader), name) + raw)
    return reply.bytes.flatMap(Self.delivery)
  }

  /// What has no name yet was never stored by anybody: it gets one.
  private func findOwn() async throws(Failure) {
    let reply = try await ask(RedisCommand("LRANGE", own(reader), "0", "-1"))
    found = []
    for (place, item) in (reply.array ?? []).enumerated().reversed() {
      guard let bytes = item.bytes else { continue }
      if let delivery = Self.delivery(bytes) {
        found.append(delivery)
      } else {
        let name = Hex.encode(SecureRandom.bytes(16))
        let named = Array("esteira1 \(name) ".utf8) + bytes
        _ = try await ask(RedisCommand("LSET", own(reader), String(place)) + named)
        if let delivery = Self.delivery(named) { found.append(delivery) }
      }
    }
  }

  /// Takes over what readers that are gone had in hand.
  private func inherit() async throws(Failure) {
    looksAt = .now + visibility / 2
    let known = try await ask(RedisCommand("SMEMBERS", readers))
    var count: Int64 = 0
    for other in (known.array ?? []).prefix(Self.mostReaders).compactMap(\.string) where other != reader {
      let reply = try await ask(
        RedisCommand("EVAL", RedisScripts.adopt, "4", own(other), sign(other), readers, own(reader), other))
      count += reply.integer ?? 0
    }
    if count > 0 { try await findOwn() }
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

  /// Nil for what has no name.
  private static func delivery(_ bytes: [UInt8]) -> Delivery? {
    let head = Array("esteira1 ".utf8)
    let start = head.count + 33
    guard bytes.count >= start, bytes.starts(with: head), bytes[start - 1] == UInt8(ascii: " ") else {
      return nil
    }
    let name = String(decoding: bytes[head.count..<(start - 1)], as: UTF8.self)
    guard name.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }) else { return nil }
    let raw = Array(bytes[start...])
    return Delivery(
      message: QueuedMessage(key: "list \(name)", body: .bytes(raw)), reference: bytes, raw: [raw])
  }
}

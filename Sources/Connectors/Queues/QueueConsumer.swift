public import Engine
public import Model
public import Net
import Synchronization

/// Reads one queue for its triggers. A message is acknowledged once it is durable that it came, and not
/// before; so a crash at any point brings it again, and its key makes it the same message.
public final class QueueConsumer: Sendable {
  private let make: @Sendable () async throws(Failure) -> any QueueSource
  private let desk: QueueTriggerDesk
  private let prefetch: Int
  private let loop: BrokerLoop
  private let log: @Sendable (String) -> Void
  private let shown = Mutex(QueueStatus())
  private let bell = Mutex<AsyncStream<Void>.Continuation?>(nil)

  /// So long a broker is asked for the next message before the triggers are looked at again.
  static let wait = Duration.seconds(5)
  private static let firstPause = Duration.milliseconds(200)
  private static let longestPause = Duration.seconds(30)

  /// `make` is asked at each connection: what the operator has changed counts from then on.
  init(
    _ make: @escaping @Sendable () async throws(Failure) -> any QueueSource, desk: QueueTriggerDesk,
    prefetch: Int, loop: BrokerLoop, log: @escaping @Sendable (String) -> Void
  ) {
    (self.make, self.desk, self.prefetch) = (make, desk, prefetch)
    (self.loop, self.log) = (loop, log)
  }

  public var status: QueueStatus { shown.withLock { $0 } }

  /// From any thread: the triggers may take messages again.
  public func wake() { bell.withLock { $0 }?.yield() }

  /// Reads until the task is cancelled. Errors end a connection, not the reading.
  public func run() async {
    while !Task.isCancelled {
      var source: (any QueueSource)?
      do throws(Failure) {
        change { $0.state = .connecting }
        let made = try await make()
        source = made
        try await made.open()
        try await read(made)
      } catch {
        await source?.close()
        if Task.isCancelled { return }
        await fail(error)
      }
      await source?.close()
    }
  }

  private func read(_ source: any QueueSource) async throws(Failure) {
    while !Task.isCancelled {
      let room = await desk.room()
      guard room > 0 else {
        change { $0.state = .held }
        try await source.beat()
        await nap(Self.wait)
        continue
      }
      clearFailures()
      let deliveries = try await source.receive(min(room, prefetch), wait: Self.wait)
      if deliveries.isEmpty { continue }
      change { $0.received += deliveries.count }
      try await settle(deliveries, source)
    }
  }

  private func settle(_ deliveries: [Delivery], _ source: any QueueSource) async throws(Failure) {
    var (left, pause) = (deliveries, Self.firstPause)
    while !left.isEmpty, !Task.isCancelled {
      let receipts = await desk.take(left.map(\.message))
      var (done, dead, rest): ([Delivery], [Delivery], [Delivery]) = ([], [], [])
      var reason: Problem?
      for (delivery, receipt) in zip(left, receipts) {
        switch receipt {
        case .stored: done.append(delivery)
        case .deadLetter: dead.append(delivery)
        case .putOff(let problem):
          rest.append(delivery)
          reason = problem
        }
      }
      try await acknowledge(done, dead, source)
      left = rest
      guard let reason else { continue }
      change { $0.state = .held }
      log("messages wait: \(reason.message.english)")
      try await source.beat()
      await nap(pause)
      pause = min(Self.wait, pause * 2)
    }
  }

  /// To its end, also where the reader is told to stop meanwhile: what is stored need not come again.
  private func acknowledge(
    _ done: [Delivery], _ dead: [Delivery], _ source: any QueueSource
  ) async throws(Failure) {
    if done.isEmpty, dead.isEmpty { return }
    let result: Result<Void, Failure> = await Task {
      do throws(Failure) { return .success(try await source.acknowledge(done, dead: dead)) } catch {
        return .failure(error)
      }
    }.value
    try result.get()
    change { status in
      status.stored += done.count
      status.deadLetters += dead.count
    }
  }

  private func clearFailures() {
    let hadFailed = shown.withLock { status in
      defer { (status.state, status.failures, status.lastFailure) = (.reading, 0, nil) }
      return status.failures > 0
    }
    if hadFailed { log("works again") }
  }

  private func fail(_ failure: Failure) async {
    let (failures, isNew) = shown.withLock { status in
      let isNew = status.lastFailure != failure.message
      (status.state, status.failures, status.lastFailure) = (.broken, status.failures + 1, failure.message)
      return (status.failures, isNew)
    }
    let pause = min(Self.longestPause, Self.firstPause * (1 << min(failures - 1, 10)))
    if isNew { log("\(failure.message) It is tried again.") }
    await loop.pause(until: .now + pause)
  }

  /// Ends before its time when somebody wakes the reader.
  private func nap(_ time: Duration) async {
    let (rings, ring) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    bell.withLock { $0 = ring }
    let loop = loop
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await loop.pause(until: .now + time) }
      group.addTask { for await _ in rings { return } }
      await group.next()
      group.cancelAll()
    }
    bell.withLock { $0 = nil }
  }

  private func change(_ body: (inout QueueStatus) -> Void) { shown.withLock { body(&$0) } }
}

/// Who reads a queue of which broker.
public enum QueueReading {
  /// `reader` names this node's readers, the same after a restart and of no other node.
  public static func consumer(
    _ spec: QueueTriggerSpec, reader: String, _ brokers: Brokers, curl: CurlClient,
    now: @escaping @Sendable () -> Timestamp,
    connection: @escaping @Sendable () async throws(Failure) -> (Connection, Credential?),
    desk: QueueTriggerDesk, log: @escaping @Sendable (String) -> Void
  ) throws(Failure) -> QueueConsumer {
    let loop: BrokerLoop
    do throws(NetError) { loop = try brokers.loop() } catch {
      throw Failure(.transient, code: "interrupted", "\(error)")
    }
    return QueueConsumer(
      { () async throws(Failure) in
        let (connection, credential) = try await connection()
        let attempt = CredentialProbe.attempt([:], connection, credential, now)
        return try source(spec, reader, attempt, curl, loop, log)
      }, desk: desk, prefetch: spec.prefetch, loop: loop, log: log)
  }

  /// `attempt`: of nothing; has the connection and what proves who asks.
  private static func source(
    _ spec: QueueTriggerSpec, _ reader: String, _ attempt: Attempt, _ curl: CurlClient, _ loop: BrokerLoop,
    _ log: @escaping @Sendable (String) -> Void
  ) throws(Failure) -> any QueueSource {
    let (connection, credential) = (attempt.connection, attempt.credential)
    return switch spec.source {
    case .list(let name, let takesLeft):
      RedisListSource(
        try BrokerPlace(connection, credential, kind: .redis), on: loop, list: name, takesLeft: takesLeft,
        spec: spec, reader: reader)
    case .stream(let name, let group):
      RedisStreamSource(
        try BrokerPlace(connection, credential, kind: .redis), on: loop, stream: name, group: group,
        spec: spec, reader: reader)
    case .topic(let name, let group):
      KafkaQueueSource(
        try KafkaAddress.place(connection, credential), topic: name, group: group, spec: spec, log: log)
    case .queue(let name) where connection?.kind == CloudflareAPI.kind:
      try CloudflareQueueSource(attempt, curl, on: loop, queue: name, spec: spec)
    case .queue(let name) where connection?.kind == SQSQueueSource.kind:
      try SQSQueueSource(attempt, curl, queue: name, spec: spec)
    case .queue(let name):
      AMQPQueueSource(
        try BrokerPlace(connection, credential, kind: .amqp), on: loop, queue: name, spec: spec)
    }
  }
}

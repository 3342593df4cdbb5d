import Connectors
import Crypto
import Engine
import Model
import Pipelines
import Stores
import Synchronization

/// The queues of brokers that a running server reads: each once, for all triggers of its namespace that name
/// it.
final class QueueWatches: Sendable {
  /// What makes two triggers read one queue.
  struct Subscription: Hashable {
    var namespace: String
    var connection: String
    var source: QueueTriggerSpec.Source
  }

  /// How it is read, and for whom.
  struct Order: Hashable {
    var spec: QueueTriggerSpec
    var triggers: [Node.TriggerName]
  }

  private struct Reader {
    var number: Int
    var order: Order
    var consumer: QueueConsumer
    var task: Task<Void, Never>
  }

  private struct State {
    var readers: [Subscription: Reader] = [:]
    /// Of the readers that were told to stop, until they have: the next one waits for them.
    var ending: [Subscription: (number: Int, task: Task<Void, Never>)] = [:]
    var count = 0
    var isStopped = false
  }

  private let state = Mutex(State())
  private let book: @Sendable () -> TriggerBook
  private let make: @Sendable (Subscription, Order) throws(Failure) -> QueueConsumer
  private let log: @Sendable (String) -> Void

  init(
    book: @escaping @Sendable () -> TriggerBook,
    make: @escaping @Sendable (Subscription, Order) throws(Failure) -> QueueConsumer,
    log: @escaping @Sendable (String) -> Void
  ) { (self.book, self.make, self.log) = (book, make, log) }

  /// Starts, changes and ends readers, so that there is one for each queue that an enabled trigger names.
  func reconcile() {
    state.withLock { state in
      if state.isStopped { return }
      // Read under the lock: of two at a time the later one has the newer reading.
      let wanted = Self.orders(book())
      for (subscription, reader) in state.readers {
        if wanted[subscription] == reader.order {
          reader.consumer.wake()
          continue
        }
        reader.task.cancel()
        state.readers[subscription] = nil
        state.ending[subscription] = (reader.number, reader.task)
      }
      for (subscription, order) in wanted where state.readers[subscription] == nil {
        start(subscription, order, &state)
      }
    }
  }

  /// In the order of the pipelines and triggers, so that it is the same at each reading.
  static func orders(_ book: TriggerBook) -> [Subscription: Order] {
    var orders: [Subscription: Order] = [:]
    for entry in book.all where entry.trigger.kind == "queue" && entry.isEnabled {
      guard let spec = QueueTriggerSpec(spec: entry.trigger.spec) else { continue }
      let subscription = Subscription(
        namespace: entry.pipeline.namespace, connection: spec.connection, source: spec.source)
      var order = orders[subscription] ?? Order(spec: spec, triggers: [])
      order.triggers.append(Node.TriggerName(entry.pipeline, entry.trigger.name))
      order.spec.deadLetter = order.spec.deadLetter ?? spec.deadLetter
      order.spec.prefetch = max(order.spec.prefetch, spec.prefetch)
      order.spec.visibility = max(order.spec.visibility, spec.visibility)
      order.spec.dropsUnwanted = order.spec.dropsUnwanted || spec.dropsUnwanted
      orders[subscription] = order
    }
    return orders
  }

  private func start(_ subscription: Subscription, _ order: Order, _ state: inout State) {
    let consumer: QueueConsumer
    do throws(Failure) { consumer = try make(subscription, order) } catch {
      return log("\(subscription.namespace)/\(subscription.connection): \(error.message)")
    }
    state.count += 1
    let (number, earlier) = (state.count, state.ending[subscription]?.task)
    let task = Task {
      await earlier?.value
      await consumer.run()
      ended(subscription, number)
    }
    state.readers[subscription] = Reader(number: number, order: order, consumer: consumer, task: task)
  }

  private func ended(_ subscription: Subscription, _ number: Int) {
    state.withLock { state in
      if state.ending[subscription]?.number == number { state.ending[subscription] = nil }
    }
  }

  /// How each queue stands, in the order of their names.
  var standings: [QueueStanding] {
    state.withLock { state in
      state.readers.map { subscription, reader in
        QueueStanding(
          namespace: subscription.namespace, connection: subscription.connection,
          source: subscription.source.name, triggers: reader.order.triggers, status: reader.consumer.status)
      }
    }.sorted { ($0.namespace, $0.connection, $0.source) < ($1.namespace, $1.connection, $1.source) }
  }

  /// Returns once nothing is read any more.
  func stop() async {
    let tasks = state.withLock { state in
      state.isStopped = true
      let tasks = state.readers.values.map(\.task) + state.ending.values.map(\.task)
      state.readers = [:]
      return tasks
    }
    for task in tasks { task.cancel() }
    for task in tasks { await task.value }
  }
}

/// What the server tells of its queues, for whoever was made before them.
final class QueueNews: Sendable {
  private let watches = Mutex<QueueWatches?>(nil)

  func begin(_ watches: QueueWatches) { self.watches.withLock { $0 = watches } }

  var standings: [QueueStanding] { watches.withLock { $0 }?.standings ?? [] }
}

/// What a running server takes for its triggers from outside: out of folders and out of brokers.
struct SourceWatches {
  private let folders: FolderWatches
  private let queues: QueueWatches

  init(of parts: NodeParts, log: ServerLog) {
    folders = FolderWatches(
      of: parts.node, folder: parts.folder.path, log: log.lines(.warn, "folder"))
    queues = QueueWatches(of: parts, log: log.lines(.warn, "queue"))
    parts.queues.begin(queues)
  }

  func reconcile() {
    folders.reconcile()
    queues.reconcile()
  }

  func stop() async {
    await folders.stop()
    await queues.stop()
  }
}

extension QueueWatches {
  /// Those of a server. `log` is given a line for each thing that an operator may look for.
  convenience init(of parts: NodeParts, log: @escaping @Sendable (String) -> Void) {
    let (node, brokers, environment) = (parts.node, parts.brokers, parts.environment)
    let curl = parts.client
    let place = "\(Places.host)\u{0}\(parts.folder.path)"
    self.init(
      book: { node.triggers },
      make: { (subscription, order) throws(Failure) in
        let name = "\(subscription.namespace)/\(subscription.connection)/\(subscription.source.name)"
        let desk = node.queueDesk(
          order.triggers, actor: "queue:\(name)", dropsUnwanted: order.spec.dropsUnwanted)
        let reader = SHA256.hex(Array("\(place)\u{0}\(name)".utf8)).prefix(16)
        return try QueueReading.consumer(
          order.spec, reader: String(reader), brokers, curl: curl, now: Program.now,
          connection: { () async throws(Failure) in
            let connection = try await environment.connection(subscription.connection, subscription.namespace)
            guard let credential = connection.credential else { return (connection, nil) }
            return (connection, try await environment.credential(credential, subscription.namespace))
          }, desk: desk, log: { log("queue \(name): \($0)") })
      }, log: log)
  }
}

internal import Model

/// Writes turns on a thread of its own, one after the other, so that the engine goes on deciding meanwhile.
/// The thread begins with the first of them.
struct CommitThread: ~Copyable {
  private enum Order: Sendable {
    case write(Batch)
    case end
  }

  private let configuration: NodeConfiguration
  private let report: @Sendable (Result<[RefusedJob], StoreError>) -> Void
  private let orders = Inbox<Order>()
  private let end = Inbox<Void>()
  private var hasBegun = false

  /// `report` is called once for each turn that is written. A second time only where the store broke after
  /// it, when its log was copied.
  init(
    _ configuration: NodeConfiguration, report: @escaping @Sendable (Result<[RefusedJob], StoreError>) -> Void
  ) {
    (self.configuration, self.report) = (configuration, report)
  }

  mutating func write(_ batch: Batch) {
    if !hasBegun { begin() }
    orders.push(.write(batch))
  }

  /// Returns once nothing is written any more.
  mutating func stop() {
    if !hasBegun { return }
    hasBegun = false
    orders.push(.end)
    var ended: [Void] = []
    end.takeAll(into: &ended, .forever)
  }

  private mutating func begin() {
    hasBegun = true
    startThread { [orders, end, report, store = configuration.store, crashPoint = configuration.crashPoint] in
      var taken: [Order] = []
      while true {
        orders.takeAll(into: &taken, .forever)
        for order in taken {
          guard case .write(let batch) = order else { return end.push(()) }
          do throws(StoreError) {
            crashPoint(.beforeCommit)
            let refused = try store.commit(batch)
            crashPoint(.afterCommit)
            report(.success(refused))
            try store.checkpointUnlessFull()
          } catch { report(.failure(error)) }
        }
      }
    }
  }
}

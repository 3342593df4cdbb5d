internal import Model

/// Writes turns on a thread of its own, one after the other, so that the engine goes on deciding meanwhile.
final class CommitThread: Sendable {
  private enum Order: Sendable {
    case write(Batch)
    case end
  }

  private let orders = Inbox<Order>()
  private let end = Inbox<Void>()

  /// `report` is called once for each turn that is written. A second time only where the store broke after
  /// it, when its log was copied.
  init(
    _ configuration: NodeConfiguration, report: @escaping @Sendable (Result<[RefusedJob], StoreError>) -> Void
  ) {
    let (store, crashPoint) = (configuration.store, configuration.crashPoint)
    startThread { [orders, end] in
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

  func write(_ batch: Batch) { orders.push(.write(batch)) }

  /// Returns once nothing is written any more.
  func stop() {
    orders.push(.end)
    var ended: [Void] = []
    end.takeAll(into: &ended, .forever)
  }
}

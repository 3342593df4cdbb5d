internal import Model

/// One reader who follows a job: what was stored before, page by page, then what is committed from now on.
///
/// Pages are read only when the reader asks, so a slow one costs no memory. A decision that is seen twice,
/// stored and live, is shown once.
actor Following {
  private let page: @Sendable (_ after: UInt32) async -> [HistoryEvent]
  private let leave: @Sendable () -> Void
  private var live: AsyncStream<HistoryEvent>.Iterator?
  /// The rest of the page at hand, the next one last.
  private var pending: [HistoryEvent] = []
  private var last: UInt32
  private var hasCaughtUp = false

  init(
    after sequence: UInt32, live: AsyncStream<HistoryEvent>,
    page: @escaping @Sendable (_ after: UInt32) async -> [HistoryEvent], leave: @escaping @Sendable () -> Void
  ) {
    (last, self.live, self.page, self.leave) = (sequence, live.makeAsyncIterator(), page, leave)
  }

  deinit { leave() }

  func next() async -> HistoryEvent? {
    while true {
      if let event = pending.popLast() {
        last = event.sequence
        return event
      }
      if !hasCaughtUp {
        pending = await page(last).reversed()
        hasCaughtUp = pending.isEmpty
        continue
      }
      // Taken out while it waits: an actor's own property cannot be changed across a suspension.
      guard var iterator = live else { return nil }
      live = nil
      let event = await iterator.next(isolation: self)
      live = iterator
      guard let event else { return nil }
      if event.sequence > last + 1 {
        // More was committed than the buffer holds: the store has it.
        pending = await page(last).reversed()
        if let first = pending.last, first.sequence <= event.sequence {
          hasCaughtUp = false
          continue
        }
        pending = []
      }
      if event.sequence > last {
        last = event.sequence
        return event
      }
    }
  }
}

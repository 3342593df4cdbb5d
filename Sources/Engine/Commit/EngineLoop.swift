internal import Model
internal import Pipelines
internal import Synchronization

/// Ties the jobs to the journal: one thread that takes a turn, commits, acknowledges, and turns again.
///
/// Group commit without a timer: whatever came while a commit ran goes into the next one. A large turn of
/// mere progress is written by another thread, and the ends of attempts that come meanwhile are decided.
/// Nothing is acknowledged and no effect happens before its commit, and the commits keep their order.
final class EngineLoop: Sendable {
  let inbox = Inbox<Input>()
  /// Opens once the recovered jobs have been taken over and what became of their lost attempts is decided.
  let settled = Gate()
  let requests = OpenRequests()
  let feed: Feed
  /// Grows whenever the thread comes by, whether there is work or not: a sign of life.
  let turns = Atomic<UInt64>(0)
  private let configuration: NodeConfiguration
  private let numbers: (job: Int64, body: Int64)
  private let opening: Opening

  init(_ configuration: NodeConfiguration, numbers: (job: Int64, body: Int64), _ opening: Opening) {
    (self.configuration, self.numbers, self.opening) = (configuration, numbers, opening)
    feed = Feed(from: configuration.clock.now.microseconds)
    configuration.clock.onAdvance { [inbox] in inbox.wake() }
  }

  /// Runs until it is told to stop or the store breaks. `executor` reports back through the inbox.
  func run(_ executor: Executor) {
    var turn = Turn(
      jobs: Jobs(configuration, numbers: numbers, feed: feed), store: configuration.store, executor: executor,
      configuration: configuration, settled: settled)
    turn.take(over: opening)
    var writer = CommitThread(configuration) { [inbox] in inbox.push(.landed($0)) }
    defer { writer.stop() }
    var inputs: [Input] = []
    // What came while a turn was written and has to wait for it.
    var later: [Input] = []
    while turn.stopped == nil {
      inbox.takeAll(into: &inputs, turn.kept == nil ? wait(turn) : .forever)
      if turn.kept != nil {
        guard let landing = meanwhile(inputs, &turn, &later) else { continue }
        (inputs, later) = (later, [])
        if case .failure(let error) = landing, !outlast(error, &turn, &inputs) { return }
        if case .success(let refused) = landing, land(refused, &turn, inputs, &writer) { continue }
      }
      turns.add(1, ordering: .relaxed)
      guard takeTurns(&turn, &inputs, &writer) else { return }
      swap(&inputs, &later)
    }
    writer.stop()
    turn.stopped?()
  }

  /// What is decided while a turn is written, and what became of that turn once this is known. Leaves in
  /// `later` what has to wait for it.
  private func meanwhile(
    _ inputs: [Input], _ turn: inout Turn, _ later: inout [Input]
  ) -> Result<[RefusedJob], StoreError>? {
    var landing: Result<[RefusedJob], StoreError>?
    for input in inputs {
      if case .landed(let result) = input {
        landing = result
      } else if !turn.takeMeanwhile(input) {
        later.append(input)
      }
    }
    return landing
  }

  /// The effects of the turn that is durable. True: the next one is being written beside them, for nothing
  /// waits that would belong into it.
  private func land(
    _ refused: [RefusedJob], _ turn: inout Turn, _ waiting: [Input], _ writer: inout CommitThread
  ) -> Bool {
    let landed = turn.takeKept(refused, relays: waiting.isEmpty && turn.isForTheWriter)
    if let batch = turn.kept?.batch { writer.write(batch) }
    if let landed { turn.land(landed, refused) }
    return turn.kept != nil
  }

  /// Takes all inputs, or leaves those that wait for a turn that is being written. False where the store
  /// broke.
  private func takeTurns(
    _ turn: inout Turn, _ inputs: inout [Input], _ writer: inout CommitThread
  ) -> Bool {
    if let error = inputs.lazy.compactMap(\.fault).first {
      configuration.broken(error.description)
      return false
    }
    repeat {
      let taken = turn.take(inputs, from: 0)
      inputs.removeFirst(taken)
      // Whoever waits for the last turn of a node is answered before it ends.
      if turn.stopped == nil, turn.isForTheWriter {
        turn.close()
        if let batch = turn.kept?.batch { writer.write(batch) }
        inputs.removeAll { turn.takeMeanwhile($0) }
        return true
      }
      do throws(StoreError) { try turn.commit() } catch {
        guard outlast(error, &turn, &inputs) else { return false }
      }
    } while !inputs.isEmpty
    return true
  }

  /// Keeps the turn that the store did not take, and tries it again until it does; nothing of it is
  /// acknowledged and nothing of it happens before. Leaves in `inputs` what waited meanwhile. False where the
  /// store broke.
  private func outlast(_ first: StoreError, _ turn: inout Turn, _ inputs: inout [Input]) -> Bool {
    let (clock, setting) = (configuration.clock, configuration.setting)
    var (error, pause, tried) = (first, setting.storeFirstPause, clock.monotonic)
    var later: [Input] = []
    var isTold = false
    while true {
      if case .broken(let text) = error {
        configuration.broken(text)
        return false
      }
      if !isTold { configuration.storeWaits(error) }
      isTold = true
      turn.withhold(inputs, error, until: &later)
      turns.add(1, ordering: .relaxed)
      inputs = []
      requests.answerReads()
      requests.giveUp(since: clock.monotonic - setting.storeAnswerLimit)
      if turn.stopped == nil {
        inbox.takeAll(into: &inputs, clock.pause(until: tried + pause).map { .atMost($0) } ?? .forever)
        // Somebody who asks for a change is a reason to look before the time.
        let wait = inputs.contains(where: \.changes) ? setting.storeFirstPause : pause
        if clock.monotonic - tried < wait { continue }
      }
      do throws(StoreError) {
        try turn.commitKept()
        configuration.storeWaits(nil)
        inputs = later + inputs
        return true
      } catch let next {
        (error, tried, pause) = (next, clock.monotonic, min(pause * 2, setting.storeLongestPause))
      }
      if turn.stopped != nil, !isBroken(error) {
        // Nobody was told that it was taken; the next node begins with what is stored.
        requests.giveUp(since: clock.monotonic)
        return true
      }
    }
  }

  private func isBroken(_ error: StoreError) -> Bool {
    if case .broken = error { true } else { false }
  }

  private func wait(_ turn: borrowing Turn) -> Inbox<Input>.Wait {
    if !turn.jobs.batch.isEmpty || !turn.jobs.orders.isEmpty { return .not }
    guard let due = turn.jobs.due else { return .forever }
    if due <= configuration.clock.monotonic { return .not }
    return configuration.clock.pause(until: due).map { .atMost($0) } ?? .forever
  }
}

extension Input {
  /// The store broke after a turn was durable.
  fileprivate var fault: StoreError? {
    if case .landed(.failure(let error)) = self { error } else { nil }
  }
}

internal import Model
internal import Pipelines
internal import Synchronization

/// Ties the jobs to the journal: one thread that takes a turn, commits, acknowledges, and turns again.
///
/// Group commit without a timer: whatever came while a commit ran goes into the next one. Nothing is
/// acknowledged and no effect happens before its commit.
final class EngineLoop: Sendable {
  let inbox = Inbox<Input>()
  /// Opens once the recovered jobs have been taken over and what became of their lost attempts is decided.
  let settled = Gate()
  let requests = OpenRequests()
  /// Grows whenever the thread comes by, whether there is work or not: a sign of life.
  let turns = Atomic<UInt64>(0)
  private let configuration: NodeConfiguration
  private let numbers: (job: Int64, body: Int64)
  private let opening: Opening

  init(_ configuration: NodeConfiguration, numbers: (job: Int64, body: Int64), _ opening: Opening) {
    (self.configuration, self.numbers, self.opening) = (configuration, numbers, opening)
    configuration.clock.onAdvance { [inbox] in inbox.wake() }
  }

  /// Runs until it is told to stop or the store breaks. `executor` reports back through the inbox.
  func run(_ executor: Executor) {
    var turn = Turn(
      jobs: Jobs(configuration, numbers: numbers), store: configuration.store, executor: executor,
      configuration: configuration, settled: settled)
    turn.take(over: opening)
    var inputs: [Input] = []
    while turn.stopped == nil {
      inbox.takeAll(into: &inputs, wait(turn))
      turns.add(1, ordering: .relaxed)
      var taken = 0
      repeat {
        taken = turn.take(inputs, from: taken)
        do throws(StoreError) { try turn.commit() } catch {
          inputs.removeFirst(taken)
          taken = 0
          guard outlast(error, &turn, &inputs) else { return }
        }
      } while taken < inputs.count
    }
    turn.stopped?()
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

internal import Model
internal import Pipelines

/// Ties the jobs to the journal: one thread that takes a turn, commits, acknowledges, and turns again.
///
/// Group commit without a timer: whatever came while a commit ran goes into the next one. Nothing is
/// acknowledged and no effect happens before its commit.
final class EngineLoop: Sendable {
  let inbox = Inbox<Input>()
  /// Opens once the recovered jobs have been taken over and what became of their lost attempts is decided.
  let settled = Gate()
  private let configuration: NodeConfiguration
  private let numbers: (job: Int64, body: Int64)
  private let opening: Opening

  /// What the last node left besides the jobs that are loaded.
  struct Opening: Sendable {
    var held = HeldLimits()
    var signals: [SignalRow] = []
    var parked: [Recovery.Parked] = []
    var triggers = TriggerBook.Reading()
    var messages: [TriggerMessageRow] = []
    /// The replayed letters that are among the messages.
    var letters: [ID<TriggerMessage>: Int64] = [:]
  }

  init(_ configuration: NodeConfiguration, numbers: (job: Int64, body: Int64), _ opening: Opening) {
    (self.configuration, self.numbers, self.opening) = (configuration, numbers, opening)
    configuration.clock.onAdvance { [inbox] in inbox.wake() }
  }

  /// Runs until it is told to stop or the store breaks. `executor` reports back through the inbox.
  func run(_ executor: Executor) {
    var turn = Turn(
      jobs: Jobs(configuration, numbers: numbers), store: configuration.store, executor: executor,
      configuration: configuration, settled: settled)
    turn.jobs.restore(opening.held)
    turn.jobs.restore(opening.signals)
    turn.jobs.restore(opening.parked, at: configuration.clock.now)
    turn.jobs.restore(opening.triggers, opening.messages)
    turn.jobs.letters.underWay = opening.letters
    var inputs: [Input] = []
    while turn.stopped == nil {
      inbox.takeAll(into: &inputs, wait(turn))
      var taken = 0
      repeat {
        taken = turn.take(inputs, from: taken)
        do { try turn.commit() } catch {
          configuration.broken("\(error)")
          return
        }
      } while taken < inputs.count
    }
    turn.stopped?()
  }

  private func wait(_ turn: borrowing Turn) -> Inbox<Input>.Wait {
    if !turn.jobs.batch.isEmpty || !turn.jobs.orders.isEmpty { return .not }
    guard let due = turn.jobs.due else { return .forever }
    if due <= configuration.clock.monotonic { return .not }
    return configuration.clock.pause(until: due).map { .atMost($0) } ?? .forever
  }
}

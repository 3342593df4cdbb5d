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
  private let held: HeldLimits

  init(_ configuration: NodeConfiguration, numbers: (job: Int64, body: Int64), held: HeldLimits) {
    (self.configuration, self.numbers, self.held) = (configuration, numbers, held)
    configuration.clock.onAdvance { [inbox] in inbox.wake() }
  }

  /// Runs until it is told to stop or the store breaks. `executor` reports back through the inbox.
  func run(_ executor: Executor) {
    var turn = Turn(
      jobs: Jobs(setting: configuration.setting, clock: configuration.clock, numbers: numbers),
      store: configuration.store, executor: executor, configuration: configuration, settled: settled)
    turn.jobs.restore(held)
    turn.jobs.namespaceKeys = NamespaceKeys(configuration)
    var inputs: [Input] = []
    while turn.stopped == nil {
      inbox.takeAll(into: &inputs, wait(turn))
      turn.take(inputs)
      do { try turn.commit() } catch {
        configuration.broken("\(error)")
        return
      }
    }
    turn.stopped?()
  }

  private func wait(_ turn: borrowing Turn) -> Inbox<Input>.Wait {
    if !turn.jobs.batch.isEmpty { return .not }
    guard let due = turn.jobs.due else { return .forever }
    if due <= configuration.clock.monotonic { return .not }
    return configuration.clock.pause(until: due).map { .atMost($0) } ?? .forever
  }
}

internal import Model

extension EngineLoop {
  /// What the last node left besides the jobs that are loaded.
  struct Opening: Sendable {
    var held = HeldLimits()
    var signals: [SignalRow] = []
    var parked: [Recovery.Parked] = []
    var triggers = TriggerBook.Reading()
    var messages: [TriggerMessageRow] = []
    var schedules: [ScheduleRow] = []
    var backfills: [BackfillRow] = []
    /// The replayed letters that are among the messages.
    var letters: [ID<TriggerMessage>: Int64] = [:]
    var disabled: [DisabledDestination] = []
    /// The destinations for which something waits.
    var waiting: [String] = []
    /// When the node was made, on the monotonic clock: its thread may begin later.
    var moment: Duration

    /// Of a node that restores nothing only what limits it.
    /// `live`: the jobs that have not ended, where they are known already.
    init(
      _ configuration: NodeConfiguration, _ triggers: TriggerBook.Reading, live: [LiveJob]? = nil
    ) throws {
      let store = configuration.store
      moment = configuration.clock.monotonic
      (held, signals) = (try HeldLimits(store, live: live), try store.waitingSignals())
      self.triggers = triggers
      guard configuration.restores else { return }
      (parked, messages) = (try Recovery(configuration).parked(live), try store.openTriggerMessages())
      (schedules, backfills) = (try store.schedules(), try store.openBackfills())
      letters = try store.underWayDeadLetters()
      (disabled, waiting) = (try store.disabledDestinations(), try store.outboxDestinations())
    }
  }
}

extension Turn {
  /// Before the first job is restored.
  mutating func take(over opening: EngineLoop.Opening) {
    jobs.restore(opening.held)
    jobs.restore(opening.signals)
    jobs.restore(opening.parked, at: configuration.clock.now)
    jobs.restore(opening.triggers, opening.messages)
    jobs.restore(opening.schedules, opening.backfills)
    jobs.letters.underWay = opening.letters
    jobs.outbox.restore(opening.disabled, opening.waiting)
    for name in opening.waiting { if let line = jobs.outbox.line(of: name) { jobs.call(line) } }
    if configuration.retentionDue != nil {
      jobs.setRetentionTimer(at: opening.moment + configuration.setting.retentionFirst)
    }
  }
}

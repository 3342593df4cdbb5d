public import Model

/// What the journal's thread asks about dead letters; the answers know all that was committed.
public protocol DeadLetterStore: Sendable {
  /// Whole; nil where there is none.
  func deadLetter(_ id: Int64) throws(StoreError) -> DeadLetterRow?

  /// The open letters about this job and its steps.
  func openDeadLetters(of job: ID<Job>) throws(StoreError) -> [DeadLetterRow]

  func openDeadLetterCount(in namespace: String) throws(StoreError) -> Int

  /// The replayed letters whose message waits before its trigger.
  func underWayDeadLetters() throws(StoreError) -> [ID<TriggerMessage>: Int64]
}

/// What lists and pages ask about dead letters.
public protocol DeadLetterReader: Sendable {
  /// Those that failed last come first; `before` is where the last page ended.
  func deadLetters(
    _ filter: DeadLetterFilter, before: DeadLetterPlace?, limit: Int
  ) throws(StoreError) -> [DeadLetterRow]

  /// Those that failed longest ago come first, so that one that fails again makes room for the others.
  func oldestDeadLetters(_ filter: DeadLetterFilter, limit: Int) throws(StoreError) -> [Int64]

  /// Those that failed last come first.
  func deadLetterGroups(_ filter: DeadLetterFilter, limit: Int) throws(StoreError) -> [DeadLetterGroup]

  /// Whole; nil where there is none.
  func readDeadLetter(_ id: Int64) throws(StoreError) -> DeadLetterRow?

  /// What people did with it, in order.
  func deadLetterActs(of id: Int64) throws(StoreError) -> [DeadLetterAct]
}

internal import Model

/// What can be told to destinations.
public enum EventType: UInt8, Sendable, Hashable, CaseIterable {
  case jobCreated, jobQueued, jobStarted, jobWaiting, jobNeedsAttention
  case jobCompleted, jobPartial, jobFailed, jobCancelled, jobTimeout
  case stepCompleted, stepFailed
  case askOpened, askDecided, askExpired
  case scheduleMissed
  case letterAdded
  /// Told by the watcher and not by the engine: one that is stuck cannot tell that it is.
  case alertFiring, alertReminder, alertEscalated, alertAcknowledged, alertResolved

  /// The type of the CloudEvent.
  public var name: String {
    switch self {
    case .jobCreated: "esteira.job.created"
    case .jobQueued: "esteira.job.queued"
    case .jobStarted: "esteira.job.started"
    case .jobWaiting: "esteira.job.waiting"
    case .jobNeedsAttention: "esteira.job.needs_attention"
    case .jobCompleted: "esteira.job.completed"
    case .jobPartial: "esteira.job.partial"
    case .jobFailed: "esteira.job.failed"
    case .jobCancelled: "esteira.job.cancelled"
    case .jobTimeout: "esteira.job.timeout"
    case .stepCompleted: "esteira.step.completed"
    case .stepFailed: "esteira.step.failed"
    case .askOpened: "esteira.ask.opened"
    case .askDecided: "esteira.ask.decided"
    case .askExpired: "esteira.ask.expired"
    case .scheduleMissed: "esteira.schedule.missed"
    case .letterAdded: "esteira.deadletter.added"
    case .alertFiring: "esteira.alert.firing"
    case .alertReminder: "esteira.alert.reminder"
    case .alertEscalated: "esteira.alert.escalated"
    case .alertAcknowledged: "esteira.alert.acknowledged"
    case .alertResolved: "esteira.alert.resolved"
    }
  }

  /// What a job's new status tells; nil where that is nothing, or is told otherwise.
  init?(of status: JobStatus) {
    switch status {
    case .pending, .running: return nil
    case .queued: self = .jobQueued
    case .waiting: self = .jobWaiting
    case .needsAttention: self = .jobNeedsAttention
    case .success: self = .jobCompleted
    case .partial: self = .jobPartial
    case .failed: self = .jobFailed
    case .cancelled: self = .jobCancelled
    case .timeout: self = .jobTimeout
    }
  }

  /// What the end of a step tells.
  init?(of status: StepStatus) {
    switch status {
    case .success, .partial: self = .stepCompleted
    case .failed, .timeout: self = .stepFailed
    case .pending, .queued, .running, .waiting, .retrying, .cancelled, .skipped, .needsAttention: return nil
    }
  }

  /// The types that a pattern names: a name, the beginning of names with `.*` behind it, or `*` for all.
  public static func matching(_ pattern: String) -> EventTypes {
    let wanted = ScalarString(pattern)
    if wanted == ScalarString("*") { return EventTypes(allCases) }
    guard pattern.hasSuffix(".*") else {
      return EventTypes(allCases.filter { ScalarString($0.name) == wanted })
    }
    let start = Array(pattern.utf8.dropLast())
    return EventTypes(allCases.filter { Array($0.name.utf8).starts(with: start) })
  }
}

/// A set of types, small enough to be asked at every turn.
public struct EventTypes: OptionSet, Sendable, Hashable {
  public let rawValue: UInt32
  public init(rawValue: UInt32) { self.rawValue = rawValue }
  public init(_ types: some Sequence<EventType>) {
    self.init(rawValue: types.reduce(0) { $0 | 1 << UInt32($1.rawValue) })
  }

  public func contains(_ type: EventType) -> Bool { rawValue & 1 << UInt32(type.rawValue) != 0 }

  /// What no job tells.
  public static let alerts = EventTypes([
    .alertFiring, .alertReminder, .alertEscalated, .alertAcknowledged, .alertResolved,
  ])
  static let steps = EventTypes([.stepCompleted, .stepFailed])
}

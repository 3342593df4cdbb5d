/// Where a job stands. The first word that applies, in the order that `docs/architecture.md` gives.
public enum JobStatus: UInt8, Sendable, Hashable, CaseIterable {
  case pending, queued, running, waiting, success, partial, failed, cancelled, timeout, needsAttention

  @inlinable public var hasEnded: Bool {
    switch self {
    case .pending, .queued, .running, .waiting, .needsAttention: false
    case .success, .partial, .failed, .cancelled, .timeout: true
    }
  }

  /// The word of the API, the command line and expressions.
  public var word: String {
    switch self {
    case .pending: "pending"
    case .queued: "queued"
    case .running: "running"
    case .waiting: "waiting"
    case .success: "success"
    case .partial: "partial"
    case .failed: "failed"
    case .cancelled: "cancelled"
    case .timeout: "timeout"
    case .needsAttention: "needs_attention"
    }
  }
  public init?(word: String) {
    guard let status = Self.allCases.first(where: { $0.word == word }) else { return nil }
    self = status
  }
}

/// Where a step execution stands.
public enum StepStatus: UInt8, Sendable, Hashable, CaseIterable {
  case pending, queued, running, waiting, retrying, success, partial, failed, cancelled, timeout, skipped
  case needsAttention

  @inlinable public var hasEnded: Bool {
    switch self {
    case .pending, .queued, .running, .waiting, .retrying, .needsAttention: false
    case .success, .partial, .failed, .cancelled, .timeout, .skipped: true
    }
  }

  /// `success` or `partial`: what a strong need asks for.
  @inlinable public var hasOutput: Bool { self == .success || self == .partial }

  public var word: String {
    switch self {
    case .pending: "pending"
    case .queued: "queued"
    case .running: "running"
    case .waiting: "waiting"
    case .retrying: "retrying"
    case .success: "success"
    case .partial: "partial"
    case .failed: "failed"
    case .cancelled: "cancelled"
    case .timeout: "timeout"
    case .skipped: "skipped"
    case .needsAttention: "needs_attention"
    }
  }
  public init?(word: String) {
    guard let status = Self.allCases.first(where: { $0.word == word }) else { return nil }
    self = status
  }
}

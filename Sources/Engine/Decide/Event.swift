public import Model

/// What happened. The only thing that changes a job.
public enum Event: Sendable {
  case admitted(Fact.Creation, context: JSON)
  case finished(NodeNumber, token: UInt32, AttemptEnd)
  case fired(Wake)
  /// A slot is free for a queued node, and counted as its own.
  case slotFreed(NodeNumber)
  case cancelled(actor: String, reason: String)
  case killed(actor: String, reason: String)
  /// The owner died and this one took over.
  case recovered(node: String)
  /// What became of an attempt of the dead owner; nil: its end is unknown.
  case examined(NodeNumber, token: UInt32, AttemptEnd?)
  case resolved(NodeNumber, Resolution, actor: String)
  case adopted(NodeNumber, actor: String)
  /// The job could not be driven (S4).
  case quarantined(reason: String)
  /// A person lets a quarantined job go on.
  case released(actor: String)
}

/// How an attempt ended.
public enum AttemptEnd: Sendable, Hashable {
  case success(AttemptOutput)
  case failure(Failure)
}

/// A moment that a job waits for. One that no longer means anything is ignored when it comes.
public struct Wake: Sendable, Hashable {
  public enum Kind: Sendable, Hashable { case retry, pause, timeout, deadline, queueTimeout, grace }
  public var kind: Kind
  /// Nil: the job itself.
  public var node: NodeNumber?
  public var token: UInt32

  public init(_ kind: Kind, _ node: NodeNumber?, token: UInt32 = 0) {
    (self.kind, self.node, self.token) = (kind, node, token)
  }
}

/// What is to be done once the facts are durable.
public enum Effect: Sendable {
  case execute(AttemptOrder)
  /// Ask what became of a lost attempt.
  case examine(AttemptOrder)
  case wake(Wake, after: Duration)
  case queue(NodeNumber, ConnectorDescription.Place)
  /// The node left the queue without a start.
  case leaveQueue(NodeNumber)
  case cancelAttempt(NodeNumber, token: UInt32)
  case stored([ArtifactHandle], NodeNumber)
}

/// One attempt to perform.
public struct AttemptOrder: Sendable {
  public var node: NodeNumber
  public var token: UInt32
  public var number: UInt32
  public var effect: EffectClass
  public var step: StepIndexNumber
  public var path: String
  public var with: JSON
  /// The cause of the loss, where an attempt before this one was lost.
  public var previousCause: String?
}

/// A step's place in the plan.
public typealias StepIndexNumber = UInt32

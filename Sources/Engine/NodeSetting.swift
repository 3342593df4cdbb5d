import Model

/// The named limits of one node.
public struct NodeSetting: Sendable {
  /// How the node is called in histories.
  public var name: String
  /// The program's version, which every job's history names.
  public var version: String
  /// Attempts in the node at once.
  public var nodeSlots = 256
  /// Child processes at once: 2 for each core.
  public var processSlots: Int
  /// Attempts that wait for work in other systems at once (S9). Each costs some memory, no thread.
  public var outsideSlots = 10_000
  public var cancelGrace = Duration.seconds(30)
  public var handlersTimeout = Duration.seconds(300)
  /// How many attempts of a step may die with their process.
  public var crashBudget = 2
  /// How often a job may be taken over without a commit before it is quarantined (S4).
  public var driveLimit = 3
  /// Jobs that have not ended, on one node; another is refused as `node-full`.
  public var maxLiveJobs = 100_000
  /// Inputs taken in one turn; a commit is never larger than what they cause.
  public var turnLimit = 4_000

  /// A job that has waited so long with nothing running leaves the memory (S27).
  public var parksAfter = Duration.seconds(600)
  /// Signals that a namespace's inbox holds, and the bytes of their payloads.
  public var openSignals = 10_000
  public var inboxBytes = 64 << 20
  /// Open dead letters of a namespace. With so many no message is given up: it stays before its trigger.
  public var openLetters = 100_000
  /// Messages that wait for one destination. With so many a new one is a dead letter at once.
  public var outboxRows = OutboxRow.most
  /// How long the row of a signal that was taken or has expired outlives its time.
  public var signalsRemembered = Duration.seconds(86_400)

  /// What rules of retention give up goes so long after the start, and then once in so long.
  public var retentionFirst = Duration.seconds(600)
  public var retentionEvery = Duration.seconds(86_400)

  /// Pauses between two tries of a turn that the store does not take, which double.
  public var storeFirstPause = Duration.milliseconds(250)
  public var storeLongestPause = Duration.seconds(5)
  /// Whoever has waited so long for such a turn is told that nobody knows yet how it ends.
  public var storeAnswerLimit = Duration.seconds(10)

  func slots(_ place: ConnectorDescription.Place) -> Int {
    switch place {
    case .node: nodeSlots
    case .process: processSlots
    case .outside: outsideSlots
    }
  }

  public init(name: String, version: String, cores: Int) {
    (self.name, self.version, processSlots) = (name, version, max(1, 2 * cores))
  }
}

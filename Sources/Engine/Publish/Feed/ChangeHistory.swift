public import Model

/// Reads the changes of one job from its stored history, page by page, from the first fact on: each says what
/// was before it, which only the fold of all earlier facts knows.
public struct ChangeHistory: Sendable {
  private let history: JobHistory
  private let summary: JobSummary
  private var folded: JobHistory.Folded
  /// The stored decisions up to here have been read.
  public private(set) var sequence: UInt32 = 0

  public init(_ history: JobHistory, _ job: ID<Job>) throws(Problem) {
    self.history = history
    summary = try history.summary(job)
    folded = JobHistory.Folded(summary: summary, state: JobState(), plan: try history.plan(of: summary))
  }

  /// Decisions that are read at once.
  static let page = 100

  /// The changes of the next stored decisions; nil where there are no more by now. May be empty.
  public mutating func next() throws(Problem) -> [JobChange]? {
    let events = try history.events(of: summary.number, after: sequence, limit: Self.page)
    if events.isEmpty { return nil }
    var loading = Loading(
      key: try history.unwrap(summary.wrappedKey), job: summary.number, readModel: history.readModel)
    loading.isLenient = true
    var changes: [JobChange] = []
    for event in events {
      do throws(LoadError) { changes += try fold(event, of: events, &loading) } catch {
        throw error.problem(summary.id)
      }
      sequence = event.sequence
    }
    return changes
  }

  private mutating func fold(
    _ event: StoredEvent, of events: [StoredEvent], _ loading: inout Loading
  ) throws(LoadError) -> [JobChange] {
    var moves: [Move] = []
    for fact in try loading.facts(of: event, of: events, folded.state) {
      guard folded.state.accepts(fact) else {
        throw .damaged(sequence: event.sequence, "A fact names a step execution that does not exist.")
      }
      if case .reopened = fact { try loading.fillFailed(&folded.state, event.sequence) }
      let sight = Sight(before: fact, folded.state)
      folded.state.apply(fact, sequence: event.sequence, at: event.at)
      moves += sight.moves(to: folded.state, sequence: event.sequence)
    }
    folded.state.passed(sequence: event.sequence)
    return moves.changes(folded.state, folded.plan, at: event.at)
  }
}

/// The same for readers that wait between pages.
public actor ChangeReader {
  private var history: ChangeHistory

  public init(_ history: ChangeHistory) { self.history = history }

  /// The changes of the next stored decisions; nil where there are no more by now.
  public func next() throws(Problem) -> [JobChange]? { try history.next() }

  public var sequence: UInt32 { history.sequence }
}

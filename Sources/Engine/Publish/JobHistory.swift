public import Crypto
public import Model
public import Pipelines
internal import Synchronization

/// Reads one job's past from the read model alone: what a server shows of ended jobs, and what commands
/// show when no server runs.
public struct JobHistory: Sendable {
  let readModel: any ReadModel
  let plan: @Sendable (RevisionRecord) throws(Problem) -> Plan
  let unwrap: @Sendable ([UInt8]) throws(Problem) -> SymmetricKey
  private let lastFold = LastFold()
  /// Events that are read at once.
  static let page = 100

  public init(
    readModel: any ReadModel, plan: @escaping @Sendable (RevisionRecord) throws(Problem) -> Plan,
    unwrap: @escaping @Sendable ([UInt8]) throws(Problem) -> SymmetricKey
  ) {
    (self.readModel, self.plan, self.unwrap) = (readModel, plan, unwrap)
  }

  init(_ configuration: NodeConfiguration) {
    self.init(readModel: configuration.readModel, plan: configuration.plan, unwrap: configuration.unwrap)
  }

  public func summary(_ id: ID<Job>) throws(Problem) -> JobSummary {
    let found: JobSummary?
    do throws(StoreError) { found = try readModel.job(id) } catch { throw .store(error) }
    guard let found else { throw .noJob(id) }
    return found
  }

  public func view(_ id: ID<Job>, from: Int, limit: Int) throws(Problem) -> JobView {
    let folded = try folded(id)
    if from + limit < folded.state.nodes.count, limit > 0 { lastFold.keep(folded) }
    return try view(id, folded.state, folded.plan, from: from, limit: limit)
  }

  func view(
    _ id: ID<Job>, _ state: JobState, _ plan: Plan, from: Int, limit: Int
  ) throws(Problem) -> JobView {
    let summary = try summary(id)
    var steps = state.views(of: plan, job: id, from..<from + limit)
    var loading = Loading(key: try unwrap(summary.wrappedKey), job: summary.number, readModel: readModel)
    do throws(FactError) { try loading.fill(&steps, of: state) } catch {
      throw .damaged(id, error.text)
    }
    return JobView(
      summary: summary, inputs: state.context?.value["inputs"] ?? .object(JSONObject()),
      outputs: state.outputs?.value, traceID: state.trace?.trace ?? id.traceID, runAt: state.runAt,
      counts: state.counts, steps: steps,
      warnings: state.warnings(plan))
  }

  /// The fold of a job that has ended is used again for its next page.
  private func folded(_ id: ID<Job>) throws(Problem) -> Folded {
    if let last = lastFold.take(try summary(id)) { return last }
    return try fold(id)
  }

  public func events(_ id: ID<Job>, after sequence: UInt32, limit: Int) throws(Problem) -> [HistoryEvent] {
    try events(id, nil, after: sequence, limit: limit)
  }

  func events(
    _ id: ID<Job>, _ live: LiveView?, after sequence: UInt32, limit: Int
  ) throws(Problem) -> [HistoryEvent] {
    let summary = try summary(id)
    let stored = try events(of: summary.number, after: sequence, limit: limit)
    if stored.isEmpty { return [] }
    let known: LiveView
    if let live {
      known = live
    } else {
      let folded = try folded(id)
      if stored.count == limit { lastFold.keep(folded) }
      known = LiveView(state: folded.state, plan: folded.plan)
    }
    return stored.map {
      HistoryEvent(sequence: $0.sequence, at: $0.at, text: $0.payload, known.state, known.plan)
    }
  }

  /// The blockers of a job that no node drives; they are those of its last commit.
  public func why(_ id: ID<Job>, now: Timestamp) throws(Problem) -> [Blocker] {
    try why(id, now: now, [:])
  }

  /// `rivals`: by node, the other jobs that wait for the same signal.
  func why(_ id: ID<Job>, now: Timestamp, _ rivals: [NodeNumber: [ID<Job>]]) throws(Problem) -> [Blocker] {
    let folded = try fold(id)
    return folded.state.blockers(folded.plan, id: id, now: now, rivals)
  }

  struct Folded: Sendable {
    var summary: JobSummary
    var state: JobState
    var plan: Plan
  }

  func fold(_ id: ID<Job>) throws(Problem) -> Folded {
    let summary = try summary(id)
    let plan = try plan(of: summary)
    var loading = Loading(key: try unwrap(summary.wrappedKey), job: summary.number, readModel: readModel)
    var loaded = Loading.Loaded(state: JobState(), chain: [])
    while true {
      let events = try events(of: summary.number, after: loaded.state.sequence, limit: Self.page)
      for event in events {
        do throws(LoadError) { try loading.fold(event, of: events, into: &loaded) } catch {
          throw error.problem(id)
        }
      }
      if events.count < Self.page { return Folded(summary: summary, state: loaded.state, plan: plan) }
    }
  }

  func events(of job: JobNumber, after sequence: UInt32, limit: Int) throws(Problem) -> [StoredEvent] {
    do throws(StoreError) { return try readModel.events(of: job, after: sequence, limit: limit) } catch {
      throw .store(error)
    }
  }

  func plan(of summary: JobSummary) throws(Problem) -> Plan {
    let revision: RevisionRecord?
    do throws(StoreError) {
      revision = try readModel.readRevision(of: summary.pipeline, number: summary.revision)
    } catch { throw .store(error) }
    guard let revision else { throw .noPipeline(summary.pipeline, revision: summary.revision) }
    return try plan(revision)
  }
}

/// The fold of the job that was shown last, while its next page may be asked for. One at most.
private final class LastFold: Sendable {
  private let last = Mutex<JobHistory.Folded?>(nil)

  func keep(_ folded: JobHistory.Folded) {
    guard folded.summary.status.hasEnded else { return }
    last.withLock { $0 = folded }
  }

  /// It is given away: whoever needs it once more keeps it again.
  func take(_ summary: JobSummary) -> JobHistory.Folded? {
    last.withLock { last in
      guard let found = last, found.summary == summary else { return nil }
      last = nil
      return found
    }
  }
}

extension LoadError {
  func problem(_ id: ID<Job>) -> Problem {
    switch self {
    case .store(let error): .store(error)
    case .damaged(let sequence, let text): .damaged(id, "event \(sequence): \(text)")
    }
  }
}

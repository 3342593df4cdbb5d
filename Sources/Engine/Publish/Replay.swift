internal import Crypto
public import Model

/// What a replay found.
public struct ReplayReport: Sendable, Hashable {
  public var job: ID<Job>
  /// How many events and facts were folded.
  public var events: Int
  public var facts: Int
  /// The version that recorded the history.
  public var engine: String
  public var status: JobStatus
  /// Each place where the history and what is stored beside it disagree; empty when all agree.
  public var differences: [String]
}

extension JobHistory {
  /// Folds a history from its first fact, without the snapshot and without `decide`, and compares: the chain
  /// of hashes, every sealed body, the job's row and each step's row. Names every difference.
  public func replay(_ id: ID<Job>) throws(Problem) -> ReplayReport {
    let summary = try summary(id)
    let key = try unwrap(summary.wrappedKey)
    let readModel = readModel
    var loading = Loading(key: key, job: summary.number, readModel: readModel)
    loading.isLenient = true
    var replay = Replaying(job: summary.number)
    while true {
      let events = try events(of: summary.number, after: replay.sequence, limit: Self.page)
      for event in events { try replay.take(event, events, &loading, readModel) }
      if events.count < Self.page { break }
    }
    let rows: [StepRow]
    do throws(StoreError) { rows = try readModel.stepRows(of: summary.number) } catch { throw .store(error) }
    replay.compare(summary)
    replay.compare(rows)
    return ReplayReport(
      job: id, events: replay.events, facts: replay.facts,
      engine: replay.loaded.state.creation?.engine ?? "", status: replay.loaded.state.status,
      differences: replay.differences)
  }
}

/// One replay under way. It goes on after a difference, so that all are named.
private struct Replaying {
  let job: JobNumber
  var loaded = Loading.Loaded(state: JobState(), chain: [UInt8](repeating: 0, count: SHA256.byteCount))
  var events = 0
  var facts = 0
  var sequence: UInt32 = 0
  var differences: [String] = []
  private var lastBody: Int64 = 0

  init(job: JobNumber) { self.job = job }

  mutating func take(
    _ event: StoredEvent, _ all: [StoredEvent], _ loading: inout Loading, _ readModel: any ReadModel
  ) throws(Problem) {
    events += 1
    if event.sequence != sequence + 1 {
      differences.append("event \(sequence + 1): missing from the history")
    }
    sequence = event.sequence
    do throws(StoreError) { try check(event, readModel) } catch { throw .store(error) }
    do throws(LoadError) {
      let found = try loading.facts(of: event, of: all, loaded.state)
      facts += found.count
      for fact in found {
        if loaded.state.accepts(fact) {
          loaded.state.apply(fact, sequence: event.sequence, at: event.at)
        } else {
          differences.append(
            "event \(event.sequence): the fact \"\(fact.name)\" names a step that does not exist")
        }
      }
    } catch {
      switch error {
      case .store(let error): throw .store(error)
      case .damaged(_, let text): differences.append("event \(event.sequence): \(text)")
      }
    }
    differences += loading.takeFaults().map { "event \(event.sequence): \($0)" }
    loaded.state.passed(sequence: event.sequence)
    // The stored value, so that one changed event is named once and not with all that follow it.
    loaded.chain = event.chain
  }

  /// Rows are numbered as they come: a fact may also name one of an earlier event, which is not sealed anew.
  private mutating func check(_ event: StoredEvent, _ readModel: any ReadModel) throws(StoreError) {
    var bytes = event.payload + event.sealed
    var rows: [Range<Int>] = []
    for id in event.rowBodies where id.value > lastBody {
      lastBody = id.value
      guard let body = try readModel.readBody(id) else {
        differences.append("event \(event.sequence): the body \(id.value) is missing")
        continue
      }
      rows.append(bytes.count..<bytes.count + body.count)
      bytes += body
    }
    let payload = 0..<event.payload.count
    let sealed = payload.upperBound..<payload.upperBound + event.sealed.count
    if Chain.next(after: loaded.chain, bytes, payload, sealed, rows) != event.chain {
      differences.append("event \(event.sequence): its facts or sealed bytes were changed (chain of hashes)")
    }
  }

  mutating func compare(_ summary: JobSummary) {
    let state = loaded.state
    if summary.status != state.status {
      differences.append("job row: status is \(summary.status.word), the history says \(state.status.word)")
    }
    if state.status.hasEnded, summary.outputs != state.outputs?.place {
      differences.append("job row: its outputs point elsewhere than the history says")
    }
    if let priority = state.priority, summary.identity.priority != priority {
      differences.append(
        "job row: priority is \(summary.identity.priority), the history says \(priority)")
    }
    if let labels = state.labels?.value.object {
      let stored = JSONObject(summary.identity.labels.map { ($0.name, JSON.string($0.value)) })
      if JSON.object(stored).canonical != JSON.object(labels).canonical {
        differences.append("job row: its labels are not what the history says")
      }
    }
    if summary.completedAt != state.endedAt.orNil {
      differences.append("job row: completed_at is not what the history says")
    }
  }

  mutating func compare(_ rows: [StepRow]) {
    let state = loaded.state
    for row in rows {
      guard Int(row.node) < state.nodes.count else {
        differences.append("step row \(row.node): the history knows no such step")
        continue
      }
      let step = state[row.node]
      func differs(_ column: String, _ stored: String, _ folded: String) {
        if stored != folded {
          differences.append("step row \(row.node): \(column) is \(stored), the history says \(folded)")
        }
      }
      // A start has no row of its own: the row of a running step is that of its last pause or question.
      if step.status.hasEnded { differs("status", row.status.word, step.status.word) }
      if step.status.hasEnded { differs("attempts", "\(row.attempts)", "\(step.attempt)") }
      differs("step", "\(row.step)", "\(step.step)")
      if step.status.hasEnded, row.output != state.place(of: row.node) {
        differences.append("step row \(row.node): its output points elsewhere than the history says")
      }
    }
    let known = Set(rows.map(\.node))
    for node in 0..<state.nextNode
    where state[node].status.hasEnded && state.hasRow(node) && !known.contains(node) {
      differences.append("step row \(node): missing, the history says \(state[node].status.word)")
    }
  }
}

extension StoredEvent {
  /// The bodies of this event that lie in rows of their own, in the order in which they were sealed.
  fileprivate var rowBodies: [BodyID] {
    guard let facts = (try? JSON(parsing: payload))?.array else { return [] }
    var ids: [BodyID] = []
    for fact in facts {
      for member in fact.object ?? JSONObject() where member.value.array?.count == 1 {
        if let id = member.value[0]?.int, !ids.contains(BodyID(id)) { ids.append(BodyID(id)) }
      }
    }
    return ids.sorted { $0.value < $1.value }
  }
}

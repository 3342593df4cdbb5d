public import Engine
public import Model
internal import Synchronization

/// Dead letters in the memory store.
struct MemoryLetters {
  private(set) var rows: [Int64: DeadLetterRow] = [:]
  private(set) var acts: [Int64: [DeadLetterAct]] = [:]
  private var keys: [Name: Int64] = [:]
  private var last: Int64 = 0

  mutating func apply(_ batch: Batch) {
    for change in batch.deadLetters {
      switch change {
      case .bury(let row, with: _): bury(row)
      case .handle(let handling, with: _): handle(handling)
      case .became(let id, let json, with: _): if rows[id]?.state == .replayed { rows[id]?.became = json }
      }
    }
  }

  private mutating func bury(_ row: DeadLetterRow) {
    let key = Name(row.namespace, row.key)
    var kept = row
    if let id = keys[key], let known = rows[id] {
      (kept.id, kept.firstAt, kept.source, kept.tries) = (id, known.firstAt, known.source, known.tries + 1)
      (kept.body, kept.edited) = (known.body ?? row.body, known.edited)
      (kept.kind, kept.pipeline, kept.job) = (known.kind, known.pipeline, known.job)
    } else {
      last += 1
      kept.id = last
      keys[key] = last
    }
    rows[kept.id] = kept
  }

  private mutating func handle(_ handling: DeadLetterHandling) {
    guard var row = rows[handling.letter] else { return }
    (row.state, row.handledBy, row.handledAt) = (handling.state, handling.by, handling.at)
    (row.note, row.became) = (handling.note, handling.became)
    if let edited = handling.edited { row.edited = edited }
    rows[row.id] = row
    acts[row.id, default: []] += handling.acts
    trim(row.namespace, row.state)
  }

  mutating func erase(_ job: ID<Job>) {
    for row in rows.values where row.job == job || row.becameJobs.contains(job) {
      (rows[row.id], acts[row.id], keys[Name(row.namespace, row.key)]) = (nil, nil, nil)
    }
  }

  private mutating func trim(_ namespace: String, _ state: DeadLetterRow.State) {
    let handled = rows.values.filter {
      $0.state == state && $0.namespace == namespace && ($0.state == .discarded || $0.became != nil)
    }
    guard handled.count > DeadLetterRow.handledKept else { return }
    for row in handled.sorted(by: { $0.isBefore($1) }).dropFirst(DeadLetterRow.handledKept) {
      (rows[row.id], acts[row.id], keys[Name(row.namespace, row.key)]) = (nil, nil, nil)
    }
  }

  /// Those that failed last come first.
  func all(_ filter: DeadLetterFilter) -> [DeadLetterRow] {
    rows.values.filter { $0.matches(filter) }.sorted { $0.isBefore($1) }
  }

  func groups(_ filter: DeadLetterFilter) -> [DeadLetterGroup] {
    let groups = Dictionary(grouping: all(filter)) { Name($0.namespace, $0.fingerprint) }
    let all = groups.values.compactMap { rows -> DeadLetterGroup? in
      guard let example = rows.max(by: { $0.id < $1.id }) else { return nil }
      return DeadLetterGroup(
        namespace: example.namespace, kind: example.kind, fingerprint: example.fingerprint, count: rows.count,
        tries: rows.reduce(0) { $0 + $1.tries }, firstAt: rows.map(\.firstAt).min() ?? example.firstAt,
        lastAt: rows.map(\.lastAt).max() ?? example.lastAt, example: example.id, error: example.error)
    }
    return all.sorted { ($0.lastAt, $0.example) > ($1.lastAt, $1.example) }
  }
}

extension DeadLetterRow {
  fileprivate func isBefore(_ other: DeadLetterRow) -> Bool { (lastAt, id) > (other.lastAt, other.id) }

  fileprivate func matches(_ filter: DeadLetterFilter) -> Bool {
    if let state = filter.state, self.state != state { return false }
    if let kind = filter.kind, self.kind != kind { return false }
    if let pipeline = filter.pipeline, self.pipeline != pipeline { return false }
    if let wanted = filter.fingerprint, ScalarString(wanted) != ScalarString(fingerprint) { return false }
    return filter.namespace.map { ScalarString($0) == ScalarString(namespace) } ?? true
  }

  fileprivate var becameJobs: [ID<Job>] {
    (became?["jobs"]?.array ?? []).compactMap { $0.string.flatMap { ID<Job>($0) } }
  }

  fileprivate var slim: DeadLetterRow {
    var row = self
    if body != nil { row.body = [] }
    if edited != nil { row.edited = [] }
    return row
  }
}

extension MemoryStore {
  public func deadLetter(_ id: Int64) throws(StoreError) -> DeadLetterRow? {
    rows.withLock { $0.letters.rows[id] }
  }

  public func openDeadLetters(of job: ID<Job>) throws(StoreError) -> [DeadLetterRow] {
    rows.withLock { rows in
      rows.letters.all(DeadLetterFilter(state: .open)).filter { $0.job == job }.map(\.slim)
        .sorted { $0.id < $1.id }
    }
  }

  public func openDeadLetterCount(in namespace: String) throws(StoreError) -> Int {
    rows.withLock { $0.letters.all(DeadLetterFilter(namespace: namespace, state: .open)).count }
  }

  public func underWayDeadLetters() throws(StoreError) -> [ID<TriggerMessage>: Int64] {
    rows.withLock { rows in
      var letters: [ID<TriggerMessage>: Int64] = [:]
      for row in rows.letters.all(DeadLetterFilter(state: .replayed, kind: .message)) where row.became == nil
      {
        if let id = row.source["id"]?.string.flatMap({ ID<TriggerMessage>($0) }) { letters[id] = row.id }
      }
      return letters
    }
  }

  public func deadLetters(
    _ filter: DeadLetterFilter, before: DeadLetterPlace?, limit: Int
  ) throws(StoreError) -> [DeadLetterRow] {
    rows.withLock { rows in
      let all = rows.letters.all(filter).filter { row in
        guard let before else { return true }
        let isOlder = (row.lastAt, row.id) < (before.lastAt, before.id)
        return isOlder != filter.isOldestFirst && (row.lastAt, row.id) != (before.lastAt, before.id)
      }
      return (filter.isOldestFirst ? all.reversed() : all).prefix(limit).map(\.slim)
    }
  }

  public func oldestDeadLetters(_ filter: DeadLetterFilter, limit: Int) throws(StoreError) -> [Int64] {
    rows.withLock { Array($0.letters.all(filter).reversed().map(\.id).prefix(limit)) }
  }

  public func deadLetterGroups(
    _ filter: DeadLetterFilter, limit: Int
  ) throws(StoreError) -> [DeadLetterGroup] {
    rows.withLock { Array($0.letters.groups(filter).prefix(limit)) }
  }

  public func readDeadLetter(_ id: Int64) throws(StoreError) -> DeadLetterRow? { try deadLetter(id) }

  public func deadLetterActs(of id: Int64) throws(StoreError) -> [DeadLetterAct] {
    rows.withLock { $0.letters.acts[id] ?? [] }
  }
}

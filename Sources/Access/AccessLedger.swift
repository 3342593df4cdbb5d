internal import Crypto
internal import Model
internal import Synchronization

/// What the service holds in memory, and the one way from there into the store.
///
/// A change is decided under a lock and is seen in memory at once; then it waits with others for a commit,
/// which one of those who wait makes for all of them on a thread that may block. So sixty-four requests at
/// once pay for one or two syncs and not for sixty-four. A change is only answered when it is durable. Where
/// a commit fails, all that wait for it are told so, and memory is read anew from the store.
final class AccessLedger: Sendable {
  /// What a decision comes to.
  struct Edit<Answer: Sendable>: Sendable {
    var answer: Answer
    var changes: [AccessChange] = []
    var audit: [AuditDraft] = []
    /// Also where nothing else changes, last uses that wait are written.
    var writesUses = false
  }

  fileprivate enum Turn: Sendable {
    /// Make the next commit; yours is in it.
    case lead
    case done(Outcome)
  }

  fileprivate typealias Outcome = Result<[Int64], Problem>

  fileprivate struct Waiting {
    var number: UInt64
    var changes: [AccessChange]
    var audit: [AuditDraft]
    /// Nil once it was told to lead.
    var continuation: CheckedContinuation<Turn, Never>?
  }

  fileprivate struct State {
    var records: AccessRecords
    /// Counts what changed, so that a long stream can ask cheaply whether to look again.
    var revision: UInt64 = 0
    var waiting: [Waiting] = []
    var next: UInt64 = 0
    var hasLeader = false
    /// Last uses of tokens and sessions, written with whatever is written next.
    var used: [Use: Timestamp] = [:]
  }

  enum Use: Hashable, Sendable {
    case session(ID<Session>)
    case token(ID<APIToken>)
  }

  private struct Writing {
    var chains: AuditChains
    var key: Ed25519.PrivateKey?
    /// A commit failed, and the store could not be read since.
    var isStale = false
  }

  private let store: any AccessStore
  private let threads: any TaskExecutor
  private let mostWaiting: Int
  private let broken: @Sendable (String) -> Void
  private let changed: AsyncStream<Void>.Continuation
  /// An element after changes were made, for one listener; of many at once it hears one time.
  let changes: AsyncStream<Void>
  private let state: Mutex<State>
  private let writing: Mutex<Writing>

  /// Of one commit. What is beyond waits for the next.
  static let mostOfCommit = 512

  init(
    store: any AccessStore, threads: any TaskExecutor, records: AccessRecords, chains: AuditChains,
    mostWaiting: Int, broken: @escaping @Sendable (String) -> Void
  ) {
    (self.store, self.threads, self.mostWaiting) = (store, threads, mostWaiting)
    self.broken = broken
    (changes, changed) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    state = Mutex(State(records: records))
    writing = Mutex(Writing(chains: chains))
  }

  func sign(with key: Ed25519.PrivateKey) { writing.withLock { $0.key = key } }

  /// Changes that wait for a commit.
  var waitingCount: Int { state.withLock { $0.waiting.count } }

  var revision: UInt64 { state.withLock { $0.revision } }

  func read<Answer: Sendable>(_ body: (AccessRecords) -> Answer) -> Answer {
    state.withLock { body($0.records) }
  }

  /// Asks the store on its thread.
  func ask<Answer: Sendable>(
    _ body: @escaping @Sendable (any AccessStore) throws(AccessFault) -> Answer
  ) async throws(Problem) -> Answer {
    let store = store
    let outcome = await withTaskExecutorPreference(threads) { () async -> Result<Answer, AccessFault> in
      do throws(AccessFault) { return .success(try body(store)) } catch { return .failure(error) }
    }
    switch outcome {
    case .success(let answer): return answer
    case .failure(let fault): throw .accessStore(fault)
    }
  }

  /// To the minute: a request must not be a write.
  func use(_ use: Use, at moment: Timestamp) {
    state.withLock { state in
      let last: Timestamp? =
        switch use {
        case .session(let id): state.records.sessions[id]?.lastSeenAt
        case .token(let id): state.records.tokens[id]?.lastUsedAt
        }
      if last.map({ moment - $0 >= .seconds(60) }) ?? true { state.used[use] = moment }
    }
  }
}

// Changing.
extension AccessLedger {
  /// Decides under the lock, and returns when what was decided is durable: the answer, and the sequences of
  /// the rows of the audit. A decision that changes nothing and leaves no row is answered at once.
  ///
  /// It runs to its end when the caller is cancelled.
  func change<Answer: Sendable>(
    _ decide: (AccessRecords) throws(Problem) -> Edit<Answer>
  ) async throws(Problem) -> (answer: Answer, rows: [Int64]) {
    var decided: Result<Edit<Answer>, Problem>?
    var number: UInt64 = 0
    let turn = await withCheckedContinuation { continuation in
      let first: Turn? = state.withLock { state in
        do throws(Problem) {
          let edit = try decide(state.records)
          decided = .success(edit)
          let isEmpty = edit.changes.isEmpty && edit.audit.isEmpty
          if isEmpty && !(edit.writesUses && !state.used.isEmpty) { return .done(.success([])) }
          guard state.waiting.count < mostWaiting else { throw .accessBusy }
          number = state.enqueue(edit.changes, edit.audit, continuation)
          return state.takeLead()
        } catch {
          return .done(.failure(error))
        }
      }
      if let first { continuation.resume(returning: first) }
    }
    let outcome: Outcome
    switch turn {
    case .done(let known): outcome = known
    case .lead: outcome = await lead(number)
    }
    let rows = try outcome.get()
    guard let decided else { preconditionFailure("What was waited for was decided.") }
    return (try decided.get().answer, rows)
  }

  /// Commits one batch, tells all whose changes were in it, and hands over.
  private func lead(_ number: UInt64) async -> Outcome {
    let outcomes = await withTaskExecutorPreference(threads) { self.commitBatch() }
    var mine: Outcome = .failure(.accessBusy)
    for (waiting, outcome) in outcomes {
      if waiting.number == number { mine = outcome }
      waiting.continuation?.resume(returning: .done(outcome))
    }
    let next = state.withLock { $0.nextLeader() }
    next?.resume(returning: .lead)
    return mine
  }

  private func commitBatch() -> [(Waiting, Outcome)] {
    let (batch, used) = state.withLock { $0.takeBatch(Self.mostOfCommit) }
    do throws(AccessFault) {
      let rows = try writing.withLock { writing throws(AccessFault) in
        if writing.isStale { throw AccessFault("The store could not be read after a failure.") }
        return try write(batch, used, &writing)
      }
      if batch.contains(where: { !$0.changes.isEmpty }) { changed.yield() }
      return zip(batch, rows).map { ($0, .success($1)) }
    } catch {
      if error.kind == .broken { broken(error.message) }
      return batch.map { ($0, .failure(.accessStore(error))) } + reload(error)
    }
  }

  /// The lock is held by the one who leads and by nobody else, so nobody waits for the store behind it.
  private func write(
    _ batch: [Waiting], _ used: [AccessChange], _ writing: inout Writing
  ) throws(AccessFault) -> [[Int64]] {
    var (chains, transaction) = (writing.chains, AccessTransaction())
    var rows: [[Int64]] = []
    var ends: [ScalarString: [String: AuditHead]] = [:]
    for waiting in batch {
      transaction.changes += waiting.changes
      var mine: [Int64] = []
      for draft in waiting.audit {
        let entry = chains.append(draft)
        transaction.entries.append(entry)
        mine.append(entry.sequence)
        ends[ScalarString(draft.act.namespace), default: [:]][entry.day] = chains.head(
          of: draft.act.namespace)
      }
      rows.append(mine)
    }
    transaction.changes += used
    if let key = writing.key {
      transaction.heads = ends.values.flatMap(\.values).sorted { $0.last < $1.last }
        .map { $0.signed(with: key) }
    }
    try store.commit(transaction)
    writing.chains = chains
    return rows
  }

  /// Memory has what the store does not: it is read anew, and whoever decided on it meanwhile is told.
  private func reload(_ fault: AccessFault) -> [(Waiting, Outcome)] {
    let fresh: (AccessRecords, AuditChains)?
    do throws(AccessFault) { fresh = (try store.load(), try store.loadChains()) } catch { fresh = nil }
    writing.withLock { writing in
      writing.isStale = fresh == nil
      if let fresh { writing.chains = fresh.1 }
    }
    return state.withLock { state in
      if let fresh { state.renew(fresh.0) }
      state.revision += 1
      let others = state.waiting
      state.waiting = []
      return others.map { ($0, .failure(.accessStore(fault))) }
    }
  }
}

extension AccessLedger.State {
  /// What the store holds counts; what the configuration says stays.
  fileprivate mutating func renew(_ fresh: AccessRecords) {
    let operatorsMayRetry = records.operatorsMayRetry
    records = fresh
    records.operatorsMayRetry = operatorsMayRetry
  }

  fileprivate mutating func enqueue(
    _ changes: [AccessChange], _ audit: [AuditDraft],
    _ continuation: CheckedContinuation<AccessLedger.Turn, Never>
  ) -> UInt64 {
    for change in changes { records.apply(change) }
    if !changes.isEmpty { revision += 1 }
    next += 1
    waiting.append(
      AccessLedger.Waiting(number: next, changes: changes, audit: audit, continuation: continuation))
    return next
  }

  /// `lead` for the one who came last, where nobody does.
  fileprivate mutating func takeLead() -> AccessLedger.Turn? {
    if hasLeader { return nil }
    hasLeader = true
    waiting[waiting.count - 1].continuation = nil
    return .lead
  }

  /// The first of those who wait leads next.
  fileprivate mutating func nextLeader() -> CheckedContinuation<AccessLedger.Turn, Never>? {
    guard !waiting.isEmpty else {
      hasLeader = false
      return nil
    }
    defer { waiting[0].continuation = nil }
    return waiting[0].continuation
  }

  fileprivate mutating func takeBatch(_ most: Int) -> (batch: [AccessLedger.Waiting], used: [AccessChange]) {
    let batch = Array(waiting.prefix(most))
    waiting.removeFirst(batch.count)
    // What is in memory is now what this commit makes of the store, unless some have to wait for the next.
    guard waiting.isEmpty else { return (batch, []) }
    defer { used = [:] }
    return (batch, touched())
  }

  /// Of what still is there. It is in memory from now on, too.
  private mutating func touched() -> [AccessChange] {
    let changes = used.compactMap { use, moment -> AccessChange? in
      switch use {
      case .session(let id):
        guard var session = records.sessions[id] else { return nil }
        session.lastSeenAt = moment
        return .session(session)
      case .token(let id):
        guard var token = records.tokens[id] else { return nil }
        token.lastUsedAt = moment
        return .token(token)
      }
    }
    for change in changes { records.apply(change) }
    return changes
  }
}

import Crypto
import Model
import Synchronization

@testable import Access

/// Somebody who can write the file and knows how rows are hashed, but has no key.
enum Forger {
  static func row(after entry: AuditEntry) -> AuditEntry {
    var forged = entry
    (forged.sequence, forged.previous) = (entry.sequence + 1, entry.hash)
    forged.actor.name = "eve"
    forged.hash = forged.computedHash
    return forged
  }

  static func rehash(_ entries: [AuditEntry]) -> [AuditEntry] {
    var last: [String: [UInt8]] = [:]
    return entries.map { entry in
      var entry = entry
      entry.previous = last[entry.act.namespace] ?? AuditChains.noHash
      entry.hash = entry.computedHash
      last[entry.act.namespace] = entry.hash
      return entry
    }
  }

  /// As the server had signed them when these were all rows there were.
  static func heads(of entries: [AuditEntry], signedBy world: World) -> [AuditHead] {
    var heads: [String: AuditHead] = [:]
    for entry in entries {
      let place = "\(entry.act.namespace) \(entry.day)"
      var head =
        heads[place]
        ?? AuditHead(
          namespace: entry.act.namespace, day: entry.day, first: entry.sequence, last: 0, count: 0,
          begin: entry.previous, hash: [])
      (head.last, head.count, head.hash) = (entry.sequence, head.count + 1, entry.hash)
      heads[place] = head
    }
    let key = world.service.keys.withLock { $0.audit }
    return heads.values.map { $0.signed(with: key) }
  }
}

extension AccessService {
  var waitingChanges: Int { ledger.waitingCount }
}

/// A store that counts, holds and fails as a test wants.
final class CountingStore: AccessStore {
  private struct State {
    var commits = 0
    var fails = false
    var failsReading = false
    var holds = false
    var isHeld = false
  }

  private let inner: any AccessStore
  private let state = Mutex(State())

  init(_ inner: any AccessStore) { self.inner = inner }

  var commits: Int { state.withLock { $0.commits } }
  var fails: Bool {
    get { state.withLock { $0.fails } }
    set { state.withLock { $0.fails = newValue } }
  }
  var failsReading: Bool {
    get { state.withLock { $0.failsReading } }
    set { state.withLock { $0.failsReading = newValue } }
  }

  func hold() { state.withLock { $0.holds = true } }
  func release() { state.withLock { $0.holds = false } }
  func waitUntilHeld() async { while !state.withLock({ $0.isHeld }) { await Task.yield() } }

  func commit(_ transaction: AccessTransaction) throws(AccessFault) {
    while state.withLock({
      $0.isHeld = $0.holds
      return $0.holds
    }) {}
    if fails { throw AccessFault("The disk is full.") }
    try inner.commit(transaction)
    state.withLock { $0.commits += 1 }
  }

  func load() throws(AccessFault) -> AccessRecords {
    if failsReading { throw AccessFault("The disk is gone.") }
    return try inner.load()
  }

  func loadChains() throws(AccessFault) -> AuditChains { try inner.loadChains() }
  func audit(_ query: AuditQuery) throws(AccessFault) -> [AuditEntry] { try inner.audit(query) }
  func audit(after sequence: Int64, limit: Int) throws(AccessFault) -> [AuditEntry] {
    try inner.audit(after: sequence, limit: limit)
  }
  func auditHeads(since day: String?) throws(AccessFault) -> [AuditHead] { try inner.auditHeads(since: day) }
}

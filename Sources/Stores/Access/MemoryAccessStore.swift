public import Access
internal import Model
internal import Synchronization

/// Accounts and the audit in memory: what the file is compared with, and what tests and a server without a
/// folder use.
public final class MemoryAccessStore: AccessStore {
  private struct Kept {
    var records = AccessRecords()
    var entries: [AuditEntry] = []
    var heads: [AuditHead] = []
  }

  private let kept = Mutex(Kept())

  public init() {}

  public func load() throws(AccessFault) -> AccessRecords { kept.withLock { $0.records } }

  public func loadChains() throws(AccessFault) -> AuditChains {
    kept.withLock { kept in
      guard let last = kept.entries.last else { return AuditChains() }
      return AuditChains(lastSequence: last.sequence, lastAt: last.at, heads: kept.heads)
    }
  }

  public func commit(_ transaction: AccessTransaction) throws(AccessFault) {
    try kept.withLock { kept throws(AccessFault) in
      var last = kept.entries.last?.sequence ?? 0
      for entry in transaction.entries {
        guard entry.sequence > last else { throw AccessFault("Row \(entry.sequence) is there already.") }
        last = entry.sequence
      }
      for change in transaction.changes { kept.records.apply(change) }
      kept.entries += transaction.entries
      for head in transaction.heads {
        kept.heads.removeAll {
          ScalarString($0.namespace) == ScalarString(head.namespace) && $0.day == head.day
        }
        kept.heads.append(head)
      }
    }
  }

  public func audit(_ query: AuditQuery) throws(AccessFault) -> [AuditEntry] {
    kept.withLock { kept in
      let ended = query.isUnfinished ? Set(kept.entries.compactMap(\.of)) : []
      let entries = query.isOldestFirst ? kept.entries : kept.entries.reversed()
      let found = entries.lazy.filter { entry in
        query.matches(entry)
          && (!query.isUnfinished || (entry.outcome == .intent && !ended.contains(entry.sequence)))
      }
      return Array(found.prefix(query.limit))
    }
  }

  public func audit(after sequence: Int64, limit: Int) throws(AccessFault) -> [AuditEntry] {
    kept.withLock { Array($0.entries.lazy.filter { $0.sequence > sequence }.prefix(limit)) }
  }

  public func auditHeads(since day: String?) throws(AccessFault) -> [AuditHead] {
    kept.withLock { kept in
      kept.heads.filter { head in day.map { head.day >= $0 } ?? true }.sorted { left, right in
        left.day == right.day
          ? ScalarString(left.namespace) < ScalarString(right.namespace) : left.day < right.day
      }
    }
  }
}

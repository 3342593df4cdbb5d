internal import Crypto
public import Model

/// Where the chains stand: what the next row of each namespace has to name.
public struct AuditChains: Sendable, Hashable {
  public static let noHash = [UInt8](repeating: 0, count: 32)

  public private(set) var lastSequence: Int64
  private var lastAt: Timestamp
  /// Of each namespace, that of its newest day.
  private var heads: [ScalarString: AuditHead]

  /// Of a store: its last row's sequence and time, and each namespace's newest head.
  public init(
    lastSequence: Int64 = 0, lastAt: Timestamp = Timestamp(microseconds: .min), heads: [AuditHead] = []
  ) {
    (self.lastSequence, self.lastAt) = (lastSequence, lastAt)
    self.heads = Dictionary(
      heads.map { (ScalarString($0.namespace), $0) }, uniquingKeysWith: { $0.day < $1.day ? $1 : $0 })
  }

  /// Makes a row of it. A clock that was set back does not bring rows out of their order: they then have the
  /// time of the row before.
  mutating func append(_ draft: AuditDraft) -> AuditEntry {
    let namespace = ScalarString(draft.act.namespace)
    let head = heads[namespace]
    lastSequence += 1
    lastAt = max(lastAt, draft.at)
    var entry = AuditEntry(
      sequence: lastSequence, at: lastAt, actor: draft.actor, act: draft.act.limited,
      outcome: draft.outcome, origin: draft.origin, of: draft.of, previous: head?.hash ?? Self.noHash,
      hash: [])
    entry.hash = entry.computedHash
    heads[namespace] = Self.head(head, with: entry)
    return entry
  }

  private static func head(_ head: AuditHead?, with entry: AuditEntry) -> AuditHead {
    let day = entry.day
    guard var head, head.day == day else {
      return AuditHead(
        namespace: entry.act.namespace, day: day, first: entry.sequence, last: entry.sequence, count: 1,
        begin: entry.previous, hash: entry.hash)
    }
    (head.last, head.count, head.hash) = (entry.sequence, head.count + 1, entry.hash)
    return head
  }

  func head(of namespace: String) -> AuditHead? { heads[ScalarString(namespace)] }
}

/// A row before it has its place.
struct AuditDraft: Sendable, Hashable {
  var at: Timestamp
  var actor: AuditEntry.Actor
  var act: AuditAct
  var outcome: AuditEntry.Outcome
  var origin: Origin
  var of: Int64?
}

extension AuditEntry {
  /// What its hash has to be.
  var computedHash: [UInt8] {
    var bytes = CanonicalBytes("esteira.audit.entry.1")
    bytes.add(previous)
    bytes.add(sequence)
    bytes.add(at.microseconds)
    for text in [actor.kind, actor.id, actor.name] { bytes.add(text) }
    bytes.add(actor.credential)
    for text in [act.namespace, act.action, act.resourceType, act.resourceID] { bytes.add(text) }
    bytes.add(act.before?.text)
    bytes.add(act.after?.text)
    bytes.add(outcome.rawValue)
    for text in [origin.address, origin.userAgent, origin.requestID] { bytes.add(text) }
    bytes.add(of)
    return SHA256.digest(bytes.bytes)
  }
}

extension AuditAct {
  var limited: AuditAct {
    var act = self
    (act.before, act.after) = (Self.limited(before), Self.limited(after))
    return act
  }

  private static func limited(_ value: JSON?) -> JSON? {
    guard let value else { return nil }
    // Such a value cannot be written, or could not be read back; the row is wanted all the same.
    if value.isDeeper(than: JSON.depthLimit) || value.nonFinitePath != nil {
      return ["omitted": "unwritable"]
    }
    let bytes = value.serialized()
    if bytes.count <= longestValue { return value }
    return ["omitted_bytes": .int(Int64(bytes.count)), "sha256": .string(SHA256.hex(bytes))]
  }
}

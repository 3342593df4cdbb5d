public import Crypto
internal import Model

/// What is wrong with the audit, and at which row.
public enum AuditFault: Sendable, Hashable {
  /// The row is not what it was when its hash was made.
  case changed(sequence: Int64)
  /// The row names one before it that is not there: a row was removed, or exchanged for another.
  case missingBefore(sequence: Int64)
  /// The row does not belong where it is: it was put there, or comes from another place.
  case outOfPlace(sequence: Int64)
  /// The chain goes on behind the last row that was signed.
  case unsigned(sequence: Int64)
  /// A head says that the chain went on to this row.
  case cutTail(namespace: String, day: String, lastSequence: Int64)
  /// A head says that there were other rows: they were written anew.
  case rewritten(namespace: String, day: String, sequence: Int64)
  /// The head was not signed with this key.
  case badSignature(namespace: String, day: String)
}

public struct AuditReport: Sendable, Hashable {
  public var rows: Int64 = 0
  public var heads: Int64 = 0
  /// At most `AuditVerifier.mostFaults`.
  public var faults: [AuditFault] = []
  public var isIntact: Bool { faults.isEmpty }
}

/// Checks rows against each other and against heads, in one pass over all rows in the order of their
/// sequence.
///
/// Chains show that a row was changed, removed or moved. Whoever can write the file could make all hashes
/// behind a change anew; the signed heads show that, because they cannot be made without the key. And whoever
/// puts back an older file as a whole, heads included, is found by a head that was exported.
public struct AuditVerifier: Sendable {
  public static let mostFaults = 1_000

  fileprivate struct Chain {
    var hash = AuditChains.noHash
    var lastSequence: Int64 = 0
    var day = ""
    /// Where recent hashes were seen, to tell a row that was put in from one that is missing.
    var recent: [[UInt8]: Int64] = [:]
    var order: [[UInt8]] = []
  }

  private struct Place: Hashable {
    var namespace: ScalarString
    var sequence: Int64
  }

  private var report = AuditReport()
  private var chains: [ScalarString: Chain] = [:]
  private var last: Int64 = 0
  /// Heads whose last row has not been met.
  private var awaited: [Place: [AuditHead]] = [:]
  /// Of the store's own heads: up to where a chain is signed.
  private var signedTo: [ScalarString: Int64] = [:]

  private static let remembered = 4_096

  /// `stored` are the heads beside the rows, which have to reach to the end; `exported` were kept elsewhere,
  /// at whatever moment. All rows have to be given, or all of the namespaces that the heads are of.
  public init(key: Ed25519.PublicKey, stored: [AuditHead], exported: [AuditHead] = []) {
    for head in stored { signedTo[ScalarString(head.namespace)] = 0 }
    for (head, isStored) in stored.map({ ($0, true) }) + exported.map({ ($0, false) }) {
      report.heads += 1
      guard head.isSigned(with: key) else {
        add(.badSignature(namespace: head.namespace, day: head.day))
        continue
      }
      let namespace = ScalarString(head.namespace)
      awaited[Place(namespace: namespace, sequence: head.last), default: []].append(head)
      if isStored { signedTo[namespace] = max(signedTo[namespace] ?? 0, head.last) }
    }
  }

  public static func verify(
    _ entries: some Sequence<AuditEntry>, key: Ed25519.PublicKey, stored: [AuditHead],
    exported: [AuditHead] = []
  ) -> AuditReport {
    var verifier = AuditVerifier(key: key, stored: stored, exported: exported)
    for entry in entries { verifier.take(entry) }
    return verifier.finish()
  }

  public mutating func take(_ entry: AuditEntry) {
    report.rows += 1
    let namespace = ScalarString(entry.act.namespace)
    // Taken out, so that what it remembers is changed and not copied.
    var chain = chains.removeValue(forKey: namespace) ?? Chain()
    if entry.sequence <= last { add(.outOfPlace(sequence: entry.sequence)) }
    last = max(last, entry.sequence)
    if entry.computedHash != entry.hash { add(.changed(sequence: entry.sequence)) }
    checkLink(of: entry, in: chain)
    if entry.day < chain.day { add(.outOfPlace(sequence: entry.sequence)) }
    (chain.hash, chain.lastSequence, chain.day) = (entry.hash, entry.sequence, entry.day)
    chain.remember(entry, limit: Self.remembered)
    chains[namespace] = chain
    for head in awaited.removeValue(forKey: Place(namespace: namespace, sequence: entry.sequence)) ?? []
    where head.hash != entry.hash || head.day != entry.day {
      add(.rewritten(namespace: head.namespace, day: head.day, sequence: entry.sequence))
    }
  }

  private mutating func checkLink(of entry: AuditEntry, in chain: Chain) {
    guard entry.previous != chain.hash else { return }
    if chain.recent[entry.previous] != nil {
      // What it names stands further up: those between were put in, and of a copy it is the copy itself.
      let isCopy = chain.recent[entry.hash] != nil
      add(.outOfPlace(sequence: isCopy ? entry.sequence : chain.lastSequence))
    } else {
      add(.missingBefore(sequence: entry.sequence))
    }
  }

  /// Heads whose rows are not there, and rows that no head reaches.
  public consuming func finish() -> AuditReport {
    let ends = chains.mapValues(\.lastSequence)
    for head in awaited.values.joined().sorted(by: { ($0.last, $0.day) < ($1.last, $1.day) }) {
      let end = ends[ScalarString(head.namespace)] ?? 0
      add(
        end < head.last
          ? .cutTail(namespace: head.namespace, day: head.day, lastSequence: head.last)
          : .rewritten(namespace: head.namespace, day: head.day, sequence: head.last))
    }
    for (namespace, end) in ends.sorted(by: { $0.value < $1.value }) {
      if end > signedTo[namespace] ?? 0 { add(.unsigned(sequence: end)) }
    }
    return report
  }

  private mutating func add(_ fault: AuditFault) {
    if report.faults.count < Self.mostFaults, !report.faults.contains(fault) { report.faults.append(fault) }
  }
}

extension AuditVerifier.Chain {
  fileprivate mutating func remember(_ entry: AuditEntry, limit: Int) {
    recent[entry.hash] = entry.sequence
    order.append(entry.hash)
    guard order.count > 2 * limit else { return }
    for hash in order.prefix(limit) { recent[hash] = nil }
    order.removeFirst(limit)
  }
}

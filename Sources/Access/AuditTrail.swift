public import Crypto
public import Model

/// The audit, for whoever changes or shows things. A change is written down before it is made, and its
/// outcome after it (see decision 0014):
///
///     let ticket = try await trail.begin(act, by: principal, from: origin)
///     …the change…
///     try await trail.finish(ticket, .done, after: …)
public final class AuditTrail: Sendable {
  private let ledger: AccessLedger
  private let environment: AccessEnvironment
  /// Signs what leaves.
  let key: Ed25519.PrivateKey
  /// For whoever checks exported heads, and exports of jobs.
  public var publicKey: Ed25519.PublicKey { key.publicKey }

  init(_ ledger: AccessLedger, _ environment: AccessEnvironment, _ key: Ed25519.PrivateKey) {
    (self.ledger, self.environment, self.key) = (ledger, environment, key)
  }

  /// Writes down what is about to be done. Where it throws, the change must not be made.
  public func begin(
    _ act: AuditAct, by principal: Principal, from origin: Origin
  ) async throws(Problem) -> AuditTicket {
    let actor = AuditEntry.Actor(principal)
    let row = try await write(act, .intent, actor, origin, of: nil)
    return AuditTicket(sequence: row, act: act, actor: actor, origin: origin)
  }

  /// Writes down how it ended: `done`, `refused` or `failed`. `resourceID` where the change has made the
  /// thing; `before` where only the change found out how it was.
  public func finish(
    _ ticket: AuditTicket, _ outcome: AuditEntry.Outcome, resourceID: String? = nil, before: JSON? = nil,
    after: JSON? = nil
  ) async throws(Problem) {
    var act = ticket.act
    (act.before, act.after) = (before, after)
    if let resourceID { act.resourceID = resourceID }
    _ = try await write(act, outcome, ticket.actor, ticket.origin, of: ticket.sequence)
  }

  /// What needs one row only: something sensitive that was read, or a refusal. A read must not be answered
  /// where this throws.
  @discardableResult
  public func record(
    _ act: AuditAct, _ outcome: AuditEntry.Outcome, by principal: Principal, from origin: Origin
  ) async throws(Problem) -> Int64 {
    try await write(act, outcome, AuditEntry.Actor(principal), origin, of: nil)
  }

  private func write(
    _ act: AuditAct, _ outcome: AuditEntry.Outcome, _ actor: AuditEntry.Actor, _ origin: Origin, of: Int64?
  ) async throws(Problem) -> Int64 {
    let draft = AuditDraft(
      at: environment.now(), actor: actor, act: act, outcome: outcome, origin: origin, of: of)
    let rows = try await ledger.change { _ in AccessLedger.Edit(answer: (), audit: [draft]) }.rows
    guard let row = rows.first else { preconditionFailure("One draft makes one row.") }
    return row
  }
}

/// An intent that was written down.
public struct AuditTicket: Sendable, Hashable {
  public let sequence: Int64
  let act: AuditAct
  let actor: AuditEntry.Actor
  let origin: Origin
}

// Reading.
extension AuditTrail {
  /// Newest first. The next page begins `before` the last row's sequence.
  public func entries(_ query: AuditQuery) async throws(Problem) -> [AuditEntry] {
    var query = query
    query.limit = min(max(1, query.limit), AuditQuery.mostRows)
    return try await ledger.ask { [query] store throws(AccessFault) in try store.audit(query) }
  }

  /// From the row after `sequence` on, oldest first, for an export.
  public func entries(after sequence: Int64, limit: Int) async throws(Problem) -> [AuditEntry] {
    let limit = min(max(1, limit), Self.pageOfCheck)
    return try await ledger.ask { store throws(AccessFault) in try store.audit(after: sequence, limit: limit)
    }
  }

  public func heads(since day: String? = nil) async throws(Problem) -> [AuditHead] {
    try await ledger.ask { store throws(AccessFault) in try store.auditHeads(since: day) }
  }

  /// One head a line, in JSON.
  public func exportedHeads(since day: String? = nil) async throws(Problem) -> String {
    AuditHead.lines(try await heads(since: day))
  }

  /// Checks all rows, and those heads that were kept elsewhere. What is written meanwhile is not looked at.
  public func verify(exported: [AuditHead] = []) async throws(Problem) -> AuditReport {
    let (heads, end) = try await snapshot()
    var verifier = AuditVerifier(key: publicKey, stored: heads, exported: exported)
    var last: Int64 = 0
    while last < end {
      let page = try await entries(after: last, limit: Self.pageOfCheck)
      guard let newest = page.last?.sequence else { break }
      for entry in page where entry.sequence <= end { verifier.take(entry) }
      last = newest
    }
    return verifier.finish()
  }

  /// The heads, and the last row: both in one go, on the one thread that writes, too, so that no row lies
  /// between them.
  func snapshot() async throws(Problem) -> ([AuditHead], Int64) {
    try await ledger.ask { store throws(AccessFault) in
      (try store.auditHeads(since: nil), try store.loadChains().lastSequence)
    }
  }

  var now: Timestamp { environment.now() }

  public static let pageOfCheck = 1_000

  /// The same of a store that nobody writes to. It blocks.
  public static func verify(
    _ store: any AccessStore, key: Ed25519.PublicKey, exported: [AuditHead]
  ) throws(AccessFault) -> AuditReport {
    var verifier = AuditVerifier(key: key, stored: try store.auditHeads(since: nil), exported: exported)
    var last: Int64 = 0
    while true {
      let page = try store.audit(after: last, limit: pageOfCheck)
      for entry in page { verifier.take(entry) }
      guard let newest = page.last?.sequence, page.count == pageOfCheck else { break }
      last = newest
    }
    return verifier.finish()
  }
}

extension AuditHead {
  public static func lines(_ heads: [AuditHead]) -> String {
    heads.map { $0.json.text + "\n" }.joined()
  }

  /// Nil where a line is no head.
  public static func parse(lines text: String) -> [AuditHead]? {
    var heads: [AuditHead] = []
    for line in text.utf8.split(separator: UInt8(ascii: "\n")) {
      guard let json = try? JSON(parsing: Array(line)), let head = AuditHead(json) else { return nil }
      heads.append(head)
    }
    return heads
  }
}

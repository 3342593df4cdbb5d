import API
public import Access
import Crypto
public import Model

/// Routes of the audit.
struct AuditRoutes: Sendable {
  var trail: AuditTrail

  var routes: [Route] {
    [
      .answer(AuditCalls.list, in: .list { $0.namespace }) { query, caller in try await list(query, caller) },
      .answer(AuditCalls.verify, in: .system) { request, caller in try await verify(request, caller) },
      .answer(AuditCalls.heads, in: .system) { query, _ in
        AuditHeads(
          lines: try await trail.exportedHeads(since: query.since),
          publicKey: Hex.encode(trail.publicKey.bytes))
      },
      .bytes(AuditCalls.export, in: .system) { _, _ in try await export() },
    ]
  }

  /// Made twice: the length is said before the first byte.
  private func export() async throws -> APIResponse {
    let export = try await trail.export()
    var (measured, size) = (export.pieces(), Int64(0))
    while let bytes = try await measured.next() { size += Int64(bytes.count) }
    let sending = AuditSending(export.pieces())
    return APIResponse(
      contentType: "application/x-ndjson",
      body: .chunks(size, AsyncThrowingStream { try await sending.next() }))
  }

  private func list(_ query: AuditListQuery, _ caller: Caller) async throws(Problem) -> Page<AuditItem> {
    var wanted = AuditQuery()
    (wanted.reach, wanted.namespace, wanted.actor) = (caller.reach, query.namespace, query.actor)
    (wanted.action, wanted.resourceType) = (query.action, query.resourceType)
    (wanted.resourceID, wanted.since, wanted.until) = (query.resourceID, query.since, query.until)
    wanted.outcome = query.outcome.flatMap(AuditEntry.Outcome.init(rawValue:))
    wanted.isOldestFirst = query.sort == "sequence"
    wanted.limit = try PageBounds(cursor: nil, limit: query.limit).limit
    wanted.before = try query.cursor.map { text throws(Problem) in
      guard let place = Int64(text), place > 0 else { throw PageBounds.wrongCursor(text) }
      return place
    }
    let found = try await trail.entries(wanted)
    return Page(
      found.map(AuditItem.init),
      nextCursor: found.count == wanted.limit ? found.last.map { String($0.sequence) } : nil)
  }

  private func verify(_ request: AuditVerifyRequest, _ caller: Caller) async throws(Problem) -> AuditVerdict {
    guard let heads = AuditHead.parse(lines: request.heads ?? "") else {
      throw Problem(
        "invalid-heads",
        Bilingual("A line is no head of the audit.", pt: "Uma linha não é uma cabeça da auditoria."),
        remedy: Bilingual(
          "Give the lines as `esteira audit heads` wrote them.",
          pt: "Dê as linhas como `esteira audit heads` as escreveu."))
    }
    let report = try await trail.verify(exported: heads)
    return AuditVerdict(
      isIntact: report.isIntact, rows: report.rows, heads: report.heads,
      faults: report.faults.map { $0.text[caller.language] })
  }
}

/// One reader of an export.
private actor AuditSending {
  private var pieces: AuditExport.Pieces
  init(_ pieces: AuditExport.Pieces) { self.pieces = pieces }

  func next() async throws(Problem) -> [UInt8]? {
    var taken = pieces
    let bytes = try await taken.next()
    pieces = taken
    return bytes
  }
}

extension AuditItem {
  init(_ entry: AuditEntry) {
    self.init(
      sequence: entry.sequence, at: entry.at, actorKind: entry.actor.kind, actorID: entry.actor.id,
      actor: entry.actor.name,
      action: entry.act.action, outcome: entry.outcome.rawValue,
      namespace: entry.act.namespace.isEmpty ? nil : entry.act.namespace,
      resourceType: entry.act.resourceType, resourceID: entry.act.resourceID, before: entry.act.before,
      after: entry.act.after, address: entry.origin.address, userAgent: entry.origin.userAgent,
      requestID: entry.origin.requestID, of: entry.of, hash: Hex.encode(entry.hash))
  }
}

extension AuditFault {
  /// For people.
  public var text: Bilingual {
    switch self {
    case .changed(let row): Bilingual("row \(row) was changed", pt: "a linha \(row) foi alterada")
    case .missingBefore(let row):
      Bilingual("a row before \(row) is missing", pt: "falta uma linha antes da \(row)")
    case .outOfPlace(let row):
      Bilingual("row \(row) is not where it belongs", pt: "a linha \(row) está fora do lugar")
    case .unsigned(let row):
      Bilingual("no signed head covers row \(row)", pt: "nenhuma cabeça assinada cobre a linha \(row)")
    case .cutTail(let namespace, let day, let last):
      Bilingual(
        "the rows of \(Self.name(namespace)) on \(day) end too early: the head knew row \(last)",
        pt:
          "as linhas de \(Self.name(namespace)) em \(day) acabam antes da linha \(last) da cabeça"
      )
    case .rewritten(let namespace, let day, let row):
      Bilingual(
        "the rows of \(Self.name(namespace)) on \(day) are not those that the head knew, at row \(row)",
        pt: "as linhas de \(Self.name(namespace)) em \(day) não são as que a cabeça conhecia, na linha \(row)"
      )
    case .badSignature(let namespace, let day):
      Bilingual(
        "the head of \(Self.name(namespace)) on \(day) is not signed by this installation",
        pt: "a cabeça de \(Self.name(namespace)) em \(day) não foi assinada por esta instalação")
    }
  }

  private static func name(_ namespace: String) -> String { namespace.isEmpty ? "-" : namespace }
}

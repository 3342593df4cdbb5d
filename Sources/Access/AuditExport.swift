public import Crypto
public import Model

/// The whole audit as lines of JSON, which can be checked without the installation: who it is from, the
/// signed heads, then every row with all that its hash is over, oldest first, and how many they are.
public struct AuditExport: Sendable {
  private let trail: AuditTrail
  private let heads: [AuditHead]
  private let end: Int64
  private let at: Timestamp

  /// A snapshot: what is written later is not in it.
  init(_ trail: AuditTrail, heads: [AuditHead], end: Int64, at: Timestamp) {
    (self.trail, self.heads, self.end, self.at) = (trail, heads, end, at)
  }

  static let format: Int64 = 1

  /// Its lines in pieces, from the first on; nil at the end.
  public func pieces() -> Pieces { Pieces(export: self) }

  public struct Pieces: Sendable {
    fileprivate let export: AuditExport
    private var (last, rows): (Int64, Int64) = (0, 0)
    private var (isBegun, isOver) = (false, false)

    fileprivate init(export: AuditExport) { self.export = export }

    public mutating func next() async throws(Problem) -> [UInt8]? {
      if isOver { return nil }
      guard isBegun else {
        isBegun = true
        return export.opening
      }
      let page = try await export.trail.entries(after: last, limit: AuditTrail.pageOfCheck)
        .filter { $0.sequence <= export.end }
      guard let newest = page.last?.sequence else {
        isOver = true
        return AuditExport.line("end", ["rows": .int(rows)])
      }
      (last, rows) = (newest, rows + Int64(page.count))
      return page.flatMap { AuditExport.line("row", $0.exported) }
    }
  }

  private var opening: [UInt8] {
    Self.line(
      "audit",
      [
        "format": .int(Self.format), "exported_at": .string(at.rfc3339),
        "public_key": .string(Hex.encode(trail.publicKey.bytes)), "last": .int(end),
      ]) + heads.flatMap { Self.line("head", $0.json.object ?? JSONObject()) }
  }

  private static func line(_ kind: String, _ members: JSONObject) -> [UInt8] {
    var object = JSONObject([("kind", .string(kind))])
    for member in members { object[member.key] = member.value }
    return JSON.object(object).serialized() + [UInt8(ascii: "\n")]
  }
}

extension AuditTrail {
  public func export() async throws(Problem) -> AuditExport {
    // Both in one go, so that no row lies between them.
    let (heads, end) = try await snapshot()
    return AuditExport(self, heads: heads, end: end, at: now)
  }
}

extension AuditEntry {
  /// All that the hash is over, and the hash.
  fileprivate var exported: JSONObject {
    var object = JSONObject([
      ("sequence", .int(sequence)), ("at", .string(at.rfc3339)), ("at_us", .int(at.microseconds)),
      ("actor_kind", .string(actor.kind)), ("actor_id", .string(actor.id)), ("actor", .string(actor.name)),
      ("namespace", .string(act.namespace)), ("action", .string(act.action)),
      ("resource_type", .string(act.resourceType)), ("resource_id", .string(act.resourceID)),
      ("outcome", .string(outcome.rawValue)), ("address", .string(origin.address)),
      ("user_agent", .string(origin.userAgent)), ("request_id", .string(origin.requestID)),
      ("previous", .string(Hex.encode(previous))), ("hash", .string(Hex.encode(hash))),
    ])
    if let credential = actor.credential { object["credential"] = .string(credential) }
    if let of { object["of"] = .int(of) }
    if let before = act.before { object["before"] = before }
    if let after = act.after { object["after"] = after }
    return object
  }

  fileprivate init?(exported json: JSON) {
    func text(_ key: String) -> String? { json[key]?.string }
    guard let sequence = json["sequence"]?.int, let at = json["at_us"]?.int, let kind = text("actor_kind"),
      let id = text("actor_id"), let name = text("actor"), let namespace = text("namespace"),
      let action = text("action"), let type = text("resource_type"), let resource = text("resource_id"),
      let outcome = text("outcome").flatMap(Outcome.init), let address = text("address"),
      let agent = text("user_agent"), let request = text("request_id"),
      let previous = text("previous").flatMap(Hex.decode), let hash = text("hash").flatMap(Hex.decode)
    else { return nil }
    self.init(
      sequence: sequence, at: Timestamp(microseconds: at),
      actor: Actor(kind: kind, id: id, name: name, credential: text("credential")),
      act: AuditAct(
        action, namespace: namespace, resourceType: type, resourceID: resource, before: json["before"],
        after: json["after"]), outcome: outcome,
      origin: Origin(stored: address, userAgent: agent, requestID: request), of: json["of"]?.int,
      previous: previous, hash: hash)
  }
}

/// Checks an export line by line, anywhere: it needs nothing but the lines.
///
/// The key that signed stands in the export itself. Whoever has only the export trusts that key; whoever has
/// kept the key says it, and whoever has kept heads gives them.
public struct AuditExportCheck: Sendable {
  private let exported: [AuditHead]
  private let wanted: Ed25519.PublicKey?
  private var key: Ed25519.PublicKey?
  private var heads: [AuditHead] = []
  private var verifier: AuditVerifier?
  private var rows: Int64 = 0
  private var isOver = false
  private var line = 0

  public init(exported: [AuditHead] = [], key: Ed25519.PublicKey? = nil) {
    (self.exported, wanted) = (exported, key)
  }

  public mutating func take(_ bytes: [UInt8]) throws(Problem) {
    line += 1
    guard let json = try? JSON(parsing: bytes), let kind = json["kind"]?.string, !isOver else {
      throw fault
    }
    switch kind {
    case "audit" where line == 1: try begin(json)
    case "head" where key != nil && verifier == nil:
      guard let head = AuditHead(json) else { throw fault }
      heads.append(head)
    case "row":
      guard let entry = AuditEntry(exported: json) else { throw fault }
      try opened()
      verifier?.take(entry)
      rows += 1
    case "end":
      try opened()
      guard json["rows"]?.int == rows else { throw fault }
      isOver = true
    case _: throw fault
    }
  }

  private mutating func begin(_ json: JSON) throws(Problem) {
    guard json["format"]?.int == AuditExport.format,
      let found = json["public_key"]?.string.flatMap(Hex.decode).flatMap({ Ed25519.PublicKey($0) })
    else { throw fault }
    if let wanted, wanted != found { throw Self.otherKey }
    key = found
  }

  private mutating func opened() throws(Problem) {
    guard let key else { throw fault }
    if verifier == nil { verifier = AuditVerifier(key: key, stored: heads, exported: exported) }
  }

  /// What is wrong, and the key that signed it.
  public consuming func finish() throws(Problem) -> (report: AuditReport, key: Ed25519.PublicKey) {
    guard isOver, let key, let verifier else { throw Self.cutOff }
    return (verifier.finish(), key)
  }

  private var fault: Problem {
    Problem(
      "invalid-export",
      Bilingual(
        "Line \(line) is not one that `esteira audit export` writes there.",
        pt: "A linha \(line) não é uma que `esteira audit export` grava ali."),
      remedy: Bilingual("Export the audit again.", pt: "Exporte a auditoria de novo."))
  }

  private static let cutOff = Problem(
    "invalid-export",
    Bilingual("The export ends too early.", pt: "A exportação acaba antes do fim."),
    remedy: Bilingual("Export the audit again.", pt: "Exporte a auditoria de novo."))

  private static let otherKey = Problem(
    "invalid-export",
    Bilingual(
      "The export is signed with another key than the one that was given.",
      pt: "A exportação foi assinada com outra chave, não a que foi dada."),
    remedy: Bilingual(
      "Compare the key with the one that `esteira audit heads` prints on the installation.",
      pt: "Compare a chave com a que `esteira audit heads` mostra na instalação."))
}

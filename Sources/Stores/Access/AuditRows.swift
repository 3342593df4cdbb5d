internal import Access
internal import Model

// The audit, as rows.
extension Database {
  /// A row is never replaced.
  func write(_ entry: AuditEntry) throws(SQLiteError) {
    try query(
      """
      INSERT INTO audit(\(AccessSQL.auditColumns))
        VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      [
        .integer(entry.sequence), .integer(entry.at.microseconds), .text(entry.act.namespace),
        .text(entry.actor.kind), .text(entry.actor.id), .text(entry.actor.name),
        SQLValue(entry.actor.credential), .text(entry.act.action), .text(entry.act.resourceType),
        .text(entry.act.resourceID), SQLValue(entry.act.before?.text), SQLValue(entry.act.after?.text),
        .text(entry.outcome.rawValue), .text(entry.origin.address), .text(entry.origin.userAgent),
        .text(entry.origin.requestID), SQLValue(entry.of), .bytes(entry.previous), .bytes(entry.hash),
      ])
  }

  func write(_ head: AuditHead) throws(SQLiteError) {
    try query(
      "INSERT OR REPLACE INTO audit_heads(namespace, day, body) VALUES(?, ?, ?)",
      [.text(head.namespace), .text(head.day), .text(head.json.text)])
  }

  /// What cannot be read as it was written is read as far as it goes: the check then says that the row was
  /// changed, where an error would hide which one.
  func auditEntries(_ sql: String, _ values: [SQLValue]) throws(SQLiteError) -> [AuditEntry] {
    var entries: [AuditEntry] = []
    try query(sql, values) { row in
      let act = AuditAct(
        row.text(7), namespace: row.text(2), resourceType: row.text(8), resourceID: row.text(9),
        before: AuditRow.value(row.optionalText(10)), after: AuditRow.value(row.optionalText(11)))
      let outcome = AuditEntry.Outcome(rawValue: row.text(12))
      entries.append(
        AuditEntry(
          sequence: row.integer(0), at: Timestamp(microseconds: row.integer(1)),
          actor: AuditEntry.Actor(
            kind: row.text(3), id: row.text(4), name: row.text(5), credential: row.optionalText(6)),
          act: act, outcome: outcome ?? .failed,
          origin: Origin(stored: row.text(13), userAgent: row.text(14), requestID: row.text(15)),
          of: row.optional(16), previous: row.bytes(17),
          // No row has this hash.
          hash: outcome == nil ? [] : row.bytes(18)))
    }
    return entries
  }

  func auditHeads(_ sql: String, _ values: [SQLValue]) throws(SQLiteError) -> [AuditHead] {
    var heads: [AuditHead] = []
    try query(sql, values) { row throws(SQLiteError) in
      guard let head = (try? JSON(parsing: row.bytes(0))).flatMap(AuditHead.init) else {
        throw SQLiteError(code: 0, message: "A row of audit_heads in access.db cannot be read.")
      }
      heads.append(head)
    }
    return heads
  }
}

private enum AuditRow {
  static func value(_ text: String?) -> JSON? {
    guard let text else { return nil }
    // Changed by hand: some other value than was hashed, whatever it is.
    return (try? JSON(parsing: Array(text.utf8), depthLimit: JSON.storedDepthLimit)) ?? .string(text)
  }
}

/// A query as SQL. Every value is a parameter.
enum AuditCondition {
  static func of(_ query: AuditQuery) -> (sql: String, values: [SQLValue]) {
    var (parts, values): ([String], [SQLValue]) = (["1"], [])
    func add(_ part: String, _ value: SQLValue?) {
      guard let value else { return }
      parts.append(part)
      values.append(value)
    }
    switch query.reach {
    case .everywhere: break
    case .only(let names):
      let places = names.filter { !$0.isEmpty }
      parts.append("namespace IN (\(places.map { _ in "?" }.joined(separator: ", ")))")
      values += places.map { .text($0) }
    }
    add("namespace = ?", query.namespace.map { .text($0) })
    if let actor = query.actor {
      parts.append("(actor = ? OR actor_name = ?)")
      values += [.text(actor), .text(actor)]
    }
    if let action = query.action {
      if action.hasSuffix(":") {
        add("action >= ?", .text(action))
        // The letter behind the colon.
        add("action < ?", .text(String(action.dropLast()) + ";"))
      } else {
        add("action = ?", .text(action))
      }
    }
    add("resource_type = ?", query.resourceType.map { .text($0) })
    add("resource = ?", query.resourceID.map { .text($0) })
    add("outcome = ?", query.outcome.map { .text($0.rawValue) })
    if query.isUnfinished {
      parts.append(
        "outcome = 'intent' AND sequence NOT IN (SELECT \"of\" FROM audit WHERE \"of\" IS NOT NULL)")
    }
    add("at >= ?", query.since.map { .integer($0.microseconds) })
    add("at < ?", query.until.map { .integer($0.microseconds) })
    add("sequence \(query.isOldestFirst ? ">" : "<") ?", query.before.map { .integer($0) })
    return (parts.joined(separator: " AND "), values)
  }
}

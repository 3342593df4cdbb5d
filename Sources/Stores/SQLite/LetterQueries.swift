internal import Engine
internal import Model

/// Reading dead letters.
extension Database {
  func deadLetter(_ id: Int64) throws(SQLiteError) -> DeadLetterRow? {
    try deadLetters("WHERE id = ?", [.integer(id)], isWhole: true).first
  }

  func openDeadLetters(of job: ID<Job>) throws(SQLiteError) -> [DeadLetterRow] {
    try deadLetters(
      "WHERE job = ? AND state = 0 ORDER BY id", [.text(job.description)], isWhole: false)
  }

  func openDeadLetterCount(in namespace: String) throws(SQLiteError) -> Int {
    let count = try integer(
      "SELECT count(*) FROM dead_letters WHERE namespace = ? AND state = 0", [.text(namespace)])
    return Int(count ?? 0)
  }

  func underWayDeadLetters() throws(SQLiteError) -> [ID<TriggerMessage>: Int64] {
    var letters: [ID<TriggerMessage>: Int64] = [:]
    try query(
      """
      SELECT id, json_extract(source, '$.id') FROM dead_letters INDEXED BY letters_under_way
      WHERE state = 1 AND became IS NULL AND kind = 'message'
      """
    ) { row throws(SQLiteError) in letters[try row.id(1)] = row.integer(0) }
    return letters
  }

  func deadLetters(
    _ filter: DeadLetterFilter, before: DeadLetterPlace?, limit: Int
  ) throws(SQLiteError) -> [DeadLetterRow] {
    var conditions = Conditions(filter)
    let (sign, order) = filter.isOldestFirst ? (">", "ASC") : ("<", "DESC")
    if let before {
      conditions.add(
        "(last_at, id) \(sign) (?, ?)", .integer(before.lastAt.microseconds), .integer(before.id))
    }
    return try deadLetters(
      "\(conditions.text) ORDER BY last_at \(order), id \(order) LIMIT ?",
      conditions.values + [.integer(Int64(limit))], isWhole: false)
  }

  func oldestDeadLetters(_ filter: DeadLetterFilter, limit: Int) throws(SQLiteError) -> [Int64] {
    let conditions = Conditions(filter)
    var ids: [Int64] = []
    try query(
      "SELECT id FROM dead_letters \(conditions.text) ORDER BY last_at, id LIMIT ?",
      conditions.values + [.integer(Int64(limit))]
    ) { row in ids.append(row.integer(0)) }
    return ids
  }

  func deadLetterGroups(
    _ filter: DeadLetterFilter, limit: Int
  ) throws(SQLiteError) -> [DeadLetterGroup] {
    let conditions = Conditions(filter)
    var groups: [DeadLetterGroup] = []
    try query(
      """
      SELECT g.namespace, e.kind, g.fingerprint, g.count, g.tries, g.first_at, g.last_at, e.id, e.error
      FROM (SELECT namespace, fingerprint, count(*) AS count, sum(tries) AS tries, min(first_at) AS first_at,
          max(last_at) AS last_at, max(id) AS example
        FROM dead_letters \(conditions.text) GROUP BY namespace, fingerprint) g
        JOIN dead_letters e ON e.id = g.example
      ORDER BY g.last_at DESC, g.example DESC LIMIT ?
      """, conditions.values + [.integer(Int64(limit))]
    ) { row throws(SQLiteError) in
      groups.append(
        DeadLetterGroup(
          namespace: row.text(0), kind: try row.letterKind(1), fingerprint: row.text(2),
          count: Int(row.integer(3)), tries: Int(row.integer(4)),
          firstAt: Timestamp(microseconds: row.integer(5)), lastAt: Timestamp(microseconds: row.integer(6)),
          example: row.integer(7), error: try row.json(8)))
    }
    return groups
  }

  func deadLetterActs(of id: Int64) throws(SQLiteError) -> [DeadLetterAct] {
    var acts: [DeadLetterAct] = []
    try query(
      "SELECT at, actor, act, note FROM dead_letter_acts WHERE letter = ? ORDER BY position", [.integer(id)]
    ) { row throws(SQLiteError) in
      guard let act = DeadLetterAct.Act(rawValue: row.text(2)) else {
        throw .unreadable("act \(row.text(2))")
      }
      acts.append(
        DeadLetterAct(
          at: Timestamp(microseconds: row.integer(0)), by: row.text(1), act: act, note: row.optionalText(3)))
    }
    return acts
  }

  /// Lists carry no bodies: one may have a mebibyte.
  private func deadLetters(
    _ rest: String, _ values: [SQLValue], isWhole: Bool
  ) throws(SQLiteError) -> [DeadLetterRow] {
    func bytes(_ column: String) -> String {
      isWhole ? column : "CASE WHEN \(column) IS NULL THEN NULL ELSE x'' END"
    }
    var letters: [DeadLetterRow] = []
    try query(
      """
      SELECT id, namespace, kind, key, pipeline, job, source, fingerprint, error, \(bytes("body")),
        \(bytes("edited")), first_at, last_at, tries, state, handled_by, handled_at, note, became
      FROM dead_letters \(rest)
      """, values
    ) { row throws(SQLiteError) in letters.append(try row.deadLetter()) }
    return letters
  }
}

/// The WHERE of a list of letters, with its values.
private struct Conditions {
  private var parts: [String] = []
  private(set) var values: [SQLValue] = []

  var text: String { parts.isEmpty ? "" : "WHERE " + parts.joined(separator: " AND ") }

  init(_ filter: DeadLetterFilter) {
    if let namespace = filter.namespace { add("namespace = ?", .text(namespace)) }
    // A number of our own: as a parameter it would keep SQLite from the indexes of open letters.
    if let state = filter.state { add("state = \(state.rawValue)") }
    if let kind = filter.kind { add("kind = ?", .text(kind.rawValue)) }
    if let pipeline = filter.pipeline { add("pipeline = ?", .text(pipeline.description)) }
    if let fingerprint = filter.fingerprint { add("fingerprint = ?", .text(fingerprint)) }
  }

  mutating func add(_ condition: String, _ values: SQLValue...) {
    parts.append(condition)
    self.values += values
  }
}

extension Statement {
  fileprivate func letterKind(_ column: Int32) throws(SQLiteError) -> DeadLetterRow.Kind {
    guard let kind = DeadLetterRow.Kind(rawValue: text(column)) else {
      throw .unreadable("kind of a dead letter \(text(column))")
    }
    return kind
  }

  fileprivate func deadLetter() throws(SQLiteError) -> DeadLetterRow {
    guard let state = DeadLetterRow.State(rawValue: UInt8(truncatingIfNeeded: integer(14))) else {
      throw .unreadable("state of a dead letter \(integer(14))")
    }
    var row = DeadLetterRow(
      id: integer(0), at: Timestamp(microseconds: integer(12)), namespace: text(1), kind: try letterKind(2),
      key: optionalText(3) ?? "", pipeline: optionalText(4).flatMap(PipelineName.init(slashed:)),
      job: isNull(5) ? nil : try id(5), source: try json(6), fingerprint: text(7), error: try json(8),
      body: isNull(9) ? nil : bytes(9))
    row.edited = isNull(10) ? nil : bytes(10)
    row.firstAt = Timestamp(microseconds: integer(11))
    (row.tries, row.state) = (Int(integer(13)), state)
    (row.handledBy, row.handledAt, row.note) = (optionalText(15), time(16), optionalText(17))
    row.became = isNull(18) ? nil : try json(18)
    return row
  }
}

extension PipelineName {
  init?(slashed text: String) {
    let parts = text.split(separator: "/", maxSplits: 1)
    guard parts.count == 2 else { return nil }
    self.init(namespace: String(parts[0]), name: String(parts[1]))
  }
}

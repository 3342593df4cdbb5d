internal import Engine
internal import Model

/// Reading asks and their answers.
extension Database {
  func asks(_ filter: AskFilter, before: ID<Ask>?, limit: Int) throws(SQLiteError) -> [AskRow] {
    var (conditions, values): ([String], [SQLValue]) = ([], [])
    func add(_ condition: String, _ more: [SQLValue]) {
      conditions.append(condition)
      values += more
    }
    if let job = filter.job { add("job = ?", [.integer(job.value)]) }
    if let namespace = filter.namespace { add("namespace = ?", [.text(namespace)]) }
    if let before { add("id \(filter.isOldestFirst ? ">" : "<") ?", [.text(before.description)]) }
    if !filter.assignees.isEmpty {
      let marks = filter.assignees.map { _ in "?" }.joined(separator: ", ")
      // Open ones are few and come from their own index; of all others a person's are.
      let condition =
        filter.states == [.open]
        ? "EXISTS (SELECT 1 FROM ask_assignees a WHERE a.ask = asks.id AND a.principal IN (\(marks)))"
        : "id IN (SELECT ask FROM ask_assignees WHERE principal IN (\(marks)))"
      add(condition, filter.assignees.map(SQLValue.text))
    }
    if filter.states == [.open] {
      add("state = 0", [])  // As the partial index says it.
    } else if !filter.states.isEmpty {
      add("state IN (\(filter.states.map { "\($0.rawValue)" }.joined(separator: ", ")))", [])
    }
    let source = filter.job == nil && filter.states == [.open] ? "asks INDEXED BY open_asks" : "asks"
    return try asks(
      "\(source) WHERE \((["1"] + conditions).joined(separator: " AND ")) "
        + "ORDER BY id \(filter.isOldestFirst ? "ASC" : "DESC") LIMIT ?",
      values + [.integer(Int64(limit))])
  }

  func ask(_ id: ID<Ask>) throws(SQLiteError) -> AskRow? {
    try asks("asks WHERE id = ?", [.text(id.description)]).first
  }

  private func asks(_ rest: String, _ values: [SQLValue]) throws(SQLiteError) -> [AskRow] {
    var asks: [AskRow] = []
    try query(
      """
      SELECT id, job, node, namespace, path, state, quorum, opened_at, expires_at, decided_choice, decided_at,
        content_event, content_offset, content_length, content_body,
        (SELECT json_group_array(principal) FROM
          (SELECT principal FROM ask_assignees a WHERE a.ask = asks.id ORDER BY place))
      FROM \(rest)
      """, values
    ) { row throws(SQLiteError) in asks.append(try row.ask()) }
    return asks
  }

  func answers(of ask: ID<Ask>) throws(SQLiteError) -> [AskAnswerRow] {
    var answers: [AskAnswerRow] = []
    try query(
      """
      SELECT job, answered_by, on_behalf_of, choice, counts, at, content_event, content_offset,
        content_length, content_body FROM ask_answers WHERE ask = ? ORDER BY position
      """, [.text(ask.description)]
    ) { row in
      answers.append(
        AskAnswerRow(
          ask: ask, job: JobNumber(row.integer(0)), by: row.text(1), onBehalfOf: row.optionalText(2),
          choice: row.text(3), counts: row.integer(4) == 1, at: Timestamp(microseconds: row.integer(5)),
          content: row.place(6)))
    }
    return answers
  }
}

extension Statement {
  fileprivate func ask() throws(SQLiteError) -> AskRow {
    guard let state = AskRow.State(rawValue: UInt8(truncatingIfNeeded: integer(5))), let content = place(11)
    else { throw .unreadable("ask \(text(0))") }
    return AskRow(
      id: try id(0), job: JobNumber(integer(1)), node: number(2), namespace: text(3), path: text(4),
      state: state, content: content, assignees: try json(15).array?.compactMap(\.string) ?? [],
      quorum: Int(integer(6)), openedAt: Timestamp(microseconds: integer(7)), expiresAt: time(8),
      decidedChoice: optionalText(9), decidedAt: time(10))
  }
}

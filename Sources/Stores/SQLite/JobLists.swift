internal import Engine
internal import Model

/// Reading jobs, one and many.
extension Database {
  /// That a job has not ended, in the words of the partial indexes, without which they are not used.
  static func isLive(_ table: String) -> String { "(\(table).status <= 3 OR \(table).status = 9)" }

  /// That it has ended, and not with success; the same.
  static func hasEndedBadly(_ table: String) -> String {
    "(\(table).status >= 5 AND \(table).status <= 8)"
  }

  func liveJobs() throws(SQLiteError) -> [LiveJob] {
    try liveJobs("WHERE \(Self.isLive("j")) ORDER BY j.job", [])
  }

  func liveJob(_ number: JobNumber) throws(SQLiteError) -> LiveJob? {
    try liveJobs("WHERE j.job = ? AND \(Self.isLive("j"))", [.integer(number.value)]).first
  }

  private func liveJobs(_ rest: String, _ values: [SQLValue]) throws(SQLiteError) -> [LiveJob] {
    var jobs: [LiveJob] = []
    try query(
      """
      SELECT j.job, j.id, j.namespace, j.pipeline, j.revision, j.wrapped_key,
        coalesce(o.drive_count, 0), j.status, p.job, j.key, j.trigger_type, j.trigger_id, \(Self.identity)
      FROM job_executions j LEFT JOIN job_owners o ON o.job = j.job LEFT JOIN parked_jobs p ON p.job = j.job
      \(rest)
      """, values
    ) { row throws(SQLiteError) in
      jobs.append(
        LiveJob(
          number: JobNumber(row.integer(0)), id: try row.id(1),
          pipeline: PipelineName(namespace: row.text(2), name: row.text(3)), revision: Int(row.integer(4)),
          wrappedKey: row.bytes(5), driveCount: Int(row.integer(6)), status: try row.jobStatus(7),
          identity: try row.identity(12), isParked: !row.isNull(8), key: row.optionalText(9),
          triggerType: row.text(10), triggerID: row.optionalText(11)))
    }
    return jobs
  }

  func jobs(_ filter: JobFilter, before: ID<Job>?, limit: Int) throws(SQLiteError) -> [JobSummary] {
    // Live jobs and those that ended badly have an index each, and those that ended well are the most.
    guard let halves = filter.byIndex else { return try page(filter, before, limit) }
    let both = try page(halves.live, before, limit) + page(halves.ended, before, limit)
    let inOrder = both.sorted { ($0.number < $1.number) == filter.isOldestFirst }
    return Array(inOrder.prefix(limit))
  }

  private func page(
    _ filter: JobFilter, _ before: ID<Job>?, _ limit: Int
  ) throws(SQLiteError) -> [JobSummary] {
    let filter = filter.withLabelsInFront
    var conditions = JobConditions(filter)
    let (sign, order) = filter.isOldestFirst ? (">", "") : ("<", " DESC")
    if let before {
      // Of a job that is gone, the next in this direction goes on. Ids are in the order of their numbers.
      conditions.add(
        """
        j.job \(sign) coalesce((SELECT job FROM job_executions WHERE id = ?),
          (SELECT job + \(filter.isOldestFirst ? 0 : 1) FROM job_executions WHERE id < ?
            ORDER BY id DESC LIMIT 1),
          0)
        """, .text(before.description), .text(before.description))
    }
    // The first label leads: its index has the jobs in order, so that a page reads no more than a page.
    guard let label = filter.labels.first else {
      return try summaries("\(conditions.text) ORDER BY j.job\(order)", conditions.values, limit)
    }
    conditions.add("l.name = ? AND l.value = ?", .text(label.name), .text(label.value))
    return try summaries(
      "\(conditions.text) ORDER BY l.job\(order)", conditions.values, limit,
      from: "job_labels l CROSS JOIN job_executions j ON j.job = l.job")
  }

  func job(_ id: ID<Job>) throws(SQLiteError) -> JobSummary? {
    try summaries("WHERE j.id = ?", [.text(id.description)], 1).first
  }

  func job(number: JobNumber) throws(SQLiteError) -> JobSummary? {
    try summaries("WHERE j.job = ?", [.integer(number.value)], 1).first
  }

  /// Ids are 36 characters of `0-9a-f-`, so that a prefix is a range of the index.
  func jobs(withPrefix prefix: String, limit: Int) throws(SQLiteError) -> [ID<Job>] {
    try ids("job_executions", withPrefix: prefix, limit: limit)
  }

  func ids<Entity>(
    _ table: String, withPrefix prefix: String, limit: Int
  ) throws(SQLiteError) -> [ID<Entity>] {
    var ids: [ID<Entity>] = []
    let prefix = prefix.lowercased()
    try query(
      "SELECT id FROM \(table) WHERE id >= ? AND id < ? ORDER BY id LIMIT ?",
      [.text(prefix), .text(prefix + "g"), .integer(Int64(limit))]
    ) { row throws(SQLiteError) in ids.append(try row.id(0)) }
    return ids
  }

  private func summaries(
    _ rest: String, _ values: [SQLValue], _ limit: Int, from tables: String = "job_executions j"
  ) throws(SQLiteError) -> [JobSummary] {
    var summaries: [JobSummary] = []
    try query(
      """
      SELECT j.job, j.id, j.namespace, j.pipeline, j.revision, j.key, j.status, j.trigger_type,
        j.triggered_by, j.created_at, j.started_at, j.completed_at, j.error_class, j.error_code,
        j.error_message, j.error_step, j.outputs_event, j.outputs_offset, j.outputs_length, j.outputs_body,
        (SELECT max(sequence) FROM job_events e WHERE e.job = j.job), j.wrapped_key, \(Self.identity)
      FROM \(tables) \(rest) LIMIT ?
      """, values + [.integer(Int64(limit))]
    ) { row throws(SQLiteError) in summaries.append(try row.summary()) }
    return summaries
  }

  /// The eight columns that `Statement.identity` reads.
  private static let identity = """
    j.correlation_id, j.owner, j.priority, j.fair_key, j.parent_job, j.parent_node, j.rerun_of,
    (SELECT json_group_array(json_array(name, value)) FROM
      (SELECT name, value FROM job_labels k WHERE k.job = j.job ORDER BY name, value))
    """
}

extension JobFilter {
  /// The same with the labels that a term names exactly among those whose index leads.
  fileprivate var withLabelsInFront: JobFilter {
    var filter = self
    filter.terms = []
    for term in terms {
      if !term.isNegated, case .label(let name, let patterns) = term.test, patterns.count == 1,
        let value = patterns[0].exact
      {
        filter.labels.append(JobIdentity.Label(name: name, value: value))
      } else {
        filter.terms.append(term)
      }
    }
    return filter
  }

  /// The same search in two, each of which an index serves; nil where one does already, or none can.
  fileprivate var byIndex: (live: JobFilter, ended: JobFilter)? {
    if statuses.isEmpty {
      for (place, term) in terms.enumerated() where !term.isNegated {
        guard case .status(let wanted, let retrying) = term.test else { continue }
        guard !wanted.contains(.success), wanted.contains(where: \.hasEnded) else { return nil }
        guard retrying || wanted.contains(where: { !$0.hasEnded }) else { return nil }
        var halves = (live: self, ended: self)
        halves.live.terms[place].test = .status(wanted.filter { !$0.hasEnded }, retrying: retrying)
        halves.ended.terms[place].test = .status(wanted.filter(\.hasEnded), retrying: false)
        return halves
      }
      return nil
    }
    let live = statuses.filter { !$0.hasEnded }
    guard !live.isEmpty, live.count < statuses.count, !statuses.contains(.success) else { return nil }
    var halves = (live: self, ended: self)
    (halves.live.statuses, halves.ended.statuses) = (live, statuses.filter(\.hasEnded))
    return halves
  }
}

extension Statement {
  fileprivate func summary() throws(SQLiteError) -> JobSummary {
    let errorClass = optionalText(12).flatMap(ErrorClass.init(rawValue:))
    let failure = errorClass.map { Failure($0, code: text(13), text(14), step: text(15)) }
    return JobSummary(
      number: JobNumber(integer(0)), id: try id(1), pipeline: PipelineName(namespace: text(2), name: text(3)),
      revision: Int(integer(4)), key: optionalText(5), status: try jobStatus(6), triggerType: text(7),
      actor: text(8), createdAt: Timestamp(microseconds: integer(9)), startedAt: time(10),
      completedAt: time(11), failure: failure, outputs: place(16), lastSequence: number(20),
      wrappedKey: bytes(21), identity: try identity(22))
  }

  /// Eight columns from `first`.
  fileprivate func identity(_ first: Int32) throws(SQLiteError) -> JobIdentity {
    // Most jobs have none, and lists read many.
    let labels = isEmptyList(first + 7) ? [] : try json(first + 7).array ?? []
    return JobIdentity(
      correlation: optionalText(first),
      labels: labels.compactMap { pair in
        guard let pair = pair.array, let name = pair.first?.string, let value = pair.last?.string else {
          return nil
        }
        return JobIdentity.Label(name: name, value: value)
      },
      owner: optionalText(first + 1), priority: Int(integer(first + 2)), fairKey: optionalText(first + 3),
      parent: optional(first + 4).map(JobNumber.init),
      parentNode: isNull(first + 5) ? nil : number(first + 5),
      rerunOf: isNull(first + 6) ? nil : try id(first + 6))
  }
}

import API
import Access
import Engine
import Model

extension JobFilter {
  init(_ query: JobsQuery, _ finder: JobFinder, _ caller: Caller, now: Timestamp) throws {
    var statuses: [JobStatus] = []
    for word in query.statuses {
      guard let status = JobStatus(word: word) else { throw Self.noStatus(word) }
      statuses.append(status)
    }
    let parts = (query.pipeline ?? "").cut(at: "/", most: 2).filter { !$0.isEmpty }
    self.init(
      namespace: parts.count == 2 ? parts[0] : query.namespace, pipeline: parts.last, statuses: statuses,
      since: query.since, correlation: query.correlation, labels: Self.labels(query, negated: false),
      withoutLabels: Self.labels(query, negated: true),
      parent: try query.parent.map { text throws(Problem) in try finder.job(text).number },
      rerunOf: try query.rerunOf.map { text throws(Problem) in try finder.job(text).id })
    if let until = query.until { terms.append(JobTerm(.until(until))) }
    if !query.triggers.isEmpty {
      terms.append(JobTerm(.column(.trigger, query.triggers.map { TextPattern(exactly: $0) })))
    }
    if let fingerprint = query.fingerprint { terms += try Self.fingerprint(fingerprint).terms }
    if let search = query.search { terms += try Self.terms(search, caller, now: now) }
    isOldestFirst = try Self.isOldestFirst(query.sort)
  }

  /// What people write in a search, in the eyes of the caller.
  static func terms(_ search: String, _ caller: Caller, now: Timestamp) throws(InvalidSearch) -> [JobTerm] {
    do throws(JobSearch.Fault) {
      return try JobSearch.terms(search, now: now, me: [caller.principal.id, caller.actor])
    } catch {
      throw InvalidSearch(search: search, fault: error, language: caller.language)
    }
  }

  static func fingerprint(_ text: String) throws(Problem) -> ErrorFingerprint {
    if let fingerprint = ErrorFingerprint(text) { return fingerprint }
    throw Problem(
      "invalid-request",
      Bilingual(
        "\"\(text)\" is not how a job failed, in words.",
        pt: "\"\(text)\" não é como um job falhou, em palavras."),
      remedy: Bilingual(
        "Write CODE NAMESPACE/PIPELINE STEP, as `error.fingerprint` of a job shows it.",
        pt: "Escreva CÓDIGO ESPAÇO/PIPELINE PASSO, como `error.fingerprint` de um job mostra."))
  }

  private static func isOldestFirst(_ sort: String?) throws(Problem) -> Bool {
    switch sort {
    case nil, "-created_at": return false
    case "created_at": return true
    case let other?:
      throw Problem(
        "invalid-request",
        Bilingual("Jobs are not sorted by \"\(other)\".", pt: "Jobs não são ordenados por \"\(other)\"."),
        remedy: Bilingual("There are: created_at, -created_at.", pt: "Existem: created_at, -created_at."))
    }
  }

  private static func labels(_ query: JobsQuery, negated: Bool) -> [JobIdentity.Label] {
    query.labels.filter { $0.isNegated == negated }.map { JobIdentity.Label(name: $0.name, value: $0.value) }
  }

  private static func noStatus(_ word: String) -> Problem {
    let words = JobStatus.allCases.map(\.word).joined(separator: ", ")
    return Problem(
      "invalid-request",
      Bilingual("No job has the status \"\(word)\".", pt: "Nenhum job tem o status \"\(word)\"."),
      remedy: Bilingual("There are: \(words).", pt: "Existem: \(words)."))
  }
}

extension JobItem {
  /// `parent`: the id of the job that called it, where the caller has looked it up.
  init(_ summary: JobSummary, parent: ID<Job>? = nil) {
    let identity = summary.identity
    self.init(
      id: summary.id.description, pipeline: summary.pipeline.description, revision: summary.revision,
      key: summary.key, status: summary.status.word, triggerType: summary.triggerType, actor: summary.actor,
      createdAt: summary.createdAt, startedAt: summary.startedAt, completedAt: summary.completedAt,
      error: summary.failure.map { ErrorItem($0, of: summary.pipeline) },
      lastSequence: Int(summary.lastSequence),
      identity: IdentityItem(
        correlation: identity.correlation,
        labels: identity.labels.map { (name: $0.name, value: $0.value) }, owner: identity.owner,
        priority: identity.priority, parent: parent?.description, rerunOf: identity.rerunOf?.description))
  }
}

extension ErrorItem {
  /// What failed a job.
  init(_ failure: Failure, of pipeline: PipelineName) {
    self.init(failure)
    fingerprint = ErrorFingerprint(failure, of: pipeline).text
  }

  init(_ failure: Failure) {
    self.init(
      errorClass: failure.errorClass.rawValue, code: failure.code, message: failure.message,
      step: failure.step)
  }
}

extension StepItem {
  init(_ step: StepView) {
    self.init(
      path: step.path, key: step.key, kind: step.kind, connector: step.connector, status: step.status.word,
      attempts: step.attempts, crashes: step.crashes, readyAt: step.readyAt, startedAt: step.startedAt,
      endedAt: step.endedAt, dueAt: step.dueAt, error: step.failure.map(ErrorItem.init),
      skipCause: step.skipCause, question: step.question, output: step.output,
      child: step.child?.description, rescued: step.rescued.map(ErrorItem.init))
  }
}

extension JobEvent {
  init(_ event: HistoryEvent) {
    self.init(sequence: Int(event.sequence), at: event.at, facts: event.facts)
  }
}

extension BlockerItem {
  init(_ blocker: Blocker, _ language: Language) {
    self.init(
      kind: blocker.kind, path: blocker.path, text: blocker.text[language], since: blocker.since,
      until: blocker.until, remedy: blocker.remedy?[language])
  }
}

extension ArtifactItem {
  init(_ row: ArtifactRow) {
    self.init(
      name: row.handle.name, path: row.path, sha256: row.handle.sha256, size: row.handle.size,
      mediaType: row.handle.mediaType)
  }
}

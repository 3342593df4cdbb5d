internal import Engine
internal import Model

/// The WHERE of a list of jobs, with its values.
struct JobConditions {
  private var parts: [String] = []
  private(set) var values: [SQLValue] = []

  var text: String { parts.isEmpty ? "" : "WHERE " + parts.joined(separator: " AND ") }

  init(_ filter: JobFilter) {
    if let parent = filter.parent { add("j.parent_job = ?", .integer(parent.value)) }
    if let rerun = filter.rerunOf { add("j.rerun_of = ?", .text(rerun.description)) }
    if let correlation = filter.correlation { add("j.correlation_id = ?", .text(correlation)) }
    // A plus keeps SQLite from the index of a pipeline's jobs, of which there are many more.
    let plus = parts.isEmpty ? "" : "+"
    if let namespace = filter.namespace { add("\(plus)j.namespace = ?", .text(namespace)) }
    if let pipeline = filter.pipeline { add("\(plus)j.pipeline = ?", .text(pipeline)) }
    if let since = filter.since { add(term: JobTerm(.since(since))) }
    for label in filter.labels.dropFirst() { add(Self.hasLabel, .text(label.name), .text(label.value)) }
    for label in filter.withoutLabels {
      add("NOT " + Self.hasLabel, .text(label.name), .text(label.value))
    }
    if !filter.statuses.isEmpty { add(term: JobTerm(.status(filter.statuses, retrying: false))) }
    for term in filter.terms { add(term: term) }
  }

  private static let hasLabel =
    "EXISTS (SELECT 1 FROM job_labels m WHERE m.name = ? AND m.value = ? AND m.job = j.job)"

  mutating func add(_ condition: String, _ values: SQLValue...) { add(condition, values) }

  private mutating func add(_ condition: String, _ values: [SQLValue]) {
    parts.append(condition)
    self.values += values
  }

  /// No condition is null, so that NOT turns each round.
  private mutating func add(term: JobTerm) {
    let condition = SQLTerm(term.test)
    add(term.isNegated ? "NOT (\(condition.text))" : "(\(condition.text))", condition.values)
    // The jobs before and behind a moment are bound by their numbers, in whose order the list is read.
    if !term.isNegated, let bound = condition.bound { add(bound.text, bound.values) }
    if !term.isNegated { parts += condition.indexes }
  }
}

/// One test in SQL.
private struct SQLTerm {
  var text: String
  var values: [SQLValue] = []
  /// What follows from it and an index serves.
  var bound: (text: String, values: [SQLValue])?
  /// The conditions of partial indexes that follow from it, in their words.
  var indexes: [String] = []

  init(_ test: JobTerm.Test) {
    switch test {
    case .status(let statuses, let retrying): self = Self.status(statuses, retrying)
    case .column(let column, let patterns):
      self = Self.any(patterns.map { Self.column(column, $0) })
    case .label(let name, let patterns):
      let tests = Self.any(patterns.map { Self.matches("m.value", $0) })
      text = """
        EXISTS (SELECT 1 FROM job_labels m WHERE m.job = j.job AND m.name = ? AND (\(tests.text)))
        """
      values = [.text(name)] + tests.values
    case .error(let texts):
      self = Self.any(texts.map(Self.error))
      indexes = [Self.hasFailed]
    case .text(let word): self = Self.text(word)
    case .duration(let comparison, let duration, let now):
      text = "(ifnull(j.completed_at, ?) - j.created_at) \(comparison.rawValue) ?"
      values = [.integer(now.microseconds), .integer(duration.microseconds)]
    case .since(let moment):
      (text, values) = ("+j.created_at >= ?", [.integer(moment.microseconds)])
      bound = ("j.job >= (SELECT min(+job) FROM job_executions WHERE created_at >= ?)", values)
    case .until(let moment):
      (text, values) = ("+j.created_at < ?", [.integer(moment.microseconds)])
      bound = ("j.job <= (SELECT max(+job) FROM job_executions WHERE created_at < ?)", values)
    }
  }

  private init(_ text: String, _ values: [SQLValue] = []) { (self.text, self.values) = (text, values) }

  static let hasFailed = "j.error_class IS NOT NULL"

  private static func any(_ terms: [SQLTerm]) -> SQLTerm {
    terms.isEmpty
      ? SQLTerm("0") : SQLTerm(terms.map(\.text).joined(separator: " OR "), terms.flatMap(\.values))
  }

  /// Numbers of our own, not text of a user.
  private static func status(_ statuses: [JobStatus], _ retrying: Bool) -> SQLTerm {
    let numbers = statuses.map { "\($0.rawValue)" }.joined(separator: ", ")
    var term = SQLTerm("j.status IN (\(numbers))")
    if retrying {
      term.text += """
         OR (\(Database.isLive("j")) AND EXISTS (SELECT 1 FROM step_executions s
          WHERE s.job = j.job AND s.status = \(StepStatus.retrying.rawValue)))
        """
    }
    if statuses.allSatisfy({ !$0.hasEnded }) { term.indexes = [Database.isLive("j")] }
    if !retrying, statuses.allSatisfy({ $0.hasEnded && $0 != .success }) {
      term.indexes = [Database.hasEndedBadly("j")]
    }
    return term
  }

  private static func column(_ column: JobTerm.Column, _ pattern: TextPattern) -> SQLTerm {
    switch column {
    case .namespace: matches("j.namespace", pattern)
    case .pipeline:
      matches(pattern.namesNamespace ? "(j.namespace || '/' || j.pipeline)" : "j.pipeline", pattern)
    case .trigger: matches("j.trigger_type", pattern)
    case .owner: known("j.owner", pattern)
    case .actor: matches("j.triggered_by", pattern)
    case .key: known("j.key", pattern)
    case .correlation: known("j.correlation_id", pattern)
    }
  }

  private static func matches(_ column: String, _ pattern: TextPattern) -> SQLTerm {
    if let exact = pattern.exact { return SQLTerm("\(column) = ?", [.text(exact)]) }
    return SQLTerm("\(column) GLOB ?", [.text(pattern.glob)])
  }

  private static func known(_ column: String, _ pattern: TextPattern) -> SQLTerm {
    let term = matches(column, pattern)
    return SQLTerm("(\(column) IS NOT NULL AND \(term.text))", term.values)
  }

  private static func error(_ text: String) -> SQLTerm {
    let parts = ["j.error_code", "j.error_message", "j.error_step"].map(contains)
    return SQLTerm(
      "(\(hasFailed) AND (\(parts.joined(separator: " OR "))))", parts.map { _ in .text(text) })
  }

  private static func text(_ word: String) -> SQLTerm {
    let failed = error(word)
    let names = ["j.pipeline", "j.key"].map(contains).joined(separator: " OR ")
    return SQLTerm(
      "\(names) OR substr(j.id, 1, ?) = ? OR \(failed.text)",
      [
        .text(word), .text(word), .integer(Int64(word.unicodeScalars.count)), .text(word.lowercased()),
      ] + failed.values)
  }

  private static func contains(_ column: String) -> String {
    "instr(lower(ifnull(\(column), '')), lower(?)) > 0"
  }
}

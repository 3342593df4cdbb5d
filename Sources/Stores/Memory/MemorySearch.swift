internal import Engine
internal import Model

extension JobTerm {
  /// The same as `JobConditions` says in SQL; one test compares both.
  func holds(of job: JobSummary, isRetrying: Bool) -> Bool { test.holds(of: job, isRetrying) != isNegated }
}

extension JobTerm.Test {
  fileprivate func holds(of job: JobSummary, _ isRetrying: Bool) -> Bool {
    switch self {
    case .status(let statuses, let retrying): return statuses.contains(job.status) || retrying && isRetrying
    case .column(let column, let patterns):
      return patterns.contains { Self.matches(column, $0, job) }
    case .label(let name, let patterns):
      return job.identity.labels.contains { label in
        ScalarString(label.name) == ScalarString(name) && patterns.contains { $0.matches(label.value) }
      }
    case .error(let texts): return texts.contains { Self.contains($0, job.failure) }
    case .text(let text):
      return TextPattern.contains(text, in: job.pipeline.name)
        || TextPattern.contains(text, in: job.key ?? "")
        || job.id.description.hasPrefix(text.lowercased()) || Self.contains(text, job.failure)
    case .duration(let comparison, let duration, let now):
      return comparison.holds(
        ((job.completedAt ?? now) - job.createdAt).microseconds, duration.microseconds)
    case .since(let moment): return job.createdAt >= moment
    case .until(let moment): return job.createdAt < moment
    }
  }

  private static func matches(_ column: JobTerm.Column, _ pattern: TextPattern, _ job: JobSummary) -> Bool {
    switch column {
    case .namespace: pattern.matches(job.pipeline.namespace)
    case .pipeline:
      pattern.matches(pattern.namesNamespace ? job.pipeline.description : job.pipeline.name)
    case .trigger: pattern.matches(job.triggerType)
    case .owner: job.identity.owner.map(pattern.matches) ?? false
    case .actor: pattern.matches(job.actor)
    case .key: job.key.map(pattern.matches) ?? false
    case .correlation: job.identity.correlation.map(pattern.matches) ?? false
    }
  }

  private static func contains(_ text: String, _ failure: Failure?) -> Bool {
    guard let failure else { return false }
    return [failure.code, failure.message, failure.step].contains { TextPattern.contains(text, in: $0) }
  }
}

extension TextPattern {
  /// `namespace/name`, not a name alone.
  var namesNamespace: Bool { parts.contains { $0.utf8.contains(UInt8(ascii: "/")) } }

  /// For SQLite's GLOB, which knows two more signs.
  var glob: String {
    parts.map { part in
      String(
        String.UnicodeScalarView(
          part.unicodeScalars.flatMap { scalar -> [Unicode.Scalar] in
            ["*", "?", "["].contains(scalar) ? ["[", scalar, "]"] : [scalar]
          }))
    }.joined(separator: "*")
  }
}

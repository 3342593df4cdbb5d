import Engine
import Model

/// Jobs by a filter, of the namespaces that the caller may see.
struct JobSelection: Sendable {
  var readModel: any ReadModel

  /// So many jobs are read at once where most of them may be left out.
  static let pageOfAlike = 500

  /// In the filter's order, from behind `before` on. `fingerprint`: only those that failed so.
  func page(
    _ filter: JobFilter, _ namespace: String?, before: ID<Job>?, limit: Int, _ caller: Caller,
    like fingerprint: ErrorFingerprint? = nil
  ) throws(Problem) -> [JobSummary] {
    try caller.page(
      namespace, limit: limit, inOrder: { ($0.id < $1.id) == filter.isOldestFirst },
      { (namespace) throws(Problem) in
        // Named twice it must be the same: what was asked for goes in as a condition of its own.
        var filter = filter
        if let namespace, let other = filter.namespace, ScalarString(other) != ScalarString(namespace) {
          return []
        }
        filter.namespace = namespace ?? filter.namespace
        let wanted = filter
        return try reading { () throws(StoreError) in
          guard let fingerprint else { return try readModel.jobs(wanted, before: before, limit: limit) }
          return try alike(fingerprint, wanted, before: before, limit: limit)
        }
      })
  }

  /// The filter has the fingerprint's terms, which let others through.
  private func alike(
    _ fingerprint: ErrorFingerprint, _ filter: JobFilter, before: ID<Job>?, limit: Int
  ) throws(StoreError) -> [JobSummary] {
    var (found, last): ([JobSummary], ID<Job>?) = ([], before)
    while found.count < limit {
      let rows = try readModel.jobs(filter, before: last, limit: Self.pageOfAlike)
      found += rows.filter { row in
        row.failure.map { ErrorFingerprint($0, of: row.pipeline) } == fingerprint
      }
      guard rows.count == Self.pageOfAlike else { break }
      last = rows.last?.id
    }
    return Array(found.prefix(limit))
  }
}

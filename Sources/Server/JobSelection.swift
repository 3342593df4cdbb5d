import Engine
import Model

/// Jobs by a filter, of the namespaces that the caller may see.
struct JobSelection: Sendable {
  var readModel: any ReadModel

  /// In the filter's order, from behind `before` on.
  func page(
    _ filter: JobFilter, _ namespace: String?, before: ID<Job>?, limit: Int, _ caller: Caller
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
          try readModel.jobs(wanted, before: before, limit: limit)
        }
      })
  }
}

internal import Engine

extension Batch {
  /// New jobs have higher numbers than all jobs before them.
  var firstNewJob: JobNumber { newJobs.lazy.map(\.number).min() ?? JobNumber(.max) }

  /// The catalog's writes and then each job as a batch of its own, over the same bytes. Jobs that were
  /// there before come first: one that ends leaves its key to a new one.
  var parts: [(job: JobNumber, batch: Batch)] {
    var parts: [JobNumber: Batch] = [:]
    for row in newJobs { parts[row.number, default: empty].newJobs.append(row) }
    for row in events { parts[row.job, default: empty].events.append(row) }
    for row in steps { parts[row.job, default: empty].steps.append(row) }
    for row in jobs { parts[row.job, default: empty].jobs.append(row) }
    for row in bodies { parts[row.job, default: empty].bodies.append(row) }
    for row in snapshots { parts[row.job, default: empty].snapshots.append(row) }
    for row in artifacts { parts[row.job, default: empty].artifacts.append(row) }
    if !writes.isEmpty { parts[.catalog, default: empty].writes = writes }
    return parts.sorted { $0.key < $1.key }.map { (job: $0.key, batch: $0.value) }
  }

  private var empty: Batch {
    var batch = Batch()
    (batch.commit, batch.bytes) = (commit, bytes)
    return batch
  }
}

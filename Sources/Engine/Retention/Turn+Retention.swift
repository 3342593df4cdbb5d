internal import Model

// What rules of retention give up, as part of a commit.
extension Turn {
  /// A job that is in memory or parked is live, or has just ended: it stays.
  mutating func delete(_ deletion: Deletion, _ reply: @escaping Reply<Void>) {
    var deletion = deletion
    if case .jobs(let numbers) = deletion.content {
      deletion.content = .jobs(numbers.filter { jobs.inMemory($0) == nil && jobs.parked[$0] == nil })
    }
    if case .erased(let gone) = deletion.content {
      let ended = gone.filter { jobs.inMemory($0.number) == nil && jobs.parked[$0.number] == nil }
      deletion.content = .erased(ended)
      jobs.forget(ended, of: deletion.rule.namespace)
    }
    jobs.batch.deletions.append(deletion)
    jobs.after(.write) { reply($0) }
  }
}

extension Jobs {
  /// What the engine's thread knows of rows that go with the jobs.
  fileprivate mutating func forget(_ gone: [ExpiredJob], of namespace: String) {
    letters.counts[namespace] = nil
    outbox.forget(Set(gone.map(\.id)))
  }

  mutating func setRetentionTimer(at moment: Duration) {
    timers.add(Timers.Entry(due: moment, job: .retention, wake: nil))
  }
}

extension JobNumber {
  /// In a timer: no job, but the rules of retention.
  static let retention = JobNumber(-3)
}

internal import Model

// Taking away what waits before a pipeline.
extension ControlDesk {
  /// Rows of withdrawn messages that a repeated purge looks through, newest first.
  private static let mostWithdrawn = 2 * TriggerLines.mostOpen

  /// Only what is the pipeline's own: the right that was looked at is one on it. What this actor took away
  /// before a crash counts as gone.
  func purge(
    _ pipeline: PipelineName, _ items: [QueuedItem.Name], _ reason: String, by actor: String
  ) async throws(Problem) -> [QueuedItem.Name] {
    let messages = items.filter { $0.kind == .message }.compactMap { ID<TriggerMessage>($0.id) }
    let withdrawn = try await send { .withdraw(messages, of: pipeline, by: actor, $0) }
    var gone = Set(withdrawn.map { QueuedItem.Name(kind: .message, id: $0.description) })
    var ended: [ID<Job>] = []
    for item in items where item.kind == .job {
      guard let id = ID<Job>(item.id) else { continue }
      switch try await cancel(id, of: pipeline, reason, actor) {
      case .cancelled: gone.insert(item)
      case .ended: ended.append(id)
      case .stays: break
      }
    }
    gone.formUnion(try await earlier(pipeline, Set(messages).subtracting(withdrawn), ended, actor))
    return items.filter { gone.remove($0) != nil }
  }

  private enum Cancellation { case cancelled, ended, stays }

  private func cancel(
    _ job: ID<Job>, of pipeline: PipelineName, _ reason: String, _ actor: String
  ) async throws(Problem) -> Cancellation {
    do throws(Problem) {
      _ = try await send {
        .command(job, .withdraw(of: pipeline, actor: actor, reason: reason), $0)
      }
      return .cancelled
    } catch {
      switch error.code {
      case "job-ended": return .ended
      // Something of it has begun, or it is another pipeline's.
      case "job-has-begun", "no-job": return .stays
      case _: throw error
      }
    }
  }

  /// Those of the pipeline that this actor had taken away already.
  private func earlier(
    _ pipeline: PipelineName, _ messages: Set<ID<TriggerMessage>>, _ jobs: [ID<Job>], _ actor: String
  ) async throws(Problem) -> [QueuedItem.Name] {
    guard !messages.isEmpty || !jobs.isEmpty else { return [] }
    return try await offThread { () throws(Problem) in
      var found: [QueuedItem.Name] = []
      if !messages.isEmpty {
        let names = Set(messages.map(\.description))
        found += try withdrawn(of: pipeline, by: actor).filter(names.contains).map {
          QueuedItem.Name(kind: .message, id: $0)
        }
      }
      for job in jobs where try wasCancelled(job, of: pipeline, by: actor) {
        found.append(QueuedItem.Name(kind: .job, id: job.description))
      }
      return found
    }
  }

  private func withdrawn(of pipeline: PipelineName, by actor: String) throws(Problem) -> [String] {
    let rows = try reading { () throws(StoreError) in
      try configuration.readModel.refusals(in: pipeline.namespace, limit: Self.mostWithdrawn)
    }
    return rows.filter {
      $0.reason == RefusalRow.purged && $0.pipeline == pipeline.name && $0.actor == actor
    }.map(\.key)
  }

  private func wasCancelled(
    _ job: ID<Job>, of pipeline: PipelineName, by actor: String
  ) throws(Problem) -> Bool {
    do throws(Problem) {
      let folded = try JobHistory(configuration).fold(job)
      return folded.summary.pipeline == pipeline && folded.summary.status == .cancelled
        && folded.state.cancel?.actor == actor
    } catch {
      if error.code == "no-job" { return false }
      throw error
    }
  }
}

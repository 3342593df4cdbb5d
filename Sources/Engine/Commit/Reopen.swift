internal import Model
internal import Pipelines

// An ended job is driven again.
extension Turn {
  mutating func reopen(
    _ restored: Restored, _ paths: [String], actor: String, _ reply: @escaping Reply<Void>,
    at now: Timestamp
  ) {
    if jobs.job(restored.id) != nil { return reply(.failure(.live(restored.id))) }
    if let key = restored.state.creation?.key, let other = jobs.liveJob(of: restored.pipeline, key: key) {
      return reply(.failure(.keyLive(key, other.id)))
    }
    let letters: [DeadLetterRow]
    do throws(Problem) { letters = try openLetters(of: restored.id) } catch { return reply(.failure(error)) }
    let place = jobs.batch.deadLetters.count
    guard jobs.reopen(restored, paths, actor: actor, at: now) else {
      return reply(.failure(.nothingToRetry(restored.id)))
    }
    // Before what the first decision may have buried again.
    jobs.batch.deadLetters.insert(
      contentsOf: jobs.replayed(letters, with: restored.number, restored.id, actor: actor, at: now), at: place
    )
    jobs.after(.job(restored.number)) { reply($0) }
  }
}

internal import Crypto
internal import Model
internal import Pipelines

/// An ended job, read whole for what is to follow it.
struct EarlierJob {
  var summary: JobSummary
  var plan: Plan
  var state: JobState
  var chain: [UInt8]
  var collected: ResultCollector
  var key: SymmetricKey
}

extension JobHistory {
  /// Throws where the job has not ended.
  func earlier(_ id: ID<Job>) throws(Problem) -> EarlierJob {
    let summary = try summary(id)
    guard summary.status.hasEnded else { throw .live(id) }
    let (plan, key, readModel) = (try plan(of: summary), try unwrap(summary.wrappedKey), readModel)
    var loading = Loading(key: key, job: summary.number, readModel: readModel)
    var loaded = Loading.Loaded(
      state: JobState(), chain: [UInt8](repeating: 0, count: SHA256.byteCount))
    var collected = ResultCollector(plan: plan)
    while true {
      let events = try events(of: summary.number, after: loaded.state.sequence, limit: Self.page)
      for event in events {
        do throws(LoadError) {
          for fact in try loading.facts(of: event, of: events, loaded.state) {
            guard loaded.state.accepts(fact) else {
              throw .damaged(sequence: event.sequence, "A fact names a step execution that does not exist.")
            }
            if case .reopened = fact { try loading.fillFailed(&loaded.state, event.sequence) }
            loaded.state.apply(fact, sequence: event.sequence, at: event.at)
            collected.take(fact, loaded.state)
          }
        } catch { throw error.problem(id) }
        loaded.state.passed(sequence: event.sequence)
        loaded.chain = event.chain
      }
      if events.count < Self.page { break }
    }
    // Opened again it may ask what had left memory.
    do throws(LoadError) { try loading.fillFailed(&loaded.state, loaded.state.sequence) } catch {
      throw error.problem(id)
    }
    return EarlierJob(
      summary: summary, plan: plan, state: loaded.state, chain: loaded.chain, collected: collected, key: key)
  }
}

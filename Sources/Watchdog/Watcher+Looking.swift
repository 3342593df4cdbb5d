public import Model
internal import Synchronization

extension Watcher {
  /// Judges every expectation. The lock is free meanwhile: the evidence may take its time.
  func look(_ begun: [String: Begun], _ samples: [String: [Sample]], at now: Timestamp) -> (Seen, String?) {
    do throws(WatchFault) {
      var seen = Seen()
      for pipeline in try evidence.watched() { try look(at: pipeline, begun, samples, now, into: &seen) }
      return (seen, nil)
    } catch {
      return (Seen(), error.description)
    }
  }

  private func look(
    at pipeline: Watched, _ begun: [String: Begun], _ samples: [String: [Sample]], _ now: Timestamp,
    into seen: inout Seen
  ) throws(WatchFault) {
    let judging = Judging(evidence: evidence, now: now)
    var calendars: [String: ClosedDays] = [:]
    if let name = pipeline.expect["calendar"]?.string {
      calendars[name] = try evidence.calendar(name, of: pipeline.name)
    }
    for expectation in Expectation.all(of: pipeline, zones: zones, calendar: { calendars[$0] }) {
      let key = expectation.key
      var since = Begun(text: expectation.text, since: now)
      if let known = begun[key], known.text == expectation.text { since = known }
      var history: [Sample] = []
      if case .volume(let volume) = expectation.rule {
        // Another metric is another history; jobs that are still stored fill it at once.
        history = begun[key]?.text == expectation.text ? samples[key] ?? [] : []
        let new = try evidence.samples(
          of: pipeline.name, metric: volume.metric, after: history.last?.job, limit: volume.reach)
        seen.samples[key] = (new, volume.reach)
        history += new
      }
      let verdict = try judging.verdict(
        on: expectation, of: pipeline, since: since.since, samples: history)
      seen.begun[key] = since
      seen.expectations.append(expectation)
      seen.observations.append(Observation(key, verdict))
    }
  }
}

/// How something that is watched stands, for people.
public struct Standing: Sendable {
  /// What it is about: a pipeline, a heartbeat, `engine`.
  public var subject: String
  /// `success_every`, `heartbeat`, …
  public var rule: String
  /// Such as `7d`; empty where there is none.
  public var wanted: Bilingual
  public var verdict: Verdict
  public var mute: Mute?
  public var alert: Alert?
  /// Of a heartbeat: when it last came.
  public var last: Timestamp?
}

extension Watcher {
  /// Everything as it stands now, whether a watcher runs or not. Nothing is told and nothing is stored.
  public func standings() throws(WatchFault) -> [Standing] {
    let now = now()
    let known = state.withLock { ($0.begun, $0.samples) }
    let (seen, fault) = look(known.0, known.1, at: now)
    if let fault { throw WatchFault(fault) }
    return state.withLock { state in
      var found = zip(seen.expectations, seen.observations).map { expectation, observation in
        Standing(
          subject: expectation.pipeline, rule: expectation.rule.word, wanted: expectation.wanted,
          verdict: observation.verdict, mute: state.book.mute(of: observation.key, at: now),
          alert: state.book.open(observation.key))
      }
      found += state.heartbeats.values.sorted { $0.name < $1.name }.map { beat in
        Standing(
          subject: beat.name, rule: "heartbeat",
          wanted: Bilingual(beat.every?.text ?? "", pt: beat.every?.text ?? ""),
          verdict: beat.verdict(at: now), mute: state.book.mute(of: beat.key, at: now),
          alert: state.book.open(beat.key), last: beat.last?.at)
      }
      found += (engine?.queues ?? []).map { queue in
        Standing(
          subject: queue.subject, rule: WatchedQueue.rule, wanted: Bilingual(queue.source, pt: queue.source),
          verdict: queue.verdict(at: now), mute: state.book.mute(of: queue.key, at: now),
          alert: state.book.open(queue.key))
      }
      for key in ["engine", "store", "ping"] {
        guard let alert = state.book.open(key) else { continue }
        found.append(
          Standing(
            subject: key, rule: "node", wanted: Bilingual("", pt: ""),
            verdict: Verdict(isLate: true, alert.finding, deadline: alert.firstAt),
            mute: state.book.mute(of: key, at: now), alert: alert))
      }
      return found
    }
  }
}

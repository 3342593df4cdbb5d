import API
import Model

/// Folds a job's history into what it and its steps did when.
struct TimelineFold {
  private(set) var spans: [TimelineSpan] = []
  private(set) var isCut = false
  /// Places in `spans` of what goes on.
  private var open: [ScalarString: Int] = [:]
  private var job: Int?
  private let most: Int

  init(most: Int) { self.most = most }

  /// The facts of one decision.
  mutating func take(_ facts: [JSON], at time: Timestamp) {
    for fact in facts { take(fact, at: time) }
  }

  private mutating func take(_ fact: JSON, at time: Timestamp) {
    let word = fact["fact"]?.string ?? ""
    if word == "status" { return status(fact["status"]?.string ?? "", at: time) }
    guard let path = fact["path"]?.string else { return }
    switch word {
    case "started": begin(path, "running", attempt: fact["attempt"]?.int.map(Int.init), at: time)
    case "entered", "counting": begin(path, "running", at: time)
    case "queued": begin(path, "queued", at: time)
    case "retrying": begin(path, "retrying", at: time)
    case "delayed", "awaiting", "asked", "called", "limited": begin(path, "waiting", at: time)
    case "question": begin(path, "needs_attention", at: time)
    case "lost", "signalled", "resolved": end(path, nil, at: time)
    case "ended", "reused": end(path, fact["status"]?.string, at: time)
    case "skipped": end(path, "skipped", at: time)
    case _: break
    }
  }

  private mutating func begin(_ path: String, _ state: String, attempt: Int? = nil, at time: Timestamp) {
    let key = ScalarString(path)
    if let place = open[key], spans[place].state == state, attempt == nil { return }
    end(path, nil, at: time)
    guard let place = add(TimelineSpan(path: path, state: state, attempt: attempt, from: time)) else {
      return
    }
    open[key] = place
  }

  private mutating func end(_ path: String, _ outcome: String?, at time: Timestamp) {
    guard let place = open.removeValue(forKey: ScalarString(path)) else { return }
    (spans[place].to, spans[place].outcome) = (time, outcome)
  }

  private mutating func status(_ word: String, at time: Timestamp) {
    let hasEnded = JobStatus(word: word)?.hasEnded ?? true
    if let job {
      (spans[job].to, spans[job].outcome) = (time, hasEnded ? word : nil)
    }
    job = hasEnded ? nil : add(TimelineSpan(path: nil, state: word, attempt: nil, from: time))
  }

  private mutating func add(_ span: TimelineSpan) -> Int? {
    guard spans.count < most else {
      isCut = true
      return nil
    }
    spans.append(span)
    return spans.count - 1
  }
}

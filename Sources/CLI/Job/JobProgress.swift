import API
import Model

/// Folds the facts of a job into what a person wants to see of each step. Pure.
struct JobProgress: Sendable {
  /// One change of one step.
  struct Change: Sendable, Hashable {
    var path: String
    /// A status word, such as `running`.
    var word: String
    var detail: String
    /// Nothing more will be said of this attempt.
    var isFinal: Bool
  }

  private var words: Words
  private let job: String
  private var started: [ScalarString: Timestamp] = [:]
  /// The id of the last question of a path.
  private var asks: [ScalarString: String] = [:]
  /// The paths of what runs now, in the order of their starts.
  private(set) var running: [String] = []
  private(set) var status = "running"
  private(set) var lastSequence = 0
  private(set) var hasEnded = false

  init(language: Language, job: String) { (words, self.job) = (Words(language: language), job) }

  mutating func take(_ event: JobEvent) -> [Change] {
    lastSequence = max(lastSequence, event.sequence)
    return event.facts.flatMap { take($0, at: event.at) }
  }

  private mutating func take(_ fact: JSON, at time: Timestamp) -> [Change] {
    let path = (fact["path"]?.string ?? "").printable
    switch fact["fact"]?.string {
    case "started": return [start(path, attempt: fact["attempt"]?.int ?? 1, at: time)]
    case "ended": return end(path, fact, at: time)
    case "skipped":
      return [
        Change(path: path, word: "skipped", detail: words.cause(fact["cause"]?.string ?? ""), isFinal: true)
      ]
    case "question": return [lost(path)]
    case "quarantined":
      if fact["reason"]?.string?.isEmpty == false { status = JobStatus.needsAttention.word }
      return []
    case "retrying", "lost", "resolved", "superseded", "adopted":
      return [interruption(path, fact)]
    case "asked", "reminded": return [question(path, fact)]
    case "status", "outcome":
      status = fact["status"]?.string ?? status
      if fact["fact"]?.string == "status" { hasEnded = JobStatus(word: status)?.hasEnded ?? false }
      return []
    case _: return []
    }
  }

  private mutating func start(_ path: String, attempt: Int64, at time: Timestamp) -> Change {
    started[ScalarString(path)] = time
    running.append(path)
    let detail = attempt > 1 ? attemptWord(attempt) : ""
    return Change(path: path, word: "running", detail: detail, isFinal: false)
  }

  private mutating func end(_ path: String, _ fact: JSON, at time: Timestamp) -> [Change] {
    var details: [String] = []
    if let began = stop(path) { details.append(words.duration(time - began)) }
    if let text = fact["message"]?.string { details.append(words.value(.string(text.printable), limit: 160)) }
    let word = fact["status"]?.string ?? "ended"
    return [Change(path: path, word: word, detail: details.joined(separator: "  "), isFinal: true)]
  }

  /// The text of a question is sealed; its id leads to it.
  private mutating func question(_ path: String, _ fact: JSON) -> Change {
    if let id = fact["id"]?.string { asks[ScalarString(path)] = id }
    let id = asks[ScalarString(path)] ?? ""
    let detail = Bilingual("asks; see: esteira ask get \(id)", pt: "pergunta; veja: esteira ask get \(id)")
    return Change(path: path, word: "waiting", detail: detail[words.language], isFinal: true)
  }

  private mutating func interruption(_ path: String, _ fact: JSON) -> Change {
    let word = fact["fact"]?.string ?? ""
    _ = stop(path)
    let reason = fact["message"] ?? fact["cause"] ?? fact["reason"] ?? fact["answer"] ?? .string("")
    let detail = words.value(.string(words.cause((reason.string ?? "").printable)), limit: 160)
    return Change(path: path, word: word, detail: detail, isFinal: true)
  }

  /// Only a person knows whether it happened; others of the job may go on meanwhile.
  private mutating func lost(_ path: String) -> Change {
    _ = stop(path)
    let command = "esteira job step resolve \(Words.short(job)) '\(path)'"
    let detail = Bilingual(
      "did it happen? \(command) --did-happen [--output FILE] | --did-not | --fail REASON",
      pt: "aconteceu? \(command) --did-happen [--output ARQUIVO] | --did-not | --fail MOTIVO")
    return Change(
      path: path, word: "needs_attention", detail: detail[words.language], isFinal: true)
  }

  private mutating func stop(_ path: String) -> Timestamp? {
    running.removeAll { ScalarString($0) == ScalarString(path) }
    return started.removeValue(forKey: ScalarString(path))
  }

  private func attemptWord(_ number: Int64) -> String {
    Bilingual("attempt \(number)", pt: "tentativa \(number)")[words.language]
  }
}

import Foundation
import Model

/// What servers acknowledged in all their lives, and what was found not to hold.
final class Ledger {
  /// By idempotency key.
  private(set) var jobs: [String: String] = [:]
  /// By job, the lines of its history that somebody saw.
  private(set) var seen: [String: Set<String>] = [:]
  /// By question.
  private(set) var answers: [String: String] = [:]
  private(set) var pipelines: Set<String> = []
  private(set) var faults: [String] = []
  /// How many acknowledgements there were.
  var count: Int { jobs.count + answers.count + pipelines.count + seen.values.reduce(0) { $0 + $1.count } }

  func complain(_ fault: String) { faults.append(fault) }

  func expect(_ holds: Bool, _ fault: @autoclosure () -> String) {
    if !holds { complain(fault()) }
  }

  func started(_ key: String, _ job: String) {
    expect(jobs[key] == nil || jobs[key] == job, "The key \(key) was job \(jobs[key] ?? ""), now \(job).")
    jobs[key] = job
  }

  func answered(_ ask: String, _ choice: String) { answers[ask] = choice }
  func applied(_ pipeline: String) { pipelines.insert(pipeline) }

  /// Lines of `job watch -o jsonl`: what was seen once is the history for ever.
  func saw(_ lines: [String], of job: String) { seen[job, default: []].formUnion(lines) }

  /// Compares the whole history of a job with what was seen of it, and counts its completions.
  func check(_ job: String, history: [String], steps: Int) {
    let lost = (seen[job] ?? []).subtracting(history)
    expect(lost.isEmpty, "Of job \(job) was seen and is lost: \(lost.sorted().first ?? "")")
    var ended: [String: Int] = [:]
    for (index, line) in history.enumerated() {
      let event = try? JSON(parsing: line)
      expect(event?["seq"]?.int == Int64(index + 1), "Of job \(job) event \(index + 1) is missing.")
      for fact in event?["facts"]?.array ?? [] where fact["fact"] == "ended" {
        if fact["status"] == "success" { ended[fact["path"]?.string ?? "", default: 0] += 1 }
      }
    }
    let twice = ended.filter { $0.value > 1 }.keys.sorted()
    expect(twice.isEmpty, "Of job \(job) completed more than once: \(twice.joined(separator: ", "))")
    expect(ended.count == steps, "Of job \(job) \(ended.count) steps completed, not \(steps).")
  }
}

import Engine
import Model
import Testing

/// Steps of tests about the schedule `demo/report`, trigger `daily`.
extension Harness {
  static let report = PipelineName(namespace: "demo", name: "report")
  static let daily = Node.TriggerName(report, "daily")

  /// The clock stands at 2027-01-15T08:00:00Z. Where `holds`, each job waits behind a door of the name of its
  /// due time until the test opens it.
  func schedule(_ keys: String, holds: Bool = false, more: String = "") async throws {
    try await apply(
      """
      inputs: {at: {type: string, default: "${{ string(trigger.time) }}"}}
      triggers:
        daily:
          schedule: {\(keys)}
          \(more)
      steps:
        work: {uses: test.keyed, timeout: 30d, with: {hold: \(holds), door: "${{ inputs.at }}", value: {}}}
      outputs: {at: "${{ inputs.at }}", type: "${{ trigger.type }}"}
      """, id: "report")
  }

  func fires(_ outcomes: [ScheduleFireRow.Outcome] = []) throws -> [ScheduleFireRow] {
    try readModel.fires(FireFilter(pipeline: Self.report, outcomes: outcomes), limit: 10_000).reversed()
  }

  /// Due times and what became of them, in order: `09:00 started`, `10:00 missed down`.
  func told() throws -> [String] {
    try fires().map { fire in
      let time = fire.due.rfc3339.split(separator: "T").last.map { $0.prefix(5) } ?? ""
      return [String(time), fire.outcome.word, fire.reason ?? ""].filter { !$0.isEmpty }.joined(
        separator: " ")
    }
  }

  /// The same once this is among it.
  @discardableResult
  func told(once line: String) async throws -> [String] {
    try await onlooker.until { try self.told().contains(line) }
    try await onlooker.settled()
    return try told()
  }

  func advance(hours: Int) { clock.advance(by: .seconds(hours * 3_600)) }

  /// The due times of the jobs, in the order in which they were made.
  func dues() async throws -> [String] {
    var dues: [String] = []
    for job in try jobs(of: "report").reversed() {
      let at = try await view(job).inputs["at"]?.string ?? ""
      dues.append(String(at.split(separator: "T").last?.prefix(5) ?? ""))
    }
    return dues
  }

  /// Ends the job of this due time.
  func finish(_ due: String) async { await stage.end("2027-01-15T\(due):00Z") }

  func allEnded() async throws {
    for job in try jobs(of: "report") { _ = try await ended(job) }
  }
}

import Engine
import Model
import Testing

// Waiting for what triggers lead to. Each looks at the store again after each job's and node's answer, so
// that nothing waits for time.
extension Harness {
  private func name(_ id: String) -> PipelineName { PipelineName(namespace: "demo", name: id) }

  func jobs(of id: String) throws -> [ID<Job>] {
    try readModel.jobs(JobFilter(namespace: "demo", pipeline: id), before: nil, limit: 100).map(\.id)
  }

  func waiting(of id: String) throws -> [TriggerMessageRow] {
    try readModel.triggerMessages(of: name(id), limit: 100)
  }

  /// The newest job of the pipeline once it has so many.
  func job(of id: String, count: Int = 1) async throws -> ID<Job> {
    try await until { try self.jobs(of: id).count >= count }
    return try #require(try jobs(of: id).first)
  }

  func gathered(_ count: Int, of id: String) async throws {
    try await until { try self.waiting(of: id).count { $0.state == .gathered } == count }
  }

  func deadLetters(_ count: Int) async throws -> [DeadLetterRow] {
    try await until { try self.readModel.deadLetters(in: "demo", limit: 100).count >= count }
    return try readModel.deadLetters(in: "demo", limit: 100)
  }

  func refused(_ count: Int) async throws {
    try await until { try self.readModel.refusals(in: "demo", limit: 100).count >= count }
  }

  /// Returns once nothing lies before the triggers of these pipelines.
  func quiet(_ ids: [String]) async throws {
    try await until { try ids.allSatisfy { try self.waiting(of: $0).isEmpty } }
  }

  /// Each look comes behind a turn of the engine; the suite's time limit ends it.
  private func until(_ holds: () throws -> Bool) async throws {
    while try !holds() {
      _ = try await node.withdraw([])
      await Task.yield()
    }
  }
}

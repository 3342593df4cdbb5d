import Engine
import Model
import Testing

/// Waits for what triggers lead to. Each look comes behind a turn of the engine, so that nothing waits for
/// time; the suite's time limit ends it.
struct Onlooker: Sendable {
  let node: Node
  let readModel: any ReadModel

  func jobs(of id: String) throws -> [ID<Job>] {
    try readModel.jobs(JobFilter(namespace: "demo", pipeline: id), before: nil, limit: 100).map(\.id)
  }

  func waiting(of id: String) throws -> [TriggerMessageRow] {
    try readModel.triggerMessages(of: PipelineName(namespace: "demo", name: id), limit: 100)
  }

  /// The newest job of the pipeline once it has so many.
  func job(of id: String, count: Int = 1) async throws -> ID<Job> {
    try await until { try jobs(of: id).count >= count }
    return try #require(try jobs(of: id).first)
  }

  func end(of job: ID<Job>) async throws { for await _ in try await node.follow(job, after: 0) {} }

  /// Returns once nothing lies before the triggers of these pipelines.
  func quiet(_ ids: [String]) async throws {
    try await until { try ids.allSatisfy { try waiting(of: $0).isEmpty } }
  }

  /// Returns once the engine has taken a turn, in which it looks at the time.
  func turn() async throws {
    _ = try await node.withdraw([], of: PipelineName(namespace: "demo", name: "none"), by: "local:test")
  }

  /// Returns once what was known and asked for before has been taken up, and what follows at once has too.
  func settled() async throws {
    for _ in 0..<20 {
      try await turn()
      await Task.yield()
    }
  }

  func until(_ holds: () throws -> Bool) async throws {
    while try !holds() {
      try Task.checkCancellation()
      try await turn()
      await Task.yield()
    }
  }
}

extension Harness {
  var onlooker: Onlooker { Onlooker(node: node, readModel: readModel) }

  func jobs(of id: String) throws -> [ID<Job>] { try onlooker.jobs(of: id) }

  func waiting(of id: String) throws -> [TriggerMessageRow] { try onlooker.waiting(of: id) }

  func job(of id: String, count: Int = 1) async throws -> ID<Job> {
    try await onlooker.job(of: id, count: count)
  }

  func quiet(_ ids: [String]) async throws { try await onlooker.quiet(ids) }

  func gathered(_ count: Int, of id: String) async throws {
    try await onlooker.until { try self.waiting(of: id).count { $0.state == .gathered } == count }
  }

  func deadLetters(_ count: Int) async throws -> [DeadLetterRow] {
    try await onlooker.until { try self.readModel.deadLetters(in: "demo", limit: 100).count >= count }
    return try readModel.deadLetters(in: "demo", limit: 100)
  }

  func refused(_ count: Int) async throws {
    try await onlooker.until { try self.readModel.refusals(in: "demo", limit: 100).count >= count }
  }
}

extension ReadModel {
  /// Whole, those that failed last first.
  func deadLetters(in namespace: String?, limit: Int) throws -> [DeadLetterRow] {
    try deadLetters(DeadLetterFilter(namespace: namespace), before: nil, limit: limit)
      .map { try #require(try readDeadLetter($0.id)) }
  }
}

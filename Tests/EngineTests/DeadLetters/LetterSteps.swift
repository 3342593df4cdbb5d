import Engine
import Model
import Testing

/// What the tests of dead letters have in common.
enum Letters {
  static let name = PipelineName(namespace: "demo", name: "test")

  /// Takes a message with a date.
  static let dated = """
    inputs: {date: {type: string, format: date}}
    triggers: {inbox: {queue: {connection: c, list: l}, inputs: {date: "${{ trigger.message.date }}"}}}
    steps: {own: {value: "${{ trigger.time }}"}}
    outputs: {date: "${{ inputs.date }}", time: "${{ steps.own.output }}"}
    """
  /// Takes every message.
  static let lenient = dated.replacing("format: date", with: "minLength: 1")

  static func message(_ date: String, key: String? = nil) -> HandedMessage {
    HandedMessage(
      pipeline: name, trigger: "inbox", message: ["date": .string(date)], idempotencyKey: key,
      actor: "local:ana")
  }

  static func pause(_ harness: Harness) async throws {
    try await harness.node.write([
      .pause(PauseRecord(pipeline: name, by: "ana", reason: "care", at: harness.clock.now, until: nil))
    ])
  }
}

extension Harness {
  func letter(_ id: Int64 = 1) throws -> DeadLetterRow { try #require(try readModel.readDeadLetter(id)) }

  func acts(_ id: Int64 = 1) throws -> [DeadLetterAct.Act] {
    try readModel.deadLetterActs(of: id).map(\.act)
  }

  /// Hands a message of which nothing can be made.
  func handDead(_ date: String, key: String? = nil) async throws {
    guard case .deadLetter = try await node.hand(Letters.message(date, key: key)) else {
      throw Problem("test", Bilingual("No dead letter.", pt: "Sem carta morta."))
    }
  }

  /// The job that a replayed message led to.
  func replayed(_ id: Int64 = 1, edit: JSON? = nil) async throws -> StartedJob {
    guard case .handed(.started(let job)) = try await node.replay(id, edit: edit, actor: "local:bia") else {
      throw Problem("test", Bilingual("No job.", pt: "Sem job."))
    }
    return job
  }
}

/// The problem that the work ends with; none is an issue.
func refusal(_ work: () async throws -> Void) async -> Problem? {
  do { try await work() } catch { return error as? Problem }
  Issue.record("It was not refused.")
  return nil
}

internal import Crypto
internal import Model
internal import Pipelines

/// A job that this node drives. Lives on the engine's thread alone.
final class OwnedJob {
  let number: JobNumber
  let id: ID<Job>
  let pipeline: PipelineName
  let revision: Int
  let plan: Plan
  /// Its data key: destroying it erases the job's bodies.
  let key: SymmetricKey
  var state = JobState()
  /// The chain value of the last event.
  var chain = [UInt8](repeating: 0, count: SHA256.byteCount)
  var factsSinceSnapshot = 0
  /// The turn whose commit has its newest facts.
  var turn = 0
  /// Of the rows written last, so that an unchanged one is not written again.
  var writtenStatus: JobStatus?
  var followers: [Follower] = []
  /// Who is told of it; nil until that is asked for.
  var listeners: OutboxBook.Listeners?
  var identity = JobIdentity()
  /// Since when nothing but times, people and messages can move it, on the monotonic clock.
  var restsSince: Duration?
  /// Whether a timer will look whether it can be parked.
  var isWatched = false

  init(
    number: JobNumber, id: ID<Job>, pipeline: PipelineName, revision: Int, plan: Plan, key: SymmetricKey
  ) {
    (self.number, self.id, self.pipeline, self.revision) = (number, id, pipeline, revision)
    (self.plan, self.key) = (plan, key)
  }

  /// Where attempts are under way.
  var runningPaths: [String] {
    (0..<state.nextNode).filter { state.runsAttempt($0) }.map { state.path(of: $0, in: plan) }
  }

  /// Whether the moment would still change something. The state is taken out for the question, since it would
  /// be copied otherwise.
  func awaits(_ wake: Wake) -> Bool {
    var taken = takeState()
    defer { swap(&taken, &state) }
    return taken.awaits(wake)
  }

  /// Leaves an empty state behind, so that whoever changes the real one is its only owner.
  func takeState() -> JobState {
    var taken = JobState()
    swap(&taken, &state)
    return taken
  }
}

/// Someone who reads along.
struct Follower: Sendable {
  var id: Int
  var continuation: AsyncStream<HistoryEvent>.Continuation
}

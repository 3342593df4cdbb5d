public import Model

/// One running engine over one store: what the server, `run` and tests hold.
///
/// Every method returns after the commit that it caused. A `Problem` says what the caller did wrong; a store
/// that breaks ends the process instead (architecture D5).
public final class Node: Sendable {
  /// Admits a job, or finds the one that its keys name.
  public func start(_ request: JobRequest) async throws(Problem) -> StartedJob {
    throw Problem("internal", Bilingual("", pt: ""))
  }

  /// The first cancel stops what runs and then runs the handlers; a second one changes nothing (S16).
  public func cancel(_ job: ID<Job>, actor: String, reason: String) async throws(Problem) {}

  /// Fences all attempts now and skips the handlers. Returns the paths of what may still run outside.
  public func kill(_ job: ID<Job>, actor: String, reason: String) async throws(Problem) -> [String] { [] }

  /// Answers "did it happen?" of a step in `needs_attention`.
  public func resolve(_ job: ID<Job>, path: String, _ resolution: Resolution, actor: String) async throws(Problem) {}

  /// Takes a result that came too late (S18). `problem.code` is `no-superseded-result` where there is none.
  public func adopt(_ job: ID<Job>, path: String, actor: String) async throws(Problem) {}

  /// A job with its steps, live or ended. `from` and `limit` are places in `steps`.
  public func view(_ job: ID<Job>, from: Int = 0, limit: Int = 200) async throws(Problem) -> JobView {
    throw Problem("internal", Bilingual("", pt: ""))
  }

  /// The stored decisions behind `sequence`, at most `limit`.
  public func history(_ job: ID<Job>, after sequence: UInt32, limit: Int) async throws(Problem) -> [HistoryEvent] { [] }

  /// The decisions behind `sequence` as they are committed; ends after the one that ends the job.
  public func follow(_ job: ID<Job>, after sequence: UInt32) async throws(Problem) -> AsyncStream<HistoryEvent> {
    AsyncStream { $0.finish() }
  }

  public func why(_ job: ID<Job>) async throws(Problem) -> [Blocker] { [] }

  /// Makes catalog changes durable, all or none.
  public func write(_ writes: [CatalogWrite]) async throws(Problem) {}

  /// Asks running attempts to end for `drain`, then closes the store.
  public func stop(drain: Duration) async {}
}

import Engine
import Model
import Server
import Stores

/// A store opened for reading only, for commands beside no server.
struct ReadingParts: Sendable {
  let backend: Backend

  init(path: String) throws(Problem) {
    let (reader, key) = try DataFolder.openForReading(path: path)
    let vault = Vault(key, readModel: reader, now: Program.now)
    let installed = try ConfigFile(folder: path).connectors()
    let plans = PlanCache(Program.compiler(installed))
    let history = JobHistory(
      readModel: reader, plan: { (revision) throws(Problem) in try plans.plan(revision) },
      unwrap: { (wrapped) throws(Problem) in try vault.unwrap(wrapped) })
    let watching = try Watching(
      folder: path, installed: installed, readModel: reader, history: history, signs: nil)
    let reading = Reading(
      path: path, installed: installed, watcher: watching.watcher, readModel: reader, vault: vault,
      artifacts: ArtifactFiles(folder: path + "/artifacts"),
      logs: LogFiles(folder: path + "/logs", pause: Program.pause))
    var backend = reading.backend(node: nil, jobs: Self.jobs(history), history)
    backend.destinations = { () throws(Problem) in try DestinationDesk(reading: path, reader).all() }
    backend.audit = try Accounts.openAudit(of: path, vault)
    self.backend = backend
  }

  private static func jobs(_ history: JobHistory) -> JobReading {
    JobReading(
      view: { (job, from, limit) throws(Problem) in
        try await offPool { () throws(Problem) in try history.view(job, from: from, limit: limit) }
      },
      history: { (job, after, limit) throws(Problem) in
        try await offPool { () throws(Problem) in try history.events(job, after: after, limit: limit) }
      },
      follow: { (job, after) throws(Problem) in try await follow(history, job, after) },
      why: { (job) throws(Problem) in
        try await offPool { () throws(Problem) in try history.why(job, now: Program.now()) }
      },
      replay: { (job, _) throws(Problem) in try await Reading.replay(history, job) },
      open: { (job) throws(Problem) in try await Reading.opened(history, job) })
  }

  /// What is stored; a job that has not ended cannot be followed, since nobody drives it.
  private static func follow(
    _ history: JobHistory, _ job: ID<Job>, _ after: UInt32
  ) async throws(Problem) -> AsyncStream<HistoryEvent> {
    let page = 1_000
    let status = try await offPool { () throws(Problem) in try history.summary(job).status }
    guard status.hasEnded || status == .needsAttention else {
      throw Problem(
        "job-not-driven",
        Bilingual("No node drives the job \(job) now.", pt: "Nenhum nó conduz o job \(job) agora."),
        remedy: Bilingual(
          "Start one with: esteira server --background", pt: "Inicie um com: esteira server --background"))
    }
    let first = try await offPool { () throws(Problem) in try history.events(job, after: after, limit: page) }
    return AsyncStream { continuation in
      let relay = Task {
        var batch = first
        while let last = batch.last?.sequence {
          for event in batch { continuation.yield(event) }
          // The first page was read; what cannot be read after it is told by `job replay`.
          batch =
            (try? await offPool { () throws(Problem) in try history.events(job, after: last, limit: page) })
            ?? []
        }
        continuation.finish()
      }
      continuation.onTermination = { _ in relay.cancel() }
    }
  }

  private static func offPool<Value: Sendable>(
    _ body: @escaping @Sendable () throws(Problem) -> Value
  ) async throws(Problem) -> Value {
    let result: Result<Value, Problem> = await BlockingThreads.reads.run {
      Result { () throws(Problem) in try body() }
    }
    return try result.get()
  }
}

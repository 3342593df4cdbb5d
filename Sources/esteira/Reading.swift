import API
import CLI
import Connectors
import Crypto
import Engine
import Glibc
import Model
import Server
import Stores
import Synchronization
import Watchdog

/// What a router reads besides jobs: artifacts, logs, checks.
struct Reading: Sendable {
  var path: String
  var installed: InstalledConnectors
  var watcher: Watcher
  var readModel: any ReadModel
  var vault: Vault
  var artifacts: ArtifactFiles
  var logs: LogFiles
  /// The queues of brokers that are read; none where no server runs.
  var queues: @Sendable () -> [QueueStanding] = { [] }
  /// Nil where no server runs.
  var doctor: ConnectionDoctor?

  func backend(
    node: Node?, jobs: JobReading, _ history: JobHistory, events: Bell = Bell()
  ) -> Backend {
    var backend = Backend(
      node: node, readModel: readModel, jobs: jobs, asks: asks(history),
      artifacts: ArtifactReading { (namespace, sha256) throws(Problem) in try await chunks(namespace, sha256)
      },
      logs: LogReading { (job, query, from, limit) throws(Problem) in
        try await lines(jobs, job, query, from, limit)
      },
      compiler: Program.compiler(installed), connectors: Program.descriptions(installed),
      version: Program.version,
      checks: { language in await checks(node).all(language) },
      sealCredential: { (draft) throws(Problem) in vault.seal(draft) }, now: Program.now)
    backend.readiness = { language in await checks(node).needs(language) }
    backend.zones = .system
    (backend.watcher, backend.queues) = (watcher, queues)
    backend.events = EmittedReading(
      open: { (row) throws(Problem) in try vault.open(row) }, changes: { events.rings() })
    backend.hookSecrets = { (namespace, name) throws(Problem) in
      try vault.hookSecrets(of: name, in: namespace)
    }
    backend.openLetter = { (row) throws(Problem) in try vault.open(row) }
    return backend
  }

  private func checks(_ node: Engine.Node?) -> Checks {
    var checks = Checks(path: path, readModel: readModel, node: node, watcher: watcher)
    (checks.queues, checks.doctor) = (queues(), doctor)
    return checks
  }

  private func asks(_ history: JobHistory) -> AskReading {
    let people = ConfigFile(folder: path)
    return AskReading(
      ask: { (id) throws(Problem) in
        let found: Result<AskView, Problem> = await BlockingThreads.reads.run {
          Result { () throws(Problem) in try history.ask(id) }
        }
        return try found.get()
      },
      list: { (filter, before, limit) throws(Problem) in
        let found: Result<[AskView], Problem> = await BlockingThreads.reads.run {
          Result { () throws(Problem) in try history.asks(filter, before: before, limit: limit) }
        }
        return try found.get()
      }, groups: { (actor) throws(Problem) in try people.groups(of: actor) })
  }

  static func replay(_ history: JobHistory, _ job: ID<Job>) async throws(Problem) -> ReplayResult {
    let report: Result<ReplayReport, Problem> = await BlockingThreads.reads.run {
      Result { () throws(Problem) in try history.replay(job) }
    }
    let found = try report.get()
    return ReplayResult(
      events: found.events, facts: found.facts, status: found.status.word, differences: found.differences)
  }

  static func opened(_ history: JobHistory, _ job: ID<Job>) async throws(Problem) -> OpenReading {
    let result: Result<OpenedHistory, Problem> = await BlockingThreads.reads.run {
      Result { () throws(Problem) in try OpenedHistory(history, job) }
    }
    let opened = try result.get()
    return { (after, limit) throws(Problem) in
      let page: Result<[HistoryEvent], Problem> = await BlockingThreads.reads.run {
        Result { () throws(Problem) in try opened.events(after: after, limit: limit) }
      }
      return try page.get()
    }
  }

  /// Copies the plain bytes to a file without a name, so that they are checked before the first is sent.
  private func chunks(
    _ namespace: String, _ sha256: String
  ) async throws(Problem) -> AsyncThrowingStream<[UInt8], any Error> {
    guard let key = try vault.key(ofNamespace: namespace) else { throw Self.missing(sha256) }
    let folder = path + "/work"
    let copy = "\(folder)/read-\(Hex.encode(SecureRandom.bytes(12)))"
    guard Folder.make(folder) else { throw Self.missing(sha256) }
    do throws(Failure) {
      try await artifacts.fetch(sha256: sha256, namespace: namespace, key: key, to: copy)
    } catch {
      unlink(copy)
      throw Problem(
        error.code.isEmpty ? "artifact-damaged" : error.code, Bilingual(error.message, pt: error.message))
    }
    let file = open(copy, O_RDONLY | O_CLOEXEC)
    unlink(copy)
    guard file >= 0 else { throw Self.missing(sha256) }
    let reader = FileChunks(file)
    return AsyncThrowingStream { await reader.next() }
  }

  private static func missing(_ sha256: String) -> Problem {
    Problem(
      "artifact-missing",
      Bilingual("The bytes of \(sha256) are not here.", pt: "Os bytes de \(sha256) não estão aqui."))
  }

  private func lines(
    _ jobs: JobReading, _ job: JobSummary, _ query: LogsQuery, _ from: Int, _ limit: Int
  ) async throws(Problem) -> (lines: [API.LogLine], next: Int?) {
    let least = try Self.level(query.level)
    let paths = try await paths(jobs, job.id)
    let node = try query.path.map { path throws(Problem) -> UInt32 in
      guard let node = paths.first(where: { ScalarString($0.value) == ScalarString(path) })?.key else {
        throw Problem(
          "no-step", Bilingual("The job has no step \(path).", pt: "O job não tem o passo \(path)."))
      }
      return node
    }
    let found: [Stores.LogLine]
    do throws(Failure) {
      found = try await logs.read(
        job.id, key: try unwrapped(job), node: node, attempt: query.attempt, skip: from, limit: limit)
    } catch {
      throw Problem("log-unreadable", Bilingual(error.message, pt: error.message))
    }
    let lines = found.filter { $0.level.rawValue >= least.rawValue }.map { line in
      API.LogLine(
        at: line.at, level: line.level.word, path: paths[line.node] ?? "", attempt: line.attempt,
        message: line.message)
    }
    return (lines, found.count == limit ? from + found.count : nil)
  }

  private func unwrapped(_ job: JobSummary) throws(Failure) -> SymmetricKey {
    do throws(Problem) {
      return try vault.unwrap(job.wrappedKey)
    } catch {
      throw Failure(.internal, code: error.code, error.message.english)
    }
  }

  private func paths(_ jobs: JobReading, _ job: ID<Job>) async throws(Problem) -> [UInt32: String] {
    var (paths, from): ([UInt32: String], Int) = ([:], 0)
    let page = 1_000
    while true {
      let steps = try await jobs.view(job, from, page).steps
      for step in steps { paths[step.node] = step.path }
      from += steps.count
      if steps.count < page { return paths }
    }
  }

  private static func level(_ word: String?) throws(Problem) -> LogLevel {
    guard let word else { return .debug }
    guard let level = LogLevel.allCases.first(where: { $0.word.lowercased() == word.lowercased() }) else {
      throw Problem(
        "invalid-request",
        Bilingual("There is no level \"\(word)\".", pt: "Não existe o nível \"\(word)\"."),
        remedy: Bilingual("There are: debug, info, warn, error.", pt: "Existem: debug, info, warn, error."))
    }
    return level
  }
}

extension BlockingThreads {
  /// For folds of long histories.
  static let reads = BlockingThreads(count: 2)
}

/// An open file, read piece by piece and closed at the end.
private actor FileChunks {
  private let file: Int32
  private static let size = 64 * 1_024

  init(_ file: Int32) { self.file = file }
  deinit { close(file) }

  func next() async -> [UInt8]? {
    let file = file
    let bytes = await BlockingThreads.reads.run { () -> [UInt8] in
      [UInt8](unsafeUninitializedCapacity: Self.size) { buffer, count in
        count = max(0, read(file, buffer.baseAddress, buffer.count))
      }
    }
    return bytes.isEmpty ? nil : bytes
  }
}

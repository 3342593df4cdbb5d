import CLI
import Connectors
import Engine
import Glibc
import Model
import Net
import Stores
import Synchronization
import Watchdog

/// The watcher of a data folder, put together.
struct Watching: Sendable {
  let watcher: Watcher
  let store: WatchFile
  let configuration: LastConfiguration

  /// - Parameter signs: nil where nobody watches: commands that only read, and `run`.
  init(
    folder: String, installed: InstalledConnectors, readModel: any ReadModel, history: JobHistory,
    signs: EngineSignals?
  ) throws(Problem) {
    let evidence = StoreEvidence(
      readModel: readModel, compiler: Program.compiler(installed), zones: .system,
      outputs: { job in try? history.view(job, from: 0, limit: 0).outputs })
    let configuration = LastConfiguration(ConfigFile(folder: folder))
    self.configuration = configuration
    let path = folder + "/watch.db"
    do throws(WatchFault) {
      store =
        signs == nil
        ? try WatchFile(reading: path, exists: access(path, F_OK) == 0) : try WatchFile(path: path)
      watcher = try Watcher(
        evidence: evidence, store: store, engine: signs, zones: .system,
        configuration: { configuration.value }, now: Program.now, newID: Self.newID)
    } catch {
      throw Problem(
        "watch-store",
        Bilingual(
          "The watcher's file cannot be used: \(error)", pt: "O arquivo do vigia não pode ser usado: \(error)"
        ),
        remedy: Bilingual(
          "Look at \(path); without it nothing is watched.",
          pt: "Verifique \(path); sem ele nada é vigiado."))
    }
  }

  private static let newID: @Sendable (Timestamp) -> (high: UInt64, low: UInt64) = { moment in
    var random = SystemRandomNumberGenerator()
    let id = ID<Notice>.generate(at: moment, using: &random)
    return (id.high, id.low)
  }
}

/// What `esteira.yaml` says now. While it cannot be understood, what it said last counts: a slip of the pen
/// must not end the watch.
final class LastConfiguration: Sendable {
  private let file: ConfigFile
  private let last = Mutex<(value: WatchConfiguration, problem: Problem?)>((WatchConfiguration(), nil))

  init(_ file: ConfigFile) { self.file = file }

  var value: WatchConfiguration {
    do throws(Problem) {
      let read = try file.watching()
      last.withLock { $0 = (read, nil) }
      return read
    } catch {
      return last.withLock { last in
        last.problem = error
        return last.value
      }
    }
  }

  /// Why the file does not count.
  var problem: Problem? { last.withLock { $0.problem } }
}

/// Signs of life of the node, for the watcher, which is made after it.
final class EngineSignals: WatchedEngine {
  private struct State {
    var node: Node?
    var storeWaits: String?
    var queues: (@Sendable () -> [QueueStanding])?
  }
  private let state = Mutex(State())

  func begin(_ node: Node, queues: @escaping @Sendable () -> [QueueStanding]) {
    state.withLock { ($0.node, $0.queues) = (node, queues) }
  }
  func store(waits reason: String?) { state.withLock { $0.storeWaits = reason } }

  var turns: UInt64 { state.withLock { $0.node?.turns ?? 0 } }
  func nudge() { state.withLock { $0.node }?.nudge() }
  var storeWaits: String? { state.withLock { $0.storeWaits } }

  var queues: [WatchedQueue] {
    let read = state.withLock { $0.queues }
    return (read?() ?? []).map { queue in
      WatchedQueue(
        namespace: queue.namespace, connection: queue.connection, source: queue.source,
        failures: queue.status.failures, reason: queue.status.lastFailure ?? "")
    }
  }
}

/// Looks again and again, on a thread of its own.
actor WatchLoop {
  private let watching: Watching
  private let executor: ThreadExecutor
  private let signal: WakeEvent
  private let stopping = Atomic(false)
  private let log: ServerLog
  private let sending: NoticeSending
  private var client: CurlClient?
  private var pinged: Duration?
  private var saidProblem: Problem?
  private static let clock = SystemClock()
  private static let pingTimeout = Duration.seconds(10)

  nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  /// - Parameter log: is given each notice.
  init(
    _ watching: Watching, destinations: @escaping @Sendable () -> [ConfiguredDestination], log: ServerLog
  ) throws(Problem) {
    (self.watching, self.log) = (watching, log)
    sending = NoticeSending(
      destinations, store: watching.store, source: "/esteira/\(Places.host)", now: Program.now,
      say: { log.tell(.warn, "notice", $0) })
    do throws(NetError) {
      executor = try ThreadExecutor("esteira-watch")
      signal = try WakeEvent()
    } catch {
      throw Problem(
        "node-start",
        Bilingual("The node cannot start: \(error)", pt: "O nó não consegue iniciar: \(error)"),
        remedy: Bilingual("Run `esteira doctor`.", pt: "Execute `esteira doctor`."))
    }
  }

  deinit { executor.stop() }

  /// Until `stop`; the thread waits in here.
  func run() {
    while !stopping.load(ordering: .acquiring) {
      let moment = Self.clock.monotonic
      let round = watching.watcher.round(at: moment)
      for notice in round.notices { tell(notice) }
      tellProblem()
      // What cannot be sent or noted now is there at the next look.
      Task { [sending] in try? await sending.send() }
      let next = min(round.next, ping(round, at: moment))
      wait(next)
    }
  }

  nonisolated func stop() {
    stopping.store(true, ordering: .releasing)
    signal.signal()
  }

  /// Looks at once: something was changed that may be late or well now.
  nonisolated func wake() { signal.signal() }

  private func wait(_ pause: Duration) {
    var watched = [pollfd(fd: signal.descriptor, events: Int16(POLLIN), revents: 0)]
    poll(&watched, 1, Int32(clamping: max(pause, .zero).microseconds / 1_000 + 1))
    _ = signal.take()
  }

  private func tell(_ notice: Notice) {
    log.tell(
      [.resolved, .acknowledged].contains(notice.kind) ? .info : .error, "alert_\(notice.kind.rawValue)",
      notice.text,
      [
        "alert": .string(notice.alert.key), "finding": .string(notice.alert.finding.code.rawValue),
        "alert_id": .string(notice.alert.id.description),
      ])
  }

  private func tellProblem() {
    let problem = watching.configuration.problem
    if problem != saidProblem, let problem { log.tell(.error, "bad_config", problem.message) }
    saidProblem = problem
  }

  /// Tells the watcher outside that all is well. Where it is not, its silence is the message. Returns when it
  /// is due again.
  private func ping(_ round: Watcher.Round, at moment: Duration) -> Duration {
    guard let ping = watching.configuration.value.ping else { return Watcher.interval }
    if let pinged, moment - pinged < ping.every { return pinged + ping.every - moment }
    guard round.isWell else { return Watcher.interval }
    pinged = moment
    let watcher = watching.watcher
    do throws(NetError) {
      let client = try knownClient()
      Task { watcher.toldOutside(await Self.send(ping, client)) }
    } catch {
      watcher.toldOutside("\(error)")
    }
    return ping.every
  }

  private func knownClient() throws(NetError) -> CurlClient {
    if let client { return client }
    let made = try CurlClient(version: Program.name)
    client = made
    return made
  }

  /// Why it could not be told; nil: it was. The address may hold a secret and is not repeated.
  private static func send(_ ping: WatchConfiguration.Ping, _ client: CurlClient) async -> String? {
    let networks = ping.egress.compactMap(CIDR.init)
    var request = OutgoingRequest("GET", ping.url, egress: Egress(allow: networks))
    (request.totalTimeout, request.maxRedirects, request.maxResponseBytes) = (pingTimeout, 0, 65_536)
    do throws(NetError) {
      let status = try await client.perform(request).status
      return (200..<300).contains(status) ? nil : "HTTP \(status)"
    } catch {
      return "\(error)".replacing(ping.url, with: "…")
    }
  }
}

import API
import CLI
import CSystem
import Engine
import Glibc
import Model
import Stores
import Watchdog

/// What `doctor` looks at: the machine, the folder, and the work. Each finding is a fact with its remedy.
struct Checks: Sendable {
  var path: String
  var readModel: any ReadModel
  /// Of the server; nil beside none.
  var node: Engine.Node?
  var watcher: Watcher?
  var queues: [QueueStanding] = []
  /// Asks where the connections lead; nil beside no server.
  var doctor: ConnectionDoctor?
  var isServer: Bool { node != nil }
  private static let leastFree: UInt64 = 1 << 30
  /// What has waited so long to leave is told.
  private static let longWait = Duration.seconds(3_600)

  init(path: String, readModel: any ReadModel, node: Engine.Node? = nil, watcher: Watcher? = nil) {
    (self.path, self.readModel, self.node, self.watcher) = (path, readModel, node, watcher)
  }

  func all(_ language: Language) async -> [CheckItem] {
    // It reads files whole, which takes its time.
    let own = await BlockingThreads.reads.run { (needed + machine + work).map { $0.item(language) } }
    return own + (await doctor?.checks() ?? []).map { $0.item(language) }
  }

  /// What a node cannot work without. Anybody may ask for it, so it is cheap.
  func needs(_ language: Language) async -> [CheckItem] { needed.map { $0.item(language) } }

  private var needed: [Check] { [server, store, disk, zones, key] + outbox + drain }

  struct Check {
    enum State: String { case ok, warn, error }
    var state: State
    var name: String
    var text: Bilingual
    var remedy: Bilingual?

    func item(_ language: Language) -> CheckItem {
      CheckItem(state: state.rawValue, name: name, text: text[language], remedy: remedy?[language])
    }
  }

  private var server: Check {
    if isServer {
      return Check(
        state: .ok, name: "server",
        text: Bilingual("process \(getpid()) on \(path)", pt: "processo \(getpid()) em \(path)"))
    }
    return Check(
      state: .warn, name: "server", text: Bilingual("none runs on \(path)", pt: "nenhum roda em \(path)"),
      remedy: Bilingual("esteira server --background", pt: "esteira server --background"))
  }

  /// Nothing while the node begins what it is given.
  private var drain: [Check] {
    guard let order = node?.drained else { return [] }
    return [
      Check(
        state: .error, name: "drain",
        text: Bilingual(
          "the node begins nothing since \(order.since.rfc3339): \(order.by), \(order.reason)",
          pt: "o nó não começa nada desde \(order.since.rfc3339): \(order.by), \(order.reason)"),
        remedy: Bilingual(
          "esteira server undrain, or start it anew", pt: "esteira server undrain, ou reinicie-o"))
    ]
  }

  private var store: Check {
    do throws(StoreError) {
      let jobs = try readModel.jobs(JobFilter(), before: nil, limit: 1).count
      let state =
        jobs == 0 ? Bilingual("no job yet", pt: "nenhum job ainda") : Bilingual("readable", pt: "legível")
      let version = SQLiteStore.libraryVersion
      return Check(
        state: .ok, name: "store",
        text: Bilingual(
          "SQLite \(version), one writer; \(state.english)",
          pt: "SQLite \(version), um escritor; \(state.portuguese)"))
    } catch {
      return Check(
        state: .error, name: "store", text: Bilingual("\(error)", pt: "\(error)"),
        remedy: Bilingual("restore a backup", pt: "restaure um backup"))
    }
  }

  /// Nothing where everything leaves.
  private var outbox: [Check] {
    let (waiting, disabled): ([OutboxSummary], [DisabledDestination])
    do throws(StoreError) {
      (waiting, disabled) = (try readModel.outboxSummaries(), try readModel.readDisabledDestinations())
    } catch { return [] }
    var checks = disabled.map { row in
      Check(
        state: .warn, name: "outbox",
        text: Bilingual(
          "the destination \(row.name) is disabled: \(row.reason)",
          pt: "o destino \(row.name) está desativado: \(row.reason)"),
        remedy: Bilingual(
          "esteira destination enable \(row.name)", pt: "esteira destination enable \(row.name)"))
    }
    let now = Program.now()
    for row in waiting where now - row.oldestAt > Self.longWait || row.held > 0 {
      let age = Words(language: .english).duration(now - row.oldestAt)
      checks.append(
        Check(
          state: .warn, name: "outbox",
          text: Bilingual(
            "\(row.waiting) messages wait for \(row.destination), the oldest for \(age)",
            pt: "\(row.waiting) mensagens esperam por \(row.destination), a mais antiga há \(age)"),
          remedy: Bilingual(
            "esteira destination deliveries \(row.destination)",
            pt: "esteira destination deliveries \(row.destination)")))
    }
    return checks
  }

  private var disk: Check {
    var status = statvfs()
    guard statvfs(path, &status) == 0 else {
      return Check(
        state: .error, name: "disk", text: Bilingual("\(path) is not there", pt: "\(path) não existe"))
    }
    let free = UInt64(status.f_bavail) * UInt64(status.f_frsize)
    let text = Bilingual("\(free >> 20) MiB free", pt: "\(free >> 20) MiB livres")
    return free < Self.leastFree
      ? Check(
        state: .warn, name: "disk", text: text, remedy: Bilingual("free some space", pt: "libere espaço"))
      : Check(state: .ok, name: "disk", text: text)
  }

  private var zones: Check {
    guard ZoneDatabase.system.zone("America/Sao_Paulo") != nil else {
      return Check(
        state: .error, name: "zones",
        text: Bilingual("no time zones in /usr/share/zoneinfo", pt: "sem fusos em /usr/share/zoneinfo"),
        remedy: Bilingual("apt install tzdata", pt: "apt install tzdata"))
    }
    let version = ZoneDatabase.system.version
    return Check(state: .ok, name: "zones", text: Bilingual("tzdata \(version)", pt: "tzdata \(version)"))
  }

  private var key: Check {
    let file = path + "/master.key"
    var status = stat()
    guard stat(file, &status) == 0 else {
      return Check(
        state: .error, name: "key", text: Bilingual("\(file) is missing", pt: "falta \(file)"),
        remedy: Bilingual("put its backup back", pt: "recoloque o backup dela"))
    }
    return Check(
      state: .warn, name: "key",
      text: Bilingual("master.key is beside the data", pt: "master.key está junto dos dados"),
      remedy: Bilingual("keep a copy of \(file) elsewhere", pt: "guarde uma cópia de \(file) em outro lugar"))
  }
}

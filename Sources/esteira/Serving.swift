import Access
import CLI
import CSystem
import Crypto
import Engine
import Glibc
import Model
import Net
import Server
import Stores
import Watchdog

/// The command `server`: a node that runs until it is told to stop.
struct Serving: Sendable {
  var options: ServeOptions
  var language: Language
  /// Open requests and streams may take so long to end after a stop.
  private static let closeGrace = Duration.seconds(5)
  /// Children of the last server may take longer to end: then the rest is decided after the start.
  private static let settleLimit = Duration.seconds(5)
  /// Set by `Background` for the process that it starts; its file descriptor 3 takes the report.
  static let reportVariable = "ESTEIRA_BACKGROUND_REPORT"
  private static let reportDescriptor: Int32 = 3

  static func serve(_ options: ServeOptions, _ language: Language) async -> Int32 {
    if options.background { return Background.start(options, language) }
    return await Serving(options: options, language: language).run()
  }

  private func run() async -> Int32 {
    // Keys and secrets are in it, and steps run as the same user. Where the system does not know the call, a
    // server without it is better than none.
    _ = esteira_close_memory()
    let isReported = Self.takesReport()
    let wishes = Signals.wishes([SIGINT, SIGTERM, SIGHUP])
    let hadTerminal = Signals.hasTerminal
    do throws(Problem) {
      let folder = try DataFolder(path: Places.data(options.data))
      let first = Accounts.firstPassword(for: folder)
      var parts = try NodeParts(folder: folder, restores: true, language: language)
      let setting = try ServerSetting.effective(
        ConfigFile(folder: parts.folder.path), listen: options.listen)
      let sources = SourceWatches(of: parts, log: Console.system.error)
      let watch = try watch(parts)
      parts.news.triggers.answer {
        sources.reconcile()
        watch.wake()
      }
      let (access, admin) = try await accounts(&parts, setting, first)
      let hub = Self.hub(parts, access)
      (parts.backend.hub, parts.backend.metricAliases) = (hub, setting.metrics.aliases)
      parts.backend.backups = BackupDesk.work(of: parts.folder.path, setting.backups)
      Accounts.auditUses(of: parts, in: access.audit)
      let listening = try listen(parts, setting)
      let carrying = [
        Task { await hub.run() }, Task { await Accounts.tidy(access) },
        Task { await Accounts.tell(hub, of: access) },
      ]
      await Self.settle(parts.node)
      sources.reconcile()
      report(banner(parts, listening, admin), isReported)
      await untilStopped(wishes, listening, hadTerminal: hadTerminal)
      Console.system.out(stopping)
      await sources.stop()
      hub.stop()
      await listening.server.stop(grace: Self.closeGrace)
      carrying.forEach { $0.cancel() }
      // What cannot be written now is found expired by the next start.
      try? await access.removeExpired()
      watch.stop()
      await parts.node.stop(drain: options.drain)
      unlink(parts.folder.processPath)
      return 0
    } catch {
      let remedy = error.remedy.map { ["  " + $0[language]] } ?? []
      fail(
        ["esteira: \(error.message[language]) [\(error.code)]"] + remedy, Self.exitCode(error.code),
        isReported)
      return Self.exitCode(error.code)
    }
  }

  private static func takesReport() -> Bool {
    guard getenv(reportVariable) != nil else { return false }
    unsetenv(reportVariable)
    // Nothing that this server starts shall hold the reader of the report up.
    _ = fcntl(reportDescriptor, F_SETFD, FD_CLOEXEC)
    return true
  }

  private func accounts(
    _ parts: inout NodeParts, _ setting: ServerSetting, _ first: Task<FirstPassword?, Never>
  ) async throws(Problem) -> (AccessService, FirstAdmin?) {
    let outside = try outside(parts, setting)
    let (access, admin) = try await Accounts.open(
      parts, outside, operatorsMayRetry: setting.operatorsMayRetry, first: first)
    (parts.backend.access, parts.backend.audit) = (access, access.audit)
    parts.backend.keys = try Accounts.keys(parts, access)
    if let outside { parts.backend.oidcFetch = outside.fetch }
    return (access, admin)
  }

  /// Returns when the server shall end.
  private func untilStopped(
    _ wishes: AsyncStream<Int32>, _ listening: Listening, hadTerminal: Bool
  ) async {
    for await wish in wishes {
      // The terminal that the server was started from is gone: nobody can stop it from there any more.
      guard wish == SIGHUP, !hadTerminal || Signals.hasTerminal else { return }
      reload(listening)
    }
  }

  /// Gives the lost attempts of the last server time to be decided: what is shown next is then true.
  private static func settle(_ node: Node) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await node.settled() }
      // Cancelled when all is decided first, which is no failure.
      group.addTask { try? await Task.sleep(for: settleLimit) }
      await group.next()
      group.cancelAll()
    }
  }

  /// From now on what is expected is watched, whatever the engine does.
  private func watch(_ parts: NodeParts) throws(Problem) -> WatchLoop {
    let language = language
    let loop = try WatchLoop(
      parts.watching, destinations: parts.destinations
    ) { Console.system.error($0[language]) }
    parts.watching.watcher.onChange { [weak loop] in loop?.wake() }
    Task { await loop.run() }
    return loop
  }

  /// Where people sign in besides here, if anywhere.
  private func outside(_ parts: NodeParts, _ setting: ServerSetting) throws(Problem) -> OutsideSignIn? {
    let language = language
    return try setting.oidc.map { (oidc) throws(Problem) in
      try OutsideSignIn(oidc, config: ConfigFile(folder: parts.folder.path), parts.vault, parts.store) {
        Console.system.error("\($0.message[language]) [\($0.code)]")
      }
    }
  }

  private static func hub(_ parts: NodeParts, _ access: AccessService) -> Hub {
    let people = ConfigFile(folder: parts.folder.path)
    let rights = HubAccess(
      refresh: { access.current($0) },
      // A ticket that is not valid is told as such by the hub.
      redeem: { try? access.principal(socketTicket: $0) },
      // A file that cannot be read names no groups; `doctor` tells of it.
      groups: { (try? people.groups(of: $0)) ?? [] })
    return Hub(
      HubSources(parts.node, parts.backend, logs: parts.hubLogs), access: rights, now: Program.now,
      pause: Program.pause, jitter: { .milliseconds(Int64.random(in: 0..<2_000)) })
  }

  private func listen(_ parts: NodeParts, _ setting: ServerSetting) throws(Problem) -> Listening {
    let language = language
    let router = Router(parts.backend) { Console.system.error($0.message[language]) }
    let edge = HTTPEdge(
      router, owner: geteuid(), actor: Connecting.actor, access: parts.backend.access, hub: parts.backend.hub,
      origins: OwnOrigins(publicURL: setting.publicURL), scrapers: setting.metrics.from,
      version: Program.name, now: Program.now,
      newRequestID: { Hex.encode(SecureRandom.bytes(8)) })
    return try Listening.open(socket: parts.folder.socketPath, setting, edge)
  }

  private static func exitCode(_ code: String) -> Int32 { code == "already-running" ? 6 : 7 }
}

// What it says.
extension Serving {
  private func banner(_ parts: NodeParts, _ listening: Listening, _ admin: FirstAdmin?) -> [String] {
    let path = parts.folder.path
    var lines = [
      Bilingual(
        "Esteira \(Program.name), node \(Places.host), SQLite \(SQLiteStore.libraryVersion) "
          + "(one writer; safe), data in \(path)",
        pt:
          "Esteira \(Program.name), nó \(Places.host), SQLite \(SQLiteStore.libraryVersion) "
          + "(um escritor; seguro), dados em \(path)"
      )
    ]
    if parts.isFirstStart {
      lines.append(
        Bilingual(
          "First start. Master key written to \(parts.folder.keyPath). "
            + "Without it no credential can be read: back it up now.",
          pt:
            "Primeira partida. Chave mestra gravada em \(parts.folder.keyPath). "
            + "Sem ela nenhuma credencial pode ser lida: faça backup já."
        ))
    }
    if let admin {
      let (name, password) = (admin.account.name, admin.password)
      lines.append(
        Bilingual(
          "Administrator: \(name)   password: \(password)   (shown once)",
          pt: "Administrador: \(name)   senha: \(password)   (mostrada uma vez)"))
    }
    if let note = listening.note { lines.append(note) }
    let places = (listening.urls + [parts.folder.socketPath]).joined(separator: "  ")
    lines.append(Bilingual("Ready: \(places)", pt: "Pronto: \(places)"))
    lines += Self.recovered(parts.node.recovered)
    return lines.map { $0[language] }
  }

  private static func recovered(_ jobs: [RecoveredJob]) -> [Bilingual] {
    if jobs.isEmpty { return [] }
    let kept = jobs.reduce(0) { $0 + $1.kept }
    let head = Bilingual(
      "Recovered \(jobs.count) \(jobs.count == 1 ? "job" : "jobs"), \(steps(kept)[.english]).",
      pt:
        "\(jobs.count) \(jobs.count == 1 ? "job recuperado" : "jobs recuperados"), "
        + "\(steps(kept)[.portuguese])."
    )
    return [head]
      + jobs.prefix(20).map { job in
        let name = "\(job.id) \(job.pipeline)"
        if let reason = job.quarantine {
          return Bilingual("  \(name): quarantined: \(reason)", pt: "  \(name): em quarentena: \(reason)")
        }
        let lost = job.lost.prefix(5).joined(separator: ", ")
        return Bilingual(
          "  \(name): \(steps(job.kept)[.english])" + (lost.isEmpty ? "" : "; lost with the node: \(lost)"),
          pt: "  \(name): \(steps(job.kept)[.portuguese])"
            + (lost.isEmpty ? "" : "; perdidos com o nó: \(lost)"))
      }
  }

  private static func steps(_ kept: Int) -> Bilingual {
    Bilingual(
      "\(kept) \(kept == 1 ? "step" : "steps") kept",
      pt: "\(kept) \(kept == 1 ? "passo mantido" : "passos mantidos")")
  }

  /// Never stops the server: what is broken is told, and what was read before stays in use.
  private func reload(_ listening: Listening) {
    do throws(Problem) {
      Console.system.error(try listening.reload()[language])
    } catch {
      let remedy = error.remedy.map { " " + $0[language] } ?? ""
      let kept = Bilingual(
        "The certificate read before stays in use.", pt: "O certificado lido antes segue em uso.")
      Console.system.error("\(error.message[language]) [\(error.code)] \(kept[language])\(remedy)")
    }
  }

  private var stopping: String {
    let limit = Words(language: language).duration(options.drain)
    return Bilingual(
      "Stopping: steps that run have \(limit) to end; unfinished jobs are kept.",
      pt: "Parando: os passos em execução têm \(limit) para terminar; os jobs inacabados ficam guardados.")[
        language]
  }

  /// The start is over, so that what it alone needed is given back.
  private func report(_ lines: [String], _ isReported: Bool) {
    esteira_release_code()
    if isReported {
      Background.send(0, lines, to: Self.reportDescriptor)
    } else {
      lines.forEach(Console.system.out)
    }
  }

  private func fail(_ lines: [String], _ code: Int32, _ isReported: Bool) {
    if isReported {
      Background.send(code, lines, to: Self.reportDescriptor)
    } else {
      lines.forEach(Console.system.error)
    }
  }
}

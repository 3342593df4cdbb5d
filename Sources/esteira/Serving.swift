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
    var known: ServerLog?
    do throws(Problem) {
      let folder = try DataFolder(path: Places.data(options.data))
      let log = try ServerLog(LogSetting.effective(ConfigFile(folder: folder.path)), language)
      known = log
      let first = Accounts.firstPassword(for: folder)
      var parts = try NodeParts(folder: folder, restores: true, log: log)
      let setting = try ServerSetting.effective(ConfigFile(folder: folder.path), listen: options.listen)
      let sources = SourceWatches(of: parts, log: log)
      let watch = try watch(parts, log)
      parts.news.triggers.answer {
        sources.reconcile()
        watch.wake()
      }
      let (access, admin) = try await accounts(&parts, setting, first, log)
      let hub = Self.hub(parts, access)
      Self.equip(&parts, setting, access, hub)
      let listening = try listen(parts, setting, log)
      let carrying = [
        Task { await hub.run() }, Task { await Accounts.tidy(access) },
        Task { await Accounts.tell(hub, of: access) },
        Task { [node = parts.node] in await JobLines(log: log).follow(node) },
      ]
      await Self.settle(parts.node)
      await Self.finishErasures(parts.node, log)
      sources.reconcile()
      report(banner(parts, listening, admin), isReported, log)
      await untilStopped(wishes, listening, hadTerminal: hadTerminal, log)
      say("server_stopping", stopping, log)
      await sources.stop()
      hub.stop()
      await listening.server.stop(grace: Self.closeGrace)
      for task in carrying { task.cancel() }
      // What cannot be written now is found expired by the next start.
      try? await access.removeExpired()
      watch.stop()
      await parts.node.stop(drain: options.drain)
      unlink(parts.folder.processPath)
      return 0
    } catch {
      fail(error, isReported, known)
      return Self.exitCode(error.code)
    }
  }

  private static func equip(
    _ parts: inout NodeParts, _ setting: ServerSetting, _ access: AccessService, _ hub: Hub
  ) {
    (parts.backend.hub, parts.backend.metricAliases) = (hub, setting.metrics.aliases)
    parts.backend.backups = BackupDesk.work(of: parts.folder.path, setting.backups)
    Accounts.auditUses(of: parts, in: access.audit)
  }

  private static func takesReport() -> Bool {
    guard getenv(reportVariable) != nil else { return false }
    unsetenv(reportVariable)
    // Nothing that this server starts shall hold the reader of the report up.
    _ = fcntl(reportDescriptor, F_SETFD, FD_CLOEXEC)
    return true
  }

  private func accounts(
    _ parts: inout NodeParts, _ setting: ServerSetting, _ first: Task<FirstPassword?, Never>,
    _ log: ServerLog
  ) async throws(Problem) -> (AccessService, FirstAdmin?) {
    let outside = try outside(parts, setting, log)
    let (access, admin) = try await Accounts.open(
      parts, outside, operatorsMayRetry: setting.operatorsMayRetry, first: first)
    (parts.backend.access, parts.backend.audit) = (access, access.audit)
    parts.backend.keys = try Accounts.keys(parts, access)
    if let outside { parts.backend.oidcFetch = outside.fetch }
    return (access, admin)
  }

  /// Returns when the server shall end.
  private func untilStopped(
    _ wishes: AsyncStream<Int32>, _ listening: Listening, hadTerminal: Bool, _ log: ServerLog
  ) async {
    for await wish in wishes {
      // The terminal that the server was started from is gone: nobody can stop it from there any more.
      guard wish == SIGHUP, !hadTerminal || Signals.hasTerminal else { return }
      reload(listening, log)
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

  /// What of an erasure a crash or a restored backup left over; what fails now is tried again every day.
  private static func finishErasures(_ node: Node, _ log: ServerLog) async {
    do throws(Problem) { try await node.finishErasures() } catch { log.tell(error, "erasure_failed") }
  }

  /// From now on what is expected is watched, whatever the engine does.
  private func watch(_ parts: NodeParts, _ log: ServerLog) throws(Problem) -> WatchLoop {
    let loop = try WatchLoop(
      parts.watching, destinations: { [node = parts.node] in node.destinations }, log: log)
    parts.watching.watcher.onChange { [weak loop] in loop?.wake() }
    Task { await loop.run() }
    return loop
  }

  /// Where people sign in besides here, if anywhere.
  private func outside(
    _ parts: NodeParts, _ setting: ServerSetting, _ log: ServerLog
  ) throws(Problem) -> OutsideSignIn? {
    try setting.oidc.map { (oidc) throws(Problem) in
      try OutsideSignIn(oidc, config: ConfigFile(folder: parts.folder.path), parts.vault, parts.store) {
        log.tell($0, "sign_in_failed")
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

  private func listen(
    _ parts: NodeParts, _ setting: ServerSetting, _ log: ServerLog
  ) throws(Problem) -> Listening {
    let router = Router(parts.backend) { log.tell(.error, "audit_failed", $0.message) }
    var edge = HTTPEdge(
      router, owner: geteuid(), actor: Connecting.actor, access: parts.backend.access, hub: parts.backend.hub,
      origins: OwnOrigins(publicURL: setting.publicURL), scrapers: setting.metrics.from,
      version: Program.name, now: Program.now,
      newRequestID: { Hex.encode(SecureRandom.bytes(8)) })
    if log.tellsWork() { edge.answered = log.answered }
    return try Listening.open(socket: parts.folder.socketPath, setting, edge)
  }

  private static func exitCode(_ code: String) -> Int32 { code == "already-running" ? 6 : 7 }
}

// What it says.
extension Serving {
  /// One thing that a start tells; `isSecret`: for whoever started it, and for no log.
  private struct Word {
    var event: String
    var text: Bilingual
    var isSecret = false
  }

  private func banner(_ parts: NodeParts, _ listening: Listening, _ admin: FirstAdmin?) -> [Word] {
    let path = parts.folder.path
    var words = [
      Word(
        event: "server_starting",
        text: Bilingual(
          "Esteira \(Program.name), node \(Places.host), SQLite \(SQLiteStore.libraryVersion) "
            + "(one writer; safe), data in \(path)",
          pt:
            "Esteira \(Program.name), nó \(Places.host), SQLite \(SQLiteStore.libraryVersion) "
            + "(um escritor; seguro), dados em \(path)"
        ))
    ]
    if parts.isFirstStart {
      words.append(
        Word(
          event: "first_start",
          text: Bilingual(
            "First start. Master key written to \(parts.folder.keyPath). "
              + "Without it no credential can be read: back it up now.",
            pt:
              "Primeira partida. Chave mestra gravada em \(parts.folder.keyPath). "
              + "Sem ela nenhuma credencial pode ser lida: faça backup já."
          )))
    } else if admin != nil {
      // `run` has made the folder and said nothing of its key.
      words.append(
        Word(
          event: "first_start",
          text: Bilingual(
            "The master key is \(parts.folder.keyPath). "
              + "Without it no credential can be read: back it up now.",
            pt:
              "A chave mestra é \(parts.folder.keyPath). "
              + "Sem ela nenhuma credencial pode ser lida: faça backup já."
          )))
    }
    if let admin {
      let (name, password) = (admin.account.name, admin.password)
      words.append(
        Word(
          event: "administrator",
          text: Bilingual(
            "Administrator: \(name)   password: \(password)   (shown once)",
            pt: "Administrador: \(name)   senha: \(password)   (mostrada uma vez)"), isSecret: true))
    }
    if let note = listening.note { words.append(Word(event: "not_listening", text: note)) }
    let places = (listening.urls + [parts.folder.socketPath]).joined(separator: "  ")
    words.append(Word(event: "server_ready", text: Bilingual("Ready: \(places)", pt: "Pronto: \(places)")))
    words += Self.recovered(parts.node.recovered).map { Word(event: "recovered", text: $0) }
    return words
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
  private func reload(_ listening: Listening, _ log: ServerLog) {
    do throws(Problem) {
      log.tell(.info, "certificate_read", try listening.reload())
    } catch {
      func remedy(_ language: Language) -> String { error.remedy.map { " " + $0[language] } ?? "" }
      let kept = Bilingual(
        "The certificate read before stays in use.", pt: "O certificado lido antes segue em uso.")
      func text(_ language: Language) -> String {
        "\(error.message[language]) [\(error.code)] \(kept[language])\(remedy(language))"
      }
      log.tell(.error, "certificate_refused", Bilingual(text(.english), pt: text(.portuguese)))
    }
  }

  private var stopping: Bilingual {
    let limit = Words(language: language).duration(options.drain)
    return Bilingual(
      "Stopping: steps that run have \(limit) to end; unfinished jobs are kept.",
      pt: "Parando: os passos em execução têm \(limit) para terminar; os jobs inacabados ficam guardados.")
  }

  /// The start is over, so that what it alone needed is given back.
  private func report(_ words: [Word], _ isReported: Bool, _ log: ServerLog) {
    esteira_release_code()
    if isReported { Background.send(0, words.map { $0.text[language] }, to: Self.reportDescriptor) }
    for word in words {
      if log.isJSON, !word.isSecret {
        log.tell(.info, word.event, word.text)
      } else if !isReported {
        Console.system.out(word.text[language])
      }
    }
  }

  /// To whoever started the server in this terminal, or to what collects its log.
  private func say(_ event: String, _ text: Bilingual, _ log: ServerLog) {
    if log.isJSON { log.tell(.info, event, text) } else { Console.system.out(text[language]) }
  }

  private func fail(_ problem: Problem, _ isReported: Bool, _ log: ServerLog?) {
    let remedy = problem.remedy.map { ["  " + $0[language]] } ?? []
    let lines = ["esteira: \(problem.message[language]) [\(problem.code)]"] + remedy
    if isReported { Background.send(Self.exitCode(problem.code), lines, to: Self.reportDescriptor) }
    if let log, log.isJSON {
      log.tell(problem, "server_failed")
    } else if !isReported {
      lines.forEach(Console.system.error)
    }
  }
}

import CLI
import Engine
import Model
import Net
import Pipelines
import Watchdog

// The work: what waits, what is silent, and what will fail soon.
extension Checks {
  private static let longWait = Duration.seconds(3_600)
  private static let silence = Duration.seconds(600)
  private static let missedWithin = Duration.seconds(86_400)
  private static let mostPipelines = 5_000
  private static let mostShown = 5
  private static let mostCounted = 1_000

  /// What the store cannot say now is told by the check of the store.
  var work: [Check] {
    do throws(StoreError) {
      return try jobs + schedules + triggers + brokers + libraries + letters + credentials + pauses + alerts
    } catch { return [] }
  }

  private var jobs: [Check] {
    get throws(StoreError) {
      let filter = JobFilter(statuses: [.needsAttention])
      let stuck = try readModel.jobs(filter, before: nil, limit: Self.mostCounted).count
      let running = try readModel.jobs(
        JobFilter(statuses: [.pending, .queued, .running, .waiting]), before: nil, limit: Self.mostCounted
      ).count
      if !isServer, running > 0 {
        return Self.attention(stuck) + [
          Check(
            state: .warn, name: "jobs",
            text: Bilingual(
              "\(running) unfinished jobs rest", pt: "\(running) jobs inacabados estão parados"),
            remedy: Bilingual("esteira server --background", pt: "esteira server --background"))
        ]
      }
      return Self.attention(stuck)
    }
  }

  private static func attention(_ stuck: Int) -> [Check] {
    if stuck == 0 { return [] }
    return [
      Check(
        state: .warn, name: "jobs",
        text: Bilingual("\(stuck) jobs wait for a decision", pt: "\(stuck) jobs esperam uma decisão"),
        remedy: Bilingual(
          "esteira job ls --status needs_attention", pt: "esteira job ls --status needs_attention"))
    ]
  }

  /// Due times that nobody decided, and those that were missed within a day.
  private var schedules: [Check] {
    get throws(StoreError) {
      let now = Program.now()
      let rows = try readModel.readSchedules(in: nil)
      var checks: [Check] = []
      for entry in node?.triggers.all ?? [] where entry.trigger.kind == "schedule" && entry.isEnabled {
        let row = rows.first {
          $0.pipeline == entry.pipeline && ScalarString($0.trigger) == ScalarString(entry.trigger.name)
        }
        let isPaused = row?.pause?.holds(at: now) ?? false
        guard let row, !isPaused, let spec = entry.schedule,
          let due = spec.cron.next(after: row.decidedUntil, in: spec.zone)?.at, now - due > Self.silence
        else { continue }
        checks.append(
          Check(
            state: .error, name: "schedule",
            text: Bilingual(
              "\(entry.pipeline) \(entry.trigger.name) is silent: it was due at \(due.rfc3339)",
              pt: "\(entry.pipeline) \(entry.trigger.name) está em silêncio: era para \(due.rfc3339)"),
            remedy: Bilingual("restart the server", pt: "reinicie o servidor")))
      }
      let missed = try readModel.fireCount(
        FireFilter(outcomes: [.missed], from: now + (.zero - Self.missedWithin)))
      if missed > 0 {
        checks.append(
          Check(
            state: .warn, name: "schedule",
            text: Bilingual(
              "\(missed) due times of the last day were missed",
              pt: "\(missed) horários do último dia se perderam"
            ), remedy: Bilingual("esteira schedule missed", pt: "esteira schedule missed")))
      }
      return checks
    }
  }

  /// Messages that no job has taken.
  private var triggers: [Check] {
    get throws(StoreError) {
      let now = Program.now()
      var checks: [Check] = []
      for summary in try readModel.pipelines(in: nil).prefix(Self.mostPipelines) {
        let messages = try readModel.triggerMessages(of: summary.pipeline, limit: Self.mostCounted)
        guard let oldest = messages.first(where: { $0.state != .gathered }),
          now - oldest.receivedAt > Self.longWait
        else { continue }
        let age = (now - oldest.receivedAt).text
        checks.append(
          Check(
            state: .warn, name: "trigger",
            text: Bilingual(
              "\(messages.count) messages wait for \(summary.pipeline), the oldest for \(age)",
              pt: "\(messages.count) mensagens esperam por \(summary.pipeline), a mais antiga há \(age)"),
            remedy: Bilingual(
              "esteira trigger messages \(summary.pipeline)",
              pt: "esteira trigger messages \(summary.pipeline)")))
        if checks.count == Self.mostShown { break }
      }
      return checks
    }
  }

  /// The queues that are read, and those that cannot be.
  private var brokers: [Check] {
    queues.prefix(Self.mostPipelines).compactMap { queue in
      let name = "\(queue.namespace)/\(queue.connection) \(queue.source)"
      guard queue.status.state == .broken else {
        let count = queue.status.stored
        return Check(
          state: .ok, name: "queue",
          text: Bilingual("\(name): \(count) messages taken", pt: "\(name): \(count) mensagens recebidas"))
      }
      let why = queue.status.lastFailure ?? ""
      return Check(
        state: .error, name: "queue",
        text: Bilingual("\(name) is not read: \(why)", pt: "\(name) não está sendo lida: \(why)"),
        remedy: Bilingual(
          "esteira connection ls -n \(queue.namespace)",
          pt: "esteira connection ls -n \(queue.namespace)"))
    }
  }

  /// What connections of some kinds need on this node and no other part does. It is looked for only where
  /// there is such a connection, since looking loads it.
  private var libraries: [Check] {
    get throws(StoreError) {
      let kinds = Set(try readModel.connections(in: nil).map(\.kind))
      return NativeLibrary.all.filter { kinds.contains($0.kind) }.map { library in
        guard let why = library.missing else {
          return Check(state: .ok, name: "library", text: Bilingual(library.name, pt: library.name))
        }
        return Check(
          state: .error, name: "library",
          text: Bilingual(
            "connections of kind \(library.kind) need \(library.name): \(why)",
            pt: "conexões do tipo \(library.kind) precisam de \(library.name): \(why)"),
          remedy: Bilingual("apt-get install \(library.package)", pt: "apt-get install \(library.package)"))
      }
    }
  }

  private var letters: [Check] {
    get throws(StoreError) {
      let groups = try readModel.deadLetterGroups(DeadLetterFilter(state: .open), limit: Self.mostCounted)
      let count = groups.reduce(0) { $0 + $1.count }
      if count == 0 { return [] }
      return [
        Check(
          state: .warn, name: "letters",
          text: Bilingual(
            "\(count) dead letters of \(groups.count) kinds are open",
            pt: "\(count) mensagens mortas de \(groups.count) tipos estão abertas"),
          remedy: Bilingual("esteira dlq ls", pt: "esteira dlq ls"))
      ]
    }
  }

  /// Those that stop working soon, and those that a connection names and that are not there.
  private var credentials: [Check] {
    get throws(StoreError) {
      let (now, known) = (Program.now(), try readModel.credentials(in: nil))
      var checks: [Check] = []
      for record in known {
        guard let end = record.expiresAt, end - now < Self.soon else { continue }
        let name = "\(record.namespace)/\(record.name)"
        checks.append(
          Check(
            state: end <= now ? .error : .warn, name: "credential",
            text: end <= now
              ? Bilingual("\(name) expired at \(end.rfc3339)", pt: "\(name) expirou em \(end.rfc3339)")
              : Bilingual("\(name) expires at \(end.rfc3339)", pt: "\(name) expira em \(end.rfc3339)"),
            remedy: Bilingual(
              "esteira credential rotate \(name)", pt: "esteira credential rotate \(name)")))
      }
      return checks
        + (try neededCredentials).filter { need in
          !known.contains {
            ScalarString($0.namespace) == ScalarString(need.namespace)
              && ScalarString($0.name) == ScalarString(need.name)
          }
        }.map { need in
          let wanted = "\(need.namespace)/\(need.name)"
          return Check(
            state: .error, name: "credential",
            text: Bilingual(
              "\(need.by) needs the credential \(wanted), which is not there",
              pt: "\(need.by) precisa da credencial \(wanted), que não existe"),
            remedy: Bilingual("esteira credential set \(wanted)", pt: "esteira credential set \(wanted)"))
        }
    }
  }

  private var neededCredentials: [(by: String, namespace: String, name: String)] {
    get throws(StoreError) {
      var needs: [(by: String, namespace: String, name: String)] = []
      for connection in try readModel.connections(in: nil) {
        guard let name = connection.credential else { continue }
        needs.append(("\(connection.namespace)/\(connection.name)", connection.namespace, name))
      }
      // What is wrong with the file is told by the check of the configuration.
      let oidc = (try? ConfigFile(folder: path).server())?.oidc
      if case .credential(let namespace, let name)? = oidc?.clientSecret {
        needs.append(("server.oidc", namespace, name))
      }
      return needs
    }
  }

  private var pauses: [Check] {
    get throws(StoreError) {
      let now = Program.now()
      let paused = try readModel.pauses(in: nil).filter { $0.holds(at: now) }
      if paused.isEmpty { return [] }
      let names = paused.prefix(Self.mostShown).map { "\($0.pipeline)" }.joined(separator: ", ")
      let more = paused.count > Self.mostShown ? ", …" : ""
      return [
        Check(
          state: .ok, name: "pauses",
          text: Bilingual("paused: \(names)\(more)", pt: "pausados: \(names)\(more)"))
      ]
    }
  }

  private var alerts: [Check] {
    // What the watcher cannot read, the check of its file tells.
    let firing = (try? watcher?.alerts([.firing], limit: Self.mostCounted).count) ?? 0
    if firing == 0 { return [] }
    return [
      Check(
        state: .warn, name: "alerts",
        text: Bilingual("\(firing) alerts fire", pt: "\(firing) alertas disparados"),
        remedy: Bilingual("esteira alert ls", pt: "esteira alert ls"))
    ]
  }
}

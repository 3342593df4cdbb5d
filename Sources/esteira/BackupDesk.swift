import API
import Access
import CLI
import Crypto
import Engine
import Glibc
import Model
import Server
import Stores

/// Makes, lists, checks and restores backups.
enum BackupDesk {
  static let work = Backups(
    create: { (wish) throws(Problem) in
      try await offPool { () throws(Problem) in
        report(
          try BackupFolder.create(
            of: Places.data(wish.data), in: wish.target, withKey: wish.withKey, version: Program.name,
            now: Program.now()))
      }
    },
    list: { (folder) throws(Problem) in
      try await offPool { () throws(Problem) in BackupFolder.list(in: folder).map(report) }
    },
    verify: { (source, language) throws(Problem) in
      let backup = try await offPool { () throws(Problem) in try BackupFolder(path: source.path) }
      return try await verify(backup, key: key(of: backup, source), language)
    },
    restore: { (source, target, language) throws(Problem) in
      let backup = try await offPool { () throws(Problem) in try BackupFolder(path: source.path) }
      let key = key(of: backup, source) ?? backup.keyPath
      guard let target else { return try await drill(backup, key, language) }
      let data = Places.data(source.data)
      try await offPool { () throws(Problem) in
        try backup.restore(
          to: target, key: key, unlock: .system, erasures: try backup.knownErasures(beside: data))
      }
      return try await check(target, backup, language)
    })

  /// The backups that a server makes of its own folder. The key stays where it is.
  static func work(of data: String, _ setting: ServerSetting.Backups) -> BackupWork {
    let (folder, origin) = (setting.folder ?? data + "/" + BackupFolder.own, "\(Places.host):\(data)")
    return BackupWork(
      create: { () async throws(Problem) in
        try await offPool { () throws(Problem) in
          let made = try BackupFolder.create(
            of: data, in: folder, withKey: false, version: Program.name, origin: origin, now: Program.now())
          BackupFolder.keep(setting.keep, of: origin, in: folder)
          return item(made)
        }
      },
      list: { () async throws(Problem) in
        try await offPool { () throws(Problem) in BackupFolder.list(in: folder).map(item) }
      },
      verify: { (name, language) async throws(Problem) in
        let backup = try await offPool { () throws(Problem) in try BackupFolder(path: folder + "/" + name) }
        return try await verify(backup, key: data + "/master.key", language).faults
      })
  }

  private static func item(_ backup: BackupFolder) -> BackupItem {
    let manifest = backup.manifest
    return BackupItem(
      id: backup.name, createdAt: manifest.createdAt, version: manifest.version, jobs: manifest.jobs,
      files: manifest.files.count, bytes: manifest.bytes, holdsKey: manifest.holdsKey,
      missing: manifest.missing.count)
  }

  private static func report(_ backup: BackupFolder) -> BackupReport {
    let manifest = backup.manifest
    return BackupReport(
      path: backup.path, createdAt: manifest.createdAt, version: manifest.version, jobs: manifest.jobs,
      files: manifest.files.count, bytes: manifest.bytes, holdsKey: manifest.holdsKey,
      missing: manifest.missing)
  }

  /// Nil where there is none.
  private static func key(of backup: BackupFolder, _ source: BackupSource) -> String? {
    if let key = source.key { return key }
    return [backup.keyPath, Places.data(source.data) + "/master.key"].first { access($0, F_OK) == 0 }
  }

  private static func verify(
    _ backup: BackupFolder, key: String?, _ language: Language
  ) async throws(Problem) -> BackupFindings {
    let faults = try await offPool { () throws(Problem) in backup.faults().map { $0[language] } }
    guard let key else { return BackupFindings(report: report(backup), opened: nil, faults: faults) }
    do throws(Problem) {
      var findings = try await open(backup.path, key: key, backup, language)
      findings.faults = faults + findings.faults
      return findings
    } catch {
      // What is damaged need not open; of what is whole the key is wrong.
      if faults.isEmpty { throw error }
      return BackupFindings(
        report: report(backup), opened: nil, faults: faults + [error.message[language]])
    }
  }

  /// The restored folder is read with its own key.
  private static func check(
    _ folder: String, _ backup: BackupFolder, _ language: Language
  ) async throws(Problem) -> BackupFindings {
    try await open(folder, key: folder + "/master.key", backup, language)
  }

  private static func drill(
    _ backup: BackupFolder, _ key: String, _ language: Language
  ) async throws(Problem) -> BackupFindings {
    let parent = Places.environment("TMPDIR").flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
    let scratch = "\(parent)/esteira-drill-\(Hex.encode(SecureRandom.bytes(6)))"
    defer { Folder.remove(scratch) }
    try await offPool { () throws(Problem) in try backup.restore(to: scratch, key: key, unlock: .system) }
    return try await check(scratch, backup, language)
  }

  /// Folds every history and opens every artifact.
  private static func open(
    _ folder: String, key: String, _ backup: BackupFolder, _ language: Language
  ) async throws(Problem) -> BackupFindings {
    let (reader, master) = try await offPool { () throws(Problem) in
      try DataFolder.openForReading(path: folder, keyPath: key)
    }
    let vault = Vault(master, readModel: reader, now: Program.now)
    let plans = PlanCache(Program.compiler(try ConfigFile(folder: folder).connectors()))
    let history = JobHistory(
      readModel: reader, plan: { (revision) throws(Problem) in try plans.plan(revision) },
      unwrap: { (wrapped) throws(Problem) in try vault.unwrap(wrapped) })
    let folded = try await offPool { () throws(Problem) in try fold(history, reader) }
    var (faults, count) = (folded.faults.map { $0[language] }, 0)
    let artifacts = ArtifactFiles(folder: folder + "/artifacts")
    for (namespace, sha256) in backup.artifacts {
      do throws(Failure) {
        guard let key = try? vault.key(ofNamespace: namespace) else {
          throw Failure(.data, code: "namespace-key", "\(namespace) has no key.")
        }
        try await artifacts.verify(sha256: sha256, namespace: namespace, key: key)
        count += 1
      } catch { faults.append("artifacts/\(namespace)/\(sha256): \(error.message)") }
    }
    faults += try await auditFaults(folder, vault, language)
    return BackupFindings(
      report: report(backup), opened: .init(jobs: folded.jobs, artifacts: count), faults: faults)
  }

  /// A backup of a folder without accounts has none.
  private static func auditFaults(
    _ folder: String, _ vault: Vault, _ language: Language
  ) async throws(Problem) -> [String] {
    let trail = try await offPool { () throws(Problem) in try Accounts.openAudit(of: folder, vault) }
    guard let trail else { return [] }
    return try await trail.verify().faults.map { "access.db: \($0.text[language])" }
  }

  private static let page = 500

  private static func fold(
    _ history: JobHistory, _ reader: SQLiteReader
  ) throws(Problem) -> (jobs: Int, faults: [Bilingual]) {
    var (jobs, faults): (Int, [Bilingual]) = (0, [])
    var before: ID<Job>?
    repeat {
      let summaries: [JobSummary]
      do throws(StoreError) {
        summaries = try reader.jobs(JobFilter(), before: before, limit: page)
      } catch {
        throw Problem(
          "store-unavailable",
          Bilingual("The store cannot be read: \(error)", pt: "Não foi possível ler os dados: \(error)"))
      }
      for summary in summaries {
        do throws(Problem) {
          faults += try history.replay(summary.id).differences.map {
            Bilingual("job \(summary.id): \($0)", pt: "job \(summary.id): \($0)")
          }
        } catch {
          faults.append(
            Bilingual(
              "job \(summary.id): \(error.message.english)",
              pt: "job \(summary.id): \(error.message[.portuguese])"))
        }
        jobs += 1
      }
      before = summaries.count == page ? summaries.last?.id : nil
    } while before != nil
    return (jobs, faults)
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

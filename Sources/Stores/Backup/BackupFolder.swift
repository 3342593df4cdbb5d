internal import Crypto
internal import Engine
public import Model

/// A backup that is whole: a folder with its manifest.
public struct BackupFolder: Sendable {
  public let path: String
  public let manifest: BackupManifest

  /// Reads the manifest. `backup-unreadable` where the folder is no backup.
  public init(path: String) throws(Problem) {
    var bytes: [UInt8] = []
    do throws(FileError) {
      let file = try File.open(path + "/" + BackupManifest.name, .read)
      _ = try file.read(into: &bytes, limit: min(Self.manifestLimit, Int(file.size())))
    } catch { throw .backupUnreadable(path, "\(error)") }
    guard let json = try? JSON(parsing: bytes), let manifest = BackupManifest(json) else {
      throw .backupUnreadable(path, "\(BackupManifest.name) is not what this program writes")
    }
    (self.path, self.manifest) = (path, manifest)
  }

  fileprivate init(path: String, _ manifest: BackupManifest) { (self.path, self.manifest) = (path, manifest) }

  private static let manifestLimit = 256 << 20

  /// Databases beside that of the jobs: accounts with the audit, and what the watcher knows.
  static let besides = ["access.db", "watch.db"]

  /// Where in a data folder its server's backups lie, unless it is told otherwise. Nothing of it is copied.
  public static let own = "backups"

  public var name: String { String(path.split(separator: "/").last ?? "") }

  /// Those in a folder, newest first; what is none is passed over.
  public static func list(in folder: String) -> [BackupFolder] {
    var found: [BackupFolder] = []
    for name in BackupFiles.names(in: folder) where !name.hasPrefix(".") {
      if let backup = try? BackupFolder(path: folder + "/" + name) { found.append(backup) }
    }
    return found.sorted { ($0.manifest.createdAt, $0.path) > ($1.manifest.createdAt, $1.path) }
  }

  /// Takes away the oldest beyond `most` of those that this server made there. What others made stays.
  public static func keep(_ most: Int, of origin: String, in folder: String) {
    let own = list(in: folder).filter { $0.manifest.origin.map(ScalarString.init) == ScalarString(origin) }
    for backup in own.dropFirst(most) { BackupFiles.remove(backup.path) }
  }

  /// Copies the data folder at `data` into a new folder below `parent`, beside a running server or without
  /// one. It gets its name when it is whole and on the disk.
  public static func create(
    of data: String, in parent: String, withKey: Bool, version: String, origin: String? = nil, now: Timestamp
  ) throws(Problem) -> BackupFolder {
    guard Folder.exists(data + "/esteira.db") else { throw .noStore(data) }
    let moment = now.rfc3339.filter { $0.isNumber || $0 == "T" }.prefix(15)
    let name = "esteira-\(moment)Z-\(Hex.encode(SecureRandom.bytes(3)))"
    do throws(FileError) { try Folder.make(parent) } catch { throw .backupFailed(parent, "\(error)") }
    guard let inside = BackupFiles.real(parent), let outer = BackupFiles.real(data),
      inside == outer + "/" + own || !(inside + "/").hasPrefix(outer + "/")
    else { throw .backupTarget(parent) }
    let draft = "\(inside)/.\(name).part"
    var copying = BackupCopying(data: data, draft: draft, origin: origin)
    let reason: String
    do {
      try Folder.make(draft)
      let contents = try copying.copyStore()
      // After the jobs: so no change of theirs is without its row of the audit.
      for name in BackupFolder.besides { try copying.copyDatabase(name) }
      let manifest = try copying.copy(contents, withKey: withKey, version: version, now: now)
      try Folder.rename(draft, to: "\(inside)/\(name)")
      try Folder.sync(inside)
      return BackupFolder(path: "\(inside)/\(name)", manifest)
    } catch let error as SQLiteError { reason = error.message } catch { reason = "\(error)" }
    BackupFiles.remove(draft)
    throw .backupFailed(inside, reason)
  }
}

/// A backup while it is made.
private struct BackupCopying {
  let data: String
  let draft: String
  let origin: String?
  private var files: [BackupManifest.File] = []
  private var folders: Set<String> = []

  init(data: String, draft: String, origin: String?) {
    (self.data, self.draft, self.origin) = (data, draft, origin)
  }

  /// All that the store refers to, which was durable before it was.
  mutating func copy(
    _ contents: Contents, withKey: Bool, version: String, now: Timestamp
  ) throws(FileError) -> BackupManifest {
    for name in ["esteira.db"] + BackupFolder.besides where Folder.exists(draft + "/" + name) {
      let (size, sha256) = try BackupFiles.digest(draft + "/" + name)
      try File.open(draft + "/" + name, .read).sync()
      files.append(BackupManifest.File(path: name, size: size, sha256: sha256))
    }
    var missing: [String] = []
    for artifact in contents.artifacts where try !take(artifact, mayLink: true) { missing.append(artifact) }
    for name in BackupFiles.names(in: data + "/logs") where contents.jobs.contains(name) {
      _ = try take("logs/" + name)
    }
    for path in BackupFiles.files(below: data + "/objects") { _ = try take("objects/" + path) }
    _ = try take("esteira.yaml")
    // After the store: it knows of every erasure that the store does.
    _ = try take(ErasureFile.name)
    if withKey, try !take("master.key") {
      throw FileError(call: "open", path: data + "/master.key", number: 2)
    }
    let manifest = BackupManifest(
      createdAt: now, version: version, origin: origin, schema: contents.schema,
      jobs: Int64(contents.jobs.count), missing: missing, files: files.sorted { $0.path < $1.path })
    let file = try File.open(draft + "/" + BackupManifest.name, .create)
    try file.write(Array(manifest.json.prettyText.utf8))
    try file.sync()
    for folder in folders.sorted().reversed() { try Folder.sync(folder) }
    try Folder.sync(draft)
    return manifest
  }

  struct Contents {
    var schema: Int64 = 0
    var jobs: Set<String> = []
    var artifacts: [String] = []
  }

  /// Nothing where there is none.
  func copyDatabase(_ name: String) throws(SQLiteError) {
    guard Folder.exists(data + "/" + name) else { return }
    _ = try copied(name)
  }

  private func copied(_ name: String) throws(SQLiteError) -> Database {
    let target = try Database.open(draft + "/" + name, .writes, setUp: "")
    try Database.open(data + "/" + name, .reads, setUp: Database.reading).copy(into: target)
    // So that the copy is one file, and can be read from where nothing can be written.
    try target.execute("PRAGMA journal_mode=DELETE")
    return target
  }

  func copyStore() throws(SQLiteError) -> Contents {
    let target = try copied("esteira.db")
    var contents = Contents(schema: try target.schemaVersion())
    try target.query("SELECT id FROM job_executions") { row in contents.jobs.insert(row.text(0)) }
    try target.query("SELECT DISTINCT namespace, sha256 FROM artifact_refs ORDER BY 1, 2") { row in
      let sha256 = row.text(1)
      contents.artifacts.append("artifacts/\(row.text(0))/\(sha256.prefix(2))/\(sha256)")
    }
    return contents
  }

  /// False where it is not there (any more).
  private mutating func take(_ path: String, mayLink: Bool = false) throws(FileError) -> Bool {
    let (source, target) = (data + "/" + path, draft + "/" + path)
    guard BackupFiles.kind(of: source) == .file else { return false }
    if let slash = target.lastIndex(of: "/") {
      let folder = String(target[..<slash])
      try Folder.make(folder)
      note(folder)
    }
    let read: (size: Int64, sha256: String)
    if mayLink, BackupFiles.link(source, to: target) {
      read = try BackupFiles.digest(target)
    } else {
      do throws(FileError) { read = try BackupFiles.copy(source, to: target) } catch {
        guard error.isMissing else { throw error }
        return false
      }
    }
    files.append(BackupManifest.File(path: path, size: read.size, sha256: read.sha256))
    return true
  }

  /// The folder and those above it have new names, which are not on the disk yet.
  private mutating func note(_ folder: String) {
    var folder = folder
    while folder.utf8.count > draft.utf8.count, folders.insert(folder).inserted,
      let slash = folder.lastIndex(of: "/")
    {
      folder = String(folder[..<slash])
    }
  }
}

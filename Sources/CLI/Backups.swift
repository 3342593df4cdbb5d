public import Model

/// What the backup commands use of the world. All of it works on folders, beside a running server or without
/// one.
public struct Backups: Sendable {
  public var create: @Sendable (BackupWish) async throws(Problem) -> BackupReport
  /// Those in a folder, newest first.
  public var list: @Sendable (_ folder: String) async throws(Problem) -> [BackupReport]
  public var verify: @Sendable (BackupSource, Language) async throws(Problem) -> BackupFindings
  /// Into a data folder; nil: a drill, of which nothing stays.
  public var restore:
    @Sendable (BackupSource, _ target: String?, Language) async throws(Problem) -> BackupFindings

  public init(
    create: @escaping @Sendable (BackupWish) async throws(Problem) -> BackupReport,
    list: @escaping @Sendable (String) async throws(Problem) -> [BackupReport],
    verify: @escaping @Sendable (BackupSource, Language) async throws(Problem) -> BackupFindings,
    restore: @escaping @Sendable (BackupSource, String?, Language) async throws(Problem) -> BackupFindings
  ) { (self.create, self.list, self.verify, self.restore) = (create, list, verify, restore) }
}

public struct BackupWish: Sendable {
  /// The data folder; nil: the usual one.
  public var data: String?
  public var target: String
  public var withKey: Bool
}

public struct BackupSource: Sendable {
  public var path: String
  /// The file of the key; nil: that of the backup, else that of the data folder.
  public var key: String?
  public var data: String?
}

public struct BackupReport: Sendable, Hashable {
  public var path: String
  public var createdAt: Timestamp
  public var version: String
  public var jobs: Int64
  public var files: Int
  public var bytes: Int64
  public var holdsKey: Bool
  /// Artifacts that the store knows and that were not there.
  public var missing: [String]

  public init(
    path: String, createdAt: Timestamp, version: String, jobs: Int64, files: Int, bytes: Int64,
    holdsKey: Bool,
    missing: [String]
  ) {
    (self.path, self.createdAt, self.version, self.jobs) = (path, createdAt, version, jobs)
    (self.files, self.bytes, self.holdsKey, self.missing) = (files, bytes, holdsKey, missing)
  }
}

/// What a check of a backup found.
public struct BackupFindings: Sendable, Hashable {
  public var report: BackupReport
  /// Jobs whose histories were folded from the first fact, and artifacts that were opened; nil without a key.
  public var opened: Opened?
  public var faults: [String]

  public struct Opened: Sendable, Hashable {
    public var jobs: Int
    public var artifacts: Int
    public init(jobs: Int, artifacts: Int) { (self.jobs, self.artifacts) = (jobs, artifacts) }
  }

  public init(report: BackupReport, opened: Opened?, faults: [String]) {
    (self.report, self.opened, self.faults) = (report, opened, faults)
  }
}

public import Model

/// What a backup holds: written last, so that a folder without it is no backup. `docs/backup.md` shows one.
public struct BackupManifest: Sendable, Hashable {
  public static let format: Int64 = 1
  public static let name = "manifest.json"

  public struct File: Sendable, Hashable {
    /// Below the backup's folder; with `/`, and never upwards.
    public var path: String
    public var size: Int64
    /// Of the bytes as they lie there.
    public var sha256: String
  }

  public var createdAt: Timestamp
  /// Of the program that made it.
  public var version: String
  /// The server that made it by itself, by its machine and data folder; nil where a person made it.
  public var origin: String?
  /// Of the database.
  public var schema: Int64
  public var jobs: Int64
  /// Artifacts that the store knew and that were not there.
  public var missing: [String]
  public var files: [File]

  public var bytes: Int64 { files.reduce(0) { $0 + $1.size } }
  public var holdsKey: Bool { files.contains { $0.path == "master.key" } }

  var json: JSON {
    var json: JSONObject = [
      "format": .int(Self.format), "created_at": .string(createdAt.rfc3339), "esteira": .string(version),
      "schema": .int(schema), "jobs": .int(jobs), "missing": .array(missing.map { .string($0) }),
      "files": .array(
        files.map { ["path": .string($0.path), "size": .int($0.size), "sha256": .string($0.sha256)] }),
    ]
    if let origin { json["origin"] = .string(origin) }
    return .object(json)
  }

  /// Nil where it is none, or names a place outside of the backup.
  init?(_ json: JSON) {
    guard json["format"]?.int == Self.format, let schema = json["schema"]?.int, let jobs = json["jobs"]?.int,
      let version = json["esteira"]?.string, let files = json["files"]?.array,
      let createdAt = json["created_at"]?.string.flatMap({ Timestamp(rfc3339: $0) })
    else { return nil }
    (self.createdAt, self.version, self.schema, self.jobs) = (createdAt, version, schema, jobs)
    (missing, origin) = ((json["missing"]?.array ?? []).compactMap(\.string), json["origin"]?.string)
    self.files = []
    for file in files {
      guard let path = file["path"]?.string, Self.isInside(path), let size = file["size"]?.int,
        let sha256 = file["sha256"]?.string
      else { return nil }
      self.files.append(File(path: path, size: size, sha256: sha256))
    }
  }

  init(
    createdAt: Timestamp, version: String, origin: String?, schema: Int64, jobs: Int64, missing: [String],
    files: [File]
  ) {
    (self.createdAt, self.version, self.origin) = (createdAt, version, origin)
    (self.schema, self.jobs) = (schema, jobs)
    (self.missing, self.files) = (missing, files)
  }

  private static func isInside(_ path: String) -> Bool {
    path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy {
      !$0.isEmpty && $0 != "." && $0 != ".."
    }
  }
}

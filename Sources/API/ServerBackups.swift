public import Model

/// Endpoints about the backups that a server makes of its data folder.
public enum BackupCalls {
  public static let list = Endpoint<Nothing, Page<BackupItem>>(
    .get, "/backups", .needs("system", "backup"),
    "The backups in the folder of the server, newest first.")
  public static let create = Endpoint<Nothing, StartedWork>(
    .post, "/backups", .needs("system", "backup"),
    "Copies the data folder without its key while it is used; the oldest beyond those that are kept go.",
    success: [202])
  public static let verify = Endpoint<BackupName, StartedWork>(
    .post, "/backups/{id}/verify", .needs("system", "backup"),
    "Compares every file with the manifest, folds every history and opens every artifact.", success: [202],
    audit: .read)
}

/// An operation that goes on by itself.
public struct StartedWork: Wire, Hashable, Located {
  public var operation: String
  public init(operation: String) { self.operation = operation }
  public static let schema = Schema.object([.init("operation", .text)], name: "StartedWork")
  public init(_ json: JSON) throws(WireError) {
    operation = try Fields(json, Self.schema).text("operation")
  }
  public var json: JSON { members(["operation": operation.wire]) }
  public var location: String? { "/api/v1/operations/\(operation)" }
}

public struct BackupName: Wire, Hashable {
  public var id: String
  public init(id: String) { self.id = id }
  public static let schema = Schema.request(
    [
      .init(
        "id", .text(1...Schema.Member.longestName).examples("esteira-20261126T090000Z-1f2e3d"),
        "The name of its folder.")
    ], name: "BackupName")
  public init(_ json: JSON) throws(WireError) { id = try Fields(json, Self.schema).text("id") }
  public var json: JSON { members(["id": id.wire]) }
}

public struct BackupItem: Wire, Hashable {
  /// The name of its folder.
  public var id: String
  public var createdAt: Timestamp
  /// Of the program that made it.
  public var version: String
  public var jobs: Int64
  public var files: Int
  public var bytes: Int64
  public var holdsKey: Bool
  /// Artifacts that the store knows and that were not there.
  public var missing: Int

  public init(
    id: String, createdAt: Timestamp, version: String, jobs: Int64, files: Int, bytes: Int64, holdsKey: Bool,
    missing: Int
  ) {
    (self.id, self.createdAt, self.version, self.jobs) = (id, createdAt, version, jobs)
    (self.files, self.bytes, self.holdsKey, self.missing) = (files, bytes, holdsKey, missing)
  }

  public static let schema = Schema.object(
    [
      .init("id", .text, "The name of its folder."), .init("created_at", .time),
      .init("version", .text, "Of the program that made it."), .init("jobs", .count), .init("files", .count),
      .init("bytes", .count), .init("holds_key", .flag),
      .init("missing", .count, "Artifacts that the store knows and that were not there."),
    ], name: "BackupItem")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, createdAt) = (try fields.text("id"), try fields.time("created_at"))
    (version, jobs) = (try fields.text("version"), try fields.integer("jobs"))
    (files, bytes) = (try fields.int("files"), try fields.integer("bytes"))
    (holdsKey, missing) = (try fields.flag("holds_key"), try fields.int("missing"))
  }

  public var json: JSON {
    members([
      "id": id.wire, "created_at": createdAt.wire, "version": version.wire, "jobs": .int(jobs),
      "files": files.wire, "bytes": .int(bytes), "holds_key": .bool(holdsKey), "missing": missing.wire,
    ])
  }
}

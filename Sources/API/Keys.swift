public import Model

/// Endpoints about the master keys. No key travels through them.
public enum KeyCalls {
  public static let status = Endpoint<Nothing, KeyStatus>(
    .get, "/keys", .needs("system", "keys"), "The master keys, and how far the last change of them is.")
  public static let rotate = Endpoint<Nothing, KeyStatus>(
    .post, "/keys:rotate", .needs("system", "keys"),
    "Makes a new master key; what the older ones sealed is sealed anew while the server works.",
    success: [202])
  public static let forget = Endpoint<Nothing, KeyStatus>(
    .post, "/keys:forget", .needs("system", "keys"),
    "Takes keys that open nothing any more out of the key file; older backups then need a copy of it.")
}

public struct KeyStatus: Wire, Hashable {
  public var active: Int
  /// `file`, `passphrase` or `age`; nil where no server answers.
  public var protection: String?
  public var keys: [KeyItem]
  public var rotation: KeyRotationItem?

  public init(active: Int, protection: String?, keys: [KeyItem], rotation: KeyRotationItem?) {
    (self.active, self.protection, self.keys, self.rotation) = (active, protection, keys, rotation)
  }

  public static let schema = Schema.object(
    [
      .init("active", .count), .optional("protection", .words(["file", "passphrase", "age"])),
      .init("keys", .list(of: KeyItem.schema)), .optional("rotation", KeyRotationItem.schema),
    ], name: "KeyStatus")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    active = try fields.int("active")
    protection = try fields.optionalText("protection")
    keys = try fields.list("keys", of: KeyItem.self)
    rotation = try fields.optionalValue("rotation", of: KeyRotationItem.self)
  }

  public var json: JSON {
    members([
      "active": active.wire, "protection": protection?.wire, "keys": keys.wire, "rotation": rotation?.json,
    ])
  }
}

public struct KeyItem: Wire, Hashable {
  public var id: Int
  /// `active`, `retiring` or `retired`.
  public var state: String
  /// Tells keys apart; nil for a key that is not in the key file any more.
  public var fingerprint: String?
  public var createdAt: Timestamp
  public var createdBy: String
  public var retiredAt: Timestamp?

  public init(
    id: Int, state: String, fingerprint: String?, createdAt: Timestamp, createdBy: String,
    retiredAt: Timestamp?
  ) {
    (self.id, self.state, self.fingerprint) = (id, state, fingerprint)
    (self.createdAt, self.createdBy, self.retiredAt) = (createdAt, createdBy, retiredAt)
  }

  public static let schema = Schema.object(
    [
      .init("id", .count), .init("state", .words(["active", "retiring", "retired"])),
      .optional("fingerprint", .text), .init("created_at", .time), .init("created_by", .text),
      .optional("retired_at", .time),
    ], name: "MasterKey")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, state) = (try fields.int("id"), try fields.text("state"))
    fingerprint = try fields.optionalText("fingerprint")
    createdAt = try fields.time("created_at")
    createdBy = try fields.optionalText("created_by") ?? ""
    retiredAt = try fields.optionalTime("retired_at")
  }

  public var json: JSON {
    members([
      "id": id.wire, "state": state.wire, "fingerprint": fingerprint?.wire, "created_at": createdAt.wire,
      "created_by": createdBy.wire, "retired_at": retiredAt?.wire,
    ])
  }
}

public struct KeyRotationItem: Wire, Hashable {
  public var target: Int
  /// `credentials`, `namespaces`, `jobs` or `subjects`; nil once it is done.
  public var stage: String?
  public var rewrapped: Int
  /// What no key opened: it was damaged before, and is left as it is.
  public var unreadable: Int
  public var startedAt: Timestamp
  public var startedBy: String
  public var endedAt: Timestamp?

  public init(
    target: Int, stage: String?, rewrapped: Int, unreadable: Int, startedAt: Timestamp, startedBy: String,
    endedAt: Timestamp?
  ) {
    (self.target, self.stage, self.rewrapped) = (target, stage, rewrapped)
    (self.unreadable, self.startedAt, self.startedBy) = (unreadable, startedAt, startedBy)
    self.endedAt = endedAt
  }

  public static let schema = Schema.object(
    [
      .init("target", .count), .optional("stage", .words(["credentials", "namespaces", "jobs", "subjects"])),
      .init("rewrapped", .count), .init("unreadable", .count), .init("started_at", .time),
      .init("started_by", .text), .optional("ended_at", .time),
    ], name: "KeyRotation")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (target, stage) = (try fields.int("target"), try fields.optionalText("stage"))
    rewrapped = try fields.int("rewrapped")
    unreadable = try fields.int("unreadable")
    startedAt = try fields.time("started_at")
    startedBy = try fields.optionalText("started_by") ?? ""
    endedAt = try fields.optionalTime("ended_at")
  }

  public var json: JSON {
    members([
      "target": target.wire, "stage": stage?.wire, "rewrapped": rewrapped.wire,
      "unreadable": unreadable.wire, "started_at": startedAt.wire, "started_by": startedBy.wire,
      "ended_at": endedAt?.wire,
    ])
  }
}

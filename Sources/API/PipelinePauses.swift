public import Model

public struct PauseRequest: Wire {
  /// `namespace~name`.
  public var id: String
  /// For those who find it paused.
  public var reason: String
  /// When it ends by itself; nil: only by a resume.
  public var until: Timestamp?

  public init(id: String, reason: String, until: Timestamp? = nil) {
    (self.id, self.reason, self.until) = (id, reason, until)
  }

  public static let schema = Schema.request(
    [
      .id,
      .init("reason", .text(1...Schema.Member.longestNote), "For those who find it paused."),
      .optional("until", .time, "When it ends by itself; absent: only by a resume."),
    ], name: "PauseRequest")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, reason, until) = (try fields.text("id"), try fields.text("reason"), try fields.optionalTime("until"))
  }

  public var json: JSON { members(["id": id.wire, "reason": reason.wire, "until": until?.wire]) }
}

/// Who paused a pipeline, why, and until when.
public struct PauseItem: Wire, Hashable {
  public var by: String
  public var reason: String
  public var at: Timestamp
  public var until: Timestamp?

  public init(by: String, reason: String, at: Timestamp, until: Timestamp?) {
    (self.by, self.reason, self.at, self.until) = (by, reason, at, until)
  }

  public static let schema = Schema.object(
    [
      .init("by", .text),
      .init("reason", .text),
      .init("at", .time),
      .optional("until", .time),
    ], name: "PauseItem")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (by, reason) = (try fields.text("by"), try fields.text("reason"))
    at = try fields.time("at")
    until = try fields.optionalTime("until")
  }

  public var json: JSON {
    members(["by": by.wire, "reason": reason.wire, "at": at.wire, "until": until?.wire])
  }
}

public struct RollbackRequest: Wire {
  /// `namespace~name`.
  public var id: String
  public var revision: Int

  /// Only says what it would do.
  public var isDryRun: Bool

  public init(id: String, revision: Int, isDryRun: Bool = false) {
    (self.id, self.revision, self.isDryRun) = (id, revision, isDryRun)
  }

  public static let schema = Schema.request(
    [
      .id,
      .init("revision", .revision), .optional("dry_run", .flag, "Only says what it would do."),
    ], name: "RollbackRequest")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (id, revision) = (try fields.text("id"), try fields.int("revision"))
    isDryRun = try fields.flag("dry_run")
  }

  public var json: JSON { members(["id": id.wire, "revision": revision.wire, "dry_run": isDryRun.wire]) }
}

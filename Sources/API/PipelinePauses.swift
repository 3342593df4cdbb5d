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

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json)
    (id, reason, until) = (try fields.text("id"), try fields.text("reason"), try fields.time("until"))
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

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json)
    (by, reason) = (try fields.text("by"), try fields.text("reason"))
    at = try fields.time("at") ?? Timestamp(microseconds: 0)
    until = try fields.time("until")
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

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json)
    (id, revision) = (try fields.text("id"), Int(try fields.integer("revision")))
    isDryRun = try fields.flag("dry_run")
  }

  public var json: JSON { members(["id": id.wire, "revision": revision.wire, "dry_run": isDryRun.wire]) }
}

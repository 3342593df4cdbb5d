public import Model

/// What comes from outside to triggers of kind `webhook`. Its signature is the sign-in.
public enum HookCalls {
  /// Of a request's body, in bytes.
  public static let longestBody = 1 << 20
  public static let prefix = "/api/v1/hooks/"
  public static let deliver = RawEndpoint<HookPath, HookResult>(
    "/hooks/{namespace}/{path}", .open,
    "Gives a signed request to its trigger. An unknown path and a wrong signature are one answer.",
    limit: longestBody, success: [202], audit: .nothing)
}

public struct HookPath: Wire, Hashable {
  public var namespace: String
  public var path: String
  public init(namespace: String, path: String) { (self.namespace, self.path) = (namespace, path) }

  public static let schema = Schema.request(
    [.init("namespace", .text(1...100)), .init("path", .text(1...100))], name: "HookPath")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (namespace, path) = (try fields.text("namespace"), try fields.text("path"))
  }

  public var json: JSON { members(["namespace": namespace.wire, "path": path.wire]) }
}

/// What became of a delivery. The sender learns nothing of why.
public struct HookResult: Wire, Hashable {
  /// As of `TriggerResult`.
  public var outcome: String
  /// The job that it led to, where it led to one.
  public var job: String?
  public init(outcome: String, job: String? = nil) { (self.outcome, self.job) = (outcome, job) }

  public static let schema = Schema.object(
    [
      .init(
        "outcome",
        .words([
          "started", "existing", "delivered", "kept", "duplicate", "filtered", "stored", "refused",
          "dead_letter",
        ])),
      .optional("job_id", .text, "The job that it led to, where it led to one."),
    ], name: "HookResult")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (outcome, job) = (try fields.text("outcome"), try fields.optionalText("job_id"))
  }

  public var json: JSON { members(["outcome": outcome.wire, "job_id": job?.wire]) }
}

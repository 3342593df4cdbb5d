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
  /// Of a batch of CloudEvents, in their order; nil for any other request.
  public var events: [HookResult]?
  public init(outcome: String, job: String? = nil, events: [HookResult]? = nil) {
    (self.outcome, self.job, self.events) = (outcome, job, events)
  }

  /// Events of one batch.
  public static let mostEvents = 100

  private static let own: [Schema.Member] = [
    .init(
      "outcome",
      .words([
        "started", "existing", "delivered", "kept", "duplicate", "filtered", "stored", "refused",
        "dead_letter", "batch",
      ])),
    .optional("job_id", .text, "The job that it led to, where it led to one."),
  ]

  public static let schema = Schema.object(
    own + [
      .optional(
        "events", .list(of: .object(own), most: mostEvents),
        "Of a batch of CloudEvents, in their order.")
    ], name: "HookResult")

  public init(_ json: JSON) throws(WireError) {
    let fields = try Fields(json, Self.schema)
    (outcome, job) = (try fields.text("outcome"), try fields.optionalText("job_id"))
    events = fields.object["events"] == nil ? nil : try fields.list("events", of: HookResult.self)
  }

  public var json: JSON { members(["outcome": outcome.wire, "job_id": job?.wire, "events": events?.wire]) }
}

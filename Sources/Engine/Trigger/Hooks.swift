public import Model
public import Pipelines

/// A trigger of kind `webhook` as it stands: where requests for it come in, and how they are verified.
public struct Hook: Sendable, Hashable {
  public var pipeline: PipelineName
  public var trigger: String
  /// One segment, unique in its namespace.
  public var path: String
  /// Such as `github`.
  public var scheme: String
  /// Holds the secret, in the namespace of the pipeline.
  public var credential: String
  /// Requests bring CloudEvents, and each of them is a message.
  public var takesEvents = false
}

extension TriggerBook {
  /// The enabled triggers that a request to this path is for; more than one only where files were applied
  /// before this was refused.
  public func hooks(in namespace: String, path: String) -> [Hook] {
    all.filter { $0.isEnabled && ScalarString($0.pipeline.namespace) == ScalarString(namespace) }
      .compactMap(Hook.init).filter { ScalarString($0.path) == ScalarString(path) }
  }
}

extension Hook {
  init?(_ entry: TriggerBook.Entry) {
    self.init(entry.trigger, of: entry.pipeline)
  }

  /// Nil for another kind of trigger.
  public init?(_ plan: TriggerPlan, of pipeline: PipelineName) {
    guard plan.kind == TriggerMessageRow.hookKind, let path = plan.spec["path"]?.string,
      let scheme = plan.spec["verify"]?["scheme"]?.string,
      let credential = plan.spec["verify"]?["credential"]?.string
    else { return nil }
    self.init(
      pipeline: pipeline, trigger: plan.name, path: path, scheme: scheme, credential: credential,
      takesEvents: plan.spec["format"]?.string == "cloudevents")
  }
}

/// A request that was verified.
public struct HookMessage: Sendable {
  public var hook: Hook
  /// Names the delivery: a second one with the same key is the same.
  public var key: String
  public var body: JSON
  public var headers: JSONObject
  public var query: JSONObject

  public init(hook: Hook, key: String, body: JSON, headers: JSONObject, query: JSONObject) {
    (self.hook, self.key, self.body) = (hook, key, body)
    (self.headers, self.query) = (headers, query)
  }
}

extension Node {
  /// Gives a request to its trigger. It is durable before anything else happens with it; the answer says what
  /// became of it.
  public func deliver(_ message: HookMessage) async throws(Problem) -> TriggerOutcome {
    guard (1...HandedMessage.longestKey).contains(message.key.utf8.count) else { throw .badMessageKey }
    let hook = message.hook
    let arrival = TriggerArrival(
      id: newMessage(), pipeline: hook.pipeline, trigger: hook.trigger, kind: TriggerMessageRow.hookKind,
      key: message.key, actor: "hook:\(hook.pipeline.namespace)/\(hook.path)",
      body: [
        "body": message.body, "headers": .object(message.headers), "query": .object(message.query),
      ])
    return try await send { .arrive(arrival, accepted: nil, outcome: $0) }
  }
}

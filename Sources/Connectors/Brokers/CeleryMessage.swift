import Crypto
import Engine
import Model
import Net

/// A task as Celery's protocol 2 has it.
struct CeleryMessage: Sendable {
  let id: String
  let task: String
  let queue: String
  let body: [UInt8]
  let headers: JSONObject
  let priority: Int64
  /// Milliseconds.
  let expiration: String?
  let replyTo: String

  static let defaultQueue = "celery"
  /// Lists of Redis by priority, as kombu has them; the first is served first.
  private static let steps: [Int64] = [0, 3, 6, 9]

  init(_ attempt: Attempt, queue usual: String?, replyTo: String) throws(Failure) {
    let with = attempt.with
    let id = Self.id(of: attempt)
    (self.id, task) = (id, with["task"]?.string ?? "")
    queue = with["queue"]?.string ?? usual ?? Self.defaultQueue
    let (args, kwargs) = (with["args"] ?? [], with["kwargs"] ?? [:])
    body = JSON.array([
      args, kwargs, ["callbacks": .null, "errbacks": .null, "chain": .null, "chord": .null],
    ]).serialized()
    priority = with["priority"]?.int ?? 0
    self.replyTo = replyTo
    let now = attempt.services.now()
    let eta = try AMQPSending.duration(with["delay"], "delay").map { now + $0 }
    let expires = try AMQPSending.duration(with["expires"], "expires")
    expiration = expires.map { String(max(1, $0.microseconds / 1_000)) }
    let members: [(String, JSON)] = [
      ("lang", "py"), ("task", .string(task)), ("id", .string(id)), ("shadow", .null),
      ("eta", try Self.eta(with["eta"], or: eta)), ("expires", Self.time(expires.map { now + $0 })),
      ("group", .null), ("group_index", .null), ("retries", 0),
      ("timelimit", [try Self.seconds(with, "time_limit"), try Self.seconds(with, "soft_time_limit")]),
      ("root_id", .string(id)), ("parent_id", .null), ("argsrepr", Self.shown(args)),
      ("kwargsrepr", Self.shown(kwargs)), ("origin", "esteira"),
      ("ignore_result", .bool(with["result"]?.string == "ignore")), ("replaced_task_nesting", 0),
      ("stamped_headers", .null), ("stamps", [:]),
    ]
    var headers = JSONObject(members)
    headers["traceparent"] = .string(attempt.traceParent.header)
    for member in with["headers"]?.object ?? JSONObject() { headers[member.key] = member.value }
    self.headers = headers
  }

  /// The same for one attempt, also on the next node; a retry is another task.
  static func id(of attempt: Attempt) -> String {
    let digest = SHA256.digest(Array("celery \(attempt.stepKey) \(attempt.number)".utf8))
    func number(_ range: Range<Int>) -> UInt64 { digest[range].reduce(0) { $0 << 8 | UInt64($1) } }
    return ID<Job>(high: number(0..<8), low: number(8..<16)).description
  }

  private static func eta(_ given: JSON?, or delayed: Timestamp?) throws(Failure) -> JSON {
    guard let text = given?.string else { return time(delayed) }
    guard let moment = Timestamp(rfc3339: text) else {
      throw Failure(
        .data, code: "invalid-with", "`eta`: \(text.prefix(40)) is no time such as 2026-01-31T06:00:00Z.")
    }
    return time(moment)
  }

  /// With microseconds and `+00:00`.
  static func time(_ moment: Timestamp?) -> JSON {
    guard let moment else { return .null }
    let whole = Timestamp(microseconds: moment.microseconds - moment.microseconds % 1_000_000).rfc3339
    let digits = String(moment.microseconds % 1_000_000 + 1_000_000).dropFirst()
    return .string("\(whole.prefix(19)).\(digits)+00:00")
  }

  private static func seconds(_ with: JSON, _ name: String) throws(Failure) -> JSON {
    guard let limit = try AMQPSending.duration(with[name], name) else { return .null }
    let seconds = limit.microseconds / 1_000_000
    return limit.microseconds % 1_000_000 == 0
      ? .int(seconds) : .double(Double(limit.microseconds) / 1_000_000)
  }

  private static func shown(_ value: JSON) -> JSON {
    .string(String(decoding: value.serialized().prefix(1_024), as: UTF8.self))
  }

  /// The list of Redis that it goes to.
  var list: String {
    let step = Self.steps.last { $0 <= priority } ?? 0
    return step == 0 ? queue : "\(queue)\u{6}\u{16}\(step)"
  }

  /// As it stands in a list of Redis.
  var redis: [UInt8] {
    let members: [(String, JSON)] = [
      ("correlation_id", .string(id)), ("reply_to", .string(replyTo)), ("delivery_mode", 2),
      ("delivery_info", ["exchange": "", "routing_key": .string(queue)]), ("priority", .int(priority)),
      ("body_encoding", "base64"), ("delivery_tag", .string(id)),
    ]
    var properties = JSONObject(members)
    if let expiration { properties["expiration"] = .string(expiration) }
    return Self.envelope(body, .object(headers), .object(properties))
  }

  static func envelope(_ body: [UInt8], _ headers: JSON, _ properties: JSON) -> [UInt8] {
    let message: JSON = [
      "body": .string(Base64.encode(body)), "content-encoding": "utf-8",
      "content-type": "application/json", "headers": headers, "properties": properties,
    ]
    return message.serialized()
  }

  var amqp: AMQPMessage {
    var message = AMQPMessage(body)
    (message.contentType, message.contentEncoding) = ("application/json", "utf-8")
    message.headers = AMQPJSON.table(headers)
    (message.correlationID, message.replyTo, message.messageID) = (id, replyTo, id)
    (message.priority, message.expiration) = (UInt8(clamping: priority), expiration)
    return message
  }

  /// What tells all workers to give a task up.
  static func revocation(of id: String) -> [UInt8] {
    let order: JSON = [
      "method": "revoke",
      "arguments": ["task_id": .string(id), "terminate": true, "signal": "SIGTERM"],
      "destination": .null, "pattern": .null, "matcher": .null,
    ]
    return order.serialized()
  }

  static func redisRevocation(of id: String) -> [UInt8] {
    envelope(
      revocation(of: id), ["clock": 1, "expires": 0],
      [
        "delivery_mode": 2, "delivery_info": ["exchange": "celery.pidbox", "routing_key": ""],
        "priority": 0, "body_encoding": "base64", "delivery_tag": .string("revoke-\(id)"),
      ])
  }
}

/// What a worker wrote about a task.
enum CeleryResult: Sendable {
  case pending
  case success(JSON, doneAt: String?)
  case failure(type: String, text: String, traceback: String?)
  case revoked

  init(_ bytes: [UInt8]) throws(Failure) {
    let json: JSON
    do throws(JSONError) { json = try JSON(parsing: bytes) } catch {
      throw Failure(
        .data, code: "celery-result",
        "The result of the task is no JSON: line \(error.line): \(error.message.english)")
    }
    switch json["status"]?.string {
    case "SUCCESS"?: self = .success(json["result"] ?? .null, doneAt: json["date_done"]?.string)
    case "FAILURE"?, "REJECTED"?, "IGNORED"?:
      let result = json["result"]
      let parts = result?["exc_message"]
      let text = parts?.array.map { $0.map { $0.string ?? $0.text }.joined(separator: ", ") }
      self = .failure(
        type: result?["exc_type"]?.string ?? "Error", text: text ?? parts?.string ?? result?.text ?? "",
        traceback: json["traceback"]?.string)
    case "REVOKED"?: self = .revoked
    case _?: self = .pending
    case nil: throw Failure(.data, code: "celery-result", "The result of the task has no status.")
    }
  }
}

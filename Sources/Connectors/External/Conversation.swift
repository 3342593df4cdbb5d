import Engine
import Model

/// What a program of level 1 or 2 and the engine say to each other, without the descriptors: what comes in
/// goes through `take`, what has to be done comes out as acts.
struct Conversation {
  enum Act: Hashable {
    case send(JSON)
    /// Nothing more will be sent.
    case finish
    case log(LogLevel, String)
    /// Keep it; then answer the call, where there is one.
    case checkpoint(JSON, call: JSON?)
    case mask(String)
    /// End the process: SIGTERM, then SIGKILL.
    case stop
  }

  enum Stage: Hashable {
    /// Before `hello`, or the answer to `initialize`.
    case opening
    case describing, validating, executing, cleaning
    /// All is said.
    case leaving
  }

  enum Purpose: Hashable {
    case run
    /// Only its schemas are asked for; level 2.
    case describe
  }

  typealias Instant = ContinuousClock.Instant

  let level: ProtocolLevel
  let purpose: Purpose
  /// What an attempt is about: the document of level 1, the parameters of `execute`.
  let start: JSONObject
  private let heartbeat: Duration?
  private(set) var stage = Stage.opening
  private var stageBegan: Instant
  private var lastWord: Instant
  private var lineCount = 0
  var capabilities = Set<String>()
  /// What the program says that came of it; what it had collected before is in `output`.
  var result: Result<JSONObject, Failure>?
  var output = JSONObject()
  /// By name, where the program says.
  var mediaTypes: [String: String] = [:]
  var schemas: JSON?
  var failedChecks: [String] = []
  var maskCount = 0
  var lastProgress: Instant?
  /// What ends it before the program has said all.
  private(set) var fault: Failure?
  private(set) var wasCancelled = false
  private var cancelDeadline: Instant?
  private var isStopped = false

  init(
    level: ProtocolLevel, start: JSONObject, heartbeat: Duration?, purpose: Purpose = .run, now: Instant
  ) {
    (self.level, self.start, self.heartbeat, self.purpose) = (level, start, heartbeat, purpose)
    (stageBegan, lastWord) = (now, now)
  }

  /// The first words.
  func begin() -> [Act] {
    switch level {
    case .files: []
    case .lines:
      [
        .send(.object(JSONObject([("type", "start"), ("protocol", 1)] + start.map { ($0.key, $0.value) }))),
        .finish,
      ]
    case .calls: [call(.initialize, ["protocol": 2, "engine": "esteira"])]
    }
  }

  /// One line, without its newline.
  mutating func take(_ line: some Collection<UInt8>, at now: Instant) -> [Act] {
    if fault != nil { return [] }
    lastWord = now
    lineCount += 1
    guard lineCount <= ProtocolLimits.lines else {
      return broken("more than \(ProtocolLimits.lines) messages")
    }
    let message: JSON
    do throws(JSONError) { message = try JSON(parsing: Array(line)) } catch {
      let (line, column) = (lineCount, error.column)
      return broken("message \(line) is not JSON at column \(column)")
    }
    guard let body = message.object else { return broken("message \(lineCount) is no JSON object") }
    return level == .lines ? takeLine(body, message, at: now) : takeCall(body, message, at: now)
  }

  /// Time has gone by.
  mutating func look(at now: Instant) -> [Act] {
    if let cancelDeadline {
      return now >= cancelDeadline ? stop() : []
    }
    let inStage = stageBegan.duration(to: now)
    switch stage {
    case .opening where inStage > ProtocolLimits.opening:
      return silent("did not open the protocol within \(ProtocolLimits.opening.text)")
    case .describing where inStage > ProtocolLimits.validating,
      .validating where inStage > ProtocolLimits.validating:
      return silent("did not answer within \(ProtocolLimits.validating.text)")
    case .cleaning where inStage > ProtocolLimits.cleaning:
      return leave(at: now) + [.log(.warn, "cleanup took more than \(ProtocolLimits.cleaning.text)")]
    case .leaving where inStage > ProtocolLimits.leaving: return stop()
    case .executing:
      if let heartbeat, lastWord.duration(to: now) > heartbeat {
        return silent("said nothing for \(heartbeat.text), its `heartbeat`")
      }
      return []
    case .opening, .describing, .validating, .cleaning, .leaving: return []
    }
  }

  /// `within`: how long the program may take to end.
  mutating func cancel(at now: Instant, within: Duration) -> [Act] {
    if wasCancelled { return [] }
    wasCancelled = true
    guard level == .calls, stage == .executing else { return stop() }
    cancelDeadline = now + max(.zero, within - ProtocolLimits.killing)
    return [call(.cancel, ["token": start["token"] ?? .null])]
  }

  mutating func enter(_ stage: Stage, at now: Instant) { (self.stage, stageBegan) = (stage, now) }

  mutating func leave(at now: Instant) -> [Act] {
    enter(.leaving, at: now)
    return [.finish]
  }

  mutating func stop() -> [Act] {
    if isStopped { return [] }
    isStopped = true
    return [.stop]
  }

  /// The program is not one of this protocol.
  mutating func broken(_ what: String) -> [Act] {
    fail(
      Failure(
        .configuration, code: "connector-protocol",
        "The connector broke the protocol of level \(level.rawValue): \(what)."))
  }

  mutating func fail(_ failure: Failure) -> [Act] {
    if fault == nil { fault = failure }
    return stop()
  }

  private mutating func silent(_ what: String) -> [Act] {
    fail(Failure(.timeout, code: "connector-silent", "The connector \(what)."))
  }

  /// What came of it, once the process has ended.
  func end(_ end: ChildEnd, lastWords: String) throws(Failure) -> JSONObject {
    if let fault { throw fault }
    switch result {
    case .failure(let failure)?:
      throw failure
    case .success(let said)?:
      if level == .lines { try end.check("connector", lastWords: lastWords) }
      if let check = failedChecks.first {
        throw Failure(.data, code: "check-failed", "A check of the connector's output failed: \(check)")
      }
      return JSONObject((output.members + said.members).map { ($0.key, $0.value) })
    case nil:
      if wasCancelled, case .ended = end {
        throw Failure(.cancelled, code: "confirmed", "The connector and all that it had started were ended.")
      }
      try end.check("connector", lastWords: lastWords)
      throw Failure(
        .configuration, code: "connector-protocol",
        "The connector broke the protocol of level \(level.rawValue): it ended without a result.")
    }
  }
}

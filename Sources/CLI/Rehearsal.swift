public import API
public import Model

/// One run of a pipeline file without a server: nothing of it is kept.
public struct Rehearsal: Sendable {
  /// The file under test, then those that it calls.
  public var files: [SourceFile]
  public var inputs: JSONObject
  public var message: JSON?
  public var settings: JSONObject
  public var mocks: [StepMock]
  public var answers: [ScriptedAnswer]
  public var signals: [ScriptedSignal]
  /// Where the clock stands; nil: at the time of day. It jumps over every pause either way.
  public var time: Timestamp?
  /// The job is left when this step has ended.
  public var until: String?
  /// Steps may leave the machine.
  public var usesNetwork: Bool
}

/// What a step gives instead of being performed.
public struct StepMock: Sendable, Hashable {
  /// Without items and rounds: `collect.csv`.
  public var path: String
  /// One for each call; the last one stands for all that follow.
  public var results: [Result]
  /// Results by the key of the item around.
  public var items: [String: [Result]]

  public enum Result: Sendable, Hashable {
    case output(JSON)
    case failure(Failure)
  }
}

/// A person's answer. Those to one ask are given in order; where they run out, time passes to the expiry.
public struct ScriptedAnswer: Sendable, Hashable {
  /// The path of the ask without items and rounds, or its name.
  public var ask: String
  public var choice: String
  public var form: JSON?
}

/// A message that is there as soon as a step waits for it. Each is given once.
public struct ScriptedSignal: Sendable, Hashable {
  public var name: String
  public var payload: JSON
}

/// What came of a rehearsal.
public struct RehearsalResult: Sendable {
  public var status: String
  public var failure: Failure?
  public var outputs: JSON?
  public var steps: [RehearsedStep]
  /// Why it was left before its end; nil where it ended.
  public var left: Bilingual?

  public init(
    status: String, failure: Failure?, outputs: JSON?, steps: [RehearsedStep], left: Bilingual?
  ) {
    (self.status, self.failure, self.outputs) = (status, failure, outputs)
    (self.steps, self.left) = (steps, left)
  }
}

public struct RehearsedStep: Sendable {
  public var path: String
  public var kind: String
  public var connector: String?
  public var status: String
  public var attempts: Int
  public var duration: Duration?
  public var output: JSON?
  public var failure: Failure?
  public var skipCause: String?

  public init(
    path: String, kind: String, connector: String?, status: String, attempts: Int, duration: Duration?,
    output: JSON?, failure: Failure?, skipCause: String?
  ) {
    (self.path, self.kind, self.connector, self.status) = (path, kind, connector, status)
    (self.attempts, self.duration, self.output) = (attempts, duration, output)
    (self.failure, self.skipCause) = (failure, skipCause)
  }

  var json: JSON {
    var json = JSONObject([
      ("path", .string(path)), ("kind", .string(kind)), ("status", .string(status)),
      ("attempts", .int(Int64(attempts))),
    ])
    if let connector { json["connector"] = .string(connector) }
    if let output { json["output"] = output }
    if let failure { json["error"] = failure.shown }
    if let skipCause { json["skip_cause"] = .string(skipCause) }
    return .object(json)
  }
}

extension Failure {
  var shown: JSON {
    ["class": .string(errorClass.rawValue), "code": .string(code), "message": .string(message)]
  }
}

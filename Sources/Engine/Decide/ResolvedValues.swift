internal import Crypto
internal import Expressions
public import Model
internal import Pipelines

// What expressions see of a step's kind, a failure and a moment.

extension StepKind {
  var word: String {
    switch self {
    case .connector: "uses"
    case .group: "steps"
    case .choose: "choose"
    case .value: "value"
    case .call: "call"
    case .ask: "ask"
    case .wait: "wait"
    case .end: "end"
    }
  }
}

extension Failure {
  /// `{class, code, message, step, fingerprint}`.
  var json: JSON {
    [
      "class": .string(errorClass.rawValue), "code": .string(code), "message": .string(message),
      "step": .string(step), "fingerprint": .string(fingerprint),
    ]
  }

  /// The same for failures that are alike: class, code and step, and the message without its digits.
  public var fingerprint: String {
    let words = message.filter { !$0.isNumber }
    return String(SHA256.hex(Array("\(errorClass.rawValue)/\(code)/\(step)/\(words)".utf8)).prefix(16))
  }
}

extension Value {
  /// A map of `trigger` or `job`, whose moments are text in storage and moments in expressions.
  init(moments map: JSON) {
    self = .map(
      MapValue(
        entries: (map.object ?? JSONObject()).map { member in
          let isMoment = ["time", "created_at", "started_at"].contains(member.key)
          let time = isMoment ? member.value.string.flatMap { Timestamp(rfc3339: $0) } : nil
          return (.string(member.key), time.map { Value(time: $0) } ?? Value(member.value))
        }))
  }

  init(time: Timestamp) {
    let micro = time.microseconds
    let seconds = micro >= 0 ? micro / 1_000_000 : (micro - 999_999) / 1_000_000
    self = .timestamp(seconds: seconds, nanoseconds: Int32((micro - seconds * 1_000_000) * 1_000))
  }
}

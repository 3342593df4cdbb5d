/// What is wrong with a stored fact.
public struct FactError: Error, Sendable, Hashable {
  public var text: String
  public init(_ text: String) { self.text = text }
}

extension Fact {
  /// Reads the text that `append` wrote. `body` gives the value that lies at a place; what it throws ends
  /// the reading.
  public init(_ json: JSON, body: (BodyPlace) throws(FactError) -> JSON) throws(FactError) {
    var reader = FactReader(json: json)
    let name = try reader.text("f")
    if let fact = try Self.structure(name, &reader, body) {
      self = fact
    } else if let fact = try Self.ending(name, &reader, body) {
      self = fact
    } else if let fact = try Self.job(name, &reader, body) {
      self = fact
    } else if let fact = try StepFact(name, &reader, body) {
      self = .step(try reader.node("n"), fact)
    } else {
      throw FactError("The fact \"\(name)\" is not known to this version.")
    }
  }

  private typealias Bodies = (BodyPlace) throws(FactError) -> JSON

  private static func structure(
    _ name: String, _ reader: inout FactReader, _ bodies: Bodies
  ) throws(FactError) -> Fact? {
    switch name {
    case "created":
      let creation = Creation(
        namespace: try reader.text("ns"), pipeline: try reader.text("pipeline"),
        revision: Int(try reader.number("revision")), engine: try reader.text("engine"),
        key: reader.json["key"]?.string)
      return .created(creation, context: try reader.body("context", bodies))
    case "opened":
      return .opened(
        parent: try reader.optionalNode("in"), first: try reader.node("n"), step: try reader.node("step"),
        count: try reader.node("count"))
    case "items":
      return .items(
        parent: try reader.node("in"), first: try reader.node("n"), count: try reader.node("count"),
        parallel: try reader.node("parallel"), items: try reader.body("items", bodies),
        isWindow: reader.json["window"] != nil)
    case "round":
      return .round(
        parent: try reader.node("in"), node: try reader.node("n"), number: try reader.node("round"),
        max: try reader.node("max"), carry: try reader.body("carry", bodies))
    case "aside":
      guard let kind = AsideKind(word: try reader.text("kind")) else {
        throw FactError("A fact names steps beside a step of a kind that is not known.")
      }
      return .aside(
        parent: try reader.node("in"), kind, first: try reader.node("n"), step: try reader.node("step"),
        count: try reader.node("count"))
    case "entered": return .entered(try reader.node("n"))
    case "queued": return .queued(try reader.node("n"))
    case "started":
      guard let effect = EffectClass(rawValue: try reader.text("effect")) else {
        throw FactError("A start names an effect class that is not known.")
      }
      return .started(
        try reader.node("n"), attempt: try reader.node("attempt"), effect: effect,
        input: try reader.optionalBody("input", bodies))
    case _: return nil
    }
  }

  private static func ending(
    _ name: String, _ reader: inout FactReader, _ bodies: Bodies
  ) throws(FactError) -> Fact? {
    switch name {
    case "ended":
      let (node, status) = (try reader.node("n"), try reader.stepStatus())
      if status.hasOutput {
        return .succeeded(node, status, output: try reader.optionalBody("output", bodies))
      }
      return .failed(
        node, status, try reader.errorClass(), code: reader.code, message: try reader.body("message", bodies))
    case "skipped":
      guard let cause = SkipCause(word: try reader.text("cause")) else {
        throw FactError("A skip names a cause that is not known.")
      }
      return .skipped(first: try reader.node("n"), count: try reader.node("count"), cause)
    case "retrying":
      return .retrying(
        try reader.node("n"), try reader.errorClass(), code: reader.code,
        message: try reader.body("message", bodies), due: try reader.due(), pause: try reader.pause())
    case "delayed":
      return .delayed(try reader.node("n"), due: try reader.due(), pause: try reader.pause())
    case "deadline":
      return .deadline(try reader.optionalNode("n"), due: try reader.due(), after: try reader.pause())
    case "lost": return .lost(try reader.node("n"), cause: try reader.text("cause"))
    case "question": return .question(try reader.node("n"), reason: try reader.text("reason"))
    case "resolved":
      return .resolved(
        try reader.node("n"), answer: try reader.text("answer"), actor: try reader.text("actor"))
    case "superseded":
      return .superseded(
        try reader.node("n"), token: try reader.node("token"),
        output: try reader.optionalBody("output", bodies))
    case "adopted": return .adopted(try reader.node("n"), actor: try reader.text("actor"))
    case "stopping": return .stopping(try reader.node("n"), try reader.stepStatus())
    case _: return nil
    }
  }

  private static func job(
    _ name: String, _ reader: inout FactReader, _ bodies: Bodies
  ) throws(FactError) -> Fact? {
    switch name {
    case "cancel_requested":
      return .cancelRequested(actor: try reader.text("actor"), reason: try reader.body("reason", bodies))
    case "killed":
      return .killed(actor: try reader.text("actor"), reason: try reader.body("reason", bodies))
    case "overdue": return .overdue
    case "phase":
      guard let phase = JobPhase(word: try reader.text("phase")) else {
        throw FactError("A phase is not known.")
      }
      return .phase(phase)
    case "outcome":
      return .outcome(
        try reader.jobStatus(), failure: try reader.failure(bodies),
        outputs: try reader.optionalBody("outputs", bodies))
    case "status": return .status(try reader.jobStatus())
    case "reopened":
      return .reopened(
        actor: try reader.text("actor"), round: try reader.node("round"), nodes: try reader.nodes("nodes"))
    case "updated":
      return .updated(
        actor: try reader.text("actor"), priority: reader.json["priority"]?.int.map { Int($0) },
        labels: try reader.optionalBody("labels", bodies))
    case "recovered": return .recovered(node: try reader.text("node"))
    case "quarantined": return .quarantined(reason: try reader.text("reason"))
    case _: return nil
    }
  }
}

/// Takes the members of one stored fact, each with a sentence for what is missing.
struct FactReader {
  let json: JSON

  func text(_ key: String) throws(FactError) -> String {
    guard let text = json[key]?.string else { throw FactError("A fact has no text \"\(key)\".") }
    return text
  }

  func number(_ key: String) throws(FactError) -> Int64 {
    guard let number = json[key]?.int else { throw FactError("A fact has no number \"\(key)\".") }
    return number
  }

  func node(_ key: String) throws(FactError) -> UInt32 {
    guard let node = UInt32(exactly: try number(key)) else {
      throw FactError("The number \"\(key)\" of a fact is out of range.")
    }
    return node
  }

  func optionalNode(_ key: String) throws(FactError) -> UInt32? { json[key] == nil ? nil : try node(key) }

  func due() throws(FactError) -> Timestamp { Timestamp(microseconds: try number("due")) }
  func pause() throws(FactError) -> Duration { .microseconds(try number("pause")) }
  var code: String { json["code"]?.string ?? "" }

  func errorClass() throws(FactError) -> ErrorClass {
    guard let errorClass = ErrorClass(rawValue: try text("class")) else {
      throw FactError("A fact names an error class that is not known.")
    }
    return errorClass
  }

  func nodes(_ key: String) throws(FactError) -> [NodeNumber] {
    var nodes: [NodeNumber] = []
    for element in json[key]?.array ?? [] {
      guard let node = element.int.flatMap({ NodeNumber(exactly: $0) }) else {
        throw FactError("A number of \"\(key)\" is out of range.")
      }
      nodes.append(node)
    }
    return nodes
  }

  func failure(
    _ bodies: (BodyPlace) throws(FactError) -> JSON
  ) throws(FactError) -> Fact.FailureFact? {
    if json["class"] == nil { return nil }
    return Fact.FailureFact(
      errorClass: try errorClass(), code: code, message: try body("message", bodies), step: try text("step"))
  }

  func stepStatus() throws(FactError) -> StepStatus {
    guard let status = StepStatus(word: try text("status")) else {
      throw FactError("A fact names a step status that is not known.")
    }
    return status
  }

  func jobStatus() throws(FactError) -> JobStatus {
    guard let status = JobStatus(word: try text("status")) else {
      throw FactError("A fact names a job status that is not known.")
    }
    return status
  }

  func body(
    _ key: String, _ bodies: (BodyPlace) throws(FactError) -> JSON
  ) throws(FactError) -> Body {
    guard let body = try optionalBody(key, bodies) else { throw FactError("A fact has no body \"\(key)\".") }
    return body
  }

  func optionalBody(
    _ key: String, _ bodies: (BodyPlace) throws(FactError) -> JSON
  ) throws(FactError) -> Body? {
    guard let value = json[key] else { return nil }
    guard let place = BodyPlace(value) else { throw FactError("The place of \"\(key)\" is not well formed.") }
    return Body(place: place, value: try bodies(place))
  }
}

extension BodyPlace {
  /// Reads `[sequence, offset, length]` or `[row]`.
  public init?(_ json: JSON) {
    let numbers = (json.array ?? []).compactMap(\.int)
    switch numbers.count {
    case 1: self = .row(BodyID(numbers[0]))
    case 3:
      guard let sequence = UInt32(exactly: numbers[0]), let offset = UInt32(exactly: numbers[1]),
        let length = UInt32(exactly: numbers[2])
      else { return nil }
      self = .event(sequence: sequence, offset: offset, length: length)
    case _: return nil
    }
  }

  public var json: JSON {
    switch self {
    case .event(let sequence, let offset, let length):
      [.int(Int64(sequence)), .int(Int64(offset)), .int(Int64(length))]
    case .row(let id): [.int(id.value)]
    }
  }
}

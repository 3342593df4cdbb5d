extension StepFact {
  func append(to writer: inout FactWriter) {
    switch self {
    case .limited: break
    case .awaiting(let wait): writer.body("wait", wait)
    case .signalled(let id, let payload):
      writer.text("id", id)
      writer.body("payload", payload)
    case .asked(let id, let content):
      writer.text("id", id.description)
      writer.body("ask", content)
    case .answered(let by, let counts, let answer):
      writer.text("by", by)
      writer.number("counts", counts ? 1 : 0)
      writer.body("answer", answer)
    case .assigned(let cause, let actor, let to):
      writer.text("cause", cause)
      writer.text("actor", actor)
      writer.body("to", to)
    case .reminded(let number): writer.node("number", number)
    case .calling(let pipeline, let revision, let inputs):
      writer.text("pipeline", pipeline)
      writer.number("revision", Int64(revision))
      writer.body("inputs", inputs)
    case .called(let child): writer.text("child", child.description)
    case .settled(let status, let output, let failure):
      writer.text("status", status.word)
      if let output { writer.body("output", output) }
      if let failure {
        writer.failure(failure.errorClass, failure.code, failure.message)
        writer.text("step", failure.step)
      }
    case .reused(let status, let from, let output):
      writer.text("status", status.word)
      writer.text("from", from)
      if let output { writer.body("output", output) }
    case .counting(let source): writer.body("source", source)
    case .sliced(let value): writer.body("value", value)
    }
  }

  /// Nil where no fact of this kind has the name.
  init?(
    _ name: String, _ reader: inout FactReader, _ bodies: (BodyPlace) throws(FactError) -> JSON
  ) throws(FactError) {
    if let fact = try Self.people(name, &reader, bodies) {
      self = fact
    } else if let fact = try Self.rest(name, &reader, bodies) {
      self = fact
    } else {
      return nil
    }
  }

  private static func people(
    _ name: String, _ reader: inout FactReader, _ bodies: (BodyPlace) throws(FactError) -> JSON
  ) throws(FactError) -> StepFact? {
    switch name {
    case "awaiting": return .awaiting(try reader.body("wait", bodies))
    case "signalled":
      return .signalled(id: try reader.text("id"), payload: try reader.body("payload", bodies))
    case "asked":
      guard let id = ID<Ask>(try reader.text("id")) else { throw FactError("The id of an ask is no id.") }
      return .asked(id, content: try reader.body("ask", bodies))
    case "answered":
      return .answered(
        by: try reader.text("by"), counts: try reader.number("counts") == 1,
        answer: try reader.body("answer", bodies))
    case "assigned":
      return .assigned(
        cause: try reader.text("cause"), actor: try reader.text("actor"), to: try reader.body("to", bodies))
    case "reminded": return .reminded(try reader.node("number"))
    case _: return nil
    }
  }

  private static func rest(
    _ name: String, _ reader: inout FactReader, _ bodies: (BodyPlace) throws(FactError) -> JSON
  ) throws(FactError) -> StepFact? {
    switch name {
    case "limited": return .limited
    case "calling":
      return .calling(
        pipeline: try reader.text("pipeline"), revision: Int(try reader.number("revision")),
        inputs: try reader.body("inputs", bodies))
    case "called":
      guard let child = ID<Job>(try reader.text("child")) else {
        throw FactError("The id of a sub-job is no id.")
      }
      return .called(child)
    case "settled":
      return .settled(
        try reader.stepStatus(), output: try reader.optionalBody("output", bodies),
        failure: try reader.failure(bodies))
    case "reused":
      return .reused(
        try reader.stepStatus(), from: try reader.text("from"),
        output: try reader.optionalBody("output", bodies))
    case "counting": return .counting(try reader.body("source", bodies))
    case "sliced": return .sliced(try reader.body("value", bodies))
    case _: return nil
    }
  }
}

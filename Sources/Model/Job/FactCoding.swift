extension Fact {
  /// The version that `job_events.version` names. Every version ever written can be read.
  public static let version = 2

  /// Adds the fact's JSON text: `{"f": name, "n": node, …}`. Bodies are named by place, as
  /// `[sequence, offset, length]` or `[row]`.
  public func append(to bytes: inout [UInt8]) {
    // The writer owns the bytes while it writes, so that they are never copied.
    var writer = FactWriter()
    swap(&writer.bytes, &bytes)
    writer.begin(name)
    switch self {
    case .created(let creation, let context):
      writer.text("ns", creation.namespace)
      writer.text("pipeline", creation.pipeline)
      writer.number("revision", Int64(creation.revision))
      writer.text("engine", creation.engine)
      if let key = creation.key { writer.text("key", key) }
      writer.body("context", context)
    case .opened(let parent, let first, let step, let count):
      if let parent { writer.node("in", parent) }
      writer.node("n", first)
      writer.node("step", step)
      writer.node("count", count)
    case .items(let parent, let first, let count, let parallel, let items, let isWindow):
      writer.node("in", parent)
      writer.node("n", first)
      writer.node("count", count)
      writer.node("parallel", parallel)
      writer.body("items", items)
      if isWindow { writer.number("window", 1) }
    case .round(let parent, let node, let number, let max, let carry):
      writer.node("in", parent)
      writer.node("n", node)
      writer.node("round", number)
      writer.node("max", max)
      writer.body("carry", carry)
    case .entered(let node), .queued(let node): writer.node("n", node)
    case .started(let node, let attempt, let effect, let input):
      writer.node("n", node)
      writer.node("attempt", attempt)
      writer.text("effect", effect.rawValue)
      if let input { writer.body("input", input) }
    case .succeeded(let node, let status, let output):
      writer.node("n", node)
      writer.text("status", status.word)
      if let output { writer.body("output", output) }
    case .failed(let node, let status, let errorClass, let code, let message):
      writer.node("n", node)
      writer.text("status", status.word)
      writer.failure(errorClass, code, message)
    case .skipped(let first, let count, let cause):
      writer.node("n", first)
      writer.node("count", count)
      writer.text("cause", cause.word)
    case .retrying(let node, let errorClass, let code, let message, let due, let pause):
      writer.node("n", node)
      writer.failure(errorClass, code, message)
      writer.wait(due, pause)
    case .delayed(let node, let due, let pause):
      writer.node("n", node)
      writer.wait(due, pause)
    case .deadline(let node, let due, let after):
      if let node { writer.node("n", node) }
      writer.wait(due, after)
    case .lost, .question, .resolved, .superseded, .adopted, .stopping, .cancelRequested, .killed, .overdue,
      .phase, .outcome, .status, .recovered, .quarantined, .step, .aside, .reopened, .updated:
      appendRest(to: &writer)
    }
    writer.bytes.append(UInt8(ascii: "}"))
    swap(&writer.bytes, &bytes)
  }

  private func appendRest(to writer: inout FactWriter) {
    switch self {
    case .lost(let node, let cause):
      writer.node("n", node)
      writer.text("cause", cause)
    case .question(let node, let reason):
      writer.node("n", node)
      writer.text("reason", reason)
    case .resolved(let node, let answer, let actor):
      writer.node("n", node)
      writer.text("answer", answer)
      writer.text("actor", actor)
    case .superseded(let node, let token, let output):
      writer.node("n", node)
      writer.node("token", token)
      if let output { writer.body("output", output) }
    case .adopted(let node, let actor):
      writer.node("n", node)
      writer.text("actor", actor)
    case .stopping(let node, let status):
      writer.node("n", node)
      writer.text("status", status.word)
    case .cancelRequested(let actor, let reason), .killed(let actor, let reason):
      writer.text("actor", actor)
      writer.body("reason", reason)
    case .phase(let phase): writer.text("phase", phase.word)
    case .outcome(let status, let failure, let outputs):
      writer.text("status", status.word)
      if let failure {
        writer.failure(failure.errorClass, failure.code, failure.message)
        writer.text("step", failure.step)
      }
      if let outputs { writer.body("outputs", outputs) }
    case .status(let status): writer.text("status", status.word)
    case .recovered(let node): writer.text("node", node)
    case .quarantined(let reason): writer.text("reason", reason)
    case .step(let node, let fact):
      writer.node("n", node)
      fact.append(to: &writer)
    case .aside(let parent, let kind, let first, let step, let count):
      writer.aside(parent, kind, first, step, count)
    case .reopened(let actor, let round, let nodes):
      writer.text("actor", actor)
      writer.node("round", round)
      writer.nodes("nodes", nodes)
    case .updated(let actor, let priority, let labels): writer.update(actor, priority, labels)
    case .overdue, .created, .opened, .items, .round, .entered, .queued, .started, .succeeded, .failed,
      .skipped, .retrying, .delayed, .deadline:
      break
    }
  }

  /// The word that stands in the stored text and in `job events`.
  public var name: String {
    switch self {
    case .created: "created"
    case .opened: "opened"
    case .items: "items"
    case .round: "round"
    case .entered: "entered"
    case .queued: "queued"
    case .started: "started"
    case .succeeded, .failed: "ended"
    case .skipped: "skipped"
    case .retrying: "retrying"
    case .delayed: "delayed"
    case .deadline: "deadline"
    case .lost: "lost"
    case .question: "question"
    case .resolved: "resolved"
    case .superseded: "superseded"
    case .adopted: "adopted"
    case .stopping: "stopping"
    case .cancelRequested: "cancel_requested"
    case .killed: "killed"
    case .overdue: "overdue"
    case .phase: "phase"
    case .outcome: "outcome"
    case .status: "status"
    case .recovered: "recovered"
    case .quarantined: "quarantined"
    case .step(_, let fact): fact.name
    case .aside: "aside"
    case .reopened: "reopened"
    case .updated: "updated"
    }
  }
}

/// Writes one fact by hand: a general encoder costs more than the engine's whole share of a step.
struct FactWriter {
  var bytes: [UInt8] = []

  mutating func begin(_ name: String) {
    bytes.append(text: "{\"f\":\"")
    bytes.append(text: name)
    bytes.append(UInt8(ascii: "\""))
  }

  private mutating func key(_ name: String) {
    bytes.append(UInt8(ascii: ","))
    bytes.append(UInt8(ascii: "\""))
    bytes.append(text: name)
    bytes.append(UInt8(ascii: "\""))
    bytes.append(UInt8(ascii: ":"))
  }

  mutating func node(_ name: String, _ value: UInt32) { number(name, Int64(value)) }

  mutating func number(_ name: String, _ value: Int64) {
    key(name)
    JSONText.write(value, to: &bytes)
  }

  mutating func text(_ name: String, _ value: String) {
    key(name)
    JSONText.write(value, to: &bytes)
  }

  mutating func aside(
    _ parent: NodeNumber, _ kind: AsideKind, _ first: NodeNumber, _ step: UInt32, _ count: UInt32
  ) {
    node("in", parent)
    text("kind", kind.word)
    node("n", first)
    node("step", step)
    node("count", count)
  }

  mutating func update(_ actor: String, _ priority: Int?, _ labels: Body?) {
    text("actor", actor)
    if let priority { number("priority", Int64(priority)) }
    if let labels { body("labels", labels) }
  }

  mutating func nodes(_ name: String, _ nodes: [NodeNumber]) {
    key(name)
    bytes.append(UInt8(ascii: "["))
    for (index, node) in nodes.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      JSONText.write(Int64(node), to: &bytes)
    }
    bytes.append(UInt8(ascii: "]"))
  }

  mutating func wait(_ due: Timestamp, _ pause: Duration) {
    number("due", due.microseconds)
    number("pause", pause.microseconds)
  }

  mutating func failure(_ errorClass: ErrorClass, _ code: String, _ message: Body) {
    text("class", errorClass.rawValue)
    if !code.isEmpty { text("code", code) }
    body("message", message)
  }

  mutating func body(_ name: String, _ body: Body) {
    key(name)
    bytes.append(UInt8(ascii: "["))
    switch body.place {
    case .event(let sequence, let offset, let length):
      JSONText.write(Int64(sequence), to: &bytes)
      bytes.append(UInt8(ascii: ","))
      JSONText.write(Int64(offset), to: &bytes)
      bytes.append(UInt8(ascii: ","))
      JSONText.write(Int64(length), to: &bytes)
    case .row(let id): JSONText.write(id.value, to: &bytes)
    }
    bytes.append(UInt8(ascii: "]"))
  }
}

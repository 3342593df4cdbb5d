internal import Crypto
internal import Model
internal import Pipelines

/// A message in the making: what happened, before it is known who is told.
struct Telling {
  var type: EventType
  var namespace: String
  var pipeline: PipelineName?
  var job: ID<Job>?
  var lane: String
  /// What it is about, within its source.
  var subject: String
  var data: JSONObject
  /// The same for the same thing that happened, so that a receiver can drop doubles.
  let id: String

  /// `key` makes it one message and no other of its type: the id follows from it.
  init(
    type: EventType, namespace: String, pipeline: PipelineName?, job: ID<Job>? = nil, lane: String,
    subject: String, key: String, data: JSONObject
  ) {
    (self.type, self.namespace, self.pipeline, self.job) = (type, namespace, pipeline, job)
    (self.lane, self.subject, self.data) = (lane, subject, data)
    let hash = SHA256.digest(Array("\(type.name)\n\(namespace)\n\(key)".utf8))
    id = "evt_" + Hex.encode(hash.prefix(16))
  }

  /// CloudEvents 1.0, in structured mode.
  func event(from node: String, at now: Timestamp) -> JSON {
    let source = pipeline.map { "/esteira/\(node)/\($0)" } ?? "/esteira/\(node)/\(namespace)"
    return [
      "specversion": "1.0", "id": .string(id), "source": .string(source), "type": .string(type.name),
      "subject": .string(subject), "time": .string(now.rfc3339), "datacontenttype": "application/json",
      "data": .object(data),
    ]
  }
}

extension OutboxRow {
  /// Binds a sealed message to its id, so that it cannot stand for another.
  static func binding(_ namespace: String, _ event: String) -> [UInt8] {
    Array("event \(namespace) \(event)".utf8)
  }
}

/// Where a job stood before a decision.
struct JobStanding {
  var status: JobStatus
  var round: UInt32
  var hasBegun: Bool
  var isNew: Bool

  /// Field by field: a question to the whole state would copy it.
  init(_ job: OwnedJob) {
    (status, round, isNew) = (job.state.status, job.state.round, job.state.sequence == 0)
    hasBegun = job.state.startedAt != .never
  }
}

// What a decision means to those who listen. Inputs, outputs and what people are shown are never part of it.
extension Jobs {
  /// Puts the messages into the commit of the decision, in the order in which things happened.
  mutating func tellListeners(
    of job: OwnedJob, _ event: Event, _ effects: [Effect], _ changed: [NodeNumber],
    since before: JobStanding, at now: Timestamp
  ) {
    let listeners = job.listeners ?? outbox.listeners(of: job.pipeline)
    job.listeners = listeners
    if listeners.types.isEmpty { return }
    if before.isNew { tell(.jobCreated, of: job, at: now) }
    if !before.hasBegun, job.state.startedAt != .never { tell(.jobStarted, of: job, at: now) }
    // A question that others are asked from now on is no new one.
    if !event.reassigns {
      for case .ask(.changed(let node, let ask, let state, let choice)) in effects {
        tell(ask, at: node, state, choice, of: job, now)
      }
    }
    if !listeners.types.isDisjoint(with: .steps) {
      var told: Set<NodeNumber> = []
      for node in changed where told.insert(node).inserted { tell(stepAt: node, of: job, at: now) }
    }
    let status = job.state.status
    guard status != before.status || job.state.round != before.round else { return }
    if let type = EventType(of: status) { tell(type, of: job, at: now) }
  }

  private mutating func tell(_ type: EventType, of job: OwnedJob, at now: Timestamp) {
    guard job.listeners?.types.contains(type) == true else { return }
    tell(
      Telling(
        type: type, of: job, subject: job.id.description, key: "\(job.id) \(job.state.sequence)",
        data: job.told), of: job, at: now)
  }

  private mutating func tell(stepAt node: NodeNumber, of job: OwnedJob, at now: Timestamp) {
    let state = job.state[node]
    guard job.state.hasRow(node), let type = EventType(of: state.status),
      job.listeners?.types.contains(type) == true
    else { return }
    let path = job.state.path(of: node, in: job.plan)
    var data = job.identified
    data["path"] = .string(path)
    data["status"] = .string(state.status.word)
    data["attempts"] = .int(Int64(state.attempt))
    if let failure = job.state.failure(of: node) { data["error"] = failure.told(at: path) }
    tell(
      Telling(
        type: type, of: job, subject: "\(job.id)/\(path)",
        key: "\(job.id) \(job.state.sequence) \(path)", data: data), of: job, at: now)
  }

  private mutating func tell(
    _ ask: OpenAsk, at node: NodeNumber, _ state: AskRow.State, _ choice: String?, of job: OwnedJob,
    _ now: Timestamp
  ) {
    let type: EventType
    switch state {
    case .open: type = .askOpened
    case .decided: type = .askDecided
    case .expired: type = .askExpired
    case .closed: return
    }
    guard job.listeners?.types.contains(type) == true else { return }
    var data = job.identified
    data["ask"] = .string(ask.id.description)
    data["path"] = .string(job.state.path(of: node, in: job.plan))
    data["opened_at"] = .string(ask.openedAt.rfc3339)
    data["expires_at"] = .string(ask.expiresAt.rfc3339)
    data["choice"] = choice.map { .string($0) }
    tell(
      Telling(
        type: type, of: job, subject: ask.id.description, key: "\(job.id) \(job.state.sequence) \(ask.id)",
        data: data), of: job, at: now)
  }

  private mutating func tell(_ telling: Telling, of job: OwnedJob, at now: Timestamp) {
    guard let listeners = job.listeners else { return }
    tell(telling, to: listeners, with: job.number, at: now)
  }

  /// A due time that nothing came of.
  mutating func tellListeners(of fire: ScheduleFireRow, at now: Timestamp) {
    guard outbox.hasListeners, fire.outcome == .missed else { return }
    let listeners = outbox.listeners(of: fire.pipeline)
    guard listeners.types.contains(.scheduleMissed) else { return }
    let name = "\(fire.pipeline)/\(fire.trigger)"
    var data = JSONObject([
      ("namespace", .string(fire.pipeline.namespace)), ("pipeline", .string(fire.pipeline.name)),
      ("schedule", .string(fire.trigger)), ("due_at", .string(fire.due.rfc3339)),
      ("count", .int(Int64(fire.count))),
    ])
    data["last_due_at"] = fire.last.map { .string($0.rfc3339) }
    data["reason"] = fire.reason.map { .string($0) }
    tell(
      Telling(
        type: .scheduleMissed, namespace: fire.pipeline.namespace, pipeline: fire.pipeline,
        lane: "schedule \(name)", subject: "\(name)/\(fire.due.rfc3339)", key: "\(name) \(fire.due.rfc3339)",
        data: data), to: listeners, at: now)
  }

  /// That something ran out. A destination is not told of its own failures, and nobody of a message that ran
  /// out and told of a letter itself: it would go on for ever.
  mutating func tellListeners(of letter: DeadLetterRow, with job: JobNumber?, at now: Timestamp) {
    guard outbox.hasListeners else { return }
    let failed = letter.kind == .delivery ? letter.source["destination"]?.string : nil
    if failed != nil, letter.source["type"]?.string == EventType.letterAdded.name { return }
    var listeners = outbox.listeners(of: letter.pipeline, in: letter.namespace)
    listeners.each.removeAll { line in
      failed.map { ScalarString($0) == ScalarString(outbox[line.line].destination.name) } ?? false
    }
    guard listeners.each.contains(where: { $0.types.contains(.letterAdded) }) else { return }
    // Only what is stored with the job's own rows has a place among them.
    let ofJob = job == nil ? nil : letter.job
    let lane = ofJob.map { "job \($0)" } ?? "letter \(letter.key)"
    var data = JSONObject([
      ("namespace", .string(letter.namespace)), ("kind", .string(letter.kind.rawValue)),
      ("fingerprint", .string(letter.fingerprint)), ("error", letter.error),
    ])
    data["pipeline"] = letter.pipeline.map { .string($0.name) }
    data["job"] = letter.job.map { .string($0.description) }
    tell(
      Telling(
        type: .letterAdded, namespace: letter.namespace, pipeline: letter.pipeline, job: letter.job,
        lane: lane, subject: letter.key,
        key: "\(letter.key) \(now.microseconds)", data: data), to: listeners, with: job, at: now)
  }
}

extension Telling {
  fileprivate init(
    type: EventType, of job: OwnedJob, subject: String, key: String, data: JSONObject
  ) {
    self.init(
      type: type, namespace: job.pipeline.namespace, pipeline: job.pipeline, job: job.id,
      lane: "job \(job.id)", subject: subject, key: key, data: data)
  }
}

extension OwnedJob {
  /// Which job it is.
  fileprivate var identified: JSONObject {
    var data = JSONObject([
      ("job", .string(id.description)), ("namespace", .string(pipeline.namespace)),
      ("pipeline", .string(pipeline.name)), ("revision", .int(Int64(revision))),
    ])
    data["key"] = state.creation?.key.map { .string($0) }
    data["correlation"] = identity.correlation.map { .string($0) }
    return data
  }

  /// And where it stands.
  fileprivate var told: JSONObject {
    var data = identified
    data["status"] = .string(state.status.word)
    data["created_at"] = state.createdAt.orNil.map { .string($0.rfc3339) }
    data["started_at"] = state.startedAt.orNil.map { .string($0.rfc3339) }
    data["ended_at"] = state.endedAt.orNil.map { .string($0.rfc3339) }
    data["error"] = state.failure?.told(at: nil)
    return data
  }
}

extension Failure {
  /// As lists show it: masked, and no longer than there.
  fileprivate func told(at path: String?) -> JSON {
    let short = String(String.UnicodeScalarView(message.unicodeScalars.prefix(Self.longestMessage)))
    return [
      "class": .string(errorClass.rawValue), "code": .string(code), "message": .string(short),
      "step": .string(path ?? step),
    ]
  }
}

extension Event {
  /// Whether it only changes who is asked.
  fileprivate var reassigns: Bool {
    if case .delegated = self { return true }
    if case .fired(let wake) = self { return wake.kind == .escalation }
    return false
  }
}

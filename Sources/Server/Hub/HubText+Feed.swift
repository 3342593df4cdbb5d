import Engine
import Model

// What the engine tells, as messages.
extension HubText {
  /// Nil where the channel tells nothing of it.
  static func entry(
    _ change: JobChange, of job: FeedJob, in topic: HubTopic, _ sequence: Int64
  ) -> HubEntry {
    let (type, payload, kind) = parts(of: change, job)
    return HubEntry(
      sequence: sequence, text: fitting(type, topic.name, sequence, at: change.at, payload), kind: kind,
      namespace: job.pipeline.namespace)
  }

  static func entry(_ entry: Feed.Entry, in topic: HubTopic) -> HubEntry {
    switch entry.news {
    case .change(let change):
      if case .job = topic { return self.entry(change, of: entry.job, in: topic, sequence(change.place)) }
      return self.entry(change, of: entry.job, in: topic, entry.position)
    case .emitted(let news):
      // A job's numbers are those of its history, of which an emitted event is no part.
      var sequence: Int64? = entry.position
      if case .job = topic { sequence = nil }
      return HubEntry(
        sequence: sequence,
        text: fitting("message", topic.name, sequence, at: news.at, payload(news, entry.job)), kind: .told,
        namespace: entry.job.pipeline.namespace)
    }
  }

  private static func parts(
    of change: JobChange, _ job: FeedJob
  ) -> (type: String, payload: JSONObject, kind: HubEntry.Kind) {
    var payload = JSONObject([
      ("job_id", .string(job.id.description)), ("pipeline", .string(job.pipeline.description)),
    ])
    switch change.kind {
    case .job(let from, let to, let cause):
      payload["from"] = from.map { .string($0.word) } ?? .null
      payload["to"] = .string(to.word)
      payload["cause"] = cause.map { .string($0) }
      payload["at"] = .string(change.at.rfc3339)
      return ("status", payload, .told)
    case .step(let step):
      add(step, to: &payload)
      payload["at"] = .string(change.at.rfc3339)
      return ("status", payload, .told)
    case .progress(let path, let done, let all):
      payload["step_id"] = .string(path)
      payload["progress"] = .int(Int64(done * 100 / max(1, all)))
      payload["text"] = .string("\(done)/\(all)")
      return ("progress", payload, .progress)
    case .failed(let failure):
      payload["step_id"] = .string(failure.step)
      payload["module"] = .string(failure.step)
      payload["error"] = .string(failure.message)
      payload["code"] = .string(failure.code)
      payload["class"] = .string(failure.errorClass.rawValue)
      return ("error", payload, .told)
    case .ended(let end):
      add(end, to: &payload)
      return ("complete", payload, .told)
    case .ask(let ask):
      add(ask, to: &payload)
      return ("ask", payload, .ask(assignees: ask.assignees))
    }
  }

  private static func add(_ step: StepChange, to payload: inout JSONObject) {
    payload["step_id"] = .string(step.path)
    payload["path"] = .string(step.path)
    payload["last_path"] = step.lastPath.map { .string($0) }
    if step.count > 1 { payload["count"] = .int(Int64(step.count)) }
    payload["from"] = .string(step.from.word)
    payload["to"] = .string(step.to.word)
    payload["attempt"] = .int(Int64(step.attempt))
    payload["cause"] = .string(step.cause)
  }

  private static func add(_ end: JobEnd, to payload: inout JSONObject) {
    payload["status"] = .string(end.status.word)
    payload["duration_ms"] = .int(end.took.microseconds / 1_000)
    payload["summary"] = [
      "steps_total": .int(Int64(end.steps)), "steps_success": .int(Int64(end.succeeded)),
      "steps_failed": .int(Int64(end.failed)), "steps_skipped": .int(Int64(end.skipped)),
    ]
    payload["outputs"] = end.outputs
  }

  private static func add(_ ask: AskTold, to payload: inout JSONObject) {
    payload["id"] = .string(ask.id.description)
    payload["step_id"] = .string(ask.path)
    payload["state"] = .string(ask.state.word)
    payload["choice"] = ask.choice.map { .string($0) }
    payload["title"] = .string(ask.title)
    payload["choices"] = ask.choices
    payload["to"] = .array(ask.assignees.prefix(100).map { .string($0) })
    payload["expires_at"] = .string(ask.expiresAt.rfc3339)
  }

  private static func payload(_ news: EmittedNews, _ job: FeedJob) -> JSONObject {
    var payload = JSONObject([
      ("job_id", .string(job.id.description)), ("pipeline", .string(job.pipeline.description)),
      ("step_id", .string(news.path)), ("type", .string(news.type)), ("room", .string(news.room)),
      ("key", .string(news.key)),
    ])
    payload["data"] = news.data
    if news.data == nil { payload["data_left_out"] = .bool(true) }
    return payload
  }

  /// Members that only sometimes are large give way, the largest first; their absence is said.
  private static let large = ["outputs", "choices", "data", "error", "title"]

  private static func fitting(
    _ type: String, _ channel: String, _ sequence: Int64?, at time: Timestamp, _ payload: JSONObject
  ) -> String {
    var (payload, text) = (payload, message(type, channel, sequence, at: time, payload))
    for member in large where text.utf8.count > HubLimits.messageOut && payload[member] != nil {
      payload[member] = nil
      payload["\(member)_left_out"] = .bool(true)
      text = message(type, channel, sequence, at: time, payload)
    }
    return text
  }

  static func snapshot(_ job: JobSnapshot) -> JSON {
    var object = JSONObject([("status", .string(job.status.word))])
    object["started_at"] = job.startedAt.map { .string($0.rfc3339) }
    object["ended_at"] = job.endedAt.map { .string($0.rfc3339) }
    object["counts"] = .object(
      JSONObject(
        StepStatus.allCases.compactMap { status in
          job.counts[status].map { (status.word, JSON.int(Int64($0))) }
        }))
    var (steps, room): ([JSON], Int) = ([], HubLimits.messageOut / 2)
    for step in job.steps {
      let json: JSON = [
        "path": .string(step.path), "status": .string(step.status.word), "attempt": .int(Int64(step.attempt)),
      ]
      room -= json.serialized().count
      if room < 0 { break }
      steps.append(json)
    }
    object["steps"] = .array(steps)
    let all = job.counts.values.reduce(0, +)
    if steps.count < all { object["steps_left_out"] = .int(Int64(all - steps.count)) }
    return .object(object)
  }
}

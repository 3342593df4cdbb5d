import Engine
import Model

/// Jobs in the server's log, as they go on: what began, what failed, what is tried again, what ended.
struct JobLines: Sendable {
  let log: ServerLog
  private static let page = 512

  /// Until its task is cancelled. Without a log that tells jobs, nothing is listened to.
  func follow(_ node: Node) async {
    guard log.tellsWork(), let feed = try? await node.listen() else { return }
    var position = feed.position
    let rings = feed.rings()
    for await _ in rings {
      while true {
        let page = feed.entries(after: position, limit: Self.page)
        if page.hasGap { tellGap() }
        for entry in page.entries { tell(entry) }
        position = page.position
        if page.entries.count < Self.page { break }
      }
    }
    node.unlisten()
  }

  /// More happened at once than is kept for those who are slower.
  private func tellGap() {
    log.tell(
      .warn, "log_gap",
      Bilingual(
        "More happened than could be written here; the histories of the jobs have it.",
        pt: "Aconteceu mais do que se pôde escrever aqui; os históricos dos jobs têm tudo."))
  }

  func tell(_ entry: Feed.Entry) {
    switch entry.news {
    case .change(let change): tell(change, of: entry.job)
    case .emitted(let news): tell(news, of: entry.job)
    }
  }

  private func tell(_ change: JobChange, of job: FeedJob) {
    func note(_ level: LogSetting.Level, _ event: String, _ data: JSONObject = [:]) {
      log.note(level, event, at: change.at, Self.fields(job), data: data)
    }
    switch change.kind {
    case .job(let from, let to, let cause):
      var data = JSONObject([("status", .string(to.word))])
      data["cause"] = cause.map { .string($0) }
      guard let from else { return note(.info, "job_created", data) }
      data["from"] = .string(from.word)
      note(to == .needsAttention ? .error : .debug, "job_status", data)
    case .step(let step):
      var data = JSONObject([
        ("path", .string(step.path)), ("status", .string(step.to.word)),
        ("attempt", .int(Int64(step.attempt))), ("cause", .string(step.cause)),
      ])
      if step.count > 1 { data["count"] = .int(Int64(step.count)) }
      let isError = [.retrying, .failed, .timeout].contains(step.to)
      let event = step.to == .retrying ? "step_retry" : isError ? "step_failed" : "step_status"
      note(isError ? .warn : .debug, event, data)
    case .progress(let path, let done, let all):
      note(.debug, "progress", ["path": .string(path), "done": .int(Int64(done)), "of": .int(Int64(all))])
    case .failed(let failure):
      note(
        .warn, "step_error",
        [
          "path": .string(failure.step), "class": .string(failure.errorClass.rawValue),
          "code": .string(failure.code), "error": .string(failure.message),
        ])
    case .ended(let end): note(Self.level(of: end.status), "job_ended", Self.data(end))
    case .ask(let ask):
      note(
        .info, "ask",
        [
          "ask": .string(ask.id.description), "path": .string(ask.path),
          "state": .string(ask.state.word),
        ])
    }
  }

  private func tell(_ news: EmittedNews, of job: FeedJob) {
    guard log.setting.events.contains(news.type) else {
      return log.note(
        .debug, "event_emitted", at: news.at, Self.fields(job),
        data: ["type": .string(news.type), "path": .string(news.path)])
    }
    log.note(.info, news.type, at: news.at, Self.fields(job), data: news.data?.object ?? JSONObject())
  }

  private static func fields(_ job: FeedJob) -> ServerLog.Fields {
    [
      "job_id": .string(job.id.description), "pipeline": .string(job.pipeline.description),
      "key": job.key.map { .string($0) }, "correlation_id": job.correlation.map { .string($0) },
    ]
  }

  private static func data(_ end: JobEnd) -> JSONObject {
    [
      "status": .string(end.status.word), "duration_ms": .int(end.took.microseconds / 1_000),
      "steps_total": .int(Int64(end.steps)), "steps_success": .int(Int64(end.succeeded)),
      "steps_failed": .int(Int64(end.failed)), "steps_skipped": .int(Int64(end.skipped)),
    ]
  }

  private static func level(of status: JobStatus) -> LogSetting.Level {
    if status == .partial { return .warn }
    return [.success, .cancelled].contains(status) ? .info : .error
  }
}

import API
import Model

/// Follows a job to its end, shows it, and says what the command exits with.
struct JobWatch: Sendable {
  var call: Invocation
  var client: Client
  /// A watch whose connection breaks asks again this often before it gives up.
  static let reconnections = 3

  /// What ended the watching.
  private enum Outcome: Sendable {
    case ended(Int)
    case needsAttention(Int)
    case timeout
    case interrupted
  }

  /// Of a job that may have stopped for a person long ago: then that is said at once. As lines of JSON the
  /// decisions are what is wanted, and the last of them says it.
  func followOrAsk(_ id: String) async throws -> ExitCode {
    if call.format != .jsonl, try await stillAsks(id) { return try await close(id) }
    return try await follow(id)
  }

  func follow(_ id: String, after: Int = 0) async throws -> ExitCode {
    let outcome = try await first([
      { try await watch(id, after: after) },
      {
        guard let limit = try call.duration("--timeout") else { return nil }
        try await call.bench.sleep(limit)
        return .timeout
      },
      {
        await call.bench.interruption()
        return Task.isCancelled ? nil : .interrupted
      },
    ])
    switch outcome {
    case .ended, .needsAttention: return try await close(id)
    case .timeout:
      call.console.error(call.text(goesOn(id)))
      return .timeout
    case .interrupted:
      call.console.error(call.text(goesOn(id)))
      return .interrupted
    }
  }

  /// The result of whoever has one first; the others are cancelled.
  private func first(
    _ works: [@Sendable () async throws -> Outcome?]
  ) async throws -> Outcome {
    try await withThrowingTaskGroup(of: Outcome?.self) { group in
      for work in works { group.addTask { try await work() } }
      defer { group.cancelAll() }
      while let next = try await group.next() {
        if let outcome = next { return outcome }
      }
      throw SilentExit(code: .failure)
    }
  }

  private func watch(_ id: String, after: Int) async throws -> Outcome? {
    var (progress, failures) = (JobProgress(language: call.language, job: id), 0)
    var screen = ProgressScreen(call.console, hasColours: !call.has("--no-color"))
    var position = after
    while true {
      do {
        let events = try await client.follow(JobCalls.follow, EventsQuery(id: id, after: position))
        for try await event in events {
          let event = try JobEvent(try JSON(parsing: event.data))
          show(event, &progress, &screen)
          position = progress.lastSequence
          // The history also tells of questions that were answered since.
          if progress.status == "needs_attention", try await stillAsks(id) {
            screen.close()
            return .needsAttention(position)
          }
        }
        screen.close()
        return .ended(position)
      } catch let error as Problem where error.code == "server-unreachable" && failures < Self.reconnections {
        failures += 1
        try await call.bench.sleep(.seconds(failures))
      }
    }
  }

  private func stillAsks(_ id: String) async throws -> Bool {
    try await client.call(JobCalls.get, JobPath(id: id)).job.status == "needs_attention"
  }

  private func show(_ event: JobEvent, _ progress: inout JobProgress, _ screen: inout ProgressScreen) {
    let changes = progress.take(event)
    switch call.format {
    case .table: if !call.isQuiet { screen.show(changes, running: progress.running) }
    case .jsonl: call.console.out(event.json.text)
    case .json, .id: break
    }
  }

  private func close(_ id: String) async throws -> ExitCode {
    let job = try await client.call(JobCalls.get, JobPath(id: id))
    switch call.format {
    case .table:
      summary(of: job).forEach(call.console.out)
      if job.needsDecision { try await call.decisions(of: id, client).forEach(call.console.out) }
    case .json: call.console.out(job.json.prettyText)
    case .id: call.console.out(job.job.id)
    case .jsonl: break
    }
    return exitCode(job.job.status)
  }

  private func summary(of job: JobDetail) -> [String] {
    let words = Words(language: call.language)
    var parts = ["JOB \(Words.short(job.job.id))", job.job.status]
    if let end = job.job.completedAt { parts.append(words.duration(end - job.job.createdAt)) }
    var line = parts.joined(separator: "  ")
    let outputs = (job.outputs?.object ?? JSONObject()).map { "\($0.key)=\(words.value($0.value).printable)" }
    if !outputs.isEmpty { line += "   " + outputs.joined(separator: " ") }
    var lines = [line]
    if let error = job.job.error { lines.append("  " + words.failure(error)) }
    return lines
  }

  private func exitCode(_ status: String) -> ExitCode {
    switch JobStatus(word: status) {
    case .success: .done
    case .partial: call.has("--accept-partial") ? .done : .partial
    case .needsAttention: .needsAttention
    case .failed, .timeout, .cancelled: .failure
    case .pending, .queued, .running, .waiting, nil: .failure
    }
  }

  private func goesOn(_ id: String) -> Bilingual {
    let short = Words.short(id)
    if client.transport.endsWithCommand {
      return Bilingual(
        "Job \(short) is kept, and goes on with the next `esteira server --background`.",
        pt: "O job \(short) está guardado e continua com o próximo `esteira server --background`.")
    }
    return Bilingual(
      "Job \(short) goes on. Follow it with `esteira job watch \(short)`.",
      pt: "O job \(short) continua. Acompanhe com `esteira job watch \(short)`.")
  }
}

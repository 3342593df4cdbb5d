import API
import Engine
import Model

/// Routes that let a pipeline rest. A pause is a state of the running system, which `apply` does not touch
/// (S31).
struct PauseRoutes: Sendable {
  var backend: Backend

  var routes: [Route] {
    [
      .answer(PipelineCalls.pause, in: .name { $0.id }) { request, caller in try await pause(request, caller)
      },
      .answer(PipelineCalls.resume, in: .name { $0.id }) { path, _ in try await resume(path) },
    ]
  }

  static let reasonLimit = 1_000

  func pause(_ request: PauseRequest, _ caller: Caller) async throws(Problem) -> PipelineItem {
    let (node, summary, now) = (try backend.writer(), try pipeline(request.id), backend.now())
    try Self.check(request.reason, until: request.until, at: now)
    let pause = PauseRecord(
      pipeline: summary.pipeline, by: caller.actor, reason: request.reason, at: now, until: request.until)
    caller.note.after(PauseItem(pause).json)
    try await node.write([.pause(pause)])
    return PipelineItem(summary, pause: pause)
  }

  /// Of a pipeline or a schedule.
  static func check(_ reason: String, until: Timestamp?, at now: Timestamp) throws(Problem) {
    guard !reason.isEmpty, reason.unicodeScalars.count <= reasonLimit else { throw noReason }
    if let until, until <= now { throw past(until) }
  }

  /// Of a pipeline that is not paused, too: what was wished for is so.
  func resume(_ path: NamePath) async throws(Problem) -> PipelineItem {
    let (node, summary) = (try backend.writer(), try pipeline(path.id))
    try await node.write([.resume(summary.pipeline)])
    return PipelineItem(summary, pause: nil)
  }

  private func pipeline(_ id: String) throws(Problem) -> PipelineSummary {
    let name = try NamespacedName(id).pipeline
    let all = try reading { () throws(StoreError) in try backend.readModel.pipelines(in: name.namespace) }
    guard let summary = all.first(where: { $0.pipeline == name }) else {
      throw PipelineRoutes.noPipeline(name, nil)
    }
    return summary
  }

  private static let noReason = Problem(
    "invalid-request",
    Bilingual(
      "A pause needs a reason of at most \(reasonLimit) characters.",
      pt: "Uma pausa precisa de um motivo de no máximo \(reasonLimit) caracteres."),
    remedy: Bilingual("Say it with --reason.", pt: "Diga-o com --reason."))

  private static func past(_ until: Timestamp) -> Problem {
    Problem(
      "unusable-request",
      Bilingual("\(until.rfc3339) has passed already.", pt: "\(until.rfc3339) já passou."),
      remedy: Bilingual(
        "Name a later time, or leave it out.", pt: "Indique uma hora futura, ou deixe sem ela."))
  }
}

extension PauseItem {
  init(_ pause: PauseRecord) {
    self.init(by: pause.by, reason: pause.reason, at: pause.at, until: pause.until)
  }
}

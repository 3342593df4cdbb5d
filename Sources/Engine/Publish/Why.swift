internal import Model
internal import Pipelines

extension JobState {
  /// As many blockers as `why` lists.
  static let blockersShown = 100

  /// Everything that the job does or waits for now; empty for a job that has ended.
  ///
  /// `waits` is known where a node drives the job.
  func blockers(
    _ plan: Plan, id: ID<Job>, now: Timestamp, _ rivals: [NodeNumber: [ID<Job>]] = [:], _ waits: Waits = [:]
  ) -> [Blocker] {
    if status.hasEnded { return [] }
    if let reason = quarantine {
      return [quarantined(reason, id)]
    }
    if waitsForStart, let runAt { return [scheduled(runAt, id)] }
    var blockers: [Blocker] = []
    if status == .queued { blockers.append(queuedBlocker("", since: queuedSince, waits[nil])) }
    if isOverdue, questions > 0 { blockers.append(overdue(now)) }
    for node in 0..<nextNode where blockers.count < Self.blockersShown {
      if let blocker = blocker(node, plan, id, now, waits) { blockers.append(blocker) }
      if let others = rivals[node] { blockers.append(rivalry(path(of: node, in: plan), others)) }
    }
    return blockers
  }

  private func scheduled(_ moment: Timestamp, _ id: ID<Job>) -> Blocker {
    Blocker(
      kind: "scheduled", path: "",
      text: Bilingual(
        "The job begins at \(moment.rfc3339), as its start said.",
        pt: "O job começa em \(moment.rfc3339), como pediu quem o iniciou."),
      since: createdAt, until: moment,
      remedy: Bilingual(
        "Do without it: esteira job cancel \(id)", pt: "Desista dele: esteira job cancel \(id)"))
  }

  private func quarantined(_ reason: String, _ id: ID<Job>) -> Blocker {
    Blocker(
      kind: "quarantined", path: "",
      text: Bilingual(
        "The engine could not drive this job: \(reason)",
        pt: "O motor não conseguiu conduzir este job: \(reason)"),
      since: nil, until: nil,
      remedy: Bilingual(
        "End it with: esteira job kill \(id) --reason TEXT",
        pt: "Encerre com: esteira job kill \(id) --reason TEXTO"))
  }

  private func overdue(_ now: Timestamp) -> Blocker {
    Blocker(
      kind: "overdue", path: "",
      text: Bilingual(
        "The deadline has passed; it takes effect once the open question is answered.",
        pt: "O prazo passou; ele vale assim que a pergunta aberta for respondida."),
      since: deadline.orNil, until: nil, remedy: nil)
  }

  private func blocker(_ node: NodeNumber, _ plan: Plan, _ id: ID<Job>, _ now: Timestamp, _ waits: Waits)
    -> Blocker?
  {
    let state = self[node]
    let path = path(of: node, in: plan)
    func blocker(_ kind: String, _ text: Bilingual, until: Timestamp? = nil, remedy: Bilingual? = nil)
      -> Blocker
    {
      let since = state.startedAt.orNil ?? state.readyAt.orNil
      return Blocker(kind: kind, path: path, text: text, since: since, until: until, remedy: remedy)
    }
    switch state.status {
    case .running where runsAttempt(node):
      let time = max(.zero, now - state.startedAt).shown
      if state.stopping != .pending {
        return blocker(
          "stopping", Bilingual("\(path) was asked to stop", pt: "\(path) recebeu o pedido de parar"))
      }
      return blocker(
        "running",
        Bilingual(
          "\(path) runs, attempt \(state.attempt), for \(time)",
          pt: "\(path) está rodando, tentativa \(state.attempt), há \(time.replacing(".", with: ","))"))
    case .running where awaitsChild(node):
      return subJob(of: node)?.blocker(path, since: state.startedAt.orNil)
    case .queued:
      return queuedBlocker(path, since: state.readyAt.orNil, waits[node])
    case .retrying:
      let reason = failure(of: node)?.message ?? ""
      return blocker(
        "retry",
        Bilingual(
          "\(path) tries again; the last try failed: \(reason)",
          pt: "\(path) vai tentar de novo; a última tentativa falhou: \(reason)"), until: state.due)
    case .waiting:
      if let ask = ask(of: node) { return ask.blocker(path, since: state.startedAt.orNil) }
      if let wait = waitBlocker(node, path, id) { return wait }
      return blocker(
        "delay",
        Bilingual("\(path) pauses between two rounds", pt: "\(path) faz uma pausa entre duas rodadas"),
        until: state.due)
    case .needsAttention: return attention(path, id, since: state.startedAt.orNil)
    case .pending, .running, .success, .partial, .failed, .cancelled, .timeout, .skipped: return nil
    }
  }

  private func attention(_ path: String, _ id: ID<Job>, since: Timestamp?) -> Blocker {
    let command =
      "esteira job step resolve \(id) '\(path)' --did-happen --output FILE | --did-not | --fail REASON"
    return Blocker(
      kind: "needs_attention", path: path,
      text: Bilingual(
        "\(path) was lost with its node and must not run twice: did it happen?",
        pt: "\(path) se perdeu com o nó e não pode rodar duas vezes: aconteceu?"),
      since: since, until: nil, remedy: Bilingual("Answer with: \(command)", pt: "Responda com: \(command)"))
  }
}

extension SubJob {
  fileprivate func blocker(_ path: String, since: Timestamp?) -> Blocker {
    guard let id else {
      return Blocker(
        kind: "sub_job", path: path,
        text: Bilingual(
          "\(path) starts a job of \(pipeline)@\(revision)",
          pt: "\(path) inicia um job de \(pipeline)@\(revision)"),
        since: since, until: nil, remedy: nil)
    }
    return Blocker(
      kind: "sub_job", path: path,
      text: Bilingual(
        "\(path) waits for its sub-job \(id) of \(pipeline)",
        pt: "\(path) espera o subjob \(id) de \(pipeline)"),
      since: since, until: nil,
      remedy: Bilingual(
        "See why it waits: esteira job why \(id)", pt: "Veja o que ele espera: esteira job why \(id)"))
  }
}

extension Duration {
  /// To a tenth of a second below a minute, to the second above: `0.6 s`, `2 m 5 s`.
  fileprivate var shown: String {
    let tenths = microseconds / 100_000
    if tenths < 600 { return "\(tenths / 10).\(tenths % 10) s" }
    return "\(tenths / 600) min \(tenths / 10 % 60) s"
  }
}

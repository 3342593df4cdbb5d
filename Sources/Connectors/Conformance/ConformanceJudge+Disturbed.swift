import Glibc
import Model

// The rules that disturb a run.
extension ConformanceJudge {
  func checkpoint(_ sample: ConformanceTrial.Outcome) async -> Outcome {
    guard manifest.keepsCheckpoints else {
      return sample.checkpoints.isEmpty
        ? .passedOver(Bilingual("its manifest promises none", pt: "o manifesto não promete nenhum"))
        : .failed(
          Bilingual(
            "it saves checkpoints, and its manifest does not say `checkpoints: true`",
            pt: "salva pontos de retomada, e o manifesto não diz `checkpoints: true`"))
    }
    guard let first = sample.checkpoints.first else {
      return .failed(Bilingual("it saves no checkpoint", pt: "não salva nenhum ponto de retomada"))
    }
    let killed = await trial("killed", .killAtCheckpoint).perform(manifest.test.with)
    guard killed.failure != nil, let kept = killed.checkpoints.last else {
      return .failed(
        Bilingual(
          "it ended with its first checkpoint: save one before the end",
          pt: "terminou no primeiro ponto de retomada: salve um antes do fim"))
    }
    let resumed = await trial("resumed").perform(manifest.test.with, number: 2, checkpoint: kept)
    guard let output = resumed.output else {
      let text = resumed.failure?.message ?? ""
      return .failed(Bilingual("it does not go on: \(text)", pt: "não continua: \(text)"))
    }
    if output != sample.output {
      return .failed(
        Bilingual(
          "its output is then \(output.text), not \(sample.output?.text ?? "")",
          pt: "a saída então é \(output.text), não \(sample.output?.text ?? "")"))
    }
    if sample.checkpoints.count > 1, resumed.checkpoints.first == first {
      return .failed(
        Bilingual(
          "it begins anew: its first checkpoint is the same again",
          pt: "recomeça do início: o primeiro ponto de retomada é o mesmo de novo"))
    }
    return .passed
  }

  func cancel() async -> Outcome {
    let run = await trial("cancelled", .cancel).perform(manifest.test.slow ?? manifest.test.with)
    guard let stopping = run.stopping else {
      if manifest.test.slow == nil {
        return .passedOver(
          Bilingual("it ends before it can be cancelled", pt: "termina antes de poder ser cancelado"))
      }
      return .failed(
        Bilingual(
          "`test.slow` ends before it can be cancelled",
          pt: "`test.slow` termina antes de poder ser cancelado"))
    }
    if wasKilled(run) || stopping > ProtocolLimits.cancelling {
      return .failed(Bilingual("it had to be killed", pt: "teve de ser morto"))
    }
    return .passed
  }

  /// At level 2 a message asks, so a signal is one too much; below that SIGTERM asks.
  private func wasKilled(_ run: ConformanceTrial.Outcome) -> Bool {
    guard let report = run.report else { return true }
    if manifest.level == .calls { return report.endedBy != .itself }
    if case .signalled(SIGKILL, _) = report.end { return true }
    return false
  }

  func input() async -> Outcome {
    guard let bad = manifest.test.bad else {
      return .passedOver(
        Bilingual(
          "`test.bad` is missing: input that agrees with the schema and is wrong all the same",
          pt: "falta `test.bad`: entrada de acordo com o schema e mesmo assim errada"))
    }
    let run = await trial("bad").perform(bad)
    guard let failure = run.failure else { return .failed(Bilingual("it takes it", pt: "aceita a entrada")) }
    guard [.data, .configuration].contains(failure.errorClass), failure.code != "connector-protocol" else {
      let text = "\(failure.errorClass.rawValue) \(failure.code): \(failure.message)"
      return .failed(Bilingual("it ends with \(text)", pt: "termina com \(text)"))
    }
    return .passed
  }

  func crash(_ sample: ConformanceTrial.Outcome) async -> Outcome {
    let killed = await trial("crashed", .kill).perform(manifest.test.slow ?? manifest.test.with)
    guard killed.stopping != nil, killed.failure != nil else {
      return .passedOver(Bilingual("it ends before it can be killed", pt: "termina antes de poder ser morto"))
    }
    let again = await trial("again").perform(manifest.test.with, number: 2)
    guard let output = again.output else {
      let text = again.failure?.message ?? ""
      return .failed(Bilingual("it fails from then on: \(text)", pt: "falha dali em diante: \(text)"))
    }
    if manifest.effect != .once, output != sample.output {
      return .failed(
        Bilingual(
          "its output is then \(output.text), not \(sample.output?.text ?? "")",
          pt: "a saída então é \(output.text), não \(sample.output?.text ?? "")"))
    }
    return .passed
  }
}

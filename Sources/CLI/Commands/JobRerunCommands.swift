import API
import Model

/// `job retry JOB`
enum JobRetry {
  static let spec = CommandSpec(
    "job retry",
    Bilingual("the failed steps again, in the same job", pt: "os passos que falharam de novo, no mesmo job"),
    arguments: [ArgumentSpec("JOB", required: false, Bilingual("its id", pt: "o id dele"))],
    flags: [
      FlagSpec(
        "--step", value: "PATH", repeated: true,
        Bilingual("only this of the failed steps", pt: "só este dos passos que falharam")), .watch, .timeout,
      .acceptPartial,
    ] + JobBulk.flags,
    examples: [
      .init(
        "esteira job retry 019a0c3e -w",
        Bilingual("what succeeded stays as it is", pt: "o que deu certo fica como está")),
      .init(
        "esteira job retry --query 'status:failed since:1h error:timeout' --yes",
        Bilingual("all that a search finds", pt: "todos que uma busca achar")),
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    if let code = try await JobBulk.run(.retry, call) { return code }
    return try await call.withClient(.writing) { client in
      let before = try await client.call(JobCalls.get, JobPath(id: call.arguments[0])).job
      let job = try await client.call(
        JobCalls.retry, RetryRequest(id: before.id, steps: call.values("--step")))
      guard call.has("--watch") else {
        call.show(["\(Words.short(job.id)): \(job.status)"], json: job.json, id: job.id)
        return .done
      }
      return try await JobWatch(call: call, client: client).follow(job.id, after: before.lastSequence)
    }
  }
}

/// `job rerun JOB`
enum JobRerun {
  static let spec = CommandSpec(
    "job rerun", Bilingual("repeats a job as a new one", pt: "repete um job como um job novo"),
    arguments: [.job],
    flags: [
      FlagSpec(
        "--from", value: "STEP|failed",
        Bilingual(
          "take earlier results up to this step, or up to what failed",
          pt: "aproveita resultados até este passo, ou até o que falhou")),
      FlagSpec(
        "--latest",
        Bilingual(
          "the newest revision; results are taken where nothing changed",
          pt: "a revisão mais nova; aproveita resultados onde nada mudou")),
      FlagSpec(
        "--input", value: "k=v", repeated: true, Bilingual("another input", pt: "outra entrada")),
      FlagSpec(
        "--same-keys",
        Bilingual(
          "repeat safely: the outside sees the same keys",
          pt: "repetição segura: lá fora as chaves são as mesmas"
        )),
      FlagSpec(
        "--priority", value: "N",
        Bilingual("0 to 9, in place of the job's", pt: "0 a 9, no lugar da do job")),
      FlagSpec(
        "--label", short: "-l", value: "k=v", repeated: true,
        Bilingual(
          "a label beside the job's; k= leaves the job's out",
          pt: "um rótulo ao lado dos do job; k= deixa de fora o do job")),
      FlagSpec("--plan", Bilingual("show what would run, and stop", pt: "mostra o que rodaria, e para")),
      .watch, .timeout, .acceptPartial,
    ],
    examples: [
      .init(
        "esteira job rerun 019a0c3e --latest --plan",
        Bilingual("what a mended file would run again", pt: "o que um arquivo corrigido rodaria de novo")),
      .init(
        "esteira job rerun 019a0c3e --from load",
        Bilingual("load and all behind it", pt: "load e tudo depois dele")),
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    var wish = RerunWish(
      id: call.arguments[0], from: call.value("--from"), latest: call.has("--latest"),
      inputs: JSONObject(try call.pairs("--input")), sameKeys: call.has("--same-keys"),
      dryRun: call.has("--plan"))
    (wish.priority, wish.labels) = (try call.integer("--priority", in: 0...9), try call.labels())
    return try await call.withClient(.writing) { [wish] client in
      let answer = try await client.call(JobCalls.rerun, wish)
      if call.format == .table, !call.isQuiet { lines(answer, call).forEach(call.console.out) }
      guard let job = answer.job else {
        if call.format != .table { call.show([], json: answer.json, id: answer.pipeline) }
        return .done
      }
      if call.has("--watch") {
        return try await JobWatch(call: call, client: client).follow(job.id)
      }
      if call.format == .table {
        call.console.out(job.id)
      } else {
        call.show([], json: answer.json, id: job.id)
      }
      return .done
    }
  }

  private static func lines(_ answer: RerunAnswer, _ call: Invocation) -> [String] {
    let was = call.text(Bilingual("was", pt: "era"))
    let head =
      answer.revision == answer.earlierRevision
      ? "\(answer.pipeline)@\(answer.revision)"
      : "\(answer.pipeline)@\(answer.revision) (\(was) @\(answer.earlierRevision))"
    let once = call.text(
      Bilingual("; it may happen a second time outside", pt: "; pode acontecer uma segunda vez lá fora"))
    let rows = answer.steps.map { step in
      [word(step.action, call), step.path, step.reason + (step.repeatsEffect ? once : "")]
    }
    return [head] + Table.lines(rows).map { "  " + $0 }
  }

  private static func word(_ action: String, _ call: Invocation) -> String {
    let text: Bilingual? =
      switch action {
      case "reuse": Bilingual("reuse", pt: "aproveita")
      case "rerun": Bilingual("rerun", pt: "roda")
      case "invalidated": Bilingual("invalidated", pt: "invalidado")
      case "skip": Bilingual("skip", pt: "pula")
      case "removed": Bilingual("removed", pt: "removido")
      case _: nil
      }
    return text.map { call.text($0) } ?? action
  }
}

import API
import Model

/// `job cancel JOB…`
enum JobCancel {
  static let spec = CommandSpec(
    "job cancel", Bilingual("stops a job; its handlers run", pt: "para um job; os tratadores dele rodam"),
    arguments: [ArgumentSpec("JOB", required: false, repeated: true, Bilingual("ids", pt: "ids"))],
    flags: [
      FlagSpec("--reason", value: "TEXT", Bilingual("for the record", pt: "para o registro")), .watch,
      .timeout,
      .acceptPartial,
    ] + JobBulk.flags,
    examples: [
      .init(
        "esteira job cancel 019a0c3e --reason 'wrong date'", Bilingual("asks it to stop", pt: "pede que pare")
      ),
      .init("esteira job cancel 019a0c3e -w", Bilingual("and waits for the end", pt: "e espera o fim")),
      .init(
        "esteira job cancel --query 'status:queued pipeline:sales*'",
        Bilingual("how many there are; with --yes they stop", pt: "quantos são; com --yes eles param")),
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    if let code = try await JobBulk.run(.cancel, call) { return code }
    return try await call.withClient(.writing) { client in
      var code = ExitCode.done
      for id in call.arguments {
        let job = try await client.call(
          JobCalls.cancel, StopRequest(id: id, reason: call.value("--reason") ?? ""))
        if call.has("--watch") {
          let ended = try await JobWatch(call: call, client: client).follow(job.id, after: job.lastSequence)
          if ended != .done { code = ended }
        } else {
          let stopping = job.completedAt == nil
          let told = stopping ? call.text(Bilingual(", and told to stop", pt: ", e avisado para parar")) : ""
          call.show(["\(Words.short(job.id)): \(job.status)\(told)"], json: job.json, id: job.id)
        }
      }
      return code
    }
  }
}

/// `job kill JOB…`
enum JobKill {
  static let spec = CommandSpec(
    "job kill", Bilingual("ends a job now; no handler runs", pt: "encerra um job já; nenhum tratador roda"),
    arguments: [ArgumentSpec("JOB", required: false, repeated: true, Bilingual("ids", pt: "ids"))],
    flags: [FlagSpec("--reason", value: "TEXT", Bilingual("required", pt: "obrigatório"))] + JobBulk.flags,
    examples: [
      .init(
        "esteira job kill 019a0c3e --reason 'stuck since noon'",
        Bilingual("names what may still run outside", pt: "diz o que ainda pode rodar fora"))
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    guard let reason = call.value("--reason"), !reason.isEmpty else {
      throw UsageError(
        Bilingual("A kill needs --reason TEXT.", pt: "Um kill precisa de --reason TEXTO."),
        remedy: Bilingual(
          "Say why; it is kept in the job's history.", pt: "Diga por quê; fica no histórico do job."))
    }
    if let code = try await JobBulk.run(.kill, call) { return code }
    return try await call.withClient(.writing) { client in
      for id in call.arguments {
        let result = try await client.call(JobCalls.kill, KillRequest(id: id, reason: reason))
        let outside = result.mayStillRun.map {
          "  "
            + call.text(Bilingual("may still run outside: \($0)", pt: "ainda pode rodar fora: \($0)"))
            .printable
        }
        call.show(
          ["\(Words.short(result.job.id)): \(result.job.status)"] + outside, json: result.json,
          id: result.job.id)
      }
      return .done
    }
  }
}

/// `job step resolve JOB PATH`
enum StepResolve {
  static let spec = CommandSpec(
    "job step resolve", Bilingual("answers \"did it happen?\"", pt: "responde \"aconteceu?\""),
    arguments: [.job, .stepPath],
    flags: [
      FlagSpec(
        "--did-happen",
        Bilingual("it did; give its output with --output", pt: "aconteceu; dê a saída com --output")),
      FlagSpec("--did-not", Bilingual("it did not: try again", pt: "não aconteceu: tente de novo")),
      FlagSpec("--fail", value: "REASON", Bilingual("the step fails", pt: "o passo falha")),
      FlagSpec("--output", value: "FILE|-", Bilingual("JSON of the output", pt: "JSON da saída")),
    ],
    examples: [
      .init(
        "esteira job step resolve 019a0c3e pay --did-not",
        Bilingual("starts it again", pt: "começa de novo")),
      .init(
        "esteira job step resolve 019a0c3e pay --did-happen --output paid.json",
        Bilingual("goes on with this output", pt: "segue com esta saída")),
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let request = ResolveRequest(id: call.arguments[0], path: call.arguments[1], answer: try answer(call))
    _ = try await call.withClient(.writing) { try await $0.call(JobCalls.resolve, request) }
    if !call.isQuiet {
      call.console.out(call.text(Bilingual("\(request.path): answered.", pt: "\(request.path): respondido.")))
    }
    return .done
  }

  private static func answer(_ call: Invocation) throws -> ResolveRequest.Answer {
    switch (call.has("--did-happen"), call.has("--did-not"), call.value("--fail")) {
    case (true, false, nil):
      let output = try call.value("--output").map { try call.readJSON($0, "--output") }
      return .happened(output: output ?? .object(JSONObject()))
    case (false, true, nil): return .didNotHappen
    case (false, false, let reason?): return .failed(reason: reason)
    case (_, _, _):
      throw UsageError(
        Bilingual(
          "Say exactly one of --did-happen, --did-not and --fail REASON.",
          pt: "Diga exatamente um de --did-happen, --did-not e --fail MOTIVO."),
        remedy: Bilingual(
          "Look outside first: whether it happened decides.",
          pt: "Olhe lá fora antes: o que conta é se aconteceu."))
    }
  }
}

/// `job step adopt JOB PATH`
enum StepAdopt {
  static let spec = CommandSpec(
    "job step adopt",
    Bilingual("takes a result that came too late", pt: "aceita um resultado que chegou tarde"),
    arguments: [.job, .stepPath],
    examples: [
      .init(
        "esteira job step adopt 019a0c3e report",
        Bilingual("in place of its timeout", pt: "no lugar do timeout dele"))
    ],
    run: { call in
      let path = StepPath(id: call.arguments[0], path: call.arguments[1])
      _ = try await call.withClient(.writing) { try await $0.call(JobCalls.adopt, path) }
      if !call.isQuiet {
        call.console.out(call.text(Bilingual("\(path.path): adopted.", pt: "\(path.path): adotado.")))
      }
      return .done
    })
}

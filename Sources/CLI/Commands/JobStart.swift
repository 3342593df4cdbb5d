import API
import Model

/// `job start PIPELINE`
enum JobStart {
  static let spec = CommandSpec(
    "job start", Bilingual("starts a job", pt: "inicia um job"),
    arguments: [ArgumentSpec("PIPELINE", Bilingual("namespace/name", pt: "espaço/nome"))],
    flags: Invocation.startFlags + [
      FlagSpec("--revision", value: "N", Bilingual("an older revision", pt: "uma revisão anterior")),
      .watch, .acceptPartial, .timeout,
    ],
    examples: [
      .init(
        "esteira job start demo/hello --input name=Ana",
        Bilingual("prints the job's id", pt: "imprime o id do job")),
      .init("esteira job start demo/hello -w --timeout 10m", Bilingual("follows it", pt: "acompanha o job")),
      .init(
        "esteira job start demo/ingest --message message.json --idempotency-key m1",
        Bilingual("as a queue would; twice is one job", pt: "como faria uma fila; duas vezes é um job só")),
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let request = try call.executeRequest(try call.identifier(call.arguments[0]))
    return try await call.withClient(.writing) { client in
      let started = try await client.call(PipelineCalls.execute, request)
      guard call.has("--watch") else {
        if !started.isNew, call.format == .table, !call.isQuiet { call.console.error(call.heading(started)) }
        call.show([started.id], json: started.json, id: started.id)
        return .done
      }
      if call.format == .table, !call.isQuiet { call.console.out(call.heading(started)) }
      return try await JobWatch(call: call, client: client).follow(started.id)
    }
  }
}

extension ArgumentSpec {
  static let job = ArgumentSpec(
    "JOB", Bilingual("the id, or enough of its beginning", pt: "o id, ou o começo dele"))
}

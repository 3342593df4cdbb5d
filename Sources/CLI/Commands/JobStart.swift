import API
import Model

/// `job start PIPELINE`
enum JobStart {
  static let spec = CommandSpec(
    "job start", Bilingual("starts a job", pt: "inicia um job"),
    arguments: [ArgumentSpec("PIPELINE", Bilingual("namespace/name", pt: "espaço/nome"))],
    flags: Invocation.startFlags + [
      FlagSpec("--revision", value: "N", Bilingual("an older revision", pt: "uma revisão anterior")),
      FlagSpec(
        "--priority", value: "N",
        Bilingual("0 to 9, in place of the file's", pt: "0 a 9, no lugar da do arquivo")),
      FlagSpec(
        "--label", short: "-l", value: "k=v", repeated: true,
        Bilingual(
          "a label beside the file's; k= leaves the file's out",
          pt: "um rótulo ao lado dos do arquivo; k= deixa de fora o do arquivo")),
      FlagSpec(
        "--at", value: "TIME",
        Bilingual(
          "begins then, such as 2026-11-20T06:00:00Z, or 2h from now",
          pt: "começa nessa hora, como 2026-11-20T06:00:00Z, ou 2h a partir de agora")),
      .watch, .acceptPartial, .timeout,
    ],
    examples: [
      .init(
        "esteira job start demo/hello --input name=Ana",
        Bilingual("prints the job's id", pt: "imprime o id do job")),
      .init("esteira job start demo/hello -w --timeout 10m", Bilingual("follows it", pt: "acompanha o job")),
      .init(
        "esteira job start demo/hello --priority 8 --label team=tax",
        Bilingual("before others, and found by its label", pt: "antes dos outros, e achado pelo rótulo")),
      .init(
        "esteira job start demo/hello --at 2026-11-20T06:00:00-03:00",
        Bilingual("is kept now and begins then", pt: "fica guardado agora e começa nessa hora")),
      .init(
        "esteira job start demo/ingest --message message.json --idempotency-key m1",
        Bilingual("as a queue would; twice is one job", pt: "como faria uma fila; duas vezes é um job só")),
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    var request = try call.executeRequest(try call.identifier(call.arguments[0]))
    (request.priority, request.labels) = (try call.integer("--priority", in: 0...9), try call.labels())
    request.runAt = try call.coming("--at")
    return try await start(request, call)
  }

  private static func start(_ request: ExecuteRequest, _ call: Invocation) async throws -> ExitCode {
    try await call.withClient(.writing) { client in
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

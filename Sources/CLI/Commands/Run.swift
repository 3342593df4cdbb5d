import API
import Model

/// `run FILE`
enum Run {
  static let spec = CommandSpec(
    "run",
    Bilingual(
      "runs one job of a file here, durably, and shows it",
      pt: "executa aqui um job do arquivo, de forma durável, e o mostra"),
    arguments: [ArgumentSpec("FILE", Bilingual("a pipeline file", pt: "um arquivo de pipeline"))],
    flags: Invocation.startFlags + [.acceptPartial, .timeout],
    examples: [
      .init(
        "esteira run hello.yaml",
        Bilingual(
          "needs no server; submits to one that runs",
          pt: "não precisa de servidor; usa o que estiver rodando")),
      .init("esteira run hello.yaml --input name=Ana", Bilingual("with an input", pt: "com uma entrada")),
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let file = try PipelineFile.load(call.arguments[0], call)
    _ = try file.demandValid(call)
    let wire = try file.wire()
    return try await call.withClient(.running) { client in
      let applied = try await client.call(PipelineCalls.apply, ApplyRequest(files: [wire]))
      guard let pipeline = applied.items.first else { return .unreachable }
      if !call.isQuiet { for note in pipeline.notes { call.console.error("  \(note)") } }
      let started = try await client.call(PipelineCalls.execute, try call.executeRequest(pipeline.id))
      if call.format == .table, !call.isQuiet { call.console.out(call.heading(started)) }
      return try await JobWatch(call: call, client: client).follow(started.id)
    }
  }
}

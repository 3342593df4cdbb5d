import API
import Model

/// `job export JOB`
enum JobExport {
  static let spec = CommandSpec(
    "job export",
    Bilingual(
      "writes a job's history, definition, logs and artifacts into one tar file, with checksums",
      pt: "grava histórico, definição, logs e artefatos de um job em um arquivo tar, com somas SHA-256"),
    arguments: [.job],
    flags: [
      FlagSpec(
        "--out", value: "FILE|-",
        Bilingual("the file; - is standard output (JOB.tar)", pt: "o arquivo; - é a saída padrão (JOB.tar)")),
      FlagSpec(
        "--redact",
        Bilingual(
          "SHA-256 in place of inputs, outputs, messages and logs, and no artifacts; names and keys stay, "
            + "and a short value can be guessed from its hash",
          pt:
            "SHA-256 no lugar de entradas, saídas, mensagens e logs, e sem artefatos; nomes e chaves ficam, "
            + "e um valor curto pode ser adivinhado pelo hash")),
    ],
    examples: [
      .init("esteira job export 019a0c3e --out job.tar", Bilingual("into one file", pt: "em um arquivo")),
      .init(
        "esteira job export 019a0c3e --redact --out -",
        Bilingual("without data of users, into a pipe", pt: "sem dados de usuários, para um pipe")),
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    try await call.withClient(.reading) { client in
      let id = try await client.call(JobCalls.get, JobPath(id: call.arguments[0])).job.id
      let query = ExportQuery(id: id, redact: call.has("--redact"))
      let name = call.value("--out") ?? "\(id).tar"
      guard name != "-" else {
        try await client.bytes(JobCalls.export, query) { call.console.bytes($0) }
        return .done
      }
      let size = try await client.save(JobCalls.export, query, to: name)
      let words = Words(language: call.language)
      if !call.isQuiet {
        call.show(
          ["\(name)  \(words.size(size))"],
          json: ["job": .string(id), "file": .string(name), "size": .int(size)], id: id)
      }
      return .done
    }
  }
}

import API
import Model

/// `job verify FILE`
enum JobVerify {
  static let spec = CommandSpec(
    "job verify",
    Bilingual(
      "checks a file of `job export`, on any machine: all is there, nothing was changed, and who signed it",
      pt: "confere um arquivo de `job export`, em qualquer máquina: se está inteiro, e quem assinou"),
    arguments: [ArgumentSpec("FILE", Bilingual("the tar file, or -", pt: "o arquivo tar, ou -"))],
    flags: [
      FlagSpec(
        "--key", value: "HEX",
        Bilingual(
          "the public key that it must be signed with, as `audit heads` prints it",
          pt: "a chave pública com que deve estar assinado, como `audit heads` mostra"))
    ],
    examples: [
      .init(
        "esteira job verify job.tar",
        Bilingual("exits 1 when something is wrong", pt: "sai com 1 se algo está errado"))
    ], run: run)

  static func run(_ call: Invocation) async throws -> ExitCode {
    let wish = ExportFiles.Wish(file: call.arguments[0], key: call.value("--key"))
    let verdict = try await call.bench.exportFiles.verify(wish)
    if !call.isQuiet, let key = verdict.key {
      call.console.error(call.text(Bilingual("public key", pt: "chave pública")) + ": \(key.printable)")
    }
    let state =
      verdict.isIntact ? Bilingual("intact", pt: "íntegro") : Bilingual("NOT INTACT", pt: "NÃO ÍNTEGRO")
    let count = Bilingual("\(verdict.files) files", pt: "\(verdict.files) arquivos")
    let faults = verdict.faults.map { call.text($0) }
    let json: JSON = [
      "job": .string(verdict.job), "intact": .bool(verdict.isIntact), "files": .int(Int64(verdict.files)),
      "public_key": verdict.key.map { .string($0) } ?? .null, "faults": .array(faults.map { .string($0) }),
    ]
    call.show(
      ["\(verdict.job): \(call.text(state)), \(call.text(count))".printable]
        + faults.map { "  " + $0.printable }, json: json, id: verdict.isIntact ? "intact" : "broken")
    return verdict.isIntact ? .done : .failure
  }
}
